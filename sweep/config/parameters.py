# SPDX-License-Identifier: MIT
"""The table of all parameters: name, type, default, meaning, from the models; a new field there is a new parameter.

A parameter may be fixed at the top of a sweep file, be an axis or part of a zip, and be named in `where:`.  Names with
a dot reach into the mix (`traffic.`), NIC (`nic.`), host (`host.`) or strategy (`strategy.`) of a point; the same
models define the files of mixes and NICs.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import AfterValidator, BeforeValidator, TypeAdapter, WithJsonSchema

from sweep import as_written
from sweep.config.models.declared import group, type_of
from sweep.config.models.quantities import (
    ChoiceError,
    Condition,
    Count,
    Formula,
    Name,
    Quantity,
    Shown,
)
from sweep.config.models.sections import NicSection
from sweep.config.models.traffic import Mix
from sweep.errors import did_you_mean
from sweep.fields.host import COSTS, HARDWARE
from sweep.fields.kernel import BY_NAME, KERNEL, OFF, SWITCH
from sweep.fields.parameter import by_key
from sweep.fields.scenario import SCENARIO
from sweep.fields.traffic import ARRIVALS, SIZES
from sweep.model import strategies
from sweep.model.hardware.iommu import MODES
from sweep.model.kernel.releases import CHANGES, ReleaseError, known_release
from sweep.model.strategies import strategy
from sweep.yamltree.source import LISTS, SEE, Mistake, Node, Place, unknown
from sweep.yamltree.validation import NULL, Group, SectionModel, canonical, meaning, parse

from .claims import ClaimText, ObjectiveText
from .precision import PrecisionSection
from .sample import Sample


def _release(text: str) -> str:
    """A release of the kernel as it is usually written."""
    try:
        return str(known_release(text))
    except ReleaseError as error:
        hint = did_you_mean(text, CHANGES)
        raise ChoiceError(f"{error}{hint and '.' + hint}", CHANGES, see=LISTS["kernel"]) from None


Kernel = Annotated[
    str, AfterValidator(_release), WithJsonSchema({"type": ["string", "number"], "examples": [*CHANGES]})
]


# What the words at the top of a sweep file may be.
WORDS: dict[str, Any] = {
    "strategy": Literal[strategies.NAMES],
    "traffic": Name,
    "iommu": Literal[MODES],
    "host": Name,
    "nic": Name,
    "kernel": Kernel,
    "label": Name,
}
Top = group("Top", by_key(SCENARIO), WORDS)


class ClaimSection(SectionModel):
    """A claim of a sweep file: its text is checked here, and judged by the report."""

    called = "a claim"

    name: Name
    that: ClaimText


def _none(given: object) -> object:
    return [] if given is NULL else given


def _one(given: object) -> object:
    return [given] if isinstance(given, str) else _none(given)


Conditions = Annotated[list[Condition], BeforeValidator(_one, json_schema_input_type=str | list[str])]
Objectives = Annotated[list[ObjectiveText], BeforeValidator(_one, json_schema_input_type=str | list[str])]


class Settings(Group):
    """The settings of a sweep file that are not parameters."""

    name: Name | None = meaning("name of the sweep; default: the file's", None)
    replicates: Annotated[int, Count(1, 1_000_000)] = meaning("simulations per point, of different chance", "1")
    seed: Annotated[int, Count(0, 2**63 - 1)] = meaning("decides all chance", "0")
    claims: Annotated[list[ClaimSection], BeforeValidator(_none)] = meaning(
        "what the report judges: METRIC where CONDITION < VALUE UNIT", []
    )
    objectives: Objectives = meaning(
        "what `sweep size` finds the smallest ring or highest load for, such as drop_ratio < 0.1 %", []
    )
    precision: PrecisionSection = meaning(
        "half widths at which replicates are enough, such as {drop_ratio: 0.1 pp, ns_per_packet: 0.5 %}", None
    )
    sample: Sample = meaning(
        "points of a space-filling design in place of the grid of the axes, such as {sobol: 256}", None
    )
    where: Conditions = meaning("constraints, such as strategy != page_frag or ring <= 2048", [])


@dataclass(frozen=True)
class Parameter:
    """A parameter or setting: the pydantic type of its values, and its default as in a file; `...`: it has none."""

    name: str
    type: Any
    meaning: str
    default: Any = None

    @cached_property
    def adapter(self) -> TypeAdapter[Any]:
        return TypeAdapter(self.type)

    @cached_property
    def choices(self) -> tuple[str, ...]:
        """The allowed values if its type is a choice of names, else ()."""
        return get_args(self.type) if get_origin(self.type) is Literal else ()

    @cached_property
    def quantity(self) -> Quantity | None:
        """The quantity of its values if they are numbers, else None."""
        types = (self.type, *get_args(self.type))  # one that may be left out is `... | None`
        metadata = (data for each in types for data in getattr(each, "__metadata__", ()))
        return next((data for data in metadata if isinstance(data, Quantity)), None)

    def parse(self, node: Node, what: str = "") -> Any:
        """The canonical value of a node.  Errors: Mistake."""
        if self.choices and node.is_scalar and not node.is_null and node.text not in self.choices:
            label = what or self.name  # pydantic's message in a tenth of the time: there may be thousands
            raise unknown(node.place, label, node.text, self.choices, see=LISTS.get(label, SEE))
        return parse(self.adapter, node, what or self.name)

    def usual(self) -> Any:
        """The canonical value of the default."""
        return canonical(self.adapter, self.default)

    def shown(self, value: Any) -> Shown:
        """The value as a user would write it: for labels, and for comparison in `where:`."""
        if self.quantity and isinstance(value, int):
            return self.quantity.shown(value)
        if isinstance(value, dict) and "values" in value:
            return as_written.law_of_times(value["kind"], value["values"])
        if self.name == ARRIVALS.name:
            laws = (
                (name, each if isinstance(each, int) else tuple(each.values()))
                for name, each in value["settings"].items()
            )
            return as_written.arrivals(value["kind"], laws)
        if self.name == SIZES.name:
            return as_written.sizes(value)
        return value if isinstance(value, str | int) else json.dumps(value)


def _of(group: type[Group], before: str = "") -> dict[str, Parameter]:
    by_name = {}
    for name, field in group.parameters(before):
        type_ = Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation
        by_name[name] = Parameter(name, type_, field.description or "", ... if field.is_required() else field.default)
    return by_name


@strategies.cached
def knob_parameters() -> dict[str, Parameter]:
    """`strategy.<knob>` of all strategies, with the widest bounds; each strategy's own are checked per point."""
    knobs = [knob for name in strategies.names() for knob in strategy(name).KNOBS]
    by_name = {}
    for knob in knobs:
        namesakes = [other for other in knobs if other.name == knob.name]
        formula = Formula(min(other.low for other in namesakes), max(other.high for other in namesakes))
        by_name[f"strategy.{knob.name}"] = Parameter(
            f"strategy.{knob.name}", Annotated[int | str, formula], knob.meaning
        )
    return by_name


