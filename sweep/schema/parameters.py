# SPDX-License-Identifier: MIT
"""A scenario as columns: every parameter that decides its counters, flattened.

A parameter is read from one or two fields of the scenario.  A million rows have few distinct values of each, so a
parameter is computed once for each of those and assigned to the rows by code.

Which part of a scenario (strategy, traffic, host, NIC) a parameter belongs to follows from the field that it is read
from, and is stored with the column: reports tell a strategy's own knobs from shared parameters by that alone.

A NIC is split only into its own numbers; distributions are canonical text, `lognormal(20000000, 200000000)`, with
the values in the order and unit of `sweep.model.scenario.Distribution`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sweep.fields.column import Column
from sweep.fields.field import Knob
from sweep.fields.host import COSTS, HARDWARE
from sweep.fields.kernel import KERNEL, OFF, ON
from sweep.fields.nic import NIC
from sweep.fields.parameter import PACKETS, WORD, by_key
from sweep.fields.parameter import Parameter as Declared
from sweep.fields.scenario import SCENARIO
from sweep.fields.traffic import FLOWS, READER
from sweep.grid import Coded, Codes, combined
from sweep.model import strategies
from sweep.model.randomness import streams
from sweep.model.scenario import Arrivals, Distribution, Scenario, Traffic
from sweep.model.traffic.processes import process
from sweep.model.traffic.processes.protocol import UNITS

_TYPES = {"int": pa.int64(), "float": pa.float64(), "string": pa.string()}
_PART_OF_FIELD = {
    "rules": "kernel",
    "knobs": "strategy",
    "traffic": "traffic",
    "nic": "nic",
    "costs_ps": "host",
    "hardware": "host",
}


class ParameterColumn(NamedTuple):
    """One parameter column and where in a scenario its value is."""

    column: Column
    fields: tuple[str, ...]  # of the scenario
    value: Callable[..., int | float | str | None]  # of those fields


def _parameter(
    name: str,
    kind: str,
    unit: str,
    meaning: str,
    fields: str,
    value: Callable[..., Any],
    nullable: bool = True,
    decides: str = "",
) -> ParameterColumn:
    """A parameter column; `fields`: names of the scenario's fields it is read from, separated by blanks."""
    sources = tuple(fields.split())
    part = next((_PART_OF_FIELD[field] for field in sources if field in _PART_OF_FIELD), "")
    return ParameterColumn(
        Column(name, _TYPES[kind], unit, meaning, "parameter", "", nullable, part, decides), sources, value
    )


def _declared(parameter: Declared, value: Callable[..., Any] | None = None, nullable: bool = False) -> ParameterColumn:
    """The column of a parameter as it was declared; `value` of the scenario's field where it is not just read."""
    field, _, way = parameter.path.partition(".")
    if parameter.part == "host":
        field = "costs_ps" if parameter in COSTS else "hardware"
        value = value or (lambda numbers: dict(numbers)[parameter.key])
    found = value or (attrgetter(way) if way else lambda own: own)
    kind, unit = ("string", "1") if parameter.kind is WORD else ("int", parameter.model_unit)
    return _parameter(parameter.published, kind, unit, parameter.meaning, field, found, nullable, parameter.decides)


def _traffic(
    name: str,
    kind: str,
    unit: str,
    meaning: str,
    value: Callable[[Traffic], Any] | None = None,
    decides: str = "",
) -> ParameterColumn:
    """A parameter of the traffic mix; nullable if it is computed by `value`, not if it is a plain attribute."""
    return _parameter(name, kind, unit, meaning, "traffic", value or attrgetter(name), value is not None, decides)


def _packet_stream() -> ParameterColumn:
    meaning = "digest of what decides the packets: rows equal in it, in seed and in replicate met the same packets"
    column = Column("packet_stream", pa.string(), "1", meaning, "id", "", False)
    return ParameterColumn(
        column, ("traffic", "load_ppm"), lambda *decided_by: streams.digest(streams.packets(*decided_by))
    )


