# SPDX-License-Identifier: MIT
"""How much worse NEW is than BASE in a metric, cell by cell, with intervals, and the margin that the gate accepts.

A relative margin is judged by log ratios, pair by pair, as everywhere in sweep.  If it amounts to less than its floor,
or a value is not positive so that there is no ratio, plain differences are judged against the margin in the metric's
own unit, with BASE's value taken as known.  So a zero in BASE needs no special rule: a share of zero is zero, and the
floor remains.  Clustered shares (drops, requests for pages) are always judged by differences, because a pair without
an event has no ratio yet weighs as much as one with ten.  Quantiles are taken over the packets of all pairs, and
always judged by their ratio, whose interval comes from leaving out pairs (jackknife).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sweep import evidence, stats
from sweep.evidence import Cells, Enough
from sweep.fields.declared import spread
from sweep.stats import Estimate
from sweep.stats.margins import FEWEST_PAIRS

from .gate import GateRule
from .pairing import Pairing

Array = NDArray[np.float64]
Integers = NDArray[np.int64]
Mask = NDArray[np.bool_]

ROWS_AT_ONCE = 4096  # rows whose histograms are in memory at a time: 8 MiB a side


@dataclass(frozen=True)
class Measured:
    """The measured worsening and the margin of c comparisons; all arrays have shape (c,)."""

    rule: Integers  # index of the gate's rules
    cell: Integers  # index of the pairing's cells
    base: Array  # mean of BASE over the pairs, in the metric's unit; without a pair, over all replicates of BASE
    new: Array  # mean of NEW over the pairs; NaN without a pair
    logarithms: Mask  # whether ratios are judged; else differences
    worsening: Estimate  # of logarithms or of differences; positive is worse
    worse: Array  # the margin, in the unit of what is judged
    better: Array  # its counterpart on the good side
    same: Mask  # simulations compared with themselves, with the same outcome
    exact: Mask  # without random error: the difference would be the same in every replicate
    in_clumps: Mask  # clustered shares
    sectioned: Mask  # quantiles, whose interval comes from sectioning
    enough: Enough


def joined(parts: Sequence[Measured]) -> Measured:
    """The comparisons of all parts, concatenated."""

    def together(name: str) -> Any:
        return np.concatenate([getattr(part, name) for part in parts])

    worsening = Estimate(*_end_to_end([_values(part.worsening) for part in parts]))
    enough = Enough(*_end_to_end([part.enough for part in parts]))
    plain = [field.name for field in fields(Measured) if field.name not in ("worsening", "enough")]
    return Measured(**{name: together(name) for name in plain}, worsening=worsening, enough=enough)


def measure(place: int, rule: GateRule, pairing: Pairing, confidence: float, common_only: bool) -> Measured:
    """Measure a rule, which has index `place` in the gate, in the cells that it selects and BASE has a value in."""
    base, new = pairing.values(rule.metric)
    in_scope = pairing.common if common_only else np.ones(pairing.cells, np.bool_)
    cells = np.flatnonzero(rule.selected & in_scope & np.isfinite(base).any(axis=1))
    base, new = base[cells], new[cells]
    paired: Any = np.isfinite(base) & np.isfinite(new)
    with_pair = np.where(paired.any(axis=1, keepdims=True), paired, np.isfinite(base))
    means = stats.mean(np.where(with_pair, base, np.nan)).center, stats.mean(np.where(paired, new, np.nan)).center

    sides = pairing.sides(cells)
    pooled = spread(rule.metric).quantile is not None and sides[0].buckets is not None
    pooled = pooled and sides[1].buckets is not None
    if pooled:
        (ratios, *values), enough = _quantiles(rule.metric, pairing, cells, confidence)
        has_pair = paired.any(axis=1)
        base_value, new_value = (np.where(has_pair, *each) for each in zip(values, means, strict=True))
        positive = np.isfinite(ratios.center)
        differences = stats.difference(new, base, confidence)
    else:
        (base_value, new_value), enough = means, evidence.enough(rule.metric, *sides)
        positive = ((base > 0) & (new > 0) | ~paired).all(axis=1)
        ratios = evidence.log_ratio(rule.metric, *sides, confidence)
        differences = evidence.difference(rule.metric, *sides, confidence)

    accepted = rule.margin.of(base_value)
    in_clumps = spread(rule.metric).in_clumps and sides[0].seen is not None
    logarithms = positive & (pooled | (accepted > rule.margin.absolute)) & np.full(len(cells), not in_clumps)
    with np.errstate(divide="ignore", invalid="ignore"):
        relative_margin = np.where(accepted > rule.margin.absolute, rule.margin.relative, accepted / np.abs(base_value))
        log_down, log_up = np.log1p(-np.minimum(relative_margin, 1.0)), np.log1p(relative_margin)
    limits = (log_up, log_down) if rule.lower_is_better else (-log_down, -log_up)
    worse, better = (
        np.where(logarithms, log_limit, sign * accepted) for log_limit, sign in zip(limits, (1, -1), strict=True)
    )
    estimate = _chosen(logarithms, ratios, differences)
    worsening = estimate if rule.lower_is_better else -estimate

    equal = ((base == new) | ~paired).all(axis=1)  # derived metrics may differ although the ids are equal
    same = pairing.same_simulations[cells] & equal & paired.any(axis=1)
    return Measured(
        rule=np.full(len(cells), place),
        cell=cells,
        base=base_value,
        new=new_value,
        logarithms=logarithms,
        worsening=worsening,
        worse=worse,
        better=better,
        same=same,
        exact=same | _fixed(sides, worsening, np.where(paired, base, np.nan), np.where(paired, new, np.nan)),
        in_clumps=np.full(len(cells), in_clumps),
        sectioned=np.full(len(cells), pooled),
        enough=enough,
    )


def _quantiles(
    metric: str, pairing: Pairing, cells: Integers, confidence: float
) -> tuple[tuple[Estimate, Array, Array], Enough]:
    """The logarithm of the ratio of NEW to BASE, the quantiles of BASE and of NEW, and whether enough was seen."""
    quantile = spread(metric).quantile
    assert quantile is not None
    at_once = max(ROWS_AT_ONCE // pairing.both.shape[1], 1)
    parts = []
    for start in range(0, len(cells), at_once):
        new, base = pairing.sides(cells[start : start + at_once])
        ratios = evidence.log_ratio(metric, new, base, confidence)
        values = [evidence.pooled(quantile, side, confidence).center for side in (base, new)]
        parts.append(((*_values(ratios), *values), evidence.enough(metric, new, base)))
    if not parts:
        new, base = pairing.sides(cells)
        no_estimate = stats.mean(np.full((0, 1), np.nan))
        return (no_estimate, no_estimate.center, no_estimate.center), evidence.enough(metric, new, base)
    enough = Enough(*_end_to_end([enough_of_part for _, enough_of_part in parts]))
    *ratio, base_value, new_value = _end_to_end([numbers for numbers, _ in parts])
    return (Estimate(*ratio), base_value, new_value), enough


def _fixed(sides: tuple[Cells, Cells], found: Estimate, base: Array, new: Array) -> Mask:
    """Where all pairs have the same difference, and not just by chance, (c,).

    So it is if nothing is drawn at random, or if the draws have no effect: BASE is equal in all of at least
    FEWEST_PAIRS pairs, and not zero, and so is NEW.  For a table that does not count episodes it is unknown what is
    drawn, and equal differences are enough.
    """
    tied = np.asarray((found.pairs >= 2) & (found.deviation == 0))
    if sides[0].seen is None or sides[1].seen is None:
        return tied
    spreads = [stats.mean(side) for side in (base, new)]
    settled = (found.pairs >= FEWEST_PAIRS) & (spreads[0].center != 0)
    for each in spreads:
        settled &= each.deviation <= stats.ROUNDING * np.abs(each.center)
    return np.asarray(tied & (np.asarray(sides[0].exact & sides[1].exact) | settled))


def _end_to_end(parts: Sequence[tuple[Any, ...]]) -> list[Any]:
    """Concatenate the first arrays of all parts, the second ones, and so on."""
    return [np.concatenate(each) for each in zip(*parts, strict=True)]


def _values(found: Estimate) -> tuple[Array, ...]:
    return tuple(np.asarray(value) for value in vars(found).values())


def _chosen(where: Mask, first: Estimate, second: Estimate) -> Estimate:
    """Estimates: elementwise `first` where the mask holds, else `second`."""
    return Estimate(*(np.where(where, *pair) for pair in zip(_values(first), _values(second), strict=True)))
