# SPDX-License-Identifier: MIT
"""Pydantic models of NIC and host files; traffic mixes are in `traffic`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Generic, TypeVar

from pydantic import Field, TypeAdapter, create_model, model_serializer, model_validator

from sweep.fields.host import COSTS, HARDWARE
from sweep.fields.nic import NIC
from sweep.fields.parameter import Parameter, by_key
from sweep.yamltree.validation import SectionModel, meaning

from .declared import group, type_of, with_likes
from .quantities import ChoiceError, Name
from .traffic import Mix

V = TypeVar("V")


class NicSection(group("NicNumbers", by_key(NIC))):  # type: ignore[misc]
    """A NIC: the numbers of `fields.nic.NIC`."""

    about: str | None = None
    name: Name | None = None

    @model_validator(mode="after")
    def _likes(self) -> NicSection:
        return with_likes(self, NIC)


class Sourced(SectionModel, Generic[V]):
    """A number with its source; `assumed` marks one without a published figure and then a range is needed."""

    value: V
    source: str
    assumed: bool = False
    range: Annotated[list[V], Field(min_length=2, max_length=2)] | None = None

    @model_validator(mode="after")
    def _guess(self) -> Sourced[V]:
        if self.range and not self.assumed:
            raise ChoiceError("is a range, but the number is not marked assumed", at=("range",))
        if self.assumed and not self.range:
            raise ChoiceError("needs a range of two values", at=("assumed",))
        low, high = self.range or (self.value, self.value)
        if not low <= self.value <= high:  # type: ignore[operator]
            raise ChoiceError("is outside its range", at=("value",))
        return self


def _section(name: str, parameters: Iterable[Parameter]) -> type[SectionModel]:
    sourced: Any = Sourced
    numbers: Any = {each.key: (sourced[type_of(each)], meaning(each.meaning)) for each in parameters}
    model: type[SectionModel] = create_model(name, __base__=SectionModel, **numbers)
    return model


class Host(SectionModel):
    """A host profile: sourced numbers.  Canonical: {values: {name: number}, assumed: {name: [low, high]}}."""

    costs: _section("Costs", COSTS)  # type: ignore[valid-type]
    hardware: _section("Hardware", HARDWARE)  # type: ignore[valid-type]
    cpu: str | None = None
    frequency: str | None = None
    memory: str | None = None
    kernels: str | None = None
    mitigations: str | None = None
    not_modelled: str | None = None
    about: str | None = None

    @model_serializer
    def _canonical(self) -> dict[str, Any]:
        numbers: dict[str, Sourced[int]] = {**dict(self.costs), **dict(self.hardware)}
        return {
            "values": {name: number.value for name, number in numbers.items()},
            "assumed": {name: number.range for name, number in numbers.items() if number.assumed},
        }


SECTIONS: dict[str, TypeAdapter[Any]] = {
    "traffic": TypeAdapter(Mix),
    "nic": TypeAdapter(NicSection),
    "host": TypeAdapter(Host),
}
