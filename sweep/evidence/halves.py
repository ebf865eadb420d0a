# SPDX-License-Identifier: MIT
"""The two halves of a measured window, from the time series of its simulations: is the second one like the first?

A half is as many whole bins as the other; the bin that the window opens in is part of neither, nor is the middle one of
an odd number.  As `Cells`, halves have what bins add up to; what only whole windows have (the largest loss of an
episode, how full queues have been) bounds that of either half and stands for both.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sweep.fields.series import SERIES

from .episodes import Array, Cells

FEWEST_BINS = 2  # of each half

PASSED = "passed_ps"  # how long a bin was
METRICS: dict[str, tuple[str, str, float]] = {  # numerator, denominator, factor
    "drop_ratio": ("dropped_packets", "offered_packets", 1.0),
    "ns_per_packet": ("cpu_ps", "rx_packets", 1e-3),
    "latency_mean_ns": ("latency_ns", "out_packets", 1.0),
    "pages_held_mean_pages": ("pages_held_page_ns", PASSED, 1e3),
}
COUNTS = ("offered_packets", "rx_packets", "episodes")
NEEDED = tuple(  # columns of the series
    field.name
    for field in SERIES
    if field.name in ("end_ps", "loss_episodes", *COUNTS, *(name for parts in METRICS.values() for name in parts[:2]))
)
Series = Callable[[str], Array]  # a column of the series, (..., n, bins), NaN where a replicate is missing


def of_metric(metric: str, series: Series) -> tuple[Array, Array]:
    """What each bin adds to numerator and denominator of one of METRICS, (..., n, bins)."""
    above, below, factor = METRICS[metric]
    return series(above) * factor, _added(below, series)


def halves(cells: Cells, series: Series) -> tuple[Cells, Cells]:
    """Either half of the windows of `cells`; no values where a window has too few bins.

    A column of the series is read once and not kept: of a large table it is hundreds of megabytes.
    """
    bins = series("end_ps").shape[-1]
    place = np.arange(bins)
    starts = place * cells.read("packets")[..., None] // bins
    first = (starts < cells.read("warmup")[..., None]).sum(axis=-1)  # bins that begin before the window
    length = (bins - first) // 2
    sides = (place >= first[..., None]) & (place < (first + length)[..., None]), place >= bins - length[..., None]
    kept: dict[str, tuple[Array, ...]] = {}

    def totals(name: str) -> tuple[Array, ...]:
        if name not in kept:
            added = _added(name, series)
            sums = (np.where(inside, added, 0.0).sum(axis=-1) for inside in sides)
            there = (length >= FEWEST_BINS) & np.isfinite(added[..., -1])
            kept[name] = tuple(np.where(there, each, np.nan) for each in sums)
        return kept[name]

    first_half, second_half = (_half(cells, lambda name, side=side: totals(name)[side]) for side in (0, 1))  # type: ignore[misc]
    return first_half, second_half


def _added(name: str, series: Series) -> Array:
    """What each bin adds to a column; of PASSED, how long it was."""
    return np.diff(series("end_ps"), axis=-1, prepend=0.0) if name == PASSED else series(name)


def _half(cells: Cells, total: Callable[[str], Array]) -> Cells:
    """A half, of which `total` says what its bins add up to, (..., n)."""

    def read(name: str) -> Array:
        if name in METRICS:
            above, below, factor = METRICS[name]
            denominator = total(below)
            with np.errstate(divide="ignore", invalid="ignore"):
                return np.asarray(np.where(denominator > 0, factor * total(above) / denominator, np.nan))
        if name in COUNTS:
            return total(name)
        if name == "loss_episodes":  # one that lasts from one half to the other was counted in the first
            return np.asarray(np.maximum(total(name), total("dropped_packets") > 0))
        if name == "allocation_episodes":  # not in the series: its share of the window's
            return cells.read(name) / 2
        return cells.read(name)

    return Cells(read, lambda name: name in METRICS or cells.has(name), cells.drawn)
