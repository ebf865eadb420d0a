# SPDX-License-Identifier: MIT
"""The highest loads for programs: JSON with a format version.  Unknown numbers are null.

`format` is raised when a key is removed or changes its meaning; keys may be added.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from .directions import shape
from .load_answer import LoadAnswer, Probe, SizedLoad, SizedRing
from .lost import LostRecord, lost_record
from .record import (
    EstimateRecord,
    PacketCounts,
    SimulationCounts,
    WithPoolSize,
    estimate,
    number,
    packet_counts,
    simulation_counts,
)

LOAD_FORMAT = 1


class LoadObjectiveRecord(TypedDict):
    """A bound that a load has to meet; more load is assumed never to make it easier."""

    that: Annotated[str, Field(description='the objective as text: "drop_ratio < 0.5 %"')]
    metric: str
    sign: Annotated[str, Field(description="how the metric is compared with the bound")]
    bound: float
    checked: Annotated[bool, Field(description="whether the assumption was checked elsewhere, in pairs of loads")]


class ColumnRecord(WithPoolSize):
    """A strategy, or a variant of one; with its pool where pools are an axis of their own."""

    column: Annotated[str, Field(description="name of the strategy and its variant, as in the report")]


class ProbeRecord(TypedDict):
    """A simulated load of a series."""

    load: float
    word: Annotated[str, Field(description="meets, fails or undecided")]
    replicates: int
    undecided_because: Annotated[str | None, Field(description="null if decided, or only too close to a bound")]
    packets_per_s: EstimateRecord
    gbit_per_s: float | None
    ns_per_packet: EstimateRecord
    drop_ratio: EstimateRecord
    measured: Annotated[list[EstimateRecord], Field(description="of each objective that applies, in their order")]


class LoadSeriesRecord(ColumnRecord):
    """A strategy, or a variant of one, in a mix with a ring: the highest load that meets the objectives."""

    load: Annotated[float | None, Field(description="the highest load to quote")]
    shown: Annotated[bool, Field(description="whether it is shown to meet, or only nothing was seen at it")]
    packets_per_s: Annotated[EstimateRecord | None, Field(description="at that load, of all queues")]
    gbit_per_s: Annotated[float | None, Field(description="at that load: frames with FCS")]
    fails_from_load: Annotated[float | None, Field(description="the lowest that is shown to fail")]
    not_failing_load: Annotated[float | None, Field(description="the highest of the search not shown to fail")]
    decided: bool
    edge: Annotated[str | None, Field(description='"highest": every load does; "lowest": none does')]
    undecided_because: Annotated[str | None, Field(description="null if decided, or only too close to a bound")]
    replicates_wanted: Annotated[int | None, Field(description="that would decide it")]
    packets_wanted: Annotated[int | None, Field(description="of a load with so many replicates")]
    unmeasured: Annotated[list[str], Field(description="metrics of objectives that have no value here")]
    contradictions: Annotated[list[str], Field(description="loads that show that more load is not always worse")]
    lost: Annotated[LostRecord | None, Field(description="where it fails, if an objective speaks of drops")]
    loads: list[ProbeRecord]


class LoadVerdictRecord(TypedDict):
    """The best strategy in a mix with a ring, and all series there."""

    mix: str
    ring: int
    best: Annotated[ColumnRecord | None, Field(description="with the highest load; null if none has any")]
    as_good_or_undecided: list[ColumnRecord]
    series: list[LoadSeriesRecord]


class LoadRecord(TypedDict):
    """The highest loads that meet the objectives, and the best strategy by them."""

    format: Annotated[int, Field(description=f"version of this form: {LOAD_FORMAT}")]
    found: Annotated[str, Field(description='"load"')]
    sweep: Annotated[str, Field(description="name of the sweep")]
    objectives: list[LoadObjectiveRecord]
    confidence: Annotated[float, Field(description="of the enclosure of each series")]
    looks: Annotated[list[int], Field(description="replicates at each look")]
    loads: Annotated[list[float], Field(description="among which was searched")]
    simulations: SimulationCounts
    packets: PacketCounts
    verdicts: list[LoadVerdictRecord]


def load_record(answer: LoadAnswer) -> LoadRecord:
    """The answer as values for `json.dumps`."""
    return {
        "format": LOAD_FORMAT,
        "found": "load",
        "sweep": answer.name,
        "objectives": [
            {
                "that": each.text,
                "metric": each.metric,
                "sign": each.sign,
                "bound": each.bound,
                "checked": bool(shape(each.metric).load),
            }
            for each in answer.objectives
        ],
        "confidence": answer.confidence,
        "looks": list(answer.looks),
        "loads": list(answer.loads),
        "simulations": simulation_counts(answer),
        "packets": packet_counts(answer),
        "verdicts": [_verdict(answer, each) for each in answer.verdicts],
    }


def _verdict(answer: LoadAnswer, verdict: SizedRing) -> LoadVerdictRecord:
    best = verdict.best
    return {
        "mix": verdict.mix,
        "ring": verdict.ring,
        "best": _name(best) if best else None,
        "as_good_or_undecided": [_name(each) for each in verdict.rivals],
        "series": [_series(answer, each) for each in verdict.series],
    }


def _name(each: SizedLoad) -> ColumnRecord:
    return {"column": each.column, "strategy.pool_size": each.pool_size}


def _series(answer: LoadAnswer, each: SizedLoad) -> LoadSeriesRecord:
    found = each.quoted
    return {
        **_name(each),
        "load": found.load if found else None,
        "shown": found is not None and found is each.highest,
        "packets_per_s": estimate(found.packets_per_s) if found else None,
        "gbit_per_s": number(found.gbit_per_s) if found else None,
        "fails_from_load": each.fails_from.load if each.fails_from else None,
        "not_failing_load": each.not_failing.load if each.not_failing else None,
        "decided": each.decided,
        "edge": "highest" if each.all else "lowest" if each.none else None,
        "undecided_because": each.why,
        "replicates_wanted": each.wanted,
        "packets_wanted": each.wanted * each.window_packets if each.wanted is not None else None,
        "unmeasured": list(each.unmeasured),
        "contradictions": list(each.contradictions),
        "lost": lost_record(each.lost),
        "loads": [_probe(answer, probe) for probe in each.probes],
    }


def _probe(answer: LoadAnswer, probe: Probe) -> ProbeRecord:
    return {
        "load": probe.load,
        "word": probe.word,
        "replicates": probe.replicates,
        "undecided_because": probe.why,
        "packets_per_s": estimate(probe.packets_per_s),
        "gbit_per_s": number(probe.gbit_per_s),
        "ns_per_packet": estimate(probe.ns),
        "drop_ratio": estimate(probe.drop_ratio),
        "measured": [estimate(each) for each in probe.measured],
    }
