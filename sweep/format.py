# SPDX-License-Identifier: MIT
"""Numbers as people read them: three significant digits, percent, integers with thin grouping."""

from __future__ import annotations

import math
from collections.abc import Sequence

MISSING = "–"


def significant(value: float, digits: int = 3) -> str:
    """`value` with at least `digits` significant digits and no exponent: 0.000123, 6.12, 1,840."""
    if not math.isfinite(value):
        return MISSING
    if value == 0:
        return "0"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    if decimals > 8:
        return f"{value:.{digits - 1}e}"
    text = f"{value:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if decimals > digits - 1 else text


def coarse(value: float) -> str:
    """Like `significant`, but nothing finer than a hundredth: for numbers that stand beside much larger ones."""
    return significant(value) if abs(value) >= 0.1 or value == 0 else "<0.01" if abs(value) < 0.005 else f"{value:.2f}"


def percent(value: float, *, signed: bool = False) -> str:
    """A ratio in percent without the sign %: 0.0312 is "3.1"; small values keep a digit that is not zero."""
    if not math.isfinite(value):
        return MISSING
    value *= 100
    if value == 0:
        return "0"
    size = abs(value)
    decimals = 1 if size < 100 else 0
    if size < 0.1:
        decimals = min(6, 1 - math.floor(math.log10(size)))
    return f"{value:+,.{decimals}f}" if signed else f"{value:,.{decimals}f}"


def half_width(value: float) -> str:
    """Half an interval, in percent: one digit, never a zero that would claim more than was measured."""
    if not math.isfinite(value):
        return MISSING
    size = abs(value) * 100
    if 0 < size < 0.005:
        return "<0.01"
    return f"{size:.2f}" if 0 < size < 0.095 else f"{size:.1f}" if size < 9.95 else f"{size:.0f}"


def count(value: float, noun: str, plural: str = "") -> str:
    """ "1 row", "2,000 rows"."""
    return f"{int(value):,} {noun if int(value) == 1 else plural or noun + 's'}"


def time(ns: float) -> str:
    """A time given in ns, in the unit that keeps it between 1 and 1000."""
    for scale, unit in ((1e9, "s"), (1e6, "ms"), (1e3, "µs")):
        if abs(ns) >= scale:
            return f"{significant(ns / scale)} {unit}"
    return f"{significant(ns)} ns" if math.isfinite(ns) else MISSING


def ranges(values: list[float], form: str = "g", *, counted: bool = True) -> str:
    """ "256", "64 and 128", "64 to 4096 (7 values)"."""
    texts = [format(value, form) for value in values]
    if len(texts) <= 3:
        return joined(texts) or "none"
    return f"{texts[0]} to {texts[-1]}" + (f" ({len(texts)} values)" if counted else "")


def joined(texts: Sequence[str], last: str = "and") -> str:
    """ "a", "a and b", "a, b and c"."""
    return f"{', '.join(texts[:-1])} {last} {texts[-1]}" if len(texts) > 1 else "".join(texts)


def on_axis(found: float | None, axis: Sequence[float], *, best: bool = False) -> str:
    """A value that was found among those of an axis, with a sign where the axis ends, because nothing beyond was tried.

    `found` is the smallest that will do: "512", "≤ 64" for the smallest there is, "> 4096" for None, where none does.
    With `best` it is the best of them, which a value beyond either end could beat: "≥ 4096" for the largest as well.
    """
    if found is None:
        return f"> {max(axis):.12g}"
    if best and len(set(axis)) == 1:
        return f"{found:.12g}"
    sign = "≤ " if found == min(axis) else "≥ " if best and found == max(axis) else ""
    return f"{sign}{found:.12g}"


def stretches(values: Sequence[int], of: Sequence[int]) -> str:
    """ "64 to 256 and 4096": values of a rising axis, three and more neighbours on it joined."""
    groups: list[list[int]] = []
    for place in (list(of).index(value) for value in values):
        if groups and place == groups[-1][-1] + 1:
            groups[-1].append(place)
        else:
            groups.append([place])
    texts: list[str] = []
    for group in groups:
        few = [str(of[place]) for place in group]
        texts += few if len(group) < 3 else [f"{few[0]} to {few[-1]}"]
    return joined(texts)
