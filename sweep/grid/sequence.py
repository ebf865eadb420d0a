# SPDX-License-Identifier: MIT
"""Short forms of lists of whole numbers: range, linspace, powers of two, log steps.

Every value of an axis is a whole number in its canonical unit (ps, bytes, ppm, descriptors), so these work on
whole numbers; what lies between two of them is rounded to the nearest, exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from functools import cache

from sweep.model.randomness import fixed_point

MOST = 100_000  # values of one axis


class SequenceError(ValueError):
    """The arguments of a short form are not valid; the message says why."""


def stepped(first: int, last: int, step: int) -> list[int]:
    """`{range: [a, b, step]}`: from a up to b, b included if the steps meet it."""
    if step <= 0:
        raise SequenceError("needs a step above zero")
    _ordered(first, last)
    _limited((last - first) // step + 1)
    return list(range(first, last + 1, step))


def linspace(first: int, last: int, count: int) -> list[int]:
    """`{linspace: [a, b, n]}`: n evenly spaced values, rounded to whole numbers, without duplicates."""
    _ordered(first, last)
    _counted(count)
    return _distinct(round(first + Fraction(last - first) * i / (count - 1)) for i in range(count))


def log(first: int, last: int, count: int) -> list[int]:
    """`{log: [a, b, n]}`: n values with equal ratios, rounded to whole numbers, without duplicates."""
    _ordered(first, last)
    _counted(count)
    if first <= 0:
        raise SequenceError("needs ends above zero")

    @cache
    def ratio(bits: int) -> int:
        return fixed_point.ln(last, first, bits)

    def inner(i: int) -> int:
        """Value `i`, rounded; it is a root of a whole number, so never half-way between two."""
        return fixed_point.multiple(first, lambda bits: ratio(bits) * i // (count - 1), 2)

    return _distinct([first, *map(inner, range(1, count - 1)), last])


def between(first: int, last: int, part: int, bits: int) -> int:
    """`{linspace: [a, b]}` of a sample: the value at part / 2**bits of the way, all from a to b equally likely."""
    return first + ((last - first + 1) * part >> bits)


def log_between(first: int, last: int, part: int, bits: int) -> int:
    """`{log: [a, b]}` of a sample: the value at part / 2**bits of the way from a to b in logarithms, rounded."""
    if not part or first == last:
        return first

    def way(precision: int) -> int:
        return fixed_point.ln(last, first, precision) * part >> bits

    return fixed_point.multiple(first, way, 2)


def log2(first: int, last: int) -> list[int]:
    """`{log2: [a, b]}`: every power of two from a to b."""
    if first <= 0:
        raise SequenceError("needs ends above zero")
    _ordered(first, last)
    powers = [1 << i for i in range((first - 1).bit_length(), last.bit_length())]
    if not powers:
        raise SequenceError("has no power of two between its ends")
    return powers


FORMS: dict[str, tuple[Callable[..., list[int]], str]] = {
    "range": (stepped, "[first, last, step]"),
    "linspace": (linspace, "[first, last, count]"),
    "log": (log, "[first, last, count]"),
    "log2": (log2, "[first, last]"),
}


# Forms that span, without a count, every value from first to last: the value at a part of the way.
SPANS: dict[str, Callable[[int, int, int, int], int]] = {"linspace": between, "log": log_between}


def span(form: str, first: int, last: int) -> None:
    """Check the ends of a span.  Errors: SequenceError."""
    _ordered(first, last)
    if form == "log" and first <= 0:
        raise SequenceError("needs ends above zero")


def _ordered(first: int, last: int) -> None:
    if last < first:
        raise SequenceError("ends before it starts")


def _counted(count: int) -> None:
    if count < 2:
        raise SequenceError("needs a count of 2 or more")
    _limited(count)


def _limited(count: int) -> None:
    if count > MOST:
        raise SequenceError(f"has {count:,} values; {MOST:,} is the most")


def _distinct(values: Iterable[int]) -> list[int]:
    return list(dict.fromkeys(values))
