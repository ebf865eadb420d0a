# SPDX-License-Identifier: MIT
"""A resolved sweep, made from its document alone: it numbers the points and makes their scenarios.

What points share (mixes, NICs, host costs, knobs) is built once per combination of the axes that decide it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple, TypeVar

import numpy as np

from sweep.conditions import ConditionError, keeps, names, parse
from sweep.config.points.columns import ColumnSource, representative_points
from sweep.config.points.scenario_parts import DocumentError
from sweep.config.points.scenarios import Scenarios
from sweep.config.points.windows import Window
from sweep.errors import ConfigError
from sweep.grid import LABEL, GridDimension, Ints, Layout
from sweep.model import strategies
from sweep.model.declared_strategy import let_declared
from sweep.model.scenario import Nic, Scenario, Traffic
from sweep.model.strategies import strategy

from . import precision
from .parameters import knob_parameters, knobs_of, parameters
from .points import scenario_parts, windows
from .precision import Precision

FORMAT = 1  # of the document


# The parameters (up to the first dot) that decide a part of a scenario.
PARTS = {"traffic": ("traffic",), "nic": ("nic",), "host": ("host",), "rules": ("kernel",), "window": windows.DECISIVE}

T = TypeVar("T")


class Axis(NamedTuple):
    """A parameter that varies: its values in file order, as a person would write them."""

    name: str
    values: tuple[str | int | float, ...]


@dataclass(frozen=True, eq=False)
class Sweep:
    """Everything that a sweep file says.  `document` is plain JSON, and enough to build the sweep again."""

    document: dict[str, Any]
    name: str
    replicates: int  # of each point; with a `precision`, at most
    seed: int
    baseline: dict[str, Any]
    layout: Layout
    precision: Precision | None = None
    _built: dict[Any, Any] = field(default_factory=dict, repr=False)

    @property
    def points(self) -> int:
        """Number of points that meet the constraints."""
        return len(self.layout)

    @property
    def simulations(self) -> int:
        """Number of simulations: points times replicates."""
        return self.points * self.replicates

    @cached_property
    def axes(self) -> tuple[Axis, ...]:
        """The parameters that vary, zipped ones listed one by one."""
        table = parameters()
        return tuple(
            Axis(name, tuple(table[name].shown(entry[k]) for entry in dimension.entries))
            for dimension in self.layout.dimensions
            for k, name in enumerate(dimension.names)
        )

    @cached_property
    def strategies(self) -> tuple[str, ...]:
        """The strategies of the points, sorted."""
        values, codes = self.layout.codes("strategy")
        used = {values[code] for code in np.flatnonzero(np.bincount(codes)).tolist()}
        return tuple(name for name in strategies.names() if name in used)

    @cached_property
    def scenarios(self) -> Scenarios:
        """The scenarios of all points as columns."""
        return Scenarios(self)

    def strategy_of(self, point: int) -> str:
        """The strategy of a point.  Errors: IndexError."""
        return str(self.value(point, "strategy"))

    def scenario(self, point: int, replicate: int) -> Scenario:
        """The scenario of one simulation.  Errors: IndexError, and DocumentError for an impossible knob."""
        value = self._values(point)
        host, window = self.host(point), self.window(point)
        return Scenario(
            strategy=value["strategy"],
            knobs=self.knobs(point),
            traffic=self.traffic(point),
            nic=self.nic(point),
            host=value["host"],
            costs_ps=host[0],
            hardware=host[1],
            queues=value["queues"],
            iommu=value["iommu"],
            memory_pages=value["memory_pages"],
            kernel=value["kernel"],
            rules=self.rules(point),
            ring=value["ring"],
            load_ppm=value["load"],
            packets=window.packets,
            warmup=window.warmup,
            seed=self.seed,
            replicate=replicate,
        )

    def labels(self, point: int) -> dict[str, str | int | float]:
        """Values of the varying parameters at a point, as a user would write them."""
        knobs = {f"strategy.{name}": number for name, number in self.knobs(point)}
        table = parameters()
        varied = self.layout.varied(self.layout.digits(point))
        if LABEL in self.layout.fixed:
            varied.setdefault(LABEL, self.layout.fixed[LABEL])
        return {name: knobs[name] if name in knobs else table[name].shown(varied[name]) for name in varied}

    def value(self, point: int, name: str) -> Any:
        """The canonical value of a parameter at a point, None if only its mix, NIC, host or strategy has one."""
        return self._values(point).get(name)

    def knobs(self, point: int) -> tuple[tuple[str, int], ...]:
        """The strategy's own parameters, sorted by name.  Errors: DocumentError if one is out of bounds."""
        return self._part("knobs", point, scenario_parts.knobs)

    def traffic(self, point: int) -> Traffic:
        """The traffic mix of a point."""
        return self._part("traffic", point, scenario_parts.traffic)

    def nic(self, point: int) -> Nic:
        """The NIC of a point."""
        return self._part("nic", point, scenario_parts.nic)

    def host(self, point: int) -> tuple[tuple[tuple[str, int], ...], tuple[tuple[str, int], ...]]:
        """The costs and the hardware of a point's host."""
        return self._part("host", point, scenario_parts.host)

    def rules(self, point: int) -> tuple[str, ...]:
        """The kernel's rules in force at a point.  Errors: DocumentError if they contradict each other."""
        return self._part("rules", point, scenario_parts.rules)

    def window(self, point: int) -> Window:
        """The packets of a point, in total and before its measured window."""
        return self._part("window", point, windows.at)

    def _values(self, point: int) -> dict[str, Any]:
        """All parameters of a point except those inside its mix, NIC and host.  Those of the last point are cached."""
        cached = self._built.get("values")
        if cached is None or cached[0] != point:
            digits = self.layout.digits(point)
            cached = self._built["values"] = (point, digits, {**self.layout.fixed, **self.layout.varied(digits)})
        values: dict[str, Any] = cached[2]
        return values

    def _part(self, part: str, point: int, build: Callable[[dict[str, Any], dict[str, Any]], T]) -> T:
        """`build(document, values)`, called once for all points that agree in the dimensions that decide this part."""
        values = self._values(point)
        digits = self._built["values"][1]
        explicit = digits[:1] == (-1,)
        home = self.layout.home
        key = (part, digits if explicit else tuple([digits[home[name]] for name in self.decisive(part)]))
        if key not in self._built:
            self._built[key] = build(self.document, values)
        built: T = self._built[key]
        return built

    def decisive(self, part: str) -> list[str]:
        """The parameters that vary and decide a part of the scenario."""
        cached: list[str] | None = self._built.get(part)
        if cached is None:
            parts = PARTS[part] if part != "knobs" else self._formula_words()
            cached = self._built[part] = [name for name in self.layout.home if name.partition(".")[0] in parts]
        return cached

    def _formula_words(self) -> set[str]:
        """The parameters, up to the first dot, that knobs depend on: "strategy" and those that formulas name."""
        formulas = [knob.default for name in strategies.names() for knob in strategy(name).KNOBS]
        for name in knob_parameters():
            formulas += self.layout.codes(name)[0]
        words = {word for text in formulas if isinstance(text, str) for word in names(parse(text))}
        return {"strategy", *(word.partition(".")[0] for word in words)}


