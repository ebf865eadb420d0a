# SPDX-License-Identifier: MIT
"""Log-bucket histograms: eight buckets an octave, exact below 16, so sums of histograms give right quantiles.

Source: the bucket rule of HdrHistogram [hdrhistogram-2012] with three significant bits.
"""

from __future__ import annotations

import numpy as np

from sweep.model.compiler.jit import device

BIT_LENGTH = np.array([i.bit_length() for i in range(256)], np.int64)

BUCKETS = 256  # the last one takes everything from 15 * 2^30 on


@device
def bucket(value: int) -> int:
    """Bucket of `value` (int64, >= 0)."""
    if value < 8:
        return value
    if value >= 1 << 34:
        return BUCKETS - 1
    shift = 28 if value >> 28 else 20 if value >> 20 else 12 if value >> 12 else 4
    exponent = BIT_LENGTH[value >> shift] + shift - 4
    return (exponent + 1) * 8 + ((value >> exponent) & 7)


def bounds(index: int) -> tuple[int, int]:
    """Smallest value of bucket `index`, and of the next."""
    if index < 8:
        return index, index + 1
    exponent, step = index // 8 - 1, index % 8
    return (8 + step) << exponent, (9 + step) << exponent
