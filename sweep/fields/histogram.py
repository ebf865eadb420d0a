# SPDX-License-Identifier: MIT
"""The layout of log-bucket histograms: eight buckets an octave, exact below 16, so sums of histograms give quantiles.

A value v below 8 has a bucket of its own; above, each octave is split into eight: with e = bit_length(v) - 4 the
bucket is (e + 1) * 8 + ((v >> e) & 7), see `sweep.model.counting.histogram.bucket`.  A bucket is at most an eighth of
its value wide.

Source: the bucket rule of HdrHistogram with three significant bits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BUCKETS = 256  # the last one takes everything from 15 * 2^30 on
EXACT = 8  # values below have a bucket each; and as many buckets has each octave above


def bounds(index: int) -> tuple[int, int]:
    """Smallest value of bucket `index`, and of the next."""
    if index < EXACT:
        return index, index + 1
    exponent, step = index // EXACT - 1, index % EXACT
    return (EXACT + step) << exponent, (EXACT + step + 1) << exponent


def edges(buckets: int = BUCKETS) -> NDArray[np.float64]:
    """Lower bound of each bucket and the upper bound of the last; shape (buckets + 1,)."""
    import numpy as np

    return np.array([bounds(index)[0] for index in range(buckets + 1)], np.float64)


def octave_of(buckets: int = BUCKETS) -> NDArray[np.int64]:
    """Which octave each bucket is in, counted from 8 on; a value below 8 counts as one; shape (buckets,)."""
    import numpy as np

    index = np.arange(buckets)
    return np.where(index < EXACT, index, index // EXACT + EXACT - 1)
