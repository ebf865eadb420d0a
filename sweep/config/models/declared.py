# SPDX-License-Identifier: MIT
"""Models of what `sweep.fields` declares: the type of a parameter's values, and a part of a file made of parameters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache, partial, reduce
from typing import Annotated, Any, TypeVar

from pydantic import create_model

from sweep.fields import parameter as kinds
from sweep.fields.parameter import Kind, Parameter
from sweep.fields.scenario import LONGEST_PS
from sweep.yamltree.validation import Group, meaning

from .quantities import Count, CountOrTime, Link, Milli, Quantity, Rate, RateLimit, Share, Size, Time, Usecs

G = TypeVar("G", bound=Group)

QUANTITIES: dict[Kind, Any] = {
    kinds.COUNT: Count,
    kinds.TIME: Time,
    kinds.USECS: Usecs,
    kinds.SIZE: Size,
    kinds.SHARE: Share,
    kinds.MILLI: Milli,
    kinds.LINK: Link,
    kinds.RATE: Rate,
    kinds.RATE_LIMIT: RateLimit,
    kinds.COUNT_OR_TIME: partial(CountOrTime, longest_ps=LONGEST_PS),
}


def type_of(parameter: Parameter) -> Any:
    """The type of its values: a whole number in the unit of the model, or text that is turned into one later."""
    quantity = _quantity(parameter.kind, parameter.within, parameter.why)
    return Annotated[int | str if parameter.kind is kinds.COUNT_OR_TIME else int, quantity]


@cache  # equal ones are one, so that the JSON Schema says it once
def _quantity(kind: Kind, within: tuple[int, int], why: str) -> Quantity:
    quantity: Quantity = QUANTITIES[kind](*within, why)
    return quantity


def group(name: str, parameters: Mapping[str, Parameter], types: Mapping[str, Any] | None = None) -> type[Group]:
    """A model with a field for each parameter by its key, and an inner one for keys with the same word before a dot.

    types: those of the parameters that are words.
    """
    inner: dict[str, dict[str, Parameter]] = {}
    for key, parameter in parameters.items():
        head, _, rest = key.partition(".")
        inner.setdefault(head, {})[rest] = parameter
    fields: dict[str, Any] = {}
    for head, members in inner.items():
        if "" in members:
            fields[head] = _field(members[""], (types or {}).get(head))
        else:
            part = group("".join(map(str.capitalize, head.split("_"))), members)
            needed = any(field.is_required() for field in part.model_fields.values())
            fields[head] = (part, meaning("") if needed else meaning("", {}))
    made: type[Group] = create_model(name, __base__=Group, __module__=__name__, **fields)
    return made


def _field(parameter: Parameter, type_: Any) -> tuple[Any, Any]:
    type_ = type_ or type_of(parameter)
    default = None if parameter.like else parameter.default
    return (type_ if default is not None else type_ | None), meaning(parameter.meaning, default)


def with_likes(given: G, parameters: Iterable[Parameter]) -> G:
    """A part in which what was not given has the value of the parameter that it is like."""
    for parameter in parameters:
        if parameter.like and _at(given, parameter.key) is None:
            like = next(each.key for each in parameters if each.name == parameter.like)
            given = _replaced(given, parameter.key, _at(given, like))
    return given


def _at(part: Group, key: str) -> Any:
    return reduce(getattr, key.split("."), part)


def _replaced(part: G, key: str, value: Any) -> G:
    head, _, rest = key.partition(".")
    return part.model_copy(update={head: _replaced(getattr(part, head), rest, value) if rest else value})