def from_document(document: dict[str, Any], cells: Ints | None = None) -> Sweep:
    """The sweep that `document` describes; reads no file.  Errors: ConfigError.

    With `cells`, the numbers of its points from `layout.cells`, constraints are not evaluated again.
    """
    if document.get("format") != FORMAT:
        raise ConfigError(f'the plan has the document format "{document.get("format")}"; this version reads {FORMAT}.')
    let_declared(document)
    dimensions = [
        GridDimension(tuple(dimension["names"]), tuple(map(tuple, dimension["entries"])))
        for dimension in document["grid"]
    ]
    layout = Layout(dimensions, document["points"], document["fixed"], knobs_of, cells)
    if cells is None:
        constrain(layout, document)
    precision_of_sweep = precision.of_document(document)
    return Sweep(
        document=document,
        name=document["name"],
        replicates=precision_of_sweep.most_replicates if precision_of_sweep else document["replicates"],
        seed=document["seed"],
        baseline=document["baseline"],
        layout=layout,
        precision=precision_of_sweep,
    )


def constrain(layout: Layout, document: dict[str, Any]) -> None:
    """Keep the points of `layout` that meet all constraints.  Errors: DocumentError with the number of a wrong one."""
    masks = []
    for index, text in enumerate(document["where"]):
        try:
            condition = parse(text)
            representatives, codes = representative_points(layout, names(condition))
            masks.append(keeps(condition, ColumnSource(representatives, document), len(representatives))[codes])
        except ConditionError as error:
            told = error.told(parameters())
            message = f'where "{" ".join(text.split())}" {told}{"" if told.endswith("?") else "."}'
            raise DocumentError(message, index=index, known=error.known) from None
    if masks:
        layout.keep(np.logical_and.reduce(masks))
