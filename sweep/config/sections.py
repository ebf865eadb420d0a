# SPDX-License-Identifier: MIT
"""The file of a traffic mix, a NIC or a host, in canonical form: a flat mapping from parameter to value.

A mix's `reader: {rate: 2 Mpps}` is read by the parameter `traffic.reader.rate` and kept as `reader.rate`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sweep.model.host import COST_NAMES

from .parameters import HOST, MOST_COST, NIC, OPTIONAL, REQUIRED, TRAFFIC, Parameter
from .source import Mistake, Node, unknown
from .traffic import fields

Flat = dict[str, Any]

READER = "reader"


def mix(node: Node, name: str) -> Flat:
    """A traffic mix.  Errors: Mistake."""
    what = f'traffic "{name}"'
    flat = _flat(node, what, "traffic.", TRAFFIC)
    pairs = node.mapping(what)
    if flat["fates"]["local"] and READER not in pairs:
        raise Mistake(pairs["fates"].place, f'{what} has local packets and needs a "{READER}".')
    return flat


def nic(node: Node, name: str) -> Flat:
    """A NIC.  What completes TX is what interrupts for RX, unless it is given.  Errors: Mistake."""
    flat = _flat(node, f'nic "{name}"', "nic.", NIC, ("name",))
    for key in ("usecs", "frames"):
        flat.setdefault(f"tx_coalesce.{key}", flat[f"coalesce.{key}"])
    return flat


def host(node: Node, name: str) -> Flat:
    """A host profile: {costs: {name: ps}, assumed: {name: [low, high]}}.

    Every cost has its value and its source; `assumed: true` marks one without a published figure and then a
    range is needed.  Errors: Mistake.
    """
    what = f'host "{name}"'
    about = ("cpu", "frequency", "memory", "kernels", "mitigations", "not_modelled", "about")
    pairs = fields(node, what, ("costs",), about)
    costs = fields(pairs["costs"], f"{what}: costs", COST_NAMES)
    values: dict[str, int] = {}
    assumed: dict[str, list[int]] = {}
    for parameter in HOST:
        key = parameter.name.removeprefix("host.")
        here = f"{what}: {key}"
        cost = fields(costs[key], here, ("value", "source"), ("assumed", "range"))
        cost["source"].scalar(f"{here}: source")
        values[key] = MOST_COST.parse(cost["value"], here)
        guess = cost.get("assumed")
        if guess and guess.scalar(f"{here}: assumed") not in ("true", "false"):
            raise Mistake(guess.place, f'{here}: assumed "{guess.text}" is neither true nor false.')
        if guess and guess.text == "true":
            assumed[key] = _range(cost.get("range"), guess, here, values[key])
        elif "range" in cost:
            raise Mistake(cost["range"].place, f"{here} has a range but is not marked assumed.")
    return {"costs": values, "assumed": assumed}


def _range(node: Node | None, guess: Node, what: str, value: int) -> list[int]:
    ends = node.sequence(f"{what}: range") if node else []
    if len(ends) != 2:
        raise Mistake((node or guess).place, f"{what} is assumed and needs a range of two times.")
    low, high = (MOST_COST.parse(end, f"{what}: range") for end in ends)
    if not low <= value <= high:
        raise Mistake(ends[0].place, f"{what}: the value is outside its range.")
    return [low, high]


def _flat(node: Node, what: str, prefix: str, table: Iterable[Parameter], extra: tuple[str, ...] = ()) -> Flat:
    """All parameters of `table` from the nested mapping `node`, defaults filled in."""
    named = {parameter.name.removeprefix(prefix): parameter for parameter in table}
    given = dict(_leaves(node, what, "", tuple(named), ("about", *extra)))
    flat: Flat = {}
    for key, parameter in named.items():
        if key in given:
            flat[key] = parameter.kind.parse(given[key], f"{what}: {key}")
        elif parameter.default is REQUIRED:
            raise Mistake(node.place, f'{what} lacks "{key}".', known=_level("", tuple(named)))
        elif parameter.default is not OPTIONAL:
            flat[key] = parameter.default
    return flat


def _leaves(
    node: Node, what: str, before: str, names: tuple[str, ...], ignored: tuple[str, ...]
) -> Iterable[tuple[str, Node]]:
    """(dotted key, value) of a nested mapping, down to the keys in `names`."""
    level = _level(before, names)
    for key, value in node.mapping(f"{what}: {before[:-1]}" if before else what).items():
        dotted = before + key
        if key in ignored and not before:
            value.scalar(f"{what}: {key}")
        elif key not in level:
            raise unknown(node.keys[key], f"{what}: the key", dotted, tuple(before + name for name in level))
        elif dotted in names:
            yield dotted, value
        else:
            yield from _leaves(value, what, f"{dotted}.", names, ignored)


def _level(before: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """The keys that may follow `before`."""
    return tuple(dict.fromkeys(name[len(before) :].partition(".")[0] for name in names if name.startswith(before)))
