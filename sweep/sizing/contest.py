# SPDX-License-Identifier: MIT
"""Which strategy is best under one mix and load, each at its own smallest ring: fewest ns per packet, as in a report.

All met the same packets, so they are compared within each replicate.  They are looked at after 2 replicates, after 3
and so on, each time at that look's level (`stats.looks`); who is then shown to be worse than the best is out and gets
no more replicates.  It ends when all that are left are shown to be as good as each other, or at the last look.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from sweep.results.outcome import Outcome, outcome_of, over_least

from .. import stats
from ..evidence import Cells
from .judge import Array, Ints
from .lattice import Mask


@dataclass(frozen=True)
class Standing:
    """How the contenders stand, by column."""

    outcome: Outcome  # among those that are left
    beaten: tuple[int, ...]  # shown to be worse, now or at an earlier look; the nearest first
    behind: dict[int, stats.Estimate]  # of every other contender: relative difference to the best
    replicates: int  # at this look
    following: int | None  # replicates that the next look needs of those left; None when it has ended

    @property
    def best(self) -> int:
        return self.outcome.winner.best

    @property
    def left(self) -> tuple[int, ...]:
        """The best and all that are not shown to be worse."""
        return (*self.outcome.winner.ties, *self.outcome.faster_droppers)

    @property
    def runner_up(self) -> int | None:
        """The nearest of those that are worse."""
        return self.beaten[0] if self.beaten else None


def stand(ns: Array, cells: Cells, asked: Ints, looks: Sequence[int], levels: Sequence[float]) -> Standing | None:
    """How a contest stands; `ns` (columns, n) is NaN for what is no contender, not asked for or without a valid row.

    `cells`: of the columns, (columns,), likewise; `asked`: replicates that were asked for of each column.

    None if there is no contender.
    """
    contenders = np.asarray(np.isfinite(ns).any(axis=-1))
    left, standing = contenders, None
    for look, level in zip(looks, levels, strict=True):
        if standing is not None and (asked[left] < look).any():
            return replace(standing, following=look)
        cost = np.where(left[:, None], ns[:, :look], np.nan)
        excess = over_least(cost, cells.at((slice(None), slice(None, look))), 1 - level)
        outcome = outcome_of(cost, excess, 1 - level)
        if outcome is None:
            return None
        left = np.zeros_like(contenders)
        left[[*outcome.winner.ties, *outcome.faster_droppers]] = True
        standing = _standing(outcome, ns[:, :look], contenders, left, level)
        if outcome.decided:
            break
    return standing


def _standing(outcome: Outcome, ns: Array, contenders: Mask, left: Mask, level: float) -> Standing:
    best = outcome.winner.best
    behind = stats.ratio(ns, ns[best], 1 - level).ratios()
    beaten = sorted(np.flatnonzero(contenders & ~left).tolist(), key=lambda column: float(behind.center[column]))
    others = [column for column in np.flatnonzero(contenders).tolist() if column != best]
    return Standing(outcome, tuple(beaten), {column: behind[column] for column in others}, ns.shape[1], None)