def text(distribution: Distribution | None) -> str | None:
    """A distribution as canonical text; None stays None."""
    if distribution is None:
        return None
    return f"{distribution.kind}({', '.join(map(str, distribution.values))})"


def arrivals_text(arrivals: Arrivals) -> str:
    """An arrival process as the table has it: "poisson", "on_off(burst constant(8), peak 1000000 ppm)"."""
    if not arrivals.settings:
        return arrivals.kind
    units = {setting.name: UNITS[setting.kind] for setting in process(arrivals.kind).SETTINGS}
    said = [
        f"{name} {text(value) if isinstance(value, Distribution) else f'{value} {units[name]}'}"
        for name, value in arrivals.settings
    ]
    return f"{arrivals.kind}({', '.join(said)})"


def _knob(knob: Knob) -> ParameterColumn:
    users = [
        name for name in strategies.names() if any(other.name == knob.name for other in strategies.strategy(name).KNOBS)
    ]
    meaning = f"{knob.meaning} (only {', '.join(users)})"
    return _parameter(knob.name, "int", knob.unit, meaning, "knobs", lambda knobs: dict(knobs).get(knob.name))


def _rule(declared: Declared) -> ParameterColumn:
    """The column of a rule of the kernel: whether it is in force."""
    rule = declared.key
    return _parameter(
        declared.published, "string", "1", declared.meaning, "rules", lambda rules: ON if rule in rules else OFF, False
    )


def _truesize(strategy: str, knobs: Iterable[tuple[str, int]]) -> int:
    return int(strategies.strategy(strategy).truesize_bytes(dict(knobs)))


@strategies.cached
def parameters() -> tuple[ParameterColumn, ...]:
    """The parameter columns that are read from a scenario, in their order."""
    knobs = {knob.name: knob for name in strategies.names() for knob in strategies.strategy(name).KNOBS}
    own = by_key(SCENARIO)
    return (
        _declared(own["strategy"]),
        _declared(own["traffic"], lambda traffic: traffic.name),
        _declared(own["host"]),
        _declared(own["nic"], lambda nic: nic.name),
        *(_declared(own[name]) for name in ("kernel", "ring", "queues", "iommu")),
        *map(_rule, KERNEL),
        _parameter(
            "load", "float", "1", own["load"].meaning, "load_ppm", lambda ppm: ppm / 1e6, decides=own["load"].decides
        ),
        *map(_knob, knobs.values()),
        _parameter(
            "truesize_bytes",
            "int",
            "bytes",
            "memory of one receive buffer, the sk_buff aside",
            "strategy knobs",
            _truesize,
        ),
        _declared(own["packets"]),
        _declared(own["warmup"]),
        _parameter("seed", "int", "1", "seed of all random streams", "seed", int, False, PACKETS),
        _parameter("replicate", "int", "1", "replicate: see packet_stream", "replicate", int, False, PACKETS),
        _packet_stream(),
        _declared(own["load"]._replace(meaning="load, as the simulation has it")),
        _declared(own["memory_pages"]),
        *map(_declared, NIC),
        _declared(FLOWS),
        _traffic("arrivals", "string", "1", "arrival process", lambda mix: arrivals_text(mix.arrivals), PACKETS),
        _traffic(
            "sizes",
            "string",
            "bytes",
            "frame sizes with FCS x weight",
            lambda traffic: " ".join(f"{size}x{weight}" for size, weight in traffic.sizes),
            PACKETS,
        ),
        _traffic("local_ppm", "int", "ppm", "share of packets for a socket of this host", decides=PACKETS),
        _traffic("forward_ppm", "int", "ppm", "share of packets that are forwarded", decides=PACKETS),
        _traffic("drop_ppm", "int", "ppm", "share of packets that are dropped on purpose", decides=PACKETS),
        _traffic("forward_path", "string", "1", "who forwards: kernel or xdp"),
        _traffic(
            "reader_cpu",
            "string",
            "1",
            "CPU of the reader: the queue's (same) or another (other)",
            lambda traffic: "same" if traffic.reader.same_cpu else "other",
        ),
        _traffic("wakeup", "string", "ps", "wake-up delay of the reader", lambda mix: text(mix.reader.wakeup_ps)),
        *map(_declared, READER),
        _traffic("stall_every", "string", "ps", "between stalls", lambda mix: text(mix.reader.stall_every_ps)),
        _traffic("stall_for", "string", "ps", "length of a stall", lambda mix: text(mix.reader.stall_for_ps)),
        *map(_declared, (*COSTS, *HARDWARE)),
    )


