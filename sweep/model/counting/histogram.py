# SPDX-License-Identifier: MIT
"""Which bucket of a log histogram a value is in; the layout is in `sweep.fields.histogram`.

Source: the bucket rule of HdrHistogram [hdrhistogram-2012] with three significant bits.
"""

from __future__ import annotations

from sweep.fields.histogram import BUCKETS
from sweep.model.compiler.intrinsics import bit_length
from sweep.model.compiler.jit import device


@device
def bucket(value: int) -> int:
    """Bucket of `value` (int64, >= 0)."""
    if value < 8:
        return value
    if value >= 1 << 34:
        return BUCKETS - 1
    exponent = bit_length(value) - 4
    return (exponent + 1) * 8 + ((value >> exponent) & 7)
