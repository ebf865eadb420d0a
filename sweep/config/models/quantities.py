# SPDX-License-Identifier: MIT
"""Types of values in sweep files: how text becomes a canonical value, and how that is shown again.

Each is the metadata of an `Annotated` type.  Canonical values are whole numbers in the model's units (ps, bytes, ppm)
or names.  `read` raises ValueError with a message that continues after the quoted value.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from typing import Annotated, Any

from pydantic import AfterValidator, GetCoreSchemaHandler, WithJsonSchema
from pydantic_core import CoreSchema, PydanticKnownError, core_schema

from sweep import conditions, units
from sweep.grid import FORMS
from sweep.safe_text import is_plain
from sweep.units import MILLION, Dimension

Shown = str | int | float

LONGEST_NAME = 100  # characters: a column of a table, a line of a terminal

# The parameters that a formula may use.
FORMULA_NAMES = ("ring", "nic.tx_ring", "nic.napi_budget", "nic.refill_batch")


@dataclass(frozen=True, eq=False)
class Quantity:
    """A number, with a unit or plain; canonical in the whole unit of `dimension`, between `low` and `high`.

    `why`: the reason for `high`, where it is not obvious.
    """

    dimension: Dimension
    low: int
    high: int
    why: str = ""

    @property
    def is_plain(self) -> bool:
        """Whether values may be written without a unit, and are shown without one."""
        return not isinstance(self.dimension.text(1), str)

    @property
    def forms(self) -> tuple[str, ...]:
        """The short forms of lists that make sense: no `log2` for units, as powers of two in ps are not ones in ns."""
        if self.dimension.text(1) == 1:
            return tuple(FORMS)
        return tuple(form for form in FORMS if form != "log2") if self.dimension.linear else ()

    @property
    def step(self) -> Quantity:
        """The quantity of a difference of two values: this one without bounds."""
        return replace(self, low=-(10**99), high=10**99)

    def read(self, value: object) -> int | str:
        """The canonical value of text.  Errors: ValueError, PydanticKnownError."""
        if not isinstance(value, str | int | float):
            raise PydanticKnownError("string_type")
        return self.bounded(self.dimension.parse(str(value)))

    def bounded(self, value: int) -> int:
        if self.low <= value <= self.high:
            return value
        side = "too small" if value < self.low else "too large"
        why = f"; {self.why}" if self.why and value > self.high else ""
        raise ValueError(f"is {side}: {self._bound(self.low)} to {self._bound(self.high)} are allowed{why}")

    def _bound(self, value: int) -> str:
        shown = self.shown(value)
        return f"{shown:,}" if self.dimension is COUNT else f"{shown:g}" if isinstance(shown, float) else str(shown)

    def shown(self, value: int) -> Shown:
        """The value as a user would write it: for labels, and for comparison in `where:`."""
        shown: Shown = self.dimension.text(value)
        return shown

    def number(self, value: int) -> float:
        """The value as a number for expressions."""
        if self.is_plain:
            return float(self.shown(value))
        return float(value) if self.dimension.linear else 1 / value

    def literal(self, text: str) -> float:
        """The number that text in a condition is, as `number` has it.  Errors: UnitError."""
        return self.number(self.dimension.parse(text))

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self.read, handler(source))

    def __get_pydantic_json_schema__(self, *_: object) -> dict[str, Any]:
        names = "|".join(self.dimension.units)
        unit = f" *({names}){'?' if self.is_plain else ''}" if names else ""
        text = {"type": "string", "pattern": f"^[0-9][0-9._eE+-]*{unit}$", "examples": [self.dimension.example]}
        if not self.is_plain:
            return text
        kind = "integer" if self.dimension.text(1) == 1 else "number"
        return {"anyOf": [{"type": kind, "minimum": self.shown(self.low), "maximum": self.shown(self.high)}, text]}


@dataclass(frozen=True, eq=False)
class _Formula(Quantity):
    """A whole number, or an expression such as `2*ring`, whose bounds are checked when it is evaluated."""

    def read(self, value: object) -> int | str:
        try:
            return super().read(value)
        except units.DoubtfulUnitError:
            raise
        except units.UnitError:
            return _formula(" ".join(str(value).split()))

    def __get_pydantic_json_schema__(self, *_: object) -> dict[str, Any]:
        number = {"type": "integer", "minimum": self.low, "maximum": self.high}
        return {"anyOf": [number, {"type": "string", "examples": ["ring", "2*ring"]}]}


@dataclass(frozen=True, eq=False)
class _Limit(Quantity):
    """An upper limit of a rate, or `none`, whose canonical value is 0."""

    def read(self, value: object) -> int | str:
        return 0 if value == "none" else super().read(value)

    def shown(self, value: int) -> Shown:
        return super().shown(value) if value else "none"

    def number(self, value: int) -> float:
        return super().number(value) if value else math.inf

    def literal(self, text: str) -> float:
        return math.inf if text == "none" else super().literal(text)

    def __get_pydantic_json_schema__(self, *_: object) -> dict[str, Any]:
        return {"anyOf": [{"const": "none"}, super().__get_pydantic_json_schema__()]}


@dataclass(frozen=True, eq=False)
class _CountOrTime(Quantity):
    """A count of packets, or the time in which they arrive: canonical as text, such as "20 ms"."""

    longest_ps: int = 0

    def read(self, value: object) -> int | str:
        try:
            unit = units.split(str(value))[1]
        except units.UnitError:
            unit = ""
        if unit not in units.TIMES and (not unit or unit in units.COUNT_UNITS):
            return super().read(value)
        time = Quantity(units.TIME, 0, self.longest_ps).read(value)
        return units.time_text(int(time)) if time else 0

    def __get_pydantic_json_schema__(self, *_: object) -> dict[str, Any]:
        number = {"type": "integer", "minimum": self.low, "maximum": self.high}
        text = {
            "type": "string",
            "pattern": f"^[0-9][0-9._eE+-]* *({'|'.join([*units.TIMES, *units.COUNTS])})?$",
            "examples": ["20 ms"],
        }
        return {"anyOf": [number, text]}


def _formula(text: str) -> str:
    names = conditions.names(conditions.parse(text))
    if not names:
        raise ValueError("is neither a whole number nor computed from one")
    for name in sorted(names - set(FORMULA_NAMES)):
        message = f'cannot be computed: the parameter "{name}" is not known'
        raise ChoiceError(message, FORMULA_NAMES, near=(name, FORMULA_NAMES))
    return text


class ChoiceError(ValueError):
    """A value that is not one of those allowed.

    known: the choices; `at`: path from the checked value to the wrong one; `see`: the command that lists the choices;
    near: as in `Mistake`.
    """

    def __init__(
        self,
        message: str,
        known: tuple[str, ...] = (),
        at: tuple[str | int, ...] = (),
        see: str = "",
        near: tuple[str, tuple[str, ...]] | Callable[[], str] | None = None,
    ) -> None:
        super().__init__(message)
        self.known, self.at, self.see, self.near = known, at, see, near


def _usecs(text: str) -> int:
    try:
        return units.time_ps(text)
    except units.UnitError as error:
        if error.units and not text.strip()[-1:].isalpha():
            return units.time_ps(f"{text} us")
        raise


def _usecs_text(ps: int) -> Any:
    micros = Fraction(ps, 10**6)
    return int(micros) if micros.denominator == 1 else float(micros)


def _share_text(ppm: int) -> Any:
    return ppm / MILLION


def _milli_text(milli: int) -> Any:
    return milli / 1000


COUNT = Dimension("a whole number", "200_000", units.COUNTS, units.whole, int, True)
SHARE = Dimension("a share", "30 %", units.SHARES, units.ratio_ppm, _share_text, True)
MILLI = Dimension("a number", "1.6", {}, units.thousandths, _milli_text, True)
USECS = Dimension("microseconds", "8", units.TIMES, _usecs, _usecs_text, True)  # as ethtool has them

Count = partial(Quantity, COUNT)
Time = partial(Quantity, units.TIME)
Size = partial(Quantity, units.SIZE)
Rate = partial(Quantity, units.RATE)
RateLimit = partial(_Limit, units.RATE)
Link = partial(Quantity, units.LINK)
Share = partial(Quantity, SHARE)
Usecs = partial(Quantity, USECS)
Milli = partial(Quantity, MILLI)
Formula = partial(_Formula, COUNT)
CountOrTime = partial(_CountOrTime, COUNT)


def _name(text: str) -> str:
    if not text.strip() or len(text) > LONGEST_NAME or not is_plain(text):
        raise ValueError(f"is not a name: 1 to {LONGEST_NAME} printable characters")
    return text


def _condition(text: str) -> str:
    conditions.parse(text)
    return text


# Free text: a label, or a name that is looked up later.
Name = Annotated[str, AfterValidator(_name), WithJsonSchema({"type": ["string", "number"]})]
Condition = Annotated[str, AfterValidator(_condition)]
