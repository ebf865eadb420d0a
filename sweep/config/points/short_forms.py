# SPDX-License-Identifier: MIT
"""Short forms of lists in a sweep file: `{range: [a, b, step]}`, `{linspace: ...}`, `{log: ...}`, `{log2: ...}`."""

from __future__ import annotations

from typing import Annotated

from pydantic import TypeAdapter

from sweep.config.models.quantities import Count
from sweep.config.parameters import Parameter
from sweep.grid import FORMS, SequenceError, sequence
from sweep.yamltree.source import Mistake, Node, unknown
from sweep.yamltree.validation import parse

from .sampling import Span

COUNT = TypeAdapter(Annotated[int, Count(0, 1).step])


def span(node: Node, parameter: Parameter) -> Span | None:
    """The range of `{linspace: [a, b]}` or `{log: [a, b]}`, without a count; None for a list.  Errors: Mistake."""
    if node.pairs is None or len(node.pairs) != 1:
        return None
    ((form, ends),) = node.pairs.items()
    quantity = parameter.quantity
    if form not in sequence.SPANS or len(ends.items or ()) != 2 or quantity is None or form not in quantity.forms:
        return None
    first, last = _numbers(parameter, form, ends)
    try:
        sequence.span(form, first, last)
    except SequenceError as error:
        raise Mistake(ends.place, f"{parameter.name}: {form} {error}.") from None
    return Span(form, first, last)


def expand(node: Node, parameter: Parameter) -> list[int]:
    """The values of a short form such as `{range: [a, b, step]}`.  Errors: Mistake."""
    subject = parameter.name
    pairs = node.mapping(subject)
    if len(pairs) != 1:
        raise Mistake(node.place, f"{subject} takes one of {', '.join(FORMS)}.")
    ((form, ends),) = pairs.items()
    if form not in FORMS:
        raise unknown(node.keys[form], f"{subject}: the form", form, tuple(FORMS))
    generate, shape = FORMS[form]
    quantity = parameter.quantity
    if quantity is None or form not in quantity.forms:
        raise Mistake(node.keys[form], f"{subject} takes a list of values, not {form}.")
    items = ends.sequence(f"{subject}: {form}")
    if len(items) != shape.count(",") + 1:
        alone = form in sequence.SPANS and len(items) == 2
        more = "; [first, last] alone is for an axis that `sample:` draws from" if alone else ""
        raise Mistake(ends.place, f"{subject}: {form} takes {shape}{more}.")
    arguments = _numbers(parameter, form, ends)
    if form == "range":
        arguments.append(parse(TypeAdapter(Annotated[int, quantity.step]), items[2], f"{subject}: the step"))
    elif len(items) == 3:
        arguments.append(parse(COUNT, items[2], f"{subject}: the count"))
    try:
        return generate(*arguments)
    except SequenceError as error:
        raise Mistake(ends.place, f"{subject}: {form} {error}.") from None


def _numbers(parameter: Parameter, form: str, ends: Node) -> list[int]:
    """The first and the last value.  Errors: Mistake."""
    numbers = [parameter.parse(item) for item in ends.sequence(f"{parameter.name}: {form}")[:2]]
    if any(not isinstance(number, int) for number in numbers):
        raise Mistake(ends.place, f"{parameter.name}: {form} takes plain numbers; list other values one by one.")
    return numbers
