# SPDX-License-Identifier: MIT
"""When a series settles: MSER, the truncation of the start that leaves the mean with the smallest standard error.

Of n batch means, the first d are cut off for which the sum of squares of the others around their own mean, divided by
(n - d)², is smallest.  MSER-5 takes means of 5 observations; here a batch is one bin of a simulation, the mean over a
fortieth of its packets, since grouping those by five would leave only eight.  The cut is sought in the first half.  If
it is at the end of that half, or a later cut leaves less than half of the error, the series has not settled and its
mean is meaningless.  Less than half, because a few batches may be alike by chance: of 20,000 series of 40 batches that
settled after 16, with an autocorrelation of one half per batch, a later cut left a smaller error in 35 %, and less than
half of it in 12 %.  The last LAST batches are no candidates.

The series of replicates are averaged first and cut once (Welch): the transient that they share stays and their noise
is reduced, so the cut is more reliable than a mean of the cuts of each.

Source: [white-1997]; [white-2000], MSER-5; [hoad-2008], [hoad-2010], the last five; [law-2015] section 9.5.1
(Welch's averages).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .estimates import Array

LAST = 5  # batches at the end that are no candidates for the cut
BY_CHANCE = 0.5  # a later cut must leave less than this share of the error to count
UNSETTLED = -1


def settled_after(means: Array) -> NDArray[np.int64]:
    """Number of the batch means `means` (..., n) to cut off, (...); UNSETTLED if it would be half of them or more.

    NaN marks a batch in which nothing was measured; it is ignored.
    """
    means = np.asarray(means, np.float64)
    bins = means.shape[-1]
    measured = np.isfinite(means)
    count = np.maximum(measured.sum(axis=-1, keepdims=True), 1)
    centered = np.where(measured, means - np.where(measured, means, 0.0).sum(axis=-1, keepdims=True) / count, 0.0)
    left, total, squares = (_from_here_on(series) for series in (measured.astype(np.float64), centered, centered**2))
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.maximum(squares - total**2 / left, 0.0) / left**2
    scale = squares[..., :1] / np.maximum(left[..., :1], 1) ** 2
    error = np.where(error < 1e-12 * scale, 0.0, error)  # equal but for rounding
    candidates = np.where(left > LAST, error, np.inf)[..., : max(bins - LAST, 1)]
    first, later = candidates[..., : bins // 2 + 1], candidates[..., bins // 2 + 1 :]
    first_best = np.argmin(first, axis=-1)
    smallest_error = first.min(axis=-1)
    settled = (
        np.isfinite(smallest_error)
        & (first_best < bins // 2)
        & (later.min(axis=-1, initial=np.inf) >= BY_CHANCE * smallest_error)
    )
    return np.asarray(np.where(settled, first_best, UNSETTLED))


def _from_here_on(values: Array) -> Array:
    """Reverse cumulative sums along the last axis: each element and all after it."""
    return np.asarray(np.cumsum(values[..., ::-1], axis=-1)[..., ::-1])
