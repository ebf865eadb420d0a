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

    def notes(self, where: tuple[int, ...]) -> tuple[str, ...]:
        """Footnotes for one cell, or for one of its columns."""
        marks = ((self.short, SHORT), (self.moving, MOVING))
        return tuple(note for mask, note in marks if mask[where].any())

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
        moving = _moving(end - start, level, _in_hand(data))
    return Steady(np.asarray(short.any(axis=-1)), moving, int(short.sum()), tuple(checked))


def _in_hand(data: Dataset) -> Array:
    """Pages by which two instants differ without a trend: what polls and refills have in hand."""
    known = [times * data.values(name) for name, times in (("napi_budget", 2), ("refill_batch", 1)) if data.has(name)]
    return np.asarray(sum(known, np.zeros(data.index.shape)))


def _moving(moved: Array, level: Array, in_hand: Array) -> Mask:
    """Per cell, from what its replicates moved by."""
    with np.errstate(invalid="ignore"):
        limit = np.fmax(in_hand, DRIFT * level)
        present = np.isfinite(moved)
        all_up = (present & (moved > limit) | ~present).all(axis=-1)
        all_down = (present & (-moved > limit) | ~present).all(axis=-1)
        found = stats.mean(moved)
        large = np.abs(found.center) > stats.mean(limit).center
        beyond_doubt = large & ((found.low > 0) | (found.high < 0))
    return np.asarray(present.any(axis=-1) & (all_up | all_down | beyond_doubt))


def describe(data: Dataset) -> list[str]:
    """What the checks found, a paragraph each."""
    found = check(data)
    cells = int((data.index >= 0).any(axis=-1).sum())
    lines = []
    if "laps" not in found.checked:
        lines.append("Warm-up: the table does not say how many packets it had.")
    elif not found.rows:
        lines.append(f"Warm-up and window of every simulation hold {LAPS} laps of its ring or more.")
    else:
        rings = [float(data.rings[ring]) for ring in np.flatnonzero(found.short.any(axis=(0, 1, 3)))]
        lines.append(
            f"{numbers.count(found.rows, 'simulation')} of {len(data.table):,} had fewer than {LAPS} laps of the ring"
            f" in warm-up or window (ring {numbers.ranges(rings)}): too short for a steady state, and marked where"
            " shown. More packets and a longer warm-up mend it."
        )
    if "held" not in found.checked:
        return [*lines, "The table does not say what was held at the start and end of the window."]
    moving = int(found.moving.sum())
    if not moving:
        lines.append(
            f"In none of {numbers.count(cells, 'cell')} do the pages held move by over {numbers.percent(DRIFT)} % over"
            " the window, the same way in the replicates."
        )
    else:
        where = [name for mix, name in enumerate(data.mixes) if found.moving[mix].any()]
        lines.append(
            f"In {moving:,} of {numbers.count(cells, 'cell')} the pages held move by over {numbers.percent(DRIFT)} %"
            f" over the window, the same way in the replicates ({', '.join(where)}): not a steady state, and marked"
            " where shown. Such a stock still fills or drains; a longer warm-up mends it if it ever settles."
        )
    return lines