LABEL = Column(
    "label", pa.string(), "1", "name of the variant of a strategy, from the sweep file", "parameter", of="strategy"
)
DURATION = Column(
    "duration_ps", pa.int64(), "ps", "length of the measured window, where the sweep file says it", "parameter"
)
WARMUP = Column("warmup_ps", pa.int64(), "ps", "length of the warm-up, where the sweep file says it", "parameter")
FROM_SWEEP_FILE = {
    LABEL: "strategy",
    DURATION: "truesize_bytes",
    WARMUP: "duration_ps",
}  # column -> name of the one before it


def columns() -> list[Column]:
    """All parameter columns: those that decide the counters, and those that only the sweep file gives."""
    parameter_columns = [parameter.column for parameter in parameters()]
    for column, previous in FROM_SWEEP_FILE.items():
        parameter_columns.insert(1 + [column_there.name for column_there in parameter_columns].index(previous), column)
    return parameter_columns


class ParameterRows:
    """Makes parameter columns for simulations of a sweep; each distinct value is computed once, on construction."""

    def __init__(self, scenarios: Mapping[str, Coded[Any]], said: Mapping[str, Coded[Any]]) -> None:
        """scenarios: field of a scenario, but `replicate` -> column over the points; `said`: the columns of SAID."""
        grouped: dict[tuple[str, ...], list[ParameterColumn]] = {}
        for parameter in parameters():
            if parameter.fields != ("replicate",):
                grouped.setdefault(parameter.fields, []).append(parameter)
        self._groups: list[tuple[Codes, dict[str, pa.Array]]] = [
            (said[column.name].codes, {column.name: pa.array(said[column.name].values, column.type)})
            for column in FROM_SWEEP_FILE
        ]
        rows = len(said[LABEL.name])
        for fields, members in grouped.items():
            combinations = combined([scenarios[field] for field in fields], rows)
            values = {
                column.name: pa.array([value(*field_values) for field_values in combinations.values], column.type)
                for column, _, value in members
            }
            self._groups.append((combinations.codes, values))

    def of(self, points: NDArray[np.int64], replicates: NDArray[np.int64]) -> dict[str, pa.Array]:
        """All parameter columns, with a row for each of the simulations (`points[i]`, `replicates[i]`)."""
        arrays_by_name: dict[str, pa.Array] = {"replicate": pa.array(replicates)}
        for codes, columns in self._groups:
            row_codes = pa.array(codes[points])
            arrays_by_name |= {name: values.take(row_codes) for name, values in columns.items()}
        return arrays_by_name


def arrays(scenarios: Sequence[Scenario], labels: Iterable[str | None]) -> dict[str, pa.Array]:
    """Parameter columns of `scenarios`, one row each, which come from no sweep file and have only labels besides."""
    fields = {field for parameter in parameters() for field in parameter.fields}
    columns = {field: Coded.of(getattr(scenario, field) for scenario in scenarios) for field in fields}
    nothing: Coded[None] = Coded.constant(None, len(scenarios))
    rows = ParameterRows(columns, {LABEL.name: Coded.of(labels), DURATION.name: nothing, WARMUP.name: nothing})
    return rows.of(np.arange(len(scenarios)), np.array([scenario.replicate for scenario in scenarios], np.int64))
