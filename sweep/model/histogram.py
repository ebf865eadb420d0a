# SPDX-License-Identifier: MIT
"""Log-bucket histograms: eight buckets an octave, exact below 16, so sums of histograms give right quantiles.

Source: the bucket rule of HdrHistogram with three significant bits.
"""

from __future__ import annotations

from .jit import device

BUCKETS = 256  # the last one takes everything from 15 * 2^30 on


@device
def bucket(value: int) -> int:
    """Bucket of `value` (int64, >= 0)."""
    if value < 8:
        return value
    if value >= 1 << 34:
        return BUCKETS - 1
    rest = value
    exponent = -3
    if rest >> 32:
        rest >>= 32
        exponent += 32
    if rest >> 16:
        rest >>= 16
        exponent += 16
    if rest >> 8:
        rest >>= 8
        exponent += 8
    if rest >> 4:
        rest >>= 4
        exponent += 4
    if rest >> 2:
        rest >>= 2
        exponent += 2
    if rest >> 1:
        exponent += 1
    return (exponent + 1) * 8 + ((value >> exponent) & 7)


def bounds(index: int) -> tuple[int, int]:
    """Smallest value of bucket `index`, and of the next."""
    if index < 8:
        return index, index + 1
    exponent, step = index // 8 - 1, index % 8
    return (8 + step) << exponent, (9 + step) << exponent
