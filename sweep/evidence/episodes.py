# SPDX-License-Identifier: MIT
"""How many independent episodes the replicates of a cell have seen, and whether that is enough.

Two counts, and the smaller one decides.  *Episodes* are stalls where the reader stalls, else bursts, else busy periods,
as each row counts those that began in its window.  *Pieces* are the longest busy period seen, taken as often as it
fits into the packets of all replicates: what happens inside of it hangs together, whatever it contains.  Replicates
are independent, so there are as many at least; in a lasting overload a window is one piece.

Below FEWEST_PIECES there is no interval of what comes in clumps (Schmeiser: 10 to 30 batches).  Below FEWEST_EPISODES
nothing is said not to happen.

Source: [schmeiser-1982], number of batches; [crane-1975], busy periods as independent pieces; [law-2015] section 9.5.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ..episodes import FEWEST_EPISODES

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

FEWEST_PIECES = 10
MORE_THAN_ONE = 2  # episodes: one alone does not show how they differ
SINGLE = "constant("  # how a law of one value is written
MILLION = 1_000_000
COUNTED = ("episodes", "busy_peak_packets", "offered_packets")
DRAWN = ("arrivals", "sizes", "local_ppm", "forward_ppm", "drop_ppm", "wakeup", "stall_every")


@dataclass(frozen=True)
class Seen:
    """Of cells, shape (...)."""

    episodes: Array
    pieces: Array

    @property
    def interval(self) -> Mask:
        """Whether an interval of what comes in clumps is worth printing."""
        return np.asarray((self.pieces >= FEWEST_PIECES) & (self.episodes >= MORE_THAN_ONE))

    @property
    def many(self) -> Mask:
        """Whether so much was seen that what did not happen hardly does."""
        return np.asarray(self.fewest >= FEWEST_EPISODES)

    @property
    def fewest(self) -> Array:
        """What is independent: the smaller of the two counts."""
        return np.asarray(np.fmin(self.episodes, self.pieces))

    def with_less(self, other: Seen) -> Seen:
        """What the side that has seen less has seen, of two."""
        return Seen(np.fmin(self.episodes, other.episodes), np.fmin(self.pieces, other.pieces))


@dataclass(frozen=True)
class Cells:
    """Columns of cells with their replicates: `read` gives (..., n), NaN where a replicate is missing."""

    read: Callable[[str], Array]
    has: Callable[[str], bool]
    drawn: Mask | None = None  # (..., n) whether anything is drawn at random; None: not known, so it is
    buckets: Callable[[str], Array] | None = None  # a histogram, (..., n, buckets)

    def at(self, key: Any) -> Cells:
        """The same of some cells: an index of leading dimensions, without an ellipsis, since some arrays have more."""
        return self.mapped(lambda values: np.asarray(values[key]))

    def mapped(self, change: Callable[[Any], Any]) -> Cells:
        """The same with every array changed in its leading dimensions."""
        read, buckets = self.read, self.buckets
        return Cells(
            lambda name: np.asarray(change(read(name))),
            self.has,
            None if self.drawn is None else np.asarray(change(self.drawn)),
            None if buckets is None else (lambda name: np.asarray(change(buckets(name)))),
        )

    def column(self, place: NDArray[np.int64]) -> Cells:
        """Cells (..., columns), of each row of which one column stays, that at `place` (...): cells (..., 1).

        -1 is a column of which nothing is there.
        """

        def chosen(values: Any) -> Any:
            index = place.reshape(*place.shape, *[1] * (values.ndim - place.ndim))
            found = np.take_along_axis(values, np.maximum(index, 0), axis=place.ndim)
            return np.where(index < 0, np.nan, found) if found.dtype.kind == "f" else found

        return self.mapped(lambda values: chosen(np.asarray(values)))

    @cached_property
    def seen(self) -> Seen | None:
        """None in a table that does not count episodes."""
        if not all(map(self.has, COUNTED)):
            return None
        episodes, longest, offered = (self.read(name) for name in COUNTED)
        with np.errstate(invalid="ignore", divide="ignore"):
            fits = np.nansum(offered, axis=-1) / np.fmax(np.fmax.reduce(longest, axis=-1), 1)
        return Seen(np.nansum(episodes, axis=-1), np.fmax(fits, np.isfinite(offered).sum(axis=-1)))

    @property
    def exact(self) -> Mask | bool:
        """Where replicates cannot differ, because nothing is drawn at random, (...)."""
        return False if self.drawn is None else np.asarray(~self.drawn.any(axis=-1))


def deterministic(table: pa.Table) -> Mask:
    """Rows in which nothing is drawn at random: equal gaps, sizes and fates, no stalls, one wake-up delay."""
    if not all(name in table.column_names for name in DRAWN):
        return np.zeros(len(table), np.bool_)
    arrivals, sizes, local, forward, dropped, wakeup, stalls = (table.column(name) for name in DRAWN)
    numbers = all(pa.types.is_integer(column.type) for column in (local, forward, dropped))
    texts = (pa.types.is_string(column.type) or pa.types.is_null(column.type) for column in (wakeup, stalls))
    if not (numbers and all(map(pa.types.is_string, (arrivals.type, sizes.type))) and all(texts)):
        return np.zeros(len(table), np.bool_)  # not as `sweep run` publishes them
    one_fate = pc.equal(pc.max_element_wise(local, forward, dropped), MILLION)
    awake = pc.or_kleene(pc.is_null(wakeup), pc.starts_with(wakeup.cast(pa.string()), SINGLE))
    read = pc.or_(pc.equal(local, 0), pc.and_(awake, pc.is_null(stalls)))
    same = pc.and_(pc.and_(pc.equal(arrivals, "constant"), pc.invert(pc.match_substring(sizes, " "))), one_fate)
    return np.asarray(pc.and_(same, read).fill_null(False))
