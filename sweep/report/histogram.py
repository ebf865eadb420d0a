# SPDX-License-Identifier: MIT
"""Reading log-bucket histograms: quantiles and shares of merged counts.

A value v below 8 has a bucket of its own; above, each octave is split into eight: with e = bit_length(v) - 4 the
bucket is (e + 1) * 8 + ((v >> e) & 7).  The last bucket takes the rest.  A bucket is at most an eighth of its value
wide, and inside it values are taken as evenly spread.  Histograms of replicates are merged by adding counts;
quantiles are never averaged.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

TAIL_SAMPLES = 10  # observations that must lie beyond a quantile before it is worth printing


def edges(buckets: int = 256) -> Array:
    """Lower bound of each bucket and, at the end, the upper bound of the last; shape (buckets + 1,)."""
    index = np.arange(buckets + 1)
    octave = np.maximum(index // 8 - 1, 0)
    return np.where(index < 8, index, (8 + index % 8) * 2.0**octave)


def quantile(counts: NDArray[np.int64], q: float) -> float:
    """The q-quantile of merged `counts`, shape (buckets,), in the unit of the histogram; NaN if empty."""
    total = int(counts.sum())
    if total == 0:
        return float("nan")
    bounds = edges(len(counts))
    below = np.concatenate(([0], np.cumsum(counts)))
    bucket = min(int(np.searchsorted(below, q * total, side="left")) - 1, len(counts) - 1)
    bucket = max(bucket, int(np.argmax(counts > 0)))
    inside = (q * total - below[bucket]) / max(int(counts[bucket]), 1)
    return float(bounds[bucket] + max(inside, 0.0) * (bounds[bucket + 1] - bounds[bucket]))


def share_below(counts: NDArray[np.int64], value: float) -> float:
    """Share of the observations below `value`; NaN if empty."""
    total = int(counts.sum())
    if total == 0 or not np.isfinite(value):
        return float("nan")
    bounds = edges(len(counts))
    below = np.concatenate(([0], np.cumsum(counts)))
    return float(np.interp(value, bounds, below) / total)


def reaches(counts: NDArray[np.int64], q: float) -> bool:
    """Whether enough observations lie beyond the q-quantile to print it."""
    return bool(counts.sum() * (1 - q) >= TAIL_SAMPLES)
