# SPDX-License-Identifier: MIT
"""The format of experiment files as pydantic models.  The meaning of each key is in docs/experiments.md."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, TypeVar

import pyarrow as pa
from pydantic import AfterValidator, Field, PlainValidator, TypeAdapter, model_validator

from sweep import schema, units
from sweep.conditions import names, parse
from sweep.config.models.quantities import ChoiceError, Count, Name
from sweep.errors import did_you_mean
from sweep.units import MILLION
from sweep.yamltree.source import Mistake, Node
from sweep.yamltree.validation import NULL, SectionModel, validated

from . import identity, shape

UNITS = (
    *("pps", "kpps", "Mpps", "Mbit/s", "Gbit/s", "ps", "ns", "us", "ms", "s", "cycles", "insn/cycle"),
    *("bytes", "pages", "packets", "count", "per s", "per packet", "per page", "%", "ratio"),
)
SEE = "docs/experiments.md"
GRADES = ("A", "B", "C")
NOTHING = "-"  # in a list of measured values: no value was published
OTHER = "other"  # mechanism of rows that name none


def field_with_default(written: str) -> Any:
    """A field whose default is given as it would be written in a file."""
    return Field(written)


P = TypeVar("P", bound=SectionModel)


def formed(form: type[P], node: Node) -> P:
    """A YAML node as one of the models below.  Errors: Mistake."""
    try:
        form_value: P = validated(_adapter(form), node, form.called)
        return form_value
    except Mistake as mistake:
        for each_mistake in (mistake, *mistake.also):
            each_mistake.see = SEE
        raise


@cache
def _adapter(form: type[SectionModel]) -> TypeAdapter[Any]:
    return TypeAdapter(form)


class Closing(NamedTuple):
    """How much the two sides of an identity may differ: a share of the larger side if `relative`, else an amount."""

    most: Fraction
    relative: bool


def _number(given: object) -> Fraction:
    return units.number(_text(given))


def _share(given: object) -> Fraction:
    """A share: "20 %", or a plain number below 1; a larger one is more likely a percentage than 2,000 % of a value."""
    text = _text(given).strip()
    share = Fraction(units.ratio_ppm(text), MILLION)
    if share < 0:
        raise ValueError("is below zero")
    if share >= 1 and not text.endswith("%"):
        raise ChoiceError(
            f"is no share without a unit: {float(share):g} is {float(share):,.0%}", (f"{text} %", "0.2", "0")
        )
    return share


def _distance(given: object) -> Fraction:
    number = _number(given)
    if number < 0:
        raise ValueError("is below zero")
    return number


def _closing(given: object) -> Closing:
    relative = _text(given).rstrip().endswith("%")
    return Closing(_share(given) if relative else _distance(given), relative)


def _measured(given: object) -> Fraction | None:
    return None if given == NOTHING else _number(given)


def _text(given: object) -> str:
    if given is NULL:
        raise ValueError("has no value")
    if not isinstance(given, str):
        raise ValueError("is not one number")
    return given


@cache
def columns() -> frozenset[str]:
    """Names of the columns of the results table that hold single numbers."""
    kinds = (pa.types.is_integer, pa.types.is_floating)
    return frozenset(column.name for column in schema.columns() if any(kind(column.type) for kind in kinds))


def _predict(text: str) -> str:
    for name in sorted(names(parse(text)) - columns()):
        hint = did_you_mean(name, columns())
        raise ChoiceError(f'has "{name}" in it, which is no column of numbers{hint and "." + hint}')
    return text


def _mapping(given: object) -> object:
    return given  # read by sweep.config, as in a sweep file


Number = Annotated[Fraction, PlainValidator(_number)]
Share = Annotated[Fraction, PlainValidator(_share)]
Distance = Annotated[Fraction, PlainValidator(_distance)]
Measured = Annotated[Fraction | None, PlainValidator(_measured)]
Settings = Annotated[Any, PlainValidator(_mapping)]
Predict = Annotated[str, AfterValidator(_predict)]
Unit = Literal[UNITS]  # type: ignore[valid-type]
Ids = Annotated[list[Name], Field(min_length=1)]


class DefaultsForm(SectionModel):
    """Keys of rows and series, which the file may also give as defaults for all of them."""

    predict: Predict | None = None
    unit: Unit | None = None
    within: Share | None = None
    noise: Share | None = None
    mechanism: Name | None = None


class RowOrSeriesForm(DefaultsForm):
    """Keys common to rows and series."""

    id: Name
    set: Settings = None
    resolution: Distance = field_with_default("0")
    strategy: Name | None = None
    note: str = ""


class RowForm(RowOrSeriesForm):
    called: ClassVar[str] = "a row"

    measured: Number
    calibration: bool = False


class SeriesForm(RowOrSeriesForm):
    called: ClassVar[str] = "a series"

    over: Name
    at: Annotated[list[str], Field(min_length=1)]
    measured: list[Measured]
    calibration: list[str] = Field(default_factory=list)


class FreeForm(SectionModel):
    called: ClassVar[str] = "a free parameter"

    parameter: Name
    why: str
    for_: Ids | None = Field(None, alias="for")
    fitted_on: Ids | None = None
    between: Annotated[list[str], Field(min_length=2, max_length=2)] | None = None
    value: str | None = None
    range: Annotated[list[str], Field(min_length=2, max_length=2)] | None = None
    from_: str | None = Field(None, alias="from")
    of: Name | None = None

    @model_validator(mode="after")
    def _one_form(self) -> FreeForm:
        given = tuple(name for name in ("fitted_on", "between", "value", "range", "from_") if getattr(self, name))
        if given not in (("fitted_on", "between"), ("value", "range"), ("from_",)):
            raise ValueError('needs "fitted_on" and "between", or "value" and "range", or "from"')
        if self.of and not self.from_:
            raise ValueError('has "of", a row of another file, but no "from"')
        return self


class RatioForm(SectionModel):
    called: ClassVar[str] = "a ratio"

    id: Name
    of: Name
    to: Name
    within: Share


class ShapeForm(SectionModel):
    called: ClassVar[str] = "a shape"

    id: Name
    of: Any  # a series, or a list of rows or series
    that: Annotated[str, AfterValidator(shape.known)]
    at: Annotated[list[str], Field(min_length=1)] | None = None
    slack: Share = field_with_default("0")


class IdentityForm(SectionModel):
    called: ClassVar[str] = "an identity"

    id: Name
    given: dict[str, Number]
    that: Annotated[str, AfterValidator(identity.known)]
    closing: Annotated[Closing, PlainValidator(_closing)] = field_with_default("0")


class NotPredictedForm(SectionModel):
    called: ClassVar[str] = "a row that is not predicted"

    id: Name
    measured: Any  # a number or a list
    unit: Unit
    why: str


class ExperimentForm(DefaultsForm):
    """The top of the file.  `Settings` are what sweep.config reads itself, and lists, which are read entry by entry."""

    called: ClassVar[str] = "an experiment file"

    name: Name | None = None
    title: str
    source: str
    grade: Literal[GRADES] | None = None  # type: ignore[valid-type]
    about: str = ""
    replicates: Annotated[int, Count(1, 1000)] = field_with_default("1")
    seed: Annotated[int, Count(0, 2**63 - 1)] = field_with_default("0")
    setup: Settings = None
    traffic: Settings = None
    nics: Settings = None
    hosts: Settings = None
    free: Settings = None
    rows: Settings = None
    series: Settings = None
    ratios: Settings = None
    shapes: Settings = None
    identities: Settings = None
    not_predicted: Settings = None
    explained: dict[str, str] = Field(default_factory=dict)
