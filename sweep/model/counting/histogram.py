# SPDX-License-Identifier: MIT
"""Which bucket of a log histogram a value is in; the layout is in `sweep.fields.histogram`.

Source: the bucket rule of HdrHistogram [hdrhistogram-2012] with three significant bits.
"""

from __future__ import annotations

import numpy as np

from sweep.fields.histogram import BUCKETS
from sweep.model.compiler.jit import device

BIT_LENGTH = np.array([i.bit_length() for i in range(256)], np.int64)


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
