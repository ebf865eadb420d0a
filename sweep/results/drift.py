# SPDX-License-Identifier: MIT
"""Do drops, cost, latency and pages held move inside the measured window, and how long a warm-up would do?

In every point the second half of the window is compared with the first, replicate by replicate, with the interval that
the kind of the metric needs (`evidence`).  It *drifts* where that interval, at a level that makes all of a report right
at 95 % together (Bonferroni), leaves zero out and the difference is above a margin: what is smaller is of no interest.
Few replicates show large drifts only, so that none is shown does not prove that there is none: `open` counts the
points of which too little was seen to tell.

Where a metric drifts, MSER (`stats.settling`) finds in the mean series of the replicates when it settles.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sweep import evidence, stats
from sweep.evidence.halves import NEEDED, Series, of_metric
from sweep.fields.series import PREFIX
from sweep.stats.settling import UNSETTLED, settled_after

from .dataset import Array, Dataset

Mask = NDArray[np.bool_]
LEVEL = 0.05  # of the mean: what latency and pages held may move by; two runs of a machine differ by more


class Quantity(NamedTuple):
    """What may drift; `name` is how sentences call it."""

    metric: str
    name: str
    margin: float
    relative: bool  # to the mean of both halves
    plural: bool


QUANTITIES = (
    Quantity("drop_ratio", "drops", stats.DROP_MARGIN, False, True),
    Quantity("ns_per_packet", "ns per packet", stats.MARGIN, True, True),
    Quantity("latency_mean_ns", "latency", LEVEL, True, False),
    Quantity("pages_held_mean_pages", "pages held", LEVEL, True, True),
)


@dataclass(frozen=True)
class Drift:
    """One quantity in all points; arrays have shape (mixes, loads, rings, columns)."""

    quantity: Quantity
    moved: Mask
    known: Mask  # whether enough was seen to tell
    settles: (
        Array  # packets after which it does, from the start of the simulation, where it moves; NaN: not in this run
    )


def has_series(data: Dataset) -> bool:
    """Whether the table came with its time series."""
    return data.has("packets", "warmup") and all(PREFIX + name in data.table.column_names for name in NEEDED)


def drifts(data: Dataset) -> tuple[Drift, ...]:
    """Every quantity, in the order of QUANTITIES; none without time series."""
    if not has_series(data):
        return ()
    points = int((data.index >= 0).any(axis=-1).sum())
    return judge(data.cells, _reader(data), points, data.confidence)


def judge(
    cells: evidence.Cells, series: Series, points: int, confidence: float = stats.CONFIDENCE
) -> tuple[Drift, ...]:
    """Every quantity in cells that are among the `points` of a report, all of them right at `confidence`."""
    sides = evidence.halves(cells, series)
    each_at = 1 - (1 - confidence) / max(points * len(QUANTITIES), 1)
    return tuple(_drift(each, cells, series, sides, each_at) for each in QUANTITIES)


def _drift(
    of: Quantity, cells: evidence.Cells, series: Series, sides: tuple[evidence.Cells, evidence.Cells], confidence: float
) -> Drift:
    first, second = sides
    found = evidence.difference(of.metric, second, first, confidence)
    with np.errstate(invalid="ignore"):
        level = stats.mean((second.read(of.metric) + first.read(of.metric)) / 2).center
        margin = of.margin * level if of.relative else np.full_like(found.center, of.margin)
        moved = found.known & (np.abs(found.center) > margin) & ((found.low > 0) | (found.high < 0))
    settles = np.full(moved.shape, np.nan)
    if moved.any():
        settles[moved] = _settles(of, cells.at(moved), lambda name: np.asarray(series(name)[moved]))
    return Drift(of, np.asarray(moved), np.asarray(found.known), settles)


def _settles(of: Quantity, cells: evidence.Cells, series: Series) -> Array:
    """Packets from the start of the simulation until a quantity settles; NaN where it goes on moving."""
    above, below = (np.nansum(each, axis=-2) for each in of_metric(of.metric, series))
    with np.errstate(divide="ignore", invalid="ignore"):
        cut = settled_after(np.where(below > 0, above / below, np.nan))
    packets, warmup = (np.nanmax(cells.read(name), axis=-1) for name in ("packets", "warmup"))
    after = np.ceil(cut * packets / below.shape[-1])
    return np.asarray(np.where((cut != UNSETTLED) & (after > warmup), after, np.nan))


def _reader(data: Dataset) -> Series:
    """Columns of the series as cubes, (mixes, loads, rings, columns, pairs, bins), made anew each time."""

    def read(name: str) -> Array:
        lists = data.table.column(PREFIX + name).combine_chunks()
        rows = np.asarray(lists.flatten().to_numpy(zero_copy_only=False)).reshape(len(lists), -1)
        found = rows[np.maximum(data.index, 0)].astype(np.float64)
        found[data.index < 0] = np.nan
        return found

    return read
