# SPDX-License-Identifier: MIT
"""Drawings made of characters: bars, and columns over time.  Plain text without control codes, for mails and pipes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

EIGHTHS = " ▏▎▍▌▋▊▉█"
LEVELS = " ▁▂▃▄▅▆▇█"
LEAST = "▏"  # the bar of the smallest value above zero
Array = NDArray[np.float64]


def bar(value: float, largest: float, width: int) -> str:
    """A bar of `value`; `largest` fills `width` characters, and the smallest value above zero has the thinnest bar."""
    if not np.isfinite(value) or value <= 0 or largest <= 0:
        return ""
    whole, part = divmod(round(value / largest * width * 8), 8)
    return ("█" * whole + EIGHTHS[part]).rstrip() or LEAST


def bars(values: Sequence[float], width: int) -> list[str]:
    """Bars of `values` on a common scale; the largest fills `width` characters."""
    largest = max((value for value in values if np.isfinite(value)), default=0.0)
    return [bar(value, largest, width) for value in values]


def columns(values: Array, top: float, height: int) -> list[str]:
    """`height` lines of text with a column per value, on a scale from 0 to `top`; any value above zero is visible."""
    steps = np.zeros(len(values), np.int64)
    if top > 0:
        steps = np.ceil(np.nan_to_num(values) / top * height * 8 - 1e-9).astype(np.int64)
    return [
        "".join(LEVELS[int(np.clip(step - 8 * row, 0, 8))] for step in steps).rstrip()
        for row in range(height - 1, -1, -1)
    ]
