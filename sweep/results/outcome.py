# SPDX-License-Identifier: MIT
"""Who wins a cell, if that is decided: fewest ns per packet among those shown to drop no more.

Doing less work is not being faster.  Only a strategy can win of which the whole interval of its paired difference in
drops, from the strategy that drops least, is within 0.1 percentage points.  One that drops more beyond doubt is out of
the contest.  One of which neither is shown and which takes fewer ns in the mean than the winner would leaves the cell
undecided: drops are open.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from sweep import evidence, format, stats
from sweep.document.statements import Claim, Count, Extreme, Number, Sentence, Values, both
from sweep.fields.spread import DROPS

from .dataset import Array

CellIndex = tuple[int, int, int]  # mix, load, ring
WITHIN = f"within {format.percent(stats.MARGIN)} %"
DROPS_OPEN = "undecided: drops open"


@dataclass(frozen=True)
class Outcome:
    """Of one cell; numbers are columns of the dataset."""

    winner: stats.Winner
    faster_droppers: tuple[int, ...]  # fewer ns than the winner, and not known whether they drop more

    @property
    def drops_open(self) -> bool:
        return bool(self.faster_droppers)

    @property
    def decided(self) -> bool:
        """Between columns: variants of one strategy are rivals."""
        return self.winner.decided and not self.drops_open

    def leaders(self, strategies: Sequence[str]) -> set[str]:
        """Strategies of the best and of those shown to be within the margin of it."""
        return {strategies[column] for column in (self.winner.best, *self.winner.close)}

    def settled(self, strategies: Sequence[str]) -> bool:
        """Between strategies: variants of one that leads may still be undecided among themselves."""
        rivals = {strategies[column] for column in self.winner.open}
        return self.winner.pairs >= 2 and not self.drops_open and rivals <= self.leaders(strategies)


def each_at(cells: int, drops: bool, confidence: float = stats.CONFIDENCE) -> float:
    """The confidence at which each of so many cells is judged, so that all are right at `confidence` (Bonferroni).

    Half of the risk is that of costs, half of `drops` where these are known.
    """
    return 1 - (1 - confidence) / (max(cells, 1) * (2 if drops else 1))


def outcomes(ns: Array, cells: evidence.Cells | None, confidence: float = stats.CONFIDENCE) -> dict[CellIndex, Outcome]:
    """Of every cell with a value, all of them right at `confidence`.

    `ns` has shape (mixes, loads, rings, columns, pairs), and so has what `cells` reads; None where drops are not known.
    """
    found = {}
    each = each_at(int(np.isfinite(ns).any(axis=(-2, -1)).sum()), cells is not None, confidence)
    excess = None if cells is None else over_least(ns, cells, each)
    mixes, loads, rings = (range(size) for size in ns.shape[:3])
    for cell in product(mixes, loads, rings):
        outcome = outcome_of(ns[cell], None if excess is None else excess[cell], each)
        if outcome is not None:
            found[cell] = outcome
    return found


def over_least(ns: Array, cells: evidence.Cells, confidence: float = stats.CONFIDENCE) -> stats.Estimate:
    """Paired differences in drops from the column that drops least in the mean, of those with a cost.

    Arrays (..., columns, pairs) give (..., columns); the column itself is exactly 0.
    """
    means = np.where(np.isfinite(ns).any(axis=-1), stats.mean(cells.read(DROPS)).center, np.inf)
    least = np.argmin(np.where(np.isnan(means), np.inf, means), axis=-1)
    found = evidence.difference(DROPS, cells, cells.column(least), confidence)
    own = np.arange(means.shape[-1]) == least[..., None]
    low, high = (np.where(own & (found.pairs > 1), 0.0, side) for side in (found.low, found.high))
    return replace(found, low=low, high=high)


def outcome_of(ns: Array, excess: stats.Estimate | None, confidence: float = stats.CONFIDENCE) -> Outcome | None:
    """Of one cell, `ns` (columns, pairs) and `excess` (columns,) as `over_least` has it; None if it has no value."""
    runs = np.asarray(np.isfinite(ns).any(axis=-1))
    fit, out = runs, np.zeros_like(runs)
    if excess is not None and excess.pairs[runs].any():
        fit, out = runs & (stats.no_more(excess) | (excess.pairs == 0)), stats.more(excess)
    if not fit.any():
        return None
    means = stats.mean(ns).center
    best = int(np.nanargmin(np.where(fit, means, np.nan)))
    with np.errstate(invalid="ignore"):
        faster = runs & ~fit & ~out & (means < means[best])
    winner = stats.winner(ns, runs & ~out & ~faster, confidence, best=best)
    return None if winner is None else Outcome(winner, tuple(int(column) for column in np.flatnonzero(faster)))


def pairs_wanted(found: Iterable[Outcome], where: str) -> Sentence:
    """ "undecided with 2 pairs: about 5 would decide" for the undecided ones among these, the cells that meet `where`.

    Empty, with the claim that there is none, without one.
    """
    open_ones = [outcome.winner for outcome in found if not outcome.winner.decided]
    where = both(where, "not decided")
    if not open_ones:
        return Sentence("", Count(0, "cells", where, shown=False))
    distinct = sorted({winner.pairs for winner in open_ones})
    pairs = format.ranges([float(n) for n in distinct])
    said = f"undecided with {pairs} {'pair' if pairs == '1' else 'pairs'}"
    claims: list[Claim] = [Values("pairs", where, tuple(float(n) for n in distinct), (str(distinct[0]),))]
    if distinct[0] < 2:
        return Sentence(f"{said}: 2 at least are needed, 5 are usual", *claims)
    enough = [winner.needed for winner in open_ones]
    needed = sorted({pairs for pairs in enough if pairs is not None})
    claims.append(Count(enough.count(None), "cells", both(where, "needed is null"), shown=False))
    if not needed:
        return Sentence(f"{said}: no number of pairs within reach would decide", *claims)
    span = f"{needed[0]}" if len(needed) == 1 else f"{needed[0]} to {needed[-1]}"
    rest = " all but " + format.count(enough.count(None), "cell") if None in enough else ""
    for which, number in (("smallest", needed[0]), ("largest", needed[-1])):
        claims.append(Extreme(which, "needed", where, Number(number, str(number)), "cells"))
    return Sentence(f"{said}: about {span} would decide{rest}", *claims)
