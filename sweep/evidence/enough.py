# SPDX-License-Identifier: MIT
"""Is what two sides have seen enough to say that one is no worse, better, or as good as the other?

An interval allows for the clumps that were not seen; it rests on their being like those that were.  So a statement that
something does *not* happen takes episodes as well:

* FEWEST_EPISODES where the sides have lost nothing, or not the same: what was not seen may be anything;
* FEWEST_PIECES where nine tenths of what VALUE has lost REFERENCE has lost too, in the same pairs: another such clump
  is one of both, and how they differ has been seen as often (`stats.clumps.shared_losses`);
* FEWEST_PIECES for requests for pages, pages held and quantiles, whose unseen clump has a size that is known or is as
  large as the largest seen; and for any mean that has not differed in a single pair;
* none for a mean to which all packets contribute, nor where nothing is drawn at random.

That a side *is* worse needs none of this: it has been seen.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..episodes import FEWEST_EPISODES
from ..fields.declared import spread
from ..stats import clumps
from .episodes import FEWEST_PIECES, Array, Cells, Mask
from .estimates import clumps_of, counted, shares_of


class Enough(NamedTuple):
    """Of cells, shape (...)."""

    met: Mask
    seen: Array  # independent episodes, on the side that has seen fewer; NaN in a table that does not count them
    needed: Array  # of them; 0: no number is asked for
    lasting: Mask  # there were more episodes, but one busy period went on through several of them


def enough_alone(metric: str, cells: Cells) -> Mask:
    """Where so much was seen, without a side to compare with, that an interval may be believed to leave nothing out."""
    seen, samples = cells.seen, cells.read(metric)
    if seen is None:
        return np.zeros(samples.shape[:-1], np.bool_)
    with np.errstate(invalid="ignore"):
        alike = np.fmax.reduce(samples, axis=-1) == np.fmin.reduce(samples, axis=-1)
    return np.asarray(cells.exact | seen.many | ~(alike | spread(metric).in_clumps))


def enough(metric: str, value: Cells, reference: Cells) -> Enough:
    """Whether enough was seen to say that `value` is no worse than `reference` in a metric."""
    of = spread(metric)
    if of.falls_with is not None:
        return enough(of.falls_with, value, reference)
    samples = value.read(metric) - reference.read(metric)
    shape, sides = samples.shape[:-1], (value.seen, reference.seen)
    if sides[0] is None or sides[1] is None:
        return Enough(np.ones(shape, np.bool_), np.full(shape, np.nan), np.zeros(shape), np.zeros(shape, np.bool_))
    less = sides[0].with_less(sides[1])
    if of.rare and counted(of.rare, value) and counted(of.rare, reference):
        own, other = (clumps_of(of.rare, shares_of(of.rare, metric, side), side) for side in (value, reference))
        happened = np.fmin(own.seen, other.seen)
        known = clumps.shared_losses(own, other)[0] if np.isnan(of.rare.unit) else happened > 0
        few = less.fewest < FEWEST_PIECES  # of which as many losses cannot be asked yet
        needed = np.where(known & (few | (happened >= FEWEST_PIECES)), FEWEST_PIECES, FEWEST_EPISODES)
    elif of.stock is not None or of.quantile is not None:
        needed = np.full(shape, FEWEST_PIECES)
    else:
        there = np.isfinite(samples)
        least = np.where(there, samples, np.inf).min(axis=-1)
        most = np.where(there, samples, -np.inf).max(axis=-1)
        needed = np.where(least < most, 0, FEWEST_PIECES)
    drawn = ~(np.asarray(value.exact) & np.asarray(reference.exact))
    needed = np.where(drawn, needed, 0)
    seen = np.floor(less.fewest)
    return Enough(np.asarray(seen >= needed), seen, needed, np.asarray(less.pieces < less.episodes))
