# SPDX-License-Identifier: MIT
"""The strategy with the smallest mean, and which others are as good, worse or undecided.

All rivals are compared with each other in paired tests with Holm's adjustment; one shown to be within the margin of
the best is as good as it.

Source: [holm-1979].
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .estimates import CONFIDENCE, MARGIN, Array, Estimate, holm, mean, pairs_needed, ratio


@dataclass(frozen=True)
class Winner:
    """The best of several strategies in one cell, and what is known of the others."""

    best: int  # smallest mean
    close: tuple[int, ...]  # shown to be within the margin of the best, nearest first
    open: tuple[int, ...]  # undecided: neither shown to be worse than the best nor to be that close to it
    runner_up: int | None  # the next of those shown to be worse; None if there is none
    behind: float  # relative difference of the runner-up; NaN without one
    pairs: int  # fewest pairs of the comparisons with the best
    needed: int | None  # pairs at which `open` would be decided, if means and spreads stay; None if not known

    @property
    def decided(self) -> bool:
        """Whether every other strategy is shown to be worse than the best or as good as it."""
        return not self.open and self.pairs >= 2

    @property
    def ties(self) -> tuple[int, ...]:
        """All that are not shown to be worse, the best first."""
        return (self.best, *self.close, *self.open)


def winner(
    values: Array,
    eligible: NDArray[np.bool_],
    confidence: float = CONFIDENCE,
    margin: float = MARGIN,
    best: int | None = None,
) -> Winner | None:
    """The strategy with the smallest mean of `values`, (strategies, n).  None if no eligible strategy has a value.

    `best` is the strategy to take as the best if several have the smallest mean; by default the first.

    The others are compared with the best, pair by pair.  The best is chosen from the same data, so any two might
    have been compared: Holm's adjustment goes over all pairs of eligible strategies.  That keeps the chance that any
    true tie is broken below 1 - confidence (over the others alone it is 11 % in place of 5 % for five equal ones).
    One whose whole interval lies within the margin is as good as the best, whether or not a difference was found.
    """
    means = np.where(eligible, mean(values).center, np.nan)
    if not np.isfinite(means).any():
        return None
    best = int(np.nanargmin(means)) if best is None else best
    behind = ratio(values, values[best], confidence)
    has_values = np.isfinite(means)
    others = has_values & (np.arange(len(means)) != best)
    adjusted = _adjusted(values, has_values)[best]
    close = behind.within(float(np.log1p(margin)))
    with np.errstate(invalid="ignore"):
        shown_worse = others & (adjusted < 1 - confidence) & (behind.center > 0) & ~close
    others_by_mean = [int(index) for index in np.argsort(means, kind="stable") if others[index]]
    runner_up = next((index for index in others_by_mean if shown_worse[index]), None)
    undecided = tuple(index for index in others_by_mean if not shown_worse[index] and not close[index])
    rivals = int(has_values.sum())
    risk = (1 - confidence) / max(rivals * (rivals - 1) // 2, 1)
    return Winner(
        best,
        tuple(index for index in others_by_mean if close[index]),
        undecided,
        runner_up,
        float(np.expm1(behind.center[runner_up])) if runner_up is not None else float("nan"),
        int(behind.pairs[others].min()) if others.any() else int(np.isfinite(values[best]).sum()),
        _pairs_to_decide([behind[index] for index in undecided], 1 - risk, confidence, float(np.log1p(margin))),
    )


def _pairs_to_decide(differences: list[Estimate], found_at: float, confidence: float, margin: float) -> int | None:
    """Pairs at which each difference would be shown (at `found_at`), or be shown to be within the margin."""
    needed = []
    for estimate in differences:
        pairs_of_ways = [pairs_needed(estimate, 0.0, found_at, limit=1000)]
        if abs(float(estimate.center)) < margin:
            pairs_of_ways.append(
                pairs_needed(estimate, float(np.copysign(margin, estimate.center)), confidence, limit=1000)
            )
        known = [pairs for pairs in pairs_of_ways if pairs is not None]
        if not known:
            return None
        needed.append(min(known))
    return max(needed, default=None)


def _adjusted(values: Array, runs: NDArray[np.bool_]) -> Array:
    """Holm-adjusted p-values of all comparisons of two, shape (strategies, strategies), symmetric."""
    count = len(values)
    first, second = np.triu_indices(count, 1)
    p = np.where(runs[first] & runs[second], ratio(values[first], values[second]).p, np.nan)
    adjusted = np.full((count, count), np.nan)
    adjusted[first, second] = adjusted[second, first] = holm(p)
    return adjusted
