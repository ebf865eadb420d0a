# SPDX-License-Identifier: MIT
"""The letters that stand for strategies where a name has no room: the cells of a map."""

from __future__ import annotations

from string import ascii_uppercase


def letter(column: int) -> str:
    """The letter of a column: A, B, ..., Z, A1, ..."""
    return ascii_uppercase[column % 26] + (str(column // 26) if column >= 26 else "")
