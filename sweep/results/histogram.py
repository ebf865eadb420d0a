# SPDX-License-Identifier: MIT
"""Quantiles and shares of merged log-bucket histograms.

Their layout is in `sweep.fields.histogram`; inside a bucket values are taken as evenly spread.  Histograms of
replicates are merged by adding counts; quantiles are never averaged.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sweep import evidence
from sweep.fields.histogram import edges

Array = NDArray[np.float64]

TAIL_SAMPLES = 10  # observations that must lie beyond a quantile before it is worth printing


def quantile(counts: NDArray[np.int64], q: float) -> float:
    """The q-quantile of merged `counts`, shape (buckets,), in the unit of the histogram; NaN if empty."""
    return float(evidence.quantile(np.asarray(counts, np.float64), q))


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
