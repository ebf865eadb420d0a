# SPDX-License-Identifier: MIT
"""Who wins a cell, if that is decided: fewest ns per packet among those that do not drop more.

Doing less work is not being faster.  A strategy whose mean drop ratio is over 0.1 percentage points above the least
cannot win.  Where that excess is not beyond doubt and the strategy would take fewer ns than the winner, nobody wins:
the cell is undecided because drops differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from .. import stats
from . import numbers
from .dataset import Array
from .statements import Claim, Count, Extreme, Number, Sentence, Values, both

CellIndex = tuple[int, int, int]  # mix, load, ring
WITHIN = f"within {numbers.percent(stats.MARGIN)} %"
DROPS_DIFFER = "undecided: drops differ"


@dataclass(frozen=True)
class Outcome:
    """Of one cell; numbers are columns of the dataset."""

    winner: stats.Winner
    faster_droppers: tuple[int, ...]  # fewer ns than the winner, more drops in the mean, but not beyond doubt

    @property
    def drops_differ(self) -> bool:
        return bool(self.faster_droppers)

    @property
    def decided(self) -> bool:
        """Between columns: variants of one strategy are rivals."""
        return self.winner.decided and not self.drops_differ

    def leaders(self, strategies: Sequence[str]) -> set[str]:
        """Strategies of the best and of those shown to be within the margin of it."""
        return {strategies[column] for column in (self.winner.best, *self.winner.close)}

    def settled(self, strategies: Sequence[str]) -> bool:
        """Between strategies: variants of one that leads may still be undecided among themselves."""
        rivals = {strategies[column] for column in self.winner.open}
        return self.winner.pairs >= 2 and not self.drops_differ and rivals <= self.leaders(strategies)


def outcomes(ns: Array, drops: Array | None) -> dict[CellIndex, Outcome]:
    """Of every cell with a value; arrays have shape (mixes, loads, rings, columns, pairs)."""
    found = {}
    mixes, loads, rings = (range(size) for size in ns.shape[:3])
    for cell in product(mixes, loads, rings):
        outcome = outcome_of(ns[cell], None if drops is None else drops[cell])
        if outcome is not None:
            found[cell] = outcome
    return found


def outcome_of(ns: Array, drops: Array | None, confidence: float = stats.CONFIDENCE) -> Outcome | None:
    """Of one cell, arrays of shape (columns, pairs); None if it has no value."""
    runs = np.asarray(np.isfinite(ns).any(axis=-1))
    more = beyond_doubt = np.zeros(len(runs), np.bool_)
    if drops is not None and np.isfinite(drops[runs]).any():
        means = np.where(runs, stats.mean(drops).center, np.nan)
        least = drops[np.nanargmin(means)]
        with np.errstate(invalid="ignore"):
            more = np.asarray(stats.difference(drops, least).center > stats.DROP_MARGIN)
        beyond_doubt = stats.drops_more(drops, least)
    winner = stats.winner(ns, runs & ~more, confidence)
    if winner is None:
        return None
    means = stats.mean(ns).center
    with np.errstate(invalid="ignore"):
        faster = runs & more & ~beyond_doubt & (means < means[winner.best])
    return Outcome(winner, tuple(int(column) for column in np.flatnonzero(faster)))


def pairs_wanted(found: Iterable[Outcome], where: str) -> Sentence:
    """ "undecided with 2 pairs: about 5 would decide" for the undecided ones among these, the cells that meet `where`.

    Empty, with the claim that there is none, without one.
    """
    open_ones = [outcome.winner for outcome in found if not outcome.winner.decided]
    where = both(where, "not decided")
    if not open_ones:
        return Sentence("", Count(0, "cells", where, shown=False))
    distinct = sorted({winner.pairs for winner in open_ones})
    pairs = numbers.ranges([float(n) for n in distinct])
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
    rest = " all but " + numbers.count(enough.count(None), "cell") if None in enough else ""
    for which, number in (("smallest", needed[0]), ("largest", needed[-1])):
        claims.append(Extreme(which, "needed", where, Number(number, str(number)), "cells"))
    return Sentence(f"{said}: about {span} would decide{rest}", *claims)
