# SPDX-License-Identifier: MIT
"""The two halves of a measured window, from the time series of its simulations, to compare the second with the first.

Both halves have the same number of whole bins; the bin in which the window opens belongs to neither, nor does the
middle one of an odd number.  As `Cells`, halves have the sums of their bins; values known for whole windows only (the
largest loss of an episode, peak occupancy of queues) are upper bounds for each half and are used for both.
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
    """Numerator and denominator of one of METRICS in each bin, (..., n, bins) each."""
    above, below, factor = METRICS[metric]
    return series(above) * factor, _added(below, series)


def halves(cells: Cells, series: Series) -> tuple[Cells, Cells]:
    """The first and second half of the windows of `cells`; NaN where a window has too few bins.

    A column of the series is read once and not kept: for a large table it has hundreds of megabytes.
    """
    bins = series("end_ps").shape[-1]
    bin_index = np.arange(bins)
    starts = bin_index * cells.read("packets")[..., None] // bins
    bins_before = (starts < cells.read("warmup")[..., None]).sum(axis=-1)  # bins that begin before the window
    bins_per_half = (bins - bins_before) // 2
    sides = (
        (bin_index >= bins_before[..., None]) & (bin_index < (bins_before + bins_per_half)[..., None]),
        bin_index >= bins - bins_per_half[..., None],
    )
    cached: dict[str, tuple[Array, ...]] = {}

    def totals(name: str) -> tuple[Array, ...]:
        if name not in cached:
            added = _added(name, series)
            sums = (np.where(inside, added, 0.0).sum(axis=-1) for inside in sides)
            has_half = (bins_per_half >= FEWEST_BINS) & np.isfinite(added[..., -1])
            cached[name] = tuple(np.where(has_half, half_sum, np.nan) for half_sum in sums)
        return cached[name]

    first_half, second_half = (_half(cells, lambda name, side=side: totals(name)[side]) for side in (0, 1))  # type: ignore[misc]
    return first_half, second_half


def _added(name: str, series: Series) -> Array:
    """What each bin adds to a column; of PASSED, how long it was."""
    return np.diff(series("end_ps"), axis=-1, prepend=0.0) if name == PASSED else series(name)


def _half(cells: Cells, total: Callable[[str], Array]) -> Cells:
    """A half as Cells; `total(name)` is the sum of a column over its bins, (..., n)."""

    def read(name: str) -> Array:
        if name in METRICS:
            above, below, factor = METRICS[name]
            denominator = total(below)
            with np.errstate(divide="ignore", invalid="ignore"):
                return np.asarray(np.where(denominator > 0, factor * total(above) / denominator, np.nan))
        if name in COUNTS:
            return total(name)
        if name == "loss_episodes":  # an episode that spans both halves was counted in the first
            return np.asarray(np.maximum(total(name), total("dropped_packets") > 0))
        if name == "allocation_episodes":  # not in the series: half of the window's
            return cells.read(name) / 2
        return cells.read(name)

    return Cells(read, lambda name: name in METRICS or cells.has(name), cells.drawn)
