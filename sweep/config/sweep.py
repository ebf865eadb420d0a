# SPDX-License-Identifier: MIT
"""A resolved sweep: made of its document alone, it numbers the points and makes their scenarios.

What points share (mixes, NICs, host costs, knobs) is built once per combination of the axes that decide it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

import numpy as np

from sweep.errors import ConfigError, did_you_mean
from sweep.grid import LABEL, Column, Dimension, Expression, ExpressionError, Layout
from sweep.model.host import COST_NAMES, HARDWARE_NAMES
from sweep.model.scenario import Nic, Reader, Scenario, Traffic
from sweep.model.strategies import NAMES, strategy

from .columns import ColumnSource
from .distributions import distribution
from .parameters import knobs_of, parameters
from .traffic import arrivals

FORMAT = 1  # of the document


class DocumentError(ConfigError):
    """Something in a document is impossible: constraint number `index`, or the parameter `name`."""

    def __init__(self, message: str, *, index: int = 0, name: str = "", known: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.index, self.name, self.known = index, name, known


# The parameters (up to the first dot) that decide a part of a scenario.
PARTS = {"traffic": ("traffic",), "nic": ("nic",), "host": ("host",), "knobs": ("strategy", "ring", "nic")}

_COSTS, _HARDWARE = sorted(COST_NAMES), sorted(HARDWARE_NAMES)

T = TypeVar("T")


class Axis(NamedTuple):
    """A parameter that varies: its values in file order, as a person would write them."""

    name: str
    values: tuple[str | int | float, ...]


@dataclass(frozen=True, eq=False)
class Sweep:
    """Everything that a sweep file says.  `document` is JSON-able and enough to build it again."""

    document: dict[str, Any]
    name: str
    replicates: int
    seed: int
    baseline: dict[str, Any]
    axes: tuple[Axis, ...]
    strategies: tuple[str, ...]
    layout: Layout
    _built: dict[Any, Any] = field(default_factory=dict, repr=False)

    @property
    def points(self) -> int:
        """Points after constraints."""
        return len(self.layout)

    @property
    def simulations(self) -> int:
        """Points times replicates."""
        return self.points * self.replicates

    def strategy_of(self, point: int) -> str:
        """The strategy of a point.  Errors: IndexError."""
        return str(self.value(point, "strategy"))

    def scenario(self, point: int, replicate: int) -> Scenario:
        """One simulation, fully resolved.  Errors: IndexError, and DocumentError for an impossible knob."""
        value = self._values(point)
        host = self._part("host", point, self._host)
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
            ring=value["ring"],
            load_ppm=value["load"],
            packets=value["packets"],
            warmup=value["warmup"],
            seed=self.seed,
            replicate=replicate,
        )

    def labels(self, point: int) -> dict[str, str | int | float]:
        """What the axes, zips and explicit points say of a point, as a person would write it."""
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
        return self._part("knobs", point, self._knobs)

    def traffic(self, point: int) -> Traffic:
        """The traffic mix of a point."""
        return self._part("traffic", point, self._traffic)

    def nic(self, point: int) -> Nic:
        """The NIC of a point."""
        return self._part("nic", point, self._nic)

    def _values(self, point: int) -> dict[str, Any]:
        """All parameters of a point, but what its mix, NIC and host say themselves.  The last one is kept."""
        kept = self._built.get("values")
        if kept is None or kept[0] != point:
            digits = self.layout.digits(point)
            kept = self._built["values"] = (point, digits, {**self.layout.fixed, **self.layout.varied(digits)})
        values: dict[str, Any] = kept[2]
        return values

    def _part(self, part: str, point: int, build: Callable[[dict[str, Any]], T]) -> T:
        """`build(values)`, once for all points that agree in the dimensions which decide this part."""
        values = self._values(point)
        digits = self._built["values"][1]
        explicit = digits[:1] == (-1,)
        key = (part, digits if explicit else tuple([digits[d] for d in self._decisive(part)]))
        if key not in self._built:
            self._built[key] = build(values)
        built: T = self._built[key]
        return built

    def _decisive(self, part: str) -> list[int]:
        """The dimensions that decide a part of the scenario."""
        if part not in self._built:
            home = self.layout.home
            self._built[part] = sorted({home[name] for name in home if name.partition(".")[0] in PARTS[part]})
        dimensions: list[int] = self._built[part]
        return dimensions

    def _flat(self, part: str, section: str, value: dict[str, Any]) -> dict[str, Any]:
        """A mix or NIC of the document with what the point says otherwise."""
        own = {name.partition(".")[2]: given for name, given in value.items() if name.startswith(f"{part}.")}
        flat: dict[str, Any] = {**self.document[section][value[part]], **own}
        return flat

    def _traffic(self, value: dict[str, Any]) -> Traffic:
        mix = self._flat("traffic", "traffic", value)
        stall = None if mix["reader.stall"] == "none" else mix["reader.stall"]
        reader = Reader(
            same_cpu=mix["reader.cpu"] == "same",
            wakeup_ps=distribution(mix["reader.wakeup"]),
            read_ps=mix["reader.rate"],
            call_ps=mix["reader.call"],
            batch_packets=mix["reader.batch"],
            stall_every_ps=stall and distribution(stall["every"]),
            stall_for_ps=stall and distribution(stall["for"]),
            rcvbuf_bytes=mix["reader.rcvbuf"],
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

    def _nic(self, value: dict[str, Any]) -> Nic:
        nic = self._flat("nic", "nics", value)
        return Nic(
            name=value["nic"],
            link_ps_per_byte=nic["link"],
            tx_ring=nic["tx_ring"],
            napi_budget=nic["napi_budget"],
            coalesce_ps=nic["coalesce.usecs"],
            coalesce_frames=nic["coalesce.frames"],
            tx_coalesce_ps=nic["tx_coalesce.usecs"],
            tx_coalesce_frames=nic["tx_coalesce.frames"],
            refill_batch=nic["refill_batch"],
            copybreak_bytes=nic["copybreak"],
            pcie_packet_ps=nic["pcie_rate"],
            rx_buffer_bytes=nic["rx_buffer"],
        )

    def _host(self, value: dict[str, Any]) -> tuple[tuple[tuple[str, int], ...], tuple[tuple[str, int], ...]]:
        """Its costs and its hardware."""
        own = {name.removeprefix("host."): given for name, given in value.items() if name.startswith("host.")}
        numbers = {**self.document["hosts"][value["host"]]["values"], **own}
        return tuple((name, numbers[name]) for name in _COSTS), tuple((name, numbers[name]) for name in _HARDWARE)

    def _knobs(self, value: dict[str, Any]) -> tuple[tuple[str, int], ...]:
        nic = self._flat("nic", "nics", value)
        given = {"ring": value["ring"], **{f"nic.{name}": number for name, number in nic.items()}}
        known = np.ones(1, np.bool_)

        def column(name: str) -> Column | None:
            return Column(np.array([float(given[name])]), known) if name in given else None

        knobs = []
        for knob in sorted(strategy(value["strategy"]).KNOBS):
            chosen = value.get(f"strategy.{knob.name}", knob.default)
            try:
                formula = isinstance(chosen, str)
                number = float(Expression(chosen).numbers(column, 1).values[0]) if formula else float(chosen)
            except ExpressionError as error:
                raise DocumentError(f'strategy.{knob.name} "{chosen}" {error}.', name=f"strategy.{knob.name}") from None
            if not number.is_integer() or not knob.low <= number <= knob.high:
                at = f" is {number:,.12g} at ring {value['ring']:,}" if formula else " is out of bounds"
                raise DocumentError(
                    f'strategy.{knob.name} "{chosen}"{at}; {value["strategy"]} takes {knob.low:,} to {knob.high:,}.',
                    name=f"strategy.{knob.name}",
                )
            knobs.append((knob.name, int(number)))
        return tuple(knobs)


def from_document(document: dict[str, Any]) -> Sweep:
    """The sweep that `document` was taken from; touches no file.  Errors: ConfigError."""
    if document.get("format") != FORMAT:
        raise ConfigError(f'the plan has the document format "{document.get("format")}"; this version reads {FORMAT}.')
    dimensions = [
        Dimension(tuple(dimension["names"]), tuple(map(tuple, dimension["entries"]))) for dimension in document["grid"]
    ]
    layout = Layout(dimensions, document["points"], document["fixed"], knobs_of)
    constrain(layout, document)
    table = parameters()
    axes = tuple(
        Axis(name, tuple(table[name].shown(entry[k]) for entry in dimension.entries))
        for dimension in dimensions
        for k, name in enumerate(dimension.names)
    )
    values, codes = layout.codes("strategy")
    return Sweep(
        document=document,
        name=document["name"],
        replicates=document["replicates"],
        seed=document["seed"],
        baseline=document["baseline"],
        axes=axes,
        strategies=tuple(name for name in NAMES if name in {values[code] for code in np.unique(codes)}),
        layout=layout,
    )


def constrain(layout: Layout, document: dict[str, Any]) -> None:
    """Keep the points that meet every constraint of the document.  Errors: DocumentError with its number."""
    columns = ColumnSource(layout, document)
    masks = []
    for index, text in enumerate(document["where"]):
        try:
            masks.append(Expression(text).keeps(columns, len(layout)))
        except ExpressionError as error:
            hint = next(filter(None, (did_you_mean(word, parameters()) for word in error.words)), "")
            message = f'where "{" ".join(text.split())}" {error}{"" if str(error).endswith("?") else "."}{hint}'
            raise DocumentError(message, index=index, known=error.known) from None
    if masks:
        layout.keep(np.logical_and.reduce(masks))
