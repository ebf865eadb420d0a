# SPDX-License-Identifier: MIT
"""Functions that device code may call and that the compiler has an instruction for; here they are as plain Python."""

from __future__ import annotations


def bit_length(value: int) -> int:
    """Bits of `value` (int64) without its sign and leading zeros, as Python's `int.bit_length`."""
    return int(value).bit_length()
