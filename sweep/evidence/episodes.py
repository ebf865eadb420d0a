# SPDX-License-Identifier: MIT
"""The number of independent episodes that the replicates of a cell have seen, and whether that is enough.

There are two counts, and the smaller one decides.  *Episodes* are stalls if the reader stalls, else bursts, else busy
periods; each row counts those that began in its window.  *Pieces* are how many times the longest busy period fits into
the packets of all replicates: everything inside one busy period is correlated.  Replicates are independent, so there
are at least as many pieces; in a lasting overload a window is one piece.

Below FEWEST_PIECES clustered metrics have no interval (Schmeiser: 10 to 30 batches).  Below FEWEST_EPISODES nothing is
concluded not to happen.

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
from ..fields.traffic import ARRIVALS, FATES, SIZES, STALL_EVERY, WAKEUP

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

FEWEST_PIECES = 10
MORE_THAN_ONE = 2  # fewest episodes for an interval: a single one does not show how they vary
RANDOM = "("  # in the text of every distribution but a single value
COUNTED = ("episodes", "busy_peak_packets", "offered_packets")
DRAWN = tuple(each.name for each in (ARRIVALS, SIZES, *FATES, WAKEUP, STALL_EVERY))


@dataclass(frozen=True)
class Seen:
    """Episodes and pieces that cells have seen, shape (...)."""

    episodes: Array
    pieces: Array

    @property
    def interval(self) -> Mask:
        """Whether enough was seen for an interval of a clustered metric, (...)."""
        return np.asarray((self.pieces >= FEWEST_PIECES) & (self.episodes >= MORE_THAN_ONE))

    @property
    def many(self) -> Mask:
        """Whether so much was seen that what did not happen is rare, (...)."""
        return np.asarray(self.fewest >= FEWEST_EPISODES)

    @property
    def fewest(self) -> Array:
        """Number of independent episodes: the smaller of the two counts, (...)."""
        return np.asarray(np.fmin(self.episodes, self.pieces))

    def with_less(self, other: Seen) -> Seen:
        """Elementwise the smaller counts of two sides."""
        return Seen(np.fmin(self.episodes, other.episodes), np.fmin(self.pieces, other.pieces))


@dataclass(frozen=True)
class Cells:
    """Access to the columns of cells (...): `read(name)` gives (..., n), NaN where one of n replicates is missing."""

    read: Callable[[str], Array]
    has: Callable[[str], bool]
    drawn: Mask | None = None  # (..., n) whether anything is drawn at random; None: unknown, taken as drawn
    buckets: Callable[[str], Array] | None = None  # reads a histogram, (..., n, buckets)

    def at(self, key: Any) -> Cells:
        """Some of the cells; `key` indexes leading dimensions, without an ellipsis: arrays differ in trailing ones."""
        return self.mapped(lambda values: np.asarray(values[key]))

    def mapped(self, change: Callable[[Any], Any]) -> Cells:
        """Cells whose arrays are passed through `change`, which acts on their leading dimensions."""
        read, buckets = self.read, self.buckets
        return Cells(
            lambda name: np.asarray(change(read(name))),
            self.has,
            None if self.drawn is None else np.asarray(change(self.drawn)),
            None if buckets is None else (lambda name: np.asarray(change(buckets(name)))),
        )

    def column(self, place: NDArray[np.int64]) -> Cells:
        """From cells (..., columns), the one at index `place` (...) of each row: cells (..., 1).

        Index -1 gives a cell without data.
        """

        def chosen(values: Any) -> Any:
            index = place.reshape(*place.shape, *[1] * (values.ndim - place.ndim))
            taken = np.take_along_axis(values, np.maximum(index, 0), axis=place.ndim)
            return np.where(index < 0, np.nan, taken) if taken.dtype.kind == "f" else taken

        return self.mapped(lambda values: chosen(np.asarray(values)))

    @cached_property
    def seen(self) -> Seen | None:
        """What the cells have seen; None for a table that does not count episodes."""
        if not all(map(self.has, COUNTED)):
            return None
        episodes, longest, offered = (self.read(name) for name in COUNTED)
        with np.errstate(invalid="ignore", divide="ignore"):
            fits = np.nansum(offered, axis=-1) / np.fmax(np.fmax.reduce(longest, axis=-1), 1)
        return Seen(np.nansum(episodes, axis=-1), np.fmax(fits, np.isfinite(offered).sum(axis=-1)))

    @property
    def exact(self) -> Mask | bool:
        """Cells whose replicates cannot differ because nothing is drawn at random, (...)."""
        return False if self.drawn is None else np.asarray(~self.drawn.any(axis=-1))


def deterministic(table: pa.Table) -> Mask:
    """Mask of rows where nothing is random: equal gaps, sizes and destinations, no stalls, constant wake-up delay."""
    if not all(name in table.column_names for name in DRAWN):
        return np.zeros(len(table), np.bool_)
    arrivals, sizes, local, forward, dropped, wakeup, stalls = (table.column(name) for name in DRAWN)
    are_numbers = all(pa.types.is_floating(column.type) for column in (local, forward, dropped))
    are_texts = (pa.types.is_string(column.type) or pa.types.is_null(column.type) for column in (wakeup, stalls))
    if not (are_numbers and all(map(pa.types.is_string, (arrivals.type, sizes.type))) and all(are_texts)):
        return np.zeros(len(table), np.bool_)  # not as `sweep run` publishes them
    one_fate = pc.equal(pc.max_element_wise(local, forward, dropped), 1.0)
    constant_wakeup = pc.or_kleene(pc.is_null(wakeup), pc.invert(pc.match_substring(wakeup.cast(pa.string()), RANDOM)))
    reader_fixed = pc.or_(pc.equal(local, 0), pc.and_(constant_wakeup, pc.is_null(stalls)))
    equal_packets = pc.and_(
        pc.and_(pc.equal(arrivals, "constant"), pc.invert(pc.match_substring(sizes, " "))), one_fate
    )
    return np.asarray(pc.and_(equal_packets, reader_fixed).fill_null(False))
