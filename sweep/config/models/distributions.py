# SPDX-License-Identifier: MIT
"""Models of random quantities: times, and lengths of bursts.  A bare quantity is constant."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Generic, TypeVar

from pydantic import BeforeValidator, Field, model_serializer, model_validator

from sweep import units
from sweep.model.randomness import quantiles
from sweep.model.scenario import Distribution
from sweep.model.traffic.arrivals import BURST_SHIFT
from sweep.units import MILLION, PS_PER_SECOND, Dimension
from sweep.yamltree.validation import Forms, SectionModel

from .quantities import ChoiceError, Count, Quantity, Time


def _thousandth(milli: int) -> Any:
    return milli / 1000


MILLI = Dimension("a number", "2.5", {}, lambda text: round(units.number(text) * 1000), _thousandth, True)
TIME, LENGTH = Time(0, 100 * PS_PER_SECOND), Count(1, MILLION)

Wait = Annotated[int, TIME]
Length = Annotated[int, LENGTH]
Q = TypeVar("Q", bound=int)


class Exponential(SectionModel, Generic[Q]):
    mean: Annotated[Q, Field(gt=0)]


class Lognormal(SectionModel, Generic[Q]):
    median: Annotated[Q, Field(gt=0)]
    p99: Q


class Uniform(SectionModel, Generic[Q]):
    low: Q
    high: Q


class Pareto(SectionModel, Generic[Q]):
    scale: Annotated[Q, Field(gt=0)]
    alpha: Annotated[int, Quantity(MILLI, 1010, 100_000)]  # above 1: the mean must exist


class Random(Forms, Generic[Q]):
    """A distribution of a quantity.  Canonical: {kind, values}, as in `scenario.Distribution`."""

    quantity: ClassVar[Quantity]
    shift: ClassVar[int] = 0  # the kernel samples in 2**-shift of the unit

    constant: Q | None = None
    exponential: Exponential[Q] | None = None
    lognormal: Lognormal[Q] | None = None
    uniform: Uniform[Q] | None = None
    pareto: Pareto[Q] | None = None

    @property
    def numbers(self) -> dict[str, int]:
        """Parameters of the distribution by name; {"constant": value} for a constant."""
        form, shape = self.form
        return {form: shape} if form == "constant" else dict(shape)

    @model_validator(mode="after")
    def _possible(self) -> Random[Q]:
        form, _ = self.form
        if form in ("lognormal", "uniform"):
            (low, first), (high, second) = self.numbers.items()
            if first > second:
                raise ChoiceError(f'is above {high} "{self.quantity.shown(second)}"', at=(form, low))
        scaled = (number if name == "alpha" else number << self.shift for name, number in self.numbers.items())
        try:
            quantiles.table(Distribution(form, tuple(scaled)))
        except (ValueError, OverflowError):
            raise ValueError(f'reaches beyond "{self.quantity.shown(quantiles.LIMIT >> self.shift)}"') from None
        return self

    @model_serializer
    def _canonical(self) -> dict[str, Any]:
        return {"kind": self.form[0], "values": list(self.numbers.values())}


class TimeForms(Random[Wait]):
    quantity = TIME


class LengthForms(Random[Length]):
    quantity, shift = LENGTH, BURST_SHIFT


def _bare(given: object) -> object:
    return {"constant": given} if isinstance(given, str) else given


RandomTime = Annotated[TimeForms, BeforeValidator(_bare, json_schema_input_type=Wait | TimeForms)]
RandomLength = Annotated[LengthForms, BeforeValidator(_bare, json_schema_input_type=Length | LengthForms)]


def distribution(value: dict[str, Any]) -> Distribution:
    """The scenario's object of a canonical distribution."""
    return Distribution(value["kind"], tuple(value["values"]))
