# SPDX-License-Identifier: MIT
"""Shapes: what a list of numbers does, in a few words: rises, falls, flat, peak at X, peak between X and Y."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from sweep.config.models.quantities import ChoiceError

WORDS = ("rises", "falls", "flat", "peak at X", "peak between X and Y")
PEAK = re.compile(r"peak (?:at (.+)|between (.+) and (.+))")


def known(text: str) -> str:
    """A shape.  Errors: ChoiceError."""
    text = " ".join(text.split())
    if text not in WORDS[:3] and not PEAK.fullmatch(text):
        raise ChoiceError("is no shape", WORDS)
    return text


def peaks(that: str) -> tuple[str, ...]:
    """The values that a peak is at (one) or between (two); none for another shape."""
    found = PEAK.fullmatch(that)
    return tuple(value for value in found.groups() if value) if found else ()


def holds(that: str, names: Sequence[str], values: Sequence[float], slack: float) -> bool:
    """Whether values that are called `names` have the shape `that`, but for `slack`, a share of the larger of two."""
    if that == "flat":
        return max(values) - min(values) <= slack * max(map(abs, values))
    if that in ("rises", "falls"):
        return _rises(values if that == "rises" else values[::-1], slack)
    first, *last = (list(names).index(name) for name in peaks(that))
    inside = range(first, (last[0] if last else first) + 1)
    top = max(inside, key=lambda place: values[place])
    return _rises(values[: top + 1], slack) and _rises(values[: top - 1 if top else None : -1], slack)


def _rises(values: Sequence[float], slack: float) -> bool:
    """Each step up, or down by no more than the slack; and in all it is a rise, if there is more than one value."""
    if any(after < before - slack * max(abs(before), abs(after)) for before, after in pairwise(values)):
        return False
    return len(values) < 2 or values[-1] > values[0]
