# SPDX-License-Identifier: MIT
"""Kinds of values: how one is read from a file into canonical form, shown again, and described to an editor.

Canonical values are JSON: whole numbers in the model's units (ps, bytes, ppm), words, or small structures.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sweep import units
from sweep.grid import FORMS, Expression, ExpressionError

from .source import Mistake, Node, shorten, unknown

Shown = str | int | float

STEPS = ("range", "linspace", "log")  # not log2: a power of two in ps or ppm is none in ns or as a share


class Kind:
    """What a parameter's values are.  `parse` raises Mistake at the value's place."""

    @property
    def forms(self) -> tuple[str, ...]:
        """The short forms of a list (`sweep.grid.sequence`) that make sense for it."""
        return ()

    def parse(self, node: Node, what: str) -> Any:
        raise NotImplementedError

    def parse_step(self, node: Node, what: str) -> int:
        """A difference of two values, without their bounds."""
        raise NotImplementedError

    def shown(self, value: Any) -> Shown:
        """The value as people know it: a label, and what `where:` compares with."""
        return value if isinstance(value, str | int) else json.dumps(value)

    def number(self, value: Any) -> float | None:
        """The value in expressions; None if it is text there."""
        return None

    def literal(self) -> Callable[[str], float] | None:
        """How text in an expression becomes a number of this kind, if values of it carry a unit."""
        return None

    def schema(self) -> dict[str, Any]:
        raise NotImplementedError


@dataclass(frozen=True)
class Whole(Kind):
    """A plain whole number between `low` and `high`."""

    low: int
    high: int

    @property
    def forms(self) -> tuple[str, ...]:
        return tuple(FORMS)

    def parse(self, node: Node, what: str) -> int:
        return bounded(node, what, converted(node, what, units.whole), self.low, self.high)

    def parse_step(self, node: Node, what: str) -> int:
        return converted(node, what, units.whole)

    def number(self, value: Any) -> float:
        return float(value)

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [{"type": "integer", "minimum": self.low, "maximum": self.high}, _digits]}


@dataclass(frozen=True)
class Quantity(Kind):
    """A number with a unit; canonical in the whole unit of `dimension`, between `low` and `high`."""

    dimension: units.Dimension
    low: int
    high: int

    @property
    def forms(self) -> tuple[str, ...]:
        if self.dimension is units.SIZE:
            return tuple(FORMS)
        return STEPS if self.dimension.linear else ()

    def parse(self, node: Node, what: str) -> int:
        value = converted(node, what, self.dimension.parse)
        return bounded(node, what, value, self.low, self.high, self.dimension.text)

    def parse_step(self, node: Node, what: str) -> int:
        return converted(node, what, self.dimension.parse)

    def shown(self, value: Any) -> Shown:
        shown: str | int = self.dimension.text(value)
        return shown

    def number(self, value: Any) -> float:
        return float(value) if self.dimension.linear else 1 / value

    def literal(self) -> Callable[[str], float] | None:
        if self.dimension is units.SIZE:
            return None  # bytes are plain numbers as well
        return lambda text: self.number(self.dimension.parse(text))

    def schema(self) -> dict[str, Any]:
        names = "|".join(self.dimension.units)
        plain: list[dict[str, Any]] = [{"type": "integer", "minimum": self.low}]
        text = {"type": "string", "pattern": rf"^[0-9._eE+-]+ *({names})$", "examples": [self.dimension.example]}
        return {"anyOf": [text, *(plain if self.dimension is units.SIZE else [])]}


@dataclass(frozen=True)
class Microseconds(Kind):
    """A time whose key says microseconds (`usecs`, as ethtool has it); canonical in ps."""

    low: int
    high: int

    @property
    def forms(self) -> tuple[str, ...]:
        return STEPS

    def parse(self, node: Node, what: str) -> int:
        value = converted(node, what, _usecs)
        return bounded(node, what, value, self.low, self.high, units.time_text)

    def parse_step(self, node: Node, what: str) -> int:
        return converted(node, what, _usecs)

    def shown(self, value: Any) -> Shown:
        micros = Fraction(value, 10**6)
        return int(micros) if micros.denominator == 1 else float(micros)

    def number(self, value: Any) -> float:
        return float(value) / 10**6

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [{"type": "number", "minimum": 0}, Quantity(units.TIME, 0, 0).schema()]}


@dataclass(frozen=True)
class Ratio(Kind):
    """A share, `0.3` or `30 %`, between `low` and `high` ppm; canonical in ppm."""

    low: int
    high: int

    @property
    def forms(self) -> tuple[str, ...]:
        return STEPS

    def parse(self, node: Node, what: str) -> int:
        value = converted(node, what, units.ratio_ppm)
        return bounded(node, what, value, self.low, self.high, lambda ppm: f"{ppm / units.MILLION:g}")

    def parse_step(self, node: Node, what: str) -> int:
        return converted(node, what, units.ratio_ppm)

    def shown(self, value: Any) -> Shown:
        return float(value) / units.MILLION

    def number(self, value: Any) -> float:
        return float(value) / units.MILLION

    def schema(self) -> dict[str, Any]:
        number = {"type": "number", "minimum": 0, "maximum": self.high / units.MILLION}
        return {"anyOf": [number, {"type": "string", "pattern": "^[0-9._]+ *%$", "examples": ["30 %"]}]}


@dataclass(frozen=True)
class Choice(Kind):
    """One of a few words; `see` is the command that lists them."""

    names: Callable[[], tuple[str, ...]]
    see: str = ""

    def parse(self, node: Node, what: str) -> str:
        text = node.scalar(what)
        if text not in self.names():
            raise unknown(node.place, what, text, self.names(), see=self.see)
        return text

    def schema(self) -> dict[str, Any]:
        return {"enum": list(self.names())}


@dataclass(frozen=True)
class Word(Kind):
    """Free text: a label, or a name that is looked up later."""

    def parse(self, node: Node, what: str) -> str:
        text = node.scalar(what)
        if not text.strip() or len(text) > 100 or not text.isprintable():
            raise Mistake(node.place, f'{what} "{shorten(text)}" is not a name: 1 to 100 printable characters.')
        return text

    def schema(self) -> dict[str, Any]:
        return {"type": ["string", "number"]}


@dataclass(frozen=True)
class Formula(Kind):
    """A whole number, or an expression such as `2*ring` for it; bounds are checked where it is evaluated."""

    low: int
    high: int

    @property
    def forms(self) -> tuple[str, ...]:
        return tuple(FORMS)

    def parse(self, node: Node, what: str) -> int | str:
        text = node.scalar(what)
        try:
            value = units.whole(text)
        except units.UnitError:
            return self._expression(node, what)
        return bounded(node, what, value, self.low, self.high)

    def parse_step(self, node: Node, what: str) -> int:
        return converted(node, what, units.whole)

    def _expression(self, node: Node, what: str) -> str:
        text = " ".join(node.text.split())
        try:
            names = Expression(text).names()
        except ExpressionError as error:
            raise Mistake(node.place, f'{what} "{shorten(text)}" {error}.') from None
        if not names or node.is_boolean or not names <= set(FORMULA_NAMES):
            wrong = sorted(names - set(FORMULA_NAMES))
            if not names or node.is_boolean:
                raise Mistake(node.place, f'{what} "{shorten(text)}" is neither a whole number nor computed from one.')
            found = unknown(node.place, f"{what}: the parameter", wrong[0], FORMULA_NAMES)
            raise found
        return text

    def schema(self) -> dict[str, Any]:
        number = {"type": "integer", "minimum": self.low, "maximum": self.high}
        return {"anyOf": [number, {"type": "string", "examples": ["ring", "2*ring"]}]}


# What a formula may be computed from.
FORMULA_NAMES = ("ring", "nic.tx_ring", "nic.napi_budget", "nic.refill_batch")

_digits = {"type": "string", "pattern": "^[0-9][0-9_]*$", "examples": ["200_000"]}


def _usecs(text: str) -> int:
    try:
        return units.time_ps(text)
    except units.UnitError as error:
        if error.units and not text.strip()[-1:].isalpha():
            return units.time_ps(f"{text} us")
        raise


def converted(node: Node, what: str, parse: Callable[[str], int]) -> int:
    """A scalar through a function of `units`.  Errors: Mistake with the units to choose from."""
    text = node.scalar(what)
    try:
        return parse(text)
    except units.UnitError as error:
        note = " (YAML reads on, off, yes and no as booleans)" if node.is_boolean else ""
        message = f'{what} "{shorten(text)}" {error}{note}.'
        raise Mistake(node.place, message, known=error.units, heading="units") from None


def bounded(
    node: Node, what: str, value: int, low: int, high: int, text: Callable[[int], object] = lambda value: f"{value:,}"
) -> int:
    """`value` itself.  Errors: Mistake if it is not between `low` and `high`."""
    if low <= value <= high:
        return value
    side = "too small" if value < low else "too large"
    raise Mistake(node.place, f'{what} "{shorten(node.text)}" is {side}: {text(low)} to {text(high)} are allowed.')
