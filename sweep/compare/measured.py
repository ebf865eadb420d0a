# SPDX-License-Identifier: MIT
"""By how much NEW is worse than BASE in a metric, cell by cell, with an interval, and what a gate accepts of it.

A relative margin is judged by logarithms of ratios, pair by pair, as everywhere in sweep.  Where it comes to less than
its floor, or a value is not positive so that there is no ratio, plain differences are judged, against the margin
in the metric's own unit; the value of BASE is taken as known for that.  So a zero in BASE needs no rule of its own: a
share of zero is zero, and what remains is the floor.  Shares that come in clumps (drops, requests for pages) are always
judged by differences: a pair without a clump has no ratio, and weighs as much as one with ten.  Quantiles are those of
the packets of all pairs together, and always judged by their ratio, whose interval is had by leaving out pairs.
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

from .gate import Rule
from .pairing import Pairing

Array = NDArray[np.float64]
Integers = NDArray[np.int64]
Mask = NDArray[np.bool_]

ROWS_AT_ONCE = 4096  # whose histograms are laid out together: 8 MiB a side


@dataclass(frozen=True)
class Measured:
    """Comparisons, shape (c,) each."""

    rule: Integers  # place in the gate's rules
    cell: Integers  # place in the pairing
    base: Array  # value of BASE over the pairs, in the metric's unit; without a pair, over what BASE has
    new: Array  # value of NEW; NaN without a pair
    logarithms: Mask  # whether ratios are judged; else differences
    worsening: Estimate  # of logarithms or of differences; positive is worse
    worse: Array  # the margin, in the unit of what is judged
    better: Array  # its counterpart on the good side
    same: Mask  # simulations compared with themselves, with the same outcome
    exact: Mask  # could not have come out otherwise
    in_clumps: Mask  # shares of what comes in clumps
    sectioned: Mask  # quantiles, which are known by their sections or not at all
    enough: Enough


def joined(parts: Sequence[Measured]) -> Measured:
    """All of them, one after the other."""

    def together(name: str) -> Any:
        return np.concatenate([getattr(part, name) for part in parts])

    worsening = Estimate(*_end_to_end([_values(part.worsening) for part in parts]))
    enough = Enough(*_end_to_end([part.enough for part in parts]))
    plain = [field.name for field in fields(Measured) if field.name not in ("worsening", "enough")]
    return Measured(**{name: together(name) for name in plain}, worsening=worsening, enough=enough)


def measure(place: int, rule: Rule, pairing: Pairing, confidence: float, common_only: bool) -> Measured:
    """One rule, at `place` in the gate, in its cells: those of BASE that have the metric."""
    base, new = pairing.values(rule.metric)
    asked = pairing.common if common_only else np.ones(pairing.cells, np.bool_)
    cells = np.flatnonzero(rule.selected & asked & np.isfinite(base).any(axis=1))
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
        share = np.where(accepted > rule.margin.absolute, rule.margin.relative, accepted / np.abs(base_value))
        down, up = np.log1p(-np.minimum(share, 1.0)), np.log1p(share)
    limits = (up, down) if rule.lower_is_better else (-down, -up)
    worse, better = (np.where(logarithms, limit, side * accepted) for limit, side in zip(limits, (1, -1), strict=True))
    change = _chosen(logarithms, ratios, differences)
    worsening = change if rule.lower_is_better else -change

    equal = ((base == new) | ~paired).all(axis=1)  # also in what publishing computes anew
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
    for first in range(0, len(cells), at_once):
        new, base = pairing.sides(cells[first : first + at_once])
        ratios = evidence.log_ratio(metric, new, base, confidence)
        values = [evidence.pooled(quantile, side, confidence).center for side in (base, new)]
        parts.append(((*_values(ratios), *values), evidence.enough(metric, new, base)))
    if not parts:
        new, base = pairing.sides(cells)
        none = stats.mean(np.full((0, 1), np.nan))
        return (none, none.center, none.center), evidence.enough(metric, new, base)
    enough = Enough(*_end_to_end([each for _, each in parts]))
    *ratio, base_value, new_value = _end_to_end([numbers for numbers, _ in parts])
    return (Estimate(*ratio), base_value, new_value), enough


def _fixed(sides: tuple[Cells, Cells], found: Estimate, base: Array, new: Array) -> Mask:
    """Where all pairs differ by the same and could not have differed otherwise.

    So it is where nothing is drawn at random; and where the draws make no difference: BASE is the same in all of
    FEWEST_PAIRS pairs or more, and not zero, and so is NEW.  A table that does not count episodes does not say what is
    drawn, and equal differences are enough there.
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
    """The first arrays of all, the second ones, ..."""
    return [np.concatenate(each) for each in zip(*parts, strict=True)]


def _values(found: Estimate) -> tuple[Array, ...]:
    return tuple(np.asarray(value) for value in vars(found).values())


def _chosen(where: Mask, first: Estimate, second: Estimate) -> Estimate:
    """`first` where so, else `second`."""
    return Estimate(*(np.where(where, *pair) for pair in zip(_values(first), _values(second), strict=True)))
