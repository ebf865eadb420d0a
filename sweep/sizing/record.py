# SPDX-License-Identifier: MIT
"""The answer for programs: JSON with a format version.  Unknown numbers are null.

`format` is raised when a key is removed or changes its meaning; keys may be added.
"""

from __future__ import annotations

import math
from typing import Annotated, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from .. import stats
from .answer import Rung, SearchAnswer, SizedMix, SizedSeries, SizingAnswer
from .directions import shape
from .lost import LostRecord, lost_record

FORMAT = 3


class EstimateRecord(TypedDict):
    """A mean over replicates, with its interval."""

    mean: float | None
    low: Annotated[float | None, Field(description="lower end of the interval")]
    high: Annotated[float | None, Field(description="upper end of the interval")]
    replicates: Annotated[int, Field(description="number of replicates that it rests on")]


class AssumedRecord(TypedDict):
    """How the metric is assumed to move as a parameter grows, so that not every ring has to be run."""

    ring: Annotated[int, Field(description="1 rises, -1 falls, 0 unknown; so are the next two")]
    pool: int
    load: int
    turns: Annotated[bool, Field(description="from some ring on, the direction may reverse")]
    calm: Annotated[bool, Field(description="not assumed where many packets are dropped")]
    why: Annotated[str, Field(description="the reason for the assumption")]


class ObjectiveRecord(TypedDict):
    """A bound that a ring has to meet."""

    that: Annotated[str, Field(description='the objective as text: "drop_ratio < 0.001"')]
    metric: str
    sign: Annotated[str, Field(description="how the metric is compared with the bound")]
    bound: float
    assumed: AssumedRecord


class SimulationCounts(TypedDict):
    """How many simulations the search took."""

    grid: Annotated[int, Field(description="of the whole sweep, at the same replicates")]
    wanted: Annotated[int, Field(description="that the search asked for")]
    simulated: Annotated[int, Field(description="that were run now")]
    missing: Annotated[int, Field(description="that have no valid result")]


class PacketCounts(TypedDict):
    """How many packets the search took."""

    grid: Annotated[int, Field(description="of the whole sweep, at the same replicates")]
    wanted: Annotated[int, Field(description="that the search asked for")]


WithPoolSize = TypedDict(
    "WithPoolSize",
    {"strategy.pool_size": Annotated[int | None, Field(description="null if the strategy has no pool")]},
)


class ApplyRecord(WithPoolSize):
    """The settings to make."""

    ethtool: Annotated[str, Field(description="the command; DEV is the interface")]
    ring: int


class RungRecord(WithPoolSize):
    """A ring of a series, and what is known of it."""

    ring: int
    word: Annotated[str | None, Field(description="meets, fails or undecided; null if it was not needed")]
    how: Annotated[str, Field(description="simulated, implied by another ring, or not needed")]
    replicates: int
    undecided_because: Annotated[str | None, Field(description="null if decided, or only too close to a bound")]
    measured: Annotated[dict[str, EstimateRecord], Field(description="by objective")]


class SeriesRecord(WithPoolSize):
    """A strategy, or a variant of one, in a mix at a load: the smallest ring that meets the objectives."""

    column: Annotated[str, Field(description="name of the strategy and its variant, as in the report")]
    strategy: str
    ring: Annotated[int | None, Field(description="the smallest that meets the objectives")]
    decided: bool
    edge: Annotated[str | None, Field(description='"smallest": every ring does; "largest": none does')]
    fails_up_to_ring: int | None
    undecided_because: Annotated[str | None, Field(description="null if decided, or only too close to a bound")]
    replicates_wanted: Annotated[int | None, Field(description="that would decide it")]
    packets_wanted: Annotated[int | None, Field(description="of a series with so many replicates")]
    unmeasured: Annotated[list[str], Field(description="objectives whose metric has no value here")]
    contradictions: Annotated[list[str], Field(description="measurements that contradict what was assumed")]
    ns_per_packet: Annotated[EstimateRecord | None, Field(description="at that ring")]
    behind: Annotated[
        EstimateRecord | None, Field(description="relative difference of ns_per_packet to the best, in pairs")
    ]
    drop_ratio: Annotated[EstimateRecord | None, Field(description="at that ring")]
    held_bytes: Annotated[float | None, Field(description="memory held at that ring")]
    lost: Annotated[LostRecord | None, Field(description="where every ring fails, if an objective speaks of drops")]
    rungs: list[RungRecord]


class RankingRecord(TypedDict):
    """The best strategy in a mix at a load; all but the first three keys are there only with a `best`."""

    mix: str
    load: float
    best: Annotated[str | None, Field(description="column of the best; null if no strategy meets the objectives")]
    decided: NotRequired[bool]
    ties: NotRequired[Annotated[list[str], Field(description="columns that are as good")]]
    undecided: NotRequired[Annotated[list[str], Field(description="columns that may be better")]]
    runner_up: NotRequired[str | None]
    behind: NotRequired[
        Annotated[
            EstimateRecord | None, Field(description="relative difference of its ns_per_packet to the best, in pairs")
        ]
    ]
    replicates: NotRequired[int]
    replicates_wanted: NotRequired[Annotated[int | None, Field(description="that would decide it")]]
    apply: NotRequired[ApplyRecord | None]


class VerdictRecord(RankingRecord):
    """The best strategy in a mix at a load, and all series there; what ranks them is there only with a `best`."""

    series: list[SeriesRecord]


