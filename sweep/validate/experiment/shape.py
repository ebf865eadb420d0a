# SPDX-License-Identifier: MIT
"""Shapes of lists of numbers: rises, falls, flat, peak at X, peak between X and Y."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from sweep.config.models.quantities import ChoiceError

WORDS = ("rises", "falls", "flat", "peak at X", "peak between X and Y")
PEAK = re.compile(r"peak (?:at (.+)|between (.+) and (.+))")


def known(text: str) -> str:
    """The text with single blanks, if it is a shape.  Errors: ChoiceError."""
    text = " ".join(text.split())
    if text not in WORDS[:3] and not PEAK.fullmatch(text):
        raise ChoiceError("is no shape", WORDS)
    return text


def peaks(that: str) -> tuple[str, ...]:
    """The value at which a peak is, or the two between which it is; () for other shapes."""
    match = PEAK.fullmatch(that)
    return tuple(value for value in match.groups() if value) if match else ()


def holds(that: str, names: Sequence[str], values: Sequence[float], slack: float) -> bool:
    """Whether `values`, named `names`, have the shape `that`; steps back within `slack` (a share) are allowed."""
    if that == "flat":
        return max(values) - min(values) <= slack * max(map(abs, values))
    if that in ("rises", "falls"):
        return _rises(values if that == "rises" else values[::-1], slack)
    first, *last = (list(names).index(name) for name in peaks(that))
    inside = range(first, (last[0] if last else first) + 1)
    peak_index = max(inside, key=lambda place: values[place])
    return _rises(values[: peak_index + 1], slack) and _rises(
        values[: peak_index - 1 if peak_index else None : -1], slack
    )


def _rises(values: Sequence[float], slack: float) -> bool:
    """Whether no step goes down by more than the slack and the last value, if not the only one, is above the first."""
    if any(after < before - slack * max(abs(before), abs(after)) for before, after in pairwise(values)):
        return False
    return len(values) < 2 or values[-1] > values[0]
