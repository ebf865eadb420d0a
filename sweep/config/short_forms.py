# SPDX-License-Identifier: MIT
"""Short forms of lists in a sweep file: `{range: [a, b, step]}`, `{linspace: ...}`, `{log: ...}`, `{log2: ...}`."""

from __future__ import annotations

from sweep import units
from sweep.grid import FORMS, SequenceError

from .kinds import Kind, converted
from .source import Mistake, Node, unknown


def expand(node: Node, kind: Kind, what: str) -> list[int]:
    """`{range: [a, b, step]}` and its like.  Errors: Mistake."""
    pairs = node.mapping(what)
    if len(pairs) != 1:
        raise Mistake(node.place, f"{what} takes one of {', '.join(FORMS)}.")
    ((form, ends),) = pairs.items()
    if form not in FORMS:
        raise unknown(node.keys[form], f"{what}: the form", form, tuple(FORMS))
    generate, shape = FORMS[form]
    if form not in kind.forms:
        raise Mistake(node.keys[form], f"{what} takes a list of values, not {form}.")
    items = ends.sequence(f"{what}: {form}")
    if len(items) != shape.count(",") + 1:
        raise Mistake(ends.place, f"{what}: {form} takes {shape}.")
    arguments = [kind.parse(item, what) for item in items[:2]]
    if any(not isinstance(argument, int) for argument in arguments):
        raise Mistake(ends.place, f"{what}: {form} takes plain numbers.")
    if form == "range":
        arguments.append(kind.parse_step(items[2], f"{what}: the step"))
    elif len(items) == 3:
        arguments.append(converted(items[2], f"{what}: the count", units.whole))
    try:
        return generate(*arguments)
    except SequenceError as error:
        raise Mistake(ends.place, f"{what}: {form} {error}.") from None
