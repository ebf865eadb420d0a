# SPDX-License-Identifier: MIT
"""When a series settles: MSER, the truncation of the start that leaves the mean with the smallest standard error.

Of n batch means the first d are cut off where the sum of squares of the rest around their own mean, over (n - d)², is
smallest.  MSER-5 takes means of 5 observations; here a batch is one bin of a simulation, the mean over a fortieth of
its packets, since another grouping by five would leave eight.  The cut is sought in the first half.  Where it would be
its end, or a later one leaves less than half of that error, the series has not settled, and its mean means nothing.
Less than half, because few batches may be alike by chance: of 20,000 series of 40 batches that settled after 16, with a
half of the noise left after a batch, a later cut left a smaller error in 35 %, and less than half of it in 12 %.  The
last LAST batches are no candidates.

Series of replicates are averaged first and cut once: what is common to them, a transient, stays, and what is not falls
with their number (Welch), so the cut is found more surely than as a mean of the cuts of each.

Source: [white-1997]; [white-2000], MSER-5; [hoad-2008], [hoad-2010], the last five; [law-2015] section 9.5.1
(Welch's averages).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .estimates import Array

LAST = 5
BY_CHANCE = 0.5  # of the error
UNSETTLED = -1


def settled_after(means: Array) -> NDArray[np.int64]:
    """How many of the batch means `means` (..., n) to cut off, (...); UNSETTLED where it would be half of them or more.

    NaN is a batch in which nothing was measured: it counts for none.
    """
    means = np.asarray(means, np.float64)
    bins = means.shape[-1]
    there = np.isfinite(means)
    count = np.maximum(there.sum(axis=-1, keepdims=True), 1)
    apart = np.where(there, means - np.where(there, means, 0.0).sum(axis=-1, keepdims=True) / count, 0.0)
    left, total, squares = (_from_here_on(each) for each in (there.astype(np.float64), apart, apart**2))
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.maximum(squares - total**2 / left, 0.0) / left**2
    scale = squares[..., :1] / np.maximum(left[..., :1], 1) ** 2
    error = np.where(error < 1e-12 * scale, 0.0, error)  # equal but for rounding
    candidates = np.where(left > LAST, error, np.inf)[..., : max(bins - LAST, 1)]
    first, later = candidates[..., : bins // 2 + 1], candidates[..., bins // 2 + 1 :]
    found = np.argmin(first, axis=-1)
    least = first.min(axis=-1)
    settled = np.isfinite(least) & (found < bins // 2) & (later.min(axis=-1, initial=np.inf) >= BY_CHANCE * least)
    return np.asarray(np.where(settled, found, UNSETTLED))


def _from_here_on(values: Array) -> Array:
    """Sums of each element and all after it."""
    return np.asarray(np.cumsum(values[..., ::-1], axis=-1)[..., ::-1])
