# SPDX-License-Identifier: MIT
"""Which of several strategies has the smallest mean, and what is known of the others.

All pairs of rivals are compared, pair by pair, with Holm's adjustment; who is shown to be within the margin of the
best is as good as it.

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
    """Who has the smallest mean of `values`, shape (strategies, n)?  None if no eligible strategy has a value.

    `best` says which of those with that mean is taken for the best; else the first.

    The others are compared with the best, pair by pair.  Which one is best was chosen by looking, so any two might
    have been compared: Holm's adjustment goes over all pairs of eligible strategies.  That keeps the chance that any
    true tie is broken below 1 - confidence (over the others alone it is 11 % in place of 5 % for five equal ones).
    One whose whole interval lies within the margin is as good as the best, whether or not a difference was found.
    """
    means = np.where(eligible, mean(values).center, np.nan)
    if not np.isfinite(means).any():
        return None
    best = int(np.nanargmin(means)) if best is None else best
    behind = ratio(values, values[best], confidence)
    runs = np.isfinite(means)
    others = runs & (np.arange(len(means)) != best)
    adjusted = _adjusted(values, runs)[best]
    close = behind.within(float(np.log1p(margin)))
    with np.errstate(invalid="ignore"):
        beaten = others & (adjusted < 1 - confidence) & (behind.center > 0) & ~close
    ranked = [int(i) for i in np.argsort(means, kind="stable") if others[i]]
    runner_up = next((i for i in ranked if beaten[i]), None)
    undecided = tuple(i for i in ranked if not beaten[i] and not close[i])
    rivals = int(runs.sum())
    risk = (1 - confidence) / max(rivals * (rivals - 1) // 2, 1)
    return Winner(
        best,
        tuple(i for i in ranked if close[i]),
        undecided,
        runner_up,
        float(np.expm1(behind.center[runner_up])) if runner_up is not None else float("nan"),
        int(behind.pairs[others].min()) if others.any() else int(np.isfinite(values[best]).sum()),
        _pairs_to_decide([behind[i] for i in undecided], 1 - risk, confidence, float(np.log1p(margin))),
    )


def _pairs_to_decide(differences: list[Estimate], found_at: float, confidence: float, margin: float) -> int | None:
    """Pairs at which each difference would be found (at `found_at`) or be shown to lie within the margin."""
    needed = []
    for found in differences:
        ways = [pairs_needed(found, 0.0, found_at, limit=1000)]
        if abs(float(found.center)) < margin:
            ways.append(pairs_needed(found, float(np.copysign(margin, found.center)), confidence, limit=1000))
        known = [pairs for pairs in ways if pairs is not None]
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
