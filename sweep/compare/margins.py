# SPDX-License-Identifier: MIT
"""The margin of a metric: a share of BASE, an absolute amount in the metric's unit, or the larger of both."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from sweep import format, units
from sweep.conditions.columns import SCALES
from sweep.fields.declared import is_share
from sweep.results.dataset import Array
from sweep.yamltree.source import Mistake, Node, shorten

PERCENT = "%"
_AMOUNT = re.compile(r"\s*([+-]?[\d_.]+(?:[eE][+-]?\d+)?)\s*(.*?)\s*")


@dataclass(frozen=True)
class Margin:
    """The accepted worsening: `relative` of BASE's mean, or `absolute` if that is more."""

    relative: float  # share, below 1; 0 for an absolute margin
    absolute: float  # in the metric's unit: the margin, or the floor of a relative one
    unit: str

    @property
    def is_relative(self) -> bool:
        return self.relative > 0

    def of(self, base: Array) -> Array:
        """The margin for means `base` of BASE, in the metric's unit; same shape."""
        return np.maximum(self.relative * np.abs(base), self.absolute)

    @property
    def short(self) -> str:
        """The margin without its floor, as text: "0.5 %", "16 pages"."""
        return share(self.relative) if self.is_relative else amount(self.absolute, self.unit)

    @property
    def text(self) -> str:
        """The margin as text: "0.5 %", "0.5 % or 0.5 ns", "16 pages"."""
        return self.short + (f" or {amount(self.absolute, self.unit)}" if self.is_relative and self.absolute else "")


def share(value: float) -> str:
    """A share as text in percent: "0.5 %"."""
    return f"{100 * value:g} %"


def amount(value: float, unit: str, *, signed: bool = False, digits: int = 3) -> str:
    """An amount with its unit as text: "5 ns", "0.001", "16 pages"."""
    sign = "+" if signed and value > 0 else ""
    return f"{sign}{_short(value, digits)}" + (f" {unit}" if unit != "1" else "")


def _short(value: float, digits: int) -> str:
    """A number to significant digits, without trailing zeros: 16, 0.05, 1,840."""
    text = format.significant(value, digits)
    return text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text


def read(margin: Node, floor: Node | None, metric: str, unit: str) -> Margin:
    """The margin that a gate file gives.  Errors: Mistake."""
    relative, value = _read(margin, "margin", metric, unit)
    if relative and value >= 1:
        raise Mistake(margin.place, f'margin "{margin.text}" lets a metric double or vanish: it is below 100 %.')
    if not relative and is_share(metric) and value >= 1:
        raise Mistake(margin.place, f'margin "{margin.text}" lets everything through: "{metric}" is at most 1.')
    if floor is None:
        return Margin(value, 0.0, unit) if relative else Margin(0.0, value, unit)
    if not relative:
        raise Mistake(floor.place, f'floor goes with a margin in %; "{shorten(margin.text)}" is absolute already.')
    is_relative, floor_value = _read(floor, "floor", metric, unit)
    if is_relative:
        raise Mistake(
            floor.place, f'floor "{shorten(floor.text)}" is a share; it takes an amount such as {_like(unit)}.'
        )
    return Margin(value, floor_value, unit)


def _read(node: Node, what: str, metric: str, unit: str) -> tuple[bool, float]:
    """Whether an amount is relative, and its value: a share, or in the metric's unit.  Errors: Mistake."""
    text = node.scalar(what)
    shown = f'{what} "{shorten(text)}"'
    parts = _AMOUNT.fullmatch(text)
    try:
        number, unit_given = units.number(parts[1] if parts else text), parts[2] if parts else ""
    except units.UnitError:
        raise Mistake(node.place, f"{shown} is not an amount: write 0.5 % or {_like(unit)}.") from None
    if number < 0:
        raise Mistake(node.place, f"{shown} is below zero.")
    if unit_given == PERCENT:
        return True, float(number / 100)
    scales = _scales(unit)
    if unit_given not in scales:
        unit_problem = f'has the unit "{unit_given}"' if unit_given else "has no unit"
        own = [name for name in scales if name in units.OWN or name == unit != "1"]
        choices = ", ".join(f'"{name}"' for name in own) or "none"
        raise Mistake(
            node.place,
            f'{shown} {unit_problem}; "{metric}" has {choices}, or "%" of BASE: write 0.5 % or {_like(unit)}.',
        )
    return False, float(number * scales[unit_given])


def _scales(unit: str) -> Mapping[str, Fraction]:
    return {"": Fraction(1)} if unit == "1" else SCALES.get(unit, {unit: Fraction(1)})


def _like(unit: str) -> str:
    return "0.001" if unit == "1" else f"5 {unit}"
