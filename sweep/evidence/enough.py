# SPDX-License-Identifier: MIT
"""Whether two sides have seen enough to say that one is no worse than, better than, or as good as the other.

An interval allows for unseen clumps, on the assumption that they are like the seen ones.  So a statement that something
does *not* happen needs episodes as well:

* FEWEST_EPISODES where the sides have lost nothing, or not the same: what was not seen may be anything;
* FEWEST_PIECES where nine tenths of what VALUE has lost REFERENCE has lost too, in the same pairs: another such clump
  is one of both, and how they differ has been seen as often (`stats.clumps.shared_losses`);
* FEWEST_PIECES for requests for pages, pages held and quantiles, whose unseen clump has a size that is known or is as
  large as the largest seen; and for any mean that has not differed in a single pair;
* none for a mean to which all packets contribute, nor where nothing is drawn at random.

That a side *is* worse needs none of this: the worsening has been seen.
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
    """Whether enough episodes were seen, for cells of shape (...)."""

    met: Mask
    seen: Array  # independent episodes, on the side that has seen fewer; NaN in a table that does not count them
    needed: Array  # independent episodes needed; 0: none
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
    metric_kind = spread(metric)
    if metric_kind.falls_with is not None:
        return enough(metric_kind.falls_with, value, reference)
    samples = value.read(metric) - reference.read(metric)
    shape, sides = samples.shape[:-1], (value.seen, reference.seen)
    if sides[0] is None or sides[1] is None:
        return Enough(np.ones(shape, np.bool_), np.full(shape, np.nan), np.zeros(shape), np.zeros(shape, np.bool_))
    fewer_seen = sides[0].with_less(sides[1])
    if metric_kind.rare and counted(metric_kind.rare, value) and counted(metric_kind.rare, reference):
        value_clumps, reference_clumps = (
            clumps_of(metric_kind.rare, shares_of(metric_kind.rare, metric, side), side) for side in (value, reference)
        )
        events_seen = np.fmin(value_clumps.seen, reference_clumps.seen)
        known = (
            clumps.shared_losses(value_clumps, reference_clumps)[0]
            if np.isnan(metric_kind.rare.unit)
            else events_seen > 0
        )
        too_few = fewer_seen.fewest < FEWEST_PIECES  # of which as many losses cannot be asked yet
        needed = np.where(known & (too_few | (events_seen >= FEWEST_PIECES)), FEWEST_PIECES, FEWEST_EPISODES)
    elif metric_kind.stock is not None or metric_kind.quantile is not None:
        needed = np.full(shape, FEWEST_PIECES)
    else:
        paired = np.isfinite(samples)
        smallest = np.where(paired, samples, np.inf).min(axis=-1)
        largest = np.where(paired, samples, -np.inf).max(axis=-1)
        needed = np.where(smallest < largest, 0, FEWEST_PIECES)
    drawn = ~(np.asarray(value.exact) & np.asarray(reference.exact))
    needed = np.where(drawn, needed, 0)
    seen = np.floor(fewer_seen.fewest)
    return Enough(np.asarray(seen >= needed), seen, needed, np.asarray(fewer_seen.pieces < fewer_seen.episodes))
