# SPDX-License-Identifier: MIT
"""Was the window a steady state?  Rows too short for their ring, and cells in which the pages held keep moving.

*Too short*: fewer than two laps of the ring in the warm-up or in the window.  A page is looked at again after a lap,
so before that no strategy has shown what it recycles.

*Moving*: the pages held at the end differ from those at the start by more than 5 % of their mean, the same way in
every replicate or in their mean beyond doubt.  Two instants always differ by what a poll and a refill have in hand,
so up to two budgets and a refill batch count as none; and readers that stall and bursts move both instants at
random, which replicates tell from a trend.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .. import stats
from . import numbers
from .dataset import Array, Dataset
from .statements import Count, Lacking, Sentence, Values, at, both

LAPS = 2
DRIFT = 0.05  # of the pages held, mean
SHORT = f"too short: fewer than {LAPS} laps of the ring in its warm-up or its window, so not a steady state"
MOVING = (
    f"not steady: pages held move by over {numbers.percent(DRIFT)} % from start to end of the window,"
    " the same way in the replicates"
)
HELD = ("pages_held_start", "pages_held_end", "pages_held_mean_pages")
LENGTHS = ("warmup", "rx_packets")
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Steady:
    """Cells that are not a steady state; arrays have shape (mixes, loads, rings, columns)."""

    short: Mask
    moving: Mask
    rows: int  # too short
    checked: tuple[str, ...]  # which of "laps" and "held" the table has columns for
    data: Dataset

    def notes(self, where: tuple[int, ...]) -> tuple[Sentence, ...]:
        """Footnotes for one cell, or for one of its columns."""
        mix, load, ring, *column = where
        data = self.data
        place = at(data.mixes[mix], data.loads[load], data.rings[ring], *(data.columns[each] for each in column))
        marks = ((self.short, SHORT, "short"), (self.moving, MOVING, "moving"))
        return tuple(
            Sentence(note, Count(int(mask[where].sum()), "points", both(place, name), shown=False))
            for mask, note, name in marks
            if mask[where].any()
        )

    def cells(self, mix: int) -> int:
        """Cells of ring and load of a mix with any mark."""
        return int((self.short | self.moving)[mix].any(axis=-1).sum())


def check(data: Dataset) -> Steady:
    """Judge every row and cell by the columns that the table has."""
    nothing = np.zeros(data.index.shape, dtype=bool)
    short, moving, checked = nothing, nothing[..., 0], []
    if data.has(*LENGTHS):
        checked.append("laps")
        warmup, window = (data.values(name) for name in LENGTHS)
        with np.errstate(invalid="ignore"):
            short = np.minimum(warmup, window) < LAPS * data.values("ring")
    if data.has(*HELD):
        checked.append("held")
        start, end, level = (data.values(name) for name in HELD)
        moving = _moving(end - start, level, _in_hand(data), data.confidence)
    return Steady(np.asarray(short.any(axis=-1)), moving, int(short.sum()), tuple(checked), data)


def _in_hand(data: Dataset) -> Array:
    """Pages by which two instants differ without a trend: what polls and refills have in hand."""
    known = [times * data.values(name) for name, times in (("napi_budget", 2), ("refill_batch", 1)) if data.has(name)]
    return np.asarray(sum(known, np.zeros(data.index.shape)))


def _moving(moved: Array, level: Array, in_hand: Array, confidence: float) -> Mask:
    """Per cell, from what its replicates moved by."""
    with np.errstate(invalid="ignore"):
        limit = np.fmax(in_hand, DRIFT * level)
        present = np.isfinite(moved)
        all_up = (present & (moved > limit) | ~present).all(axis=-1)
        all_down = (present & (-moved > limit) | ~present).all(axis=-1)
        found = stats.mean(moved, confidence)
        large = np.abs(found.center) > stats.mean(limit).center
        beyond_doubt = large & ((found.low > 0) | (found.high < 0))
    return np.asarray(present.any(axis=-1) & (all_up | all_down | beyond_doubt))


def describe(data: Dataset) -> list[Sentence]:
    """What the checks found, a paragraph each."""
    found = check(data)
    every = int((data.index >= 0).any(axis=-1).sum())
    points = Count(every, "points")
    lines = []
    rows = Count(found.rows, "rows", "short", shown=bool(found.rows))
    if "laps" not in found.checked:
        unknown = tuple(Lacking(name) for name in LENGTHS if not data.has(name))
        lines.append(Sentence("Warm-up: the table does not say how many packets it had.", *unknown))
    elif not found.rows:
        lines.append(Sentence(f"Warm-up and window of every simulation hold {LAPS} laps of its ring or more.", rows))
    else:
        used = int((data.index >= 0).sum())
        places = [int(ring) for ring in np.flatnonzero(found.short.any(axis=(0, 1, 3)))]
        rings = [float(data.rings[ring]) for ring in places]
        told = numbers.stretches([data.rings[ring] for ring in places], data.rings)
        text = (
            f"{numbers.count(found.rows, 'simulation')} of {used:,} had fewer than {LAPS} laps of the ring"
            f" in warm-up or window (ring {told}): too short for a steady state, and marked where shown."
            " More packets and a longer warm-up mend it."
        )
        short = Values("ring", "short", tuple(rings), (f"{rings[0]:g}", f"{rings[-1]:g}"), "points")
        lines.append(Sentence(text, rows, Count(used, "rows"), short))
    if "held" not in found.checked:
        unknown = tuple(Lacking(name) for name in HELD if not data.has(name))
        text = "The table does not say what was held at the start and end of the window."
        return [*lines, Sentence(text, *unknown)]
    moving = int(found.moving.sum())
    moved = Count(moving, "points", "moving", shown=bool(moving))
    if not moving:
        text = (
            f"In none of {numbers.count(every, 'point')} do the pages held move by over {numbers.percent(DRIFT)} % over"
            " the window, the same way in the replicates."
        )
        lines.append(Sentence(text, points, moved))
    else:
        where = [name for mix, name in enumerate(data.mixes) if found.moving[mix].any()]
        text = (
            f"In {moving:,} of {numbers.count(every, 'point')} the pages held move by over {numbers.percent(DRIFT)} %"
            f" over the window, the same way in the replicates ({', '.join(where)}): not a steady state, and marked"
            " where shown. Such a stock still fills or drains; a longer warm-up mends it if it ever settles."
        )
        lines.append(Sentence(text, points, moved, Values("mix", "moving", tuple(where), tuple(where), "points")))
    return lines
