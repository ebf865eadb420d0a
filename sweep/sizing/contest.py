# SPDX-License-Identifier: MIT
"""The best strategy at one mix and load, each at its own smallest ring: fewest ns per packet, as in a report.

All met the same packets, so they are compared within each replicate.  There are looks after 2 replicates, after 3 and
so on, each at its own level (`stats.looks`); a strategy then shown to be worse than the best is out and gets no more
replicates.  The contest ends when all that are left are shown to be as good as each other, or at the last look.
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
class ContestState:
    """The ranking of the contenders; they are numbered by column."""

    outcome: Outcome  # among the contenders that are left
    beaten: tuple[int, ...]  # shown to be worse, now or at an earlier look; the nearest first
    behind: dict[int, stats.Estimate]  # other contender -> its relative difference to the best
    replicates: int  # number at this look
    following: int | None  # replicates that the next look needs of those left; None if the contest has ended

    @property
    def best(self) -> int:
        return self.outcome.winner.best

    @property
    def left(self) -> tuple[int, ...]:
        """The best and all that are not shown to be worse."""
        return (*self.outcome.winner.ties, *self.outcome.faster_droppers)

    @property
    def runner_up(self) -> int | None:
        """The best of the beaten contenders; None if there is none."""
        return self.beaten[0] if self.beaten else None


def contest_state(
    ns: Array, cells: Cells, asked: Ints, looks: Sequence[int], levels: Sequence[float]
) -> ContestState | None:
    """The ranking so far; `ns` (columns, n) is NaN for non-contenders, and for replicates not asked for or invalid.

    `cells`: of the columns, (columns,), likewise; `asked`: replicates that were asked for of each column.

    None if there is no contender.
    """
    contenders = np.asarray(np.isfinite(ns).any(axis=-1))
    still_in, standing = contenders, None
    for look, level in zip(looks, levels, strict=True):
        if standing is not None and (asked[still_in] < look).any():
            return replace(standing, following=look)
        cost = np.where(still_in[:, None], ns[:, :look], np.nan)
        excess = over_least(cost, cells.at((slice(None), slice(None, look))), 1 - level)
        outcome = outcome_of(cost, excess, 1 - level)
        if outcome is None:
            return None
        still_in = np.zeros_like(contenders)
        still_in[[*outcome.winner.ties, *outcome.faster_droppers]] = True
        standing = _standing(outcome, ns[:, :look], contenders, still_in, level)
        if outcome.decided:
            break
    return standing


def _standing(outcome: Outcome, ns: Array, contenders: Mask, left: Mask, level: float) -> ContestState:
    best = outcome.winner.best
    behind = stats.ratio(ns, ns[best], 1 - level).ratios()
    beaten = sorted(np.flatnonzero(contenders & ~left).tolist(), key=lambda column: float(behind.center[column]))
    others = [column for column in np.flatnonzero(contenders).tolist() if column != best]
    return ContestState(outcome, tuple(beaten), {column: behind[column] for column in others}, ns.shape[1], None)