@strategies.cached
def knobs_of(name: str) -> frozenset[str]:
    """The names `strategy.<knob>` of the knobs of strategy `name`; none if it is unknown."""
    return (
        frozenset(f"strategy.{knob.name}" for knob in strategy(name).KNOBS)
        if name in strategies.names()
        else frozenset()
    )


@strategies.cached
def parameters() -> dict[str, Parameter]:
    """All parameters by name."""
    host = {each.name: Parameter(each.name, type_of(each), each.meaning) for each in (*COSTS, *HARDWARE)}
    rules = {each.name: Parameter(each.name, Literal[SWITCH], each.meaning) for each in KERNEL}
    top = _of(Top)
    top["strategy"] = replace(top["strategy"], type=Literal[strategies.names()])
    return {**top, **rules, **knob_parameters(), **_of(Mix, "traffic."), **_of(NicSection, "nic."), **host}


@cache
def settings() -> dict[str, Parameter]:
    """All settings by name."""
    return _of(Settings)


def parameter_nodes(node: Node, what: str, noun: str = "the parameter") -> dict[str, Node]:
    """The pairs of a mapping whose keys are parameters.  Errors: Mistake."""
    pairs = node.mapping(what)
    for name in pairs:
        if name not in parameters():
            raise unknown_parameter(node.keys[name], noun, name, tuple(parameters()), LISTS["parameter"])
    return pairs


def unknown_parameter(place: Place, noun: str, name: str, known: tuple[str, ...], see: str) -> Mistake:
    """The mistake about a name that is no parameter; of a rule of the kernel that makes no difference, why."""
    rule = BY_NAME.get(name.removeprefix("kernel."))
    if rule is None or not name.startswith("kernel."):
        return unknown(place, noun, name, known, see=see)
    see = f"sweep replay --rule {rule.name}={OFF}"
    return Mistake(place, f'{noun} "{name}" would change nothing: {rule.replay_only}.', see=see)
