# SPDX-License-Identifier: MIT
"""The winner of a cell, if that is decided: fewest ns per packet among the strategies shown to drop no more.

Handling fewer packets is not being faster.  A strategy can only win if the whole interval of its paired difference in
drops from the strategy that drops least is within 0.1 percentage points.  One that drops more beyond doubt is out of
the contest.  If one is shown to be neither, and takes fewer ns in the mean than the winner, the cell is undecided:
its drops are open.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from sweep import evidence, format, stats
from sweep.document.statements import Claim, Count, Extreme, Number, Sentence, Values, both
from sweep.document.statements.templates import TEMPLATES, filled
from sweep.fields.spread import DROPS

from .dataset import Array

CellIndex = tuple[int, int, int]  # mix, load, ring
WITHIN = f"within {format.percent(stats.MARGIN)} %"
DROPS_OPEN = TEMPLATES["drops_open"]


@dataclass(frozen=True)
class Outcome:
    """The outcome of one cell; numbers are columns of the dataset."""

    winner: stats.Winner
    faster_droppers: tuple[int, ...]  # columns with fewer ns than the winner of which it is open if they drop more

    @property
    def drops_open(self) -> bool:
        return bool(self.faster_droppers)

    @property
    def decided(self) -> bool:
        """Whether the winner is decided between columns: variants of one strategy are rivals."""
        return self.winner.decided and not self.drops_open

    def leaders(self, strategies: Sequence[str]) -> set[str]:
        """Strategies of the best and of those shown to be within the margin of it."""
        return {strategies[column] for column in (self.winner.best, *self.winner.close)}

    def settled(self, strategies: Sequence[str]) -> bool:
        """Whether it is decided between strategies: the order of a leading strategy's variants may still be open."""
        rivals = {strategies[column] for column in self.winner.open}
        return self.winner.pairs >= 2 and not self.drops_open and rivals <= self.leaders(strategies)


def each_at(cells: int, drops: bool, confidence: float = stats.CONFIDENCE) -> float:
    """The confidence at which each of so many cells is judged, so that all are right at `confidence` (Bonferroni).

    Half of the risk is that of costs, half of `drops` where these are known.
    """
    return 1 - (1 - confidence) / (max(cells, 1) * (2 if drops else 1))


def outcomes(ns: Array, cells: evidence.Cells | None, confidence: float = stats.CONFIDENCE) -> dict[CellIndex, Outcome]:
    """The outcome of every cell with a value; all of them hold together at `confidence`.

    `ns` and what `cells` reads have shape (mixes, loads, rings, columns, pairs); `cells` is None if drops are unknown.
    """
    outcome_of_cell = {}
    cell_confidence = each_at(int(np.isfinite(ns).any(axis=(-2, -1)).sum()), cells is not None, confidence)
    excess = None if cells is None else over_least(ns, cells, cell_confidence)
    mixes, loads, rings = (range(size) for size in ns.shape[:3])
    for cell in product(mixes, loads, rings):
        outcome = outcome_of(ns[cell], None if excess is None else excess[cell], cell_confidence)
        if outcome is not None:
            outcome_of_cell[cell] = outcome
    return outcome_of_cell


def over_least(ns: Array, cells: evidence.Cells, confidence: float = stats.CONFIDENCE) -> stats.Estimate:
    """Paired differences in drops from the column that drops least in the mean, of those with a cost.

    Arrays (..., columns, pairs) give (..., columns); the column itself is exactly 0.
    """
    means = np.where(np.isfinite(ns).any(axis=-1), stats.mean(cells.read(DROPS)).center, np.inf)
    least = np.argmin(np.where(np.isnan(means), np.inf, means), axis=-1)
    excess = evidence.difference(DROPS, cells, cells.column(least), confidence)
    is_least = np.arange(means.shape[-1]) == least[..., None]
    low, high = (np.where(is_least & (excess.pairs > 1), 0.0, side) for side in (excess.low, excess.high))
    return replace(excess, low=low, high=high)


def outcome_of(ns: Array, excess: stats.Estimate | None, confidence: float = stats.CONFIDENCE) -> Outcome | None:
    """Outcome of a cell from `ns` (columns, pairs) and `excess` (columns,) of `over_least`; None without a value."""
    runs = np.asarray(np.isfinite(ns).any(axis=-1))
    may_win, drops_more = runs, np.zeros_like(runs)
    if excess is not None and excess.pairs[runs].any():
        may_win, drops_more = runs & (stats.no_more(excess) | (excess.pairs == 0)), stats.more(excess)
    if not may_win.any():
        return None
    means = stats.mean(ns).center
    best = int(np.nanargmin(np.where(may_win, means, np.nan)))
    with np.errstate(invalid="ignore"):
        faster = runs & ~may_win & ~drops_more & (means < means[best])
    winner = stats.winner(ns, runs & ~drops_more & ~faster, confidence, best=best)
    return None if winner is None else Outcome(winner, tuple(int(column) for column in np.flatnonzero(faster)))


def pairs_wanted(found: Iterable[Outcome], where: str) -> Sentence:
    """ "undecided with 2 pairs: about 5 would decide", for the undecided outcomes of the cells that meet `where`.

    If none is undecided, the sentence is empty and claims so.
    """
    undecided = [outcome.winner for outcome in found if not outcome.winner.decided]
    where = both(where, "not decided")
    if not undecided:
        return Sentence("", Count(0, "cells", where, shown=False))
    distinct = sorted({winner.pairs for winner in undecided})
    pairs = format.ranges([float(n) for n in distinct])
    undecided_text = filled("undecided", pairs=f"{pairs} {'pair' if pairs == '1' else 'pairs'}")
    claims: list[Claim] = [Values("pairs", where, tuple(float(n) for n in distinct), (str(distinct[0]),))]
    if distinct[0] < 2:
        return Sentence(filled("few_pairs", undecided=undecided_text), *claims)
    needed_of_cells = [winner.needed for winner in undecided]
    needed = sorted({pairs for pairs in needed_of_cells if pairs is not None})
    claims.append(Count(needed_of_cells.count(None), "cells", both(where, "needed is null"), shown=False))
    if not needed:
        return Sentence(filled("out_of_reach", undecided=undecided_text), *claims)
    needed_text = f"{needed[0]}" if len(needed) == 1 else f"{needed[0]} to {needed[-1]}"
    unknown = needed_of_cells.count(None)
    exception = filled("but", cells=format.count(unknown, "cell")) if unknown else ""
    for extreme, number in (("smallest", needed[0]), ("largest", needed[-1])):
        claims.append(Extreme(extreme, "needed", where, Number(number, str(number)), "cells"))
    return Sentence(filled("wanted", undecided=undecided_text, needed=needed_text, but=exception), *claims)
