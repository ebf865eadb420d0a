# SPDX-License-Identifier: MIT
"""Log buckets: eight per octave, exact below 16, everything large in the last one."""

from __future__ import annotations

LAST = 255


def bucket(value: int) -> int:
    """Bucket of a value that is not negative: the three bits after the leading one, and the octave."""
    if value < 8:
        return value
    octave = value.bit_length() - 3
    return min(octave * 8 + (value >> (octave - 1)) % 8, LAST)
