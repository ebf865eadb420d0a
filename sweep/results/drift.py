# SPDX-License-Identifier: MIT
"""Whether drops, cost, latency and pages held drift inside the measured window, and what warm-up would be enough.

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
LEVEL = 0.05  # of the mean: accepted drift of latency and pages held; two runs on one machine differ by more


class DriftQuantity(NamedTuple):
    """A quantity that may drift; `name` is its name in sentences."""

    metric: str
    name: str
    margin: float
    relative: bool  # to the mean of both halves
    plural: bool


QUANTITIES = (
    DriftQuantity("drop_ratio", "drops", stats.DROP_MARGIN, False, True),
    DriftQuantity("ns_per_packet", "ns per packet", stats.MARGIN, True, True),
    DriftQuantity("latency_mean_ns", "latency", LEVEL, True, False),
    DriftQuantity("pages_held_mean_pages", "pages held", LEVEL, True, True),
)


@dataclass(frozen=True)
class Drift:
    """The drift of one quantity in all points; arrays have shape (mixes, loads, rings, columns)."""

    quantity: DriftQuantity
    moved: Mask
    known: Mask  # whether there is an interval, so that a drift could be shown
    settles: Array  # where it drifts: packets from the start of the simulation until it settles; NaN: not in this run


def has_series(data: Dataset) -> bool:
    """Whether the table came with its time series."""
    return data.has("packets", "warmup") and all(PREFIX + name in data.table.column_names for name in NEEDED)


def drifts(data: Dataset) -> tuple[Drift, ...]:
    """The drift of every quantity, in the order of QUANTITIES; () without time series."""
    if not has_series(data):
        return ()
    points = int((data.index >= 0).any(axis=-1).sum())
    return judge(data.cells, _reader(data), points, data.confidence)


def judge(
    cells: evidence.Cells, series: Series, points: int, confidence: float = stats.CONFIDENCE
) -> tuple[Drift, ...]:
    """The drift of every quantity in `cells`; all verdicts on the report's `points` hold together at `confidence`."""
    window_halves = evidence.halves(cells, series)
    each_at = 1 - (1 - confidence) / max(points * len(QUANTITIES), 1)
    return tuple(_drift(quantity, cells, series, window_halves, each_at) for quantity in QUANTITIES)


def _drift(
    of: DriftQuantity,
    cells: evidence.Cells,
    series: Series,
    sides: tuple[evidence.Cells, evidence.Cells],
    confidence: float,
) -> Drift:
    first, second = sides
    half_difference = evidence.difference(of.metric, second, first, confidence)
    with np.errstate(invalid="ignore"):
        level = stats.mean((second.read(of.metric) + first.read(of.metric)) / 2).center
        margin = of.margin * level if of.relative else np.full_like(half_difference.center, of.margin)
        moved = (
            half_difference.known
            & (np.abs(half_difference.center) > margin)
            & ((half_difference.low > 0) | (half_difference.high < 0))
        )
    settles = np.full(moved.shape, np.nan)
    if moved.any():
        settles[moved] = _settles(of, cells.at(moved), lambda name: np.asarray(series(name)[moved]))
    return Drift(of, np.asarray(moved), np.asarray(half_difference.known), settles)


def _settles(of: DriftQuantity, cells: evidence.Cells, series: Series) -> Array:
    """Packets from the start of the simulation until a quantity settles; NaN where it goes on moving."""
    numerators, denominators = (np.nansum(added, axis=-2) for added in of_metric(of.metric, series))
    with np.errstate(divide="ignore", invalid="ignore"):
        first_settled_bin = settled_after(np.where(denominators > 0, numerators / denominators, np.nan))
    packets, warmup = (np.nanmax(cells.read(name), axis=-1) for name in ("packets", "warmup"))
    settled_packets = np.ceil(first_settled_bin * packets / denominators.shape[-1])
    return np.asarray(np.where((first_settled_bin != UNSETTLED) & (settled_packets > warmup), settled_packets, np.nan))


def _reader(data: Dataset) -> Series:
    """Returns a reader of time series as (mixes, loads, rings, columns, pairs, bins); it keeps none in memory."""

    def read(name: str) -> Array:
        lists = data.table.column(PREFIX + name).combine_chunks()
        rows = np.asarray(lists.flatten().to_numpy(zero_copy_only=False)).reshape(len(lists), -1)
        cube_of_bins = rows[np.maximum(data.index, 0)].astype(np.float64)
        cube_of_bins[data.index < 0] = np.nan
        return cube_of_bins

    return read
