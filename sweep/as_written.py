# SPDX-License-Identifier: MIT
"""Values of parameters as text, as a sweep file has them: what is read off a table can be typed again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from sweep.fields.parameter import LINK, RATE, TIME, USECS
from sweep.fields.traffic import DISTRIBUTIONS

from . import units

Law = tuple[str, Sequence[int]]  # a distribution: its kind and its numbers, as `sweep.model.scenario.Distribution`
NONE = "none"
DIGITS = ".12g"
WITH_UNIT = frozenset(kind.column_unit for kind in (TIME, LINK, RATE))  # of parameters that need one in a sweep file
TIMES = {kind.column_unit: kind.scale for kind in (TIME, USECS)}  # ps in one of the column's unit


def value(number: float | str | None, unit: str) -> str:
    """A value of a column with this unit: "none", "router", "256", "0.3", "1.3 ns", "10 Gbit/s"."""
    if number is None:
        return NONE
    if not isinstance(number, float):
        return str(number)
    if unit in TIMES:
        return units.time_text(round(number * TIMES[unit]))
    return f"{number:{DIGITS}}" + (f" {unit}" if unit in WITH_UNIT else "")


def law_of_times(kind: str, numbers: Sequence[int]) -> str:
    """A distribution of times in ps: "5 us", "exponential(mean=5 us)", "pareto(scale=1 us, alpha=1.5)"."""
    return _law(kind, numbers, units.time_text)


def law_of_counts(kind: str, numbers: Sequence[int]) -> str:
    """A distribution of counts: "8", "uniform(low=2, high=64)"."""
    return _law(kind, numbers, str)


def arrivals(process: str, settings: Iterable[tuple[str, int | Law]]) -> str:
    """An arrival process: "poisson", "on_off(burst=8, peak=1)"; a setting is a share in ppm or a law of packets."""
    said = [
        f"{name}={setting / units.MILLION:g}" if isinstance(setting, int) else f"{name}={law_of_counts(*setting)}"
        for name, setting in settings
    ]
    return f"{process}({', '.join(said)})" if said else process


def sizes(frames: Iterable[Sequence[int]]) -> str:
    """Frame sizes in bytes with their weights: "64x7 594x4 1518x1"."""
    return " ".join(f"{size}x{weight}" for size, weight in frames)


def _law(kind: str, numbers: Sequence[int], written: Callable[[int], str]) -> str:
    if kind == "constant":
        return written(numbers[0])
    pairs = zip(DISTRIBUTIONS[kind], numbers, strict=True)
    texts = [f"{name}={number / 1000:g}" if name == "alpha" else f"{name}={written(number)}" for name, number in pairs]
    return f"{kind}({', '.join(texts)})"
