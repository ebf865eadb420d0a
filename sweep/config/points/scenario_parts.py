# SPDX-License-Identifier: MIT
"""The parts of a scenario: mix, NIC, host, kernel and knobs from a document, with the values that a point overrides."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from sweep.conditions import Column, ConditionError, numbers, parse
from sweep.config.models.arrivals import arrivals
from sweep.config.models.distributions import distribution
from sweep.errors import ConfigError
from sweep.fields.host import COST_NAMES, HARDWARE_NAMES
from sweep.fields.kernel import BY_NAME, ON, SWEEP_RULES
from sweep.fields.nic import NIC
from sweep.fields.parameter import Parameter
from sweep.fields.traffic import READER
from sweep.model.kernel.releases import RulesError, known_release, rules_with
from sweep.model.scenario import Nic, Reader, Traffic
from sweep.model.strategies import strategy

Values = dict[str, Any]  # parameters of a point, or a document

_COSTS, _HARDWARE = sorted(COST_NAMES), sorted(HARDWARE_NAMES)


class DocumentError(ConfigError):
    """A document cannot be used: constraint number `index`, or parameter `name`, is impossible."""

    def __init__(self, message: str, *, index: int = 0, name: str = "", known: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.index, self.name, self.known = index, name, known


def _flat(document: Values, part: str, section: str, value: Values) -> dict[str, Any]:
    """A mix or NIC of the document, with the values that the point overrides."""
    overrides = {name.partition(".")[2]: number for name, number in value.items() if name.startswith(f"{part}.")}
    flat: dict[str, Any] = {**document[section][value[part]], **overrides}
    return flat


def traffic(document: Values, value: Values) -> Traffic:
    """The mix of a point with these values."""
    mix = _flat(document, "traffic", "traffic", value)
    stall = None if mix["reader.stall"] == "none" else mix["reader.stall"]
    reader = Reader(
        same_cpu=mix["reader.cpu"] == "same",
        wakeup_ps=distribution(mix["reader.wakeup"]),
        stall_every_ps=stall and distribution(stall["every"]),
        stall_for_ps=stall and distribution(stall["for"]),
        **_numbers(READER, mix),
    )
    fates = mix["fates"]
    return Traffic(
        name=value["traffic"],
        arrivals=arrivals(mix["arrivals"]),
        sizes=tuple((frame, weight) for frame, weight in mix["sizes"]),
        local_ppm=fates["local"],
        forward_ppm=fates["forward"],
        drop_ppm=fates["drop"],
        forward_path=mix["forward_path"],
        flows=mix["flows"],
        reader=reader,
    )


def nic(document: Values, value: Values) -> Nic:
    """The NIC of a point with these values."""
    flat = _flat(document, "nic", "nics", value)
    return Nic(name=value["nic"], **_numbers(NIC, flat))


def _numbers(declared: Iterable[Parameter], flat: dict[str, Any]) -> dict[str, int]:
    """Parameters by their names in the model."""
    return {parameter.symbol: flat[parameter.key] for parameter in declared}


def host(document: Values, value: Values) -> tuple[tuple[tuple[str, int], ...], tuple[tuple[str, int], ...]]:
    """Costs and hardware of the host of a point with these values, each as (name, number) sorted by name."""
    overrides = {name.removeprefix("host."): number for name, number in value.items() if name.startswith("host.")}
    numbers = {**document["hosts"][value["host"]]["values"], **overrides}
    return tuple((name, numbers[name]) for name in _COSTS), tuple((name, numbers[name]) for name in _HARDWARE)


def rules(document: Values, value: Values) -> tuple[str, ...]:
    """The kernel's rules in force at a point, as in `SWEEP_RULES`.  Errors: DocumentError if they are contradictory."""
    changes = {rule: value[f"kernel.{rule}"] == ON for rule in BY_NAME if f"kernel.{rule}" in value}
    try:
        in_force = rules_with(known_release(value["kernel"]), changes)
    except RulesError as error:
        name = f"kernel.{error.rule}"
        raise DocumentError(f'{name} "{value[name]}" is impossible: {error}.', name=name) from None
    return tuple(rule.name for rule in SWEEP_RULES if rule.name in in_force)


def knobs(document: Values, value: Values) -> tuple[tuple[str, int], ...]:
    """The strategy's own parameters, sorted by name.  Errors: DocumentError if one is out of bounds."""
    variables = {"ring": value["ring"]}
    variables |= {f"nic.{name}": number for name, number in _flat(document, "nic", "nics", value).items()}
    known = np.ones(1, np.bool_)

    def column(name: str) -> Column | None:
        return Column(np.array([float(variables[name])]), known) if name in variables else None

    knob_values = []
    for knob in sorted(strategy(value["strategy"]).KNOBS):
        chosen = value.get(f"strategy.{knob.name}", knob.default)
        try:
            formula = isinstance(chosen, str)
            number = float(numbers(parse(chosen), column, 1).values[0]) if formula else float(chosen)
        except ConditionError as error:
            raise DocumentError(f'strategy.{knob.name} "{chosen}" {error}.', name=f"strategy.{knob.name}") from None
        if not number.is_integer() or not knob.low <= number <= knob.high:
            where = f" is {number:,.12g} at ring {value['ring']:,}" if formula else " is out of bounds"
            raise DocumentError(
                f'strategy.{knob.name} "{chosen}"{where}; {value["strategy"]} takes {knob.low:,} to {knob.high:,}.',
                name=f"strategy.{knob.name}",
            )
        knob_values.append((knob.name, int(number)))
    return tuple(knob_values)