class SizeRecord(TypedDict):
    """The smallest rings that meet the objectives, and the best strategy at them."""

    format: Annotated[int, Field(description=f"version of this form: {FORMAT}")]
    sweep: Annotated[str, Field(description="name of the sweep")]
    objectives: list[ObjectiveRecord]
    confidence: Annotated[float, Field(description="of each interval")]
    looks: Annotated[list[int], Field(description="replicates at each look")]
    simulations: SimulationCounts
    packets: PacketCounts
    verdicts: list[VerdictRecord]


def record(answer: SizingAnswer) -> SizeRecord:
    """The answer as values for `json.dumps`."""
    return {
        "format": FORMAT,
        "sweep": answer.name,
        "objectives": [
            {
                "that": each.text,
                "metric": each.metric,
                "sign": each.sign,
                "bound": each.bound,
                "assumed": _assumed(each.metric),
            }
            for each in answer.objectives
        ],
        "confidence": answer.confidence,
        "looks": list(answer.looks),
        "simulations": simulation_counts(answer),
        "packets": packet_counts(answer),
        "verdicts": [_verdict(answer, each) for each in answer.verdicts],
    }


def simulation_counts(answer: SearchAnswer) -> SimulationCounts:
    """How many simulations the search took, of any answer."""
    return {
        "grid": answer.grid,
        "wanted": answer.wanted,
        "simulated": answer.simulated,
        "missing": answer.missing,
    }


def packet_counts(answer: SearchAnswer) -> PacketCounts:
    """How many packets the search took, of any answer."""
    return {"grid": answer.grid_packets, "wanted": answer.wanted_packets}


def _assumed(metric: str) -> AssumedRecord:
    form = shape(metric)
    return {
        "ring": form.ring,
        "pool": form.pool,
        "load": form.load,
        "turns": form.turns,
        "calm": form.calm,
        "why": form.why,
    }


def _verdict(answer: SizingAnswer, verdict: SizedMix) -> VerdictRecord:
    standing, names = verdict.standing, [each.column for each in verdict.series]
    behind = standing.behind if standing is not None else {}
    series = [_series(answer, each, behind.get(number)) for number, each in enumerate(verdict.series) if each.rungs]
    fields: RankingRecord = {"mix": verdict.mix, "load": verdict.load, "best": None}
    if standing is not None:
        winner, best = standing.outcome.winner, verdict.series[standing.best]
        fields["best"] = names[standing.best]
        fields["decided"] = standing.outcome.decided
        fields["ties"] = [names[column] for column in winner.close]
        fields["undecided"] = [names[column] for column in (*winner.open, *standing.outcome.faster_droppers)]
        fields["runner_up"] = names[standing.runner_up] if standing.runner_up is not None else None
        fields["behind"] = estimate(standing.behind[standing.runner_up]) if standing.runner_up is not None else None
        fields["replicates"] = standing.replicates
        fields["replicates_wanted"] = winner.needed
        fields["apply"] = _apply(best.answer) if best.answer else None
    return {**fields, "series": series}


def _apply(rung: Rung) -> ApplyRecord:
    return {"ethtool": f"ethtool -G DEV rx {rung.ring}", "ring": rung.ring, "strategy.pool_size": rung.pool_size}


def _series(answer: SizingAnswer, each: SizedSeries, behind: stats.Estimate | None) -> SeriesRecord:
    return {
        "column": each.column,
        "strategy": each.strategy,
        "ring": each.answer.ring if each.answer else None,
        "strategy.pool_size": each.answer.pool_size if each.answer else None,
        "decided": each.decided,
        "edge": _edge(each),
        "fails_up_to_ring": each.fails_to.ring if each.fails_to else None,
        "undecided_because": each.why,
        "replicates_wanted": each.wanted,
        "packets_wanted": each.wanted * each.window_packets if each.wanted is not None else None,
        "unmeasured": list(each.unmeasured),
        "contradictions": list(each.contradictions),
        "ns_per_packet": estimate(each.ns) if each.ns is not None else None,
        "behind": estimate(behind) if behind is not None else None,
        "drop_ratio": estimate(each.drop_ratio) if each.drop_ratio is not None else None,
        "held_bytes": number(each.held_bytes),
        "lost": lost_record(each.lost),
        "rungs": [_rung(answer, rung) for rung in each.rungs],
    }


def _edge(each: SizedSeries) -> str | None:
    """ "smallest" if the smallest ring already does, "largest" if even the largest does not; else None."""
    if each.answer is None:
        return "largest" if each.decided else None
    return "smallest" if each.answer.ring == each.rings[0] else None


def _rung(answer: SizingAnswer, rung: Rung) -> RungRecord:
    texts = [each.text for each in answer.objectives]
    return {
        "ring": rung.ring,
        "strategy.pool_size": rung.pool_size,
        "word": rung.word or None,
        "how": rung.how,
        "replicates": rung.replicates,
        "undecided_because": rung.why,
        "measured": {
            text: estimate(measured_estimate) for text, measured_estimate in zip(texts, rung.measured, strict=False)
        },
    }


def estimate(found: stats.Estimate) -> EstimateRecord:
    """A mean with its interval."""
    return {
        "mean": number(float(found.center)),
        "low": number(float(found.low)),
        "high": number(float(found.high)),
        "replicates": int(found.pairs),
    }


def number(value: float) -> float | None:
    """A number as JSON has it: None where it is not finite."""
    return value if math.isfinite(value) else None
