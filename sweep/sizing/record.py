# SPDX-License-Identifier: MIT
"""The answer for programs: JSON with a format version.  Unknown numbers are null."""

from __future__ import annotations

import math
from typing import Any

from .. import stats
from .answer import Rung, SizedMix, SizedSeries, SizingAnswer
from .directions import shape

FORMAT = 2


def record(answer: SizingAnswer) -> dict[str, Any]:
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
        "simulations": {
            "grid": answer.grid,
            "wanted": answer.wanted,
            "simulated": answer.simulated,
            "missing": answer.missing,
        },
        "packets": {"grid": answer.grid_packets, "wanted": answer.wanted_packets},
        "verdicts": [_verdict(answer, each) for each in answer.verdicts],
    }


def _assumed(metric: str) -> dict[str, Any]:
    form = shape(metric)
    return {
        "ring": form.ring,
        "pool": form.pool,
        "load": form.load,
        "turns": form.turns,
        "calm": form.calm,
        "why": form.why,
    }


def _verdict(answer: SizingAnswer, verdict: SizedMix) -> dict[str, Any]:
    standing, names = verdict.standing, [each.column for each in verdict.series]
    fields: dict[str, Any] = {"mix": verdict.mix, "load": verdict.load, "best": None}
    if standing is not None:
        winner, best = standing.outcome.winner, verdict.series[standing.best]
        fields |= {
            "best": names[standing.best],
            "decided": standing.outcome.decided,
            "ties": [names[column] for column in winner.close],
            "undecided": [names[column] for column in (*winner.open, *standing.outcome.faster_droppers)],
            "runner_up": names[standing.runner_up] if standing.runner_up is not None else None,
            "behind": _estimate(standing.behind[standing.runner_up]) if standing.runner_up is not None else None,
            "replicates": standing.replicates,
            "replicates_wanted": winner.needed,
            "apply": _apply(best.answer) if best.answer else None,
        }
    behind = standing.behind if standing is not None else {}
    series = [_series(answer, each, behind.get(number)) for number, each in enumerate(verdict.series) if each.rungs]
    return {**fields, "series": series}


def _apply(rung: Rung) -> dict[str, Any]:
    return {"ethtool": f"ethtool -G DEV rx {rung.ring}", "ring": rung.ring, "pool_size": rung.pool_size}


def _series(answer: SizingAnswer, each: SizedSeries, behind: stats.Estimate | None) -> dict[str, Any]:
    return {
        "column": each.column,
        "strategy": each.strategy,
        "ring": each.answer.ring if each.answer else None,
        "pool_size": each.answer.pool_size if each.answer else None,
        "decided": each.decided,
        "edge": _edge(each),
        "fails_up_to_ring": each.fails_to.ring if each.fails_to else None,
        "undecided_because": each.why,
        "replicates_wanted": each.wanted,
        "packets_wanted": each.wanted * each.window_packets if each.wanted is not None else None,
        "unmeasured": list(each.unmeasured),
        "contradictions": list(each.contradictions),
        "ns_per_packet": _estimate(each.ns) if each.ns is not None else None,
        "behind": _estimate(behind) if behind is not None else None,
        "drop_ratio": _estimate(each.drop_ratio) if each.drop_ratio is not None else None,
        "held_bytes": _number(each.held_bytes),
        "rungs": [_rung(answer, rung) for rung in each.rungs],
    }


def _edge(each: SizedSeries) -> str | None:
    """ "smallest" if the smallest ring already does, "largest" if even the largest does not; else None."""
    if each.answer is None:
        return "largest" if each.decided else None
    return "smallest" if each.answer.ring == each.rings[0] else None


def _rung(answer: SizingAnswer, rung: Rung) -> dict[str, Any]:
    texts = [each.text for each in answer.objectives]
    return {
        "ring": rung.ring,
        "pool_size": rung.pool_size,
        "word": rung.word or None,
        "how": rung.how,
        "replicates": rung.replicates,
        "undecided_because": rung.why,
        "measured": {
            text: _estimate(measured_estimate) for text, measured_estimate in zip(texts, rung.measured, strict=False)
        },
    }


def _estimate(found: stats.Estimate) -> dict[str, Any]:
    return {
        "mean": _number(float(found.center)),
        "low": _number(float(found.low)),
        "high": _number(float(found.high)),
        "replicates": int(found.pairs),
    }


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
