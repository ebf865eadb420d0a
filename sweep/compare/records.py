# SPDX-License-Identifier: MIT
"""A comparison for programs, as JSON: all comparisons, with unrounded numbers.

`format` is raised when a key is removed or changes its meaning; keys may be added.  An unknown number is null.
"""

from __future__ import annotations

import math
from typing import Any

from sweep.stats.margins import Verdict

from .comparison import Comparison
from .gate import GateRule
from .gate_self_test import SelfTest
from .sides import Side
from .wording import seen

FORMAT = 1


def record(found: Comparison | SelfTest) -> dict[str, Any]:
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


def _side(side: Side) -> dict[str, Any]:
    kept = ("name", "created", "git_commit", "command")
    return {
        "location": side.location,
        "strategy": side.strategy or None,
        "rows": len(side.table),
        "invalid_rows": side.invalid,
        **{name: side.about.get(name) for name in kept},
    }


def _rule(found: Comparison, place: int, rule: GateRule) -> dict[str, Any]:
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


def _comparison(found: Comparison, place: int) -> dict[str, Any]:
    """One comparison; `change`, `low` and `high` are shares of BASE if `relative`, else in the metric's unit."""
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
