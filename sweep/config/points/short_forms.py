# SPDX-License-Identifier: MIT
"""Short forms of lists in a sweep file: `{range: [a, b, step]}`, `{linspace: ...}`, `{log: ...}`, `{log2: ...}`."""

from __future__ import annotations

from typing import Annotated

from pydantic import TypeAdapter

from sweep.config.models.quantities import Count
from sweep.config.parameters import Parameter
from sweep.grid import FORMS, SequenceError
from sweep.yamltree.source import Mistake, Node, unknown
from sweep.yamltree.validation import parse

COUNT = TypeAdapter(Annotated[int, Count(0, 1).step])


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
        raise Mistake(ends.place, f"{subject}: {form} takes {shape}.")
    arguments = [parameter.parse(item) for item in items[:2]]
    if any(not isinstance(argument, int) for argument in arguments):
        raise Mistake(ends.place, f"{subject}: {form} takes plain numbers; list other values one by one.")
    if form == "range":
        arguments.append(parse(TypeAdapter(Annotated[int, quantity.step]), items[2], f"{subject}: the step"))
    elif len(items) == 3:
        arguments.append(parse(COUNT, items[2], f"{subject}: the count"))
    try:
        return generate(*arguments)
    except SequenceError as error:
        raise Mistake(ends.place, f"{subject}: {form} {error}.") from None
