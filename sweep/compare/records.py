# SPDX-License-Identifier: MIT
"""A comparison for programs, as JSON: all comparisons, with unrounded numbers.

`format` is raised when a key is removed or changes its meaning; keys may be added.  An unknown number is null.
"""

from __future__ import annotations

import math
from typing import Annotated, Any

from pydantic import Field
from typing_extensions import TypedDict

from sweep.stats.margins import Verdict

from .comparison import Comparison
from .gate import GateRule
from .gate_self_test import SelfTest
from .sides import Side
from .wording import seen

FORMAT = 1


class SideRecord(TypedDict):
    """One of the two that are compared."""

    location: Annotated[str, Field(description="run directory, a path or URI")]
    strategy: Annotated[str | None, Field(description="where two strategies of a run are compared; else null")]
    rows: Annotated[int, Field(description="number of valid rows")]
    invalid_rows: Annotated[int, Field(description="rows that broke a conservation law, which are left out")]
    name: Annotated[str | None, Field(description="name of the sweep")]
    created: Annotated[str | None, Field(description="when it was published")]
    git_commit: Annotated[str | None, Field(description="of the sources that ran it")]
    command: Annotated[str | None, Field(description="the command that ran it")]


class CellsRecord(TypedDict):
    """Numbers of cells: strategies in mixes, at loads and rings."""

    base: Annotated[int, Field(description="in BASE")]
    common: Annotated[int, Field(description="in both")]
    only_new: Annotated[int, Field(description="in NEW alone")]


class RuleRecord(TypedDict):
    """A rule of the gate."""

    metric: str
    unit: str
    better: Annotated[str, Field(description="lower or higher")]
    margin: Annotated[str, Field(description="the change that is tolerated, as the gate has it")]
    where: Annotated[str | None, Field(description="the condition on cells; null: all")]
    undecided: Annotated[str, Field(description='"open": too little data fails the gate; "accepted": it does not')]
    why: Annotated[str | None, Field(description="the gate's reason for the rule")]
    counts: Annotated[dict[str, int], Field(description="comparisons by verdict")]


class CellComparison(TypedDict):
    """A metric of a cell in BASE and NEW; `change`, `low`, `high` are shares of BASE if `relative`, else in units."""

    rule: Annotated[int, Field(description="index among `rules`")]
    metric: str
    cell: Annotated[dict[str, Any], Field(description="parameter to value")]
    verdict: str
    base: float | None
    new: float | None
    relative: bool
    change: float | None
    low: Annotated[float | None, Field(description="lower end of the interval of the change")]
    high: Annotated[float | None, Field(description="upper end of the interval of the change")]
    margin: Annotated[float, Field(description="the change that is tolerated, in the unit of `change`")]
    pairs: Annotated[int, Field(description="number of pairs of rows")]
    p_holm: Annotated[float | None, Field(description="p value, adjusted for all comparisons (Holm)")]
    pairs_needed: Annotated[int | None, Field(description="that would decide it")]
    episodes: Annotated[float | None, Field(description="number of episodes seen, in the run that saw fewer")]
    episodes_needed: int | None
    why: Annotated[str | None, Field(description="why too little was seen; null if enough was")]


class ComparisonRecord(TypedDict):
    """The comparison of two runs, or of two strategies of one."""

    format: Annotated[int, Field(description=f"version of this form: {FORMAT}")]
    verdict: str
    exit_code: int
    self_test: Annotated[bool, Field(description="NEW was made worse on purpose")]
    confidence: Annotated[float, Field(description="of each interval")]
    gate: Annotated[str, Field(description="the gate file")]
    base: SideRecord
    new: SideRecord
    changed: Annotated[list[str], Field(description="what differs between the two besides the results")]
    cells: CellsRecord
    counts: Annotated[dict[str, int], Field(description="comparisons by verdict")]
    rules: list[RuleRecord]
    comparisons: list[CellComparison]


def record(found: Comparison | SelfTest) -> ComparisonRecord:
    """The comparison as values for `json.dumps`."""
    comparison = found.comparison if isinstance(found, SelfTest) else found
    pairing = comparison.pairing
    return {
        "format": FORMAT,
        "verdict": comparison.verdict,
        "exit_code": found.exit_code,
        "self_test": isinstance(found, SelfTest),
        "confidence": comparison.gate.confidence,
        "gate": comparison.gate.file,
        "base": _side(pairing.base),
        "new": _side(pairing.new),
        "changed": list(comparison.changed),
        "cells": {
            "base": pairing.cells,
            "common": int(pairing.common.sum()),
            "only_new": pairing.only_new,
        },
        "counts": {verdict.name.lower(): comparison.count(verdict) for verdict in Verdict},
        "rules": [_rule(comparison, place, rule) for place, rule in enumerate(comparison.gate.rules)],
        "comparisons": [_comparison(comparison, place) for place in range(len(comparison))],
    }


def _side(side: Side) -> SideRecord:
    return {
        "location": side.location,
        "strategy": side.strategy or None,
        "rows": len(side.table),
        "invalid_rows": side.invalid,
        "name": side.about.get("name"),
        "created": side.about.get("created"),
        "git_commit": side.about.get("git_commit"),
        "command": side.about.get("command"),
    }


def _rule(found: Comparison, place: int, rule: GateRule) -> RuleRecord:
    return {
        "metric": rule.metric,
        "unit": rule.unit,
        "better": "lower" if rule.lower_is_better else "higher",
        "margin": rule.margin.text,
        "where": rule.where or None,
        "undecided": "accepted" if rule.watched else "open",
        "why": rule.why or None,
        "counts": {verdict.name.lower(): found.count(verdict, place) for verdict in Verdict},
    }


def _comparison(found: Comparison, place: int) -> CellComparison:
    judged = found.judged
    change, low, high = found.change(place)
    margin = float(found.worse[place])
    if found.logarithms[place]:
        margin = found.rule_of(place).margin.relative
    return {
        "rule": int(found.rule[place]),
        "metric": found.rule_of(place).metric,
        "cell": found.pairing.coordinates(int(found.cell[place])),
        "verdict": Verdict(int(judged.verdicts[place])).name.lower(),
        "base": _number(found.base[place]),
        "new": _number(found.new[place]),
        "relative": bool(found.logarithms[place]),
        "change": _number(change),
        "low": _number(low),
        "high": _number(high),
        "margin": margin,
        "pairs": int(judged.worsening.pairs[place]),
        "p_holm": _number(judged.p[place]),
        "pairs_needed": int(found.needed[place]) or None,
        "episodes": _number(found.measured.enough.seen[place]),
        "episodes_needed": int(found.measured.enough.needed[place]) or None,
        "why": seen(found, place) if found.too_little_seen[place] else None,
    }


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
