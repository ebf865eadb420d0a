# SPDX-License-Identifier: MIT
"""A scenario as columns: every parameter that decides its counters, flattened.

A parameter is read from one or two fields of the scenario.  A million rows have few distinct values of each, so a
parameter is computed once for each of those and assigned to the rows by code.

Which part of a scenario (strategy, traffic, host, NIC) a parameter belongs to follows from the field that it is read
from, and is stored with the column: reports tell a strategy's own knobs from shared parameters by that alone.

A column has the name that the parameter has in a sweep file, `host.dma_sync`, and the unit that is usual for it; what
is random is text in the words of a sweep file, `lognormal(median=20 us, p99=200 us)`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sweep import as_written
from sweep.fields.column import Column
from sweep.fields.field import Knob, Role
from sweep.fields.host import COSTS, HARDWARE
from sweep.fields.kernel import KERNEL, OFF, ON
from sweep.fields.nic import NIC
from sweep.fields.parameter import LAW, PACKETS, RATE_LIMIT, WORD, by_key
from sweep.fields.parameter import Parameter as Declared
from sweep.fields.scenario import SCENARIO
from sweep.fields.traffic import (
    ARRIVALS,
    FATES,
    FLOWS,
    FORWARD_PATH,
    READER,
    READER_CPU,
    SIZES,
    STALL_EVERY,
    STALL_FOR,
    WAKEUP,
)
from sweep.grid import Coded, Codes, combined
from sweep.model import strategies
from sweep.model.randomness import streams
from sweep.model.scenario import Arrivals, Distribution, Scenario

_TEXTS = (WORD, LAW)
_PART_OF_FIELD = {
    "rules": "kernel",
    "knobs": "strategy",
    "traffic": "traffic",
    "nic": "nic",
    "costs_ps": "host",
    "hardware": "host",
}
_NULLABLE = (RATE_LIMIT, LAW)


class ParameterColumn(NamedTuple):
    """One parameter column and where in a scenario its value is."""

    column: Column
    fields: tuple[str, ...]  # of the scenario
    value: Callable[..., int | float | str | None]  # of those fields


def _parameter(column: Column, fields: str, value: Callable[..., Any]) -> ParameterColumn:
    """A parameter column; `fields`: names of the scenario's fields it is read from, separated by blanks."""
    sources = tuple(fields.split())
    part = next((_PART_OF_FIELD[field] for field in sources if field in _PART_OF_FIELD), "")
    return ParameterColumn(column._replace(of=part), sources, value)


def _declared(parameter: Declared, value: Callable[..., Any] | None = None) -> ParameterColumn:
    """The column of a parameter as it was declared; `value` of the scenario's field where it is not just read."""
    field, _, way = parameter.path.partition(".")
    if parameter.part == "host":
        field = "costs_ps" if parameter in COSTS else "hardware"
        value = value or (lambda numbers: dict(numbers)[parameter.key])
    found = value or (attrgetter(way) if way else lambda own: own)
    if parameter.kind in _TEXTS:
        return _parameter(declared_column(parameter), field, found)
    return _parameter(declared_column(parameter), field, lambda own: parameter.kind.column_value(found(own)))


def declared_column(parameter: Declared, nullable: bool = False) -> Column:
    """The column of a parameter, with the name and the unit that a sweep file has."""
    numbers = pa.float64() if parameter.kind.column_unit else pa.int64()
    return Column(
        parameter.name,
        pa.string() if parameter.kind in _TEXTS else numbers,
        parameter.column_unit,
        parameter.meaning,
        Role.PARAMETER,
        nullable=nullable or parameter.kind in _NULLABLE,
        decides=parameter.decides,
    )


def _packet_stream() -> ParameterColumn:
    meaning = "digest of what decides the packets: rows equal in it, in seed and in replicate met the same packets"
    column = Column("packet_stream", pa.string(), "1", meaning, "id", "", False)
    return ParameterColumn(
        column, ("traffic", "load_ppm"), lambda *decided_by: streams.digest(streams.packets(*decided_by))
    )


def _law(law: Distribution | None) -> str | None:
    """A distribution of times as text; None stays None."""
    return None if law is None else as_written.law_of_times(law.kind, law.values)


def arrivals_text(arrivals: Arrivals) -> str:
    """An arrival process as the table has it: "poisson", "on_off(burst=8, peak=1)"."""
    settings = (
        (name, (value.kind, value.values) if isinstance(value, Distribution) else value)
        for name, value in arrivals.settings
    )
    return as_written.arrivals(arrivals.kind, settings)


def _knob(knob: Knob) -> ParameterColumn:
    users = [
        name for name in strategies.names() if any(other.name == knob.name for other in strategies.strategy(name).KNOBS)
    ]
    meaning = f"{knob.meaning} (only {', '.join(users)})"
    column = Column(f"strategy.{knob.name}", pa.int64(), knob.unit, meaning, Role.PARAMETER)
    return _parameter(column, "knobs", lambda knobs: dict(knobs).get(knob.name))


def _rule(declared: Declared) -> ParameterColumn:
    """The column of a rule of the kernel: whether it is in force."""
    rule = declared.key
    return _parameter(declared_column(declared), "rules", lambda rules: ON if rule in rules else OFF)


def _truesize(strategy: str, knobs: Iterable[tuple[str, int]]) -> int:
    return int(strategies.strategy(strategy).truesize_bytes(dict(knobs)))


@strategies.cached
def parameters() -> tuple[ParameterColumn, ...]:
    """The parameter columns that are read from a scenario, in their order."""
    knobs = {knob.name: knob for name in strategies.names() for knob in strategies.strategy(name).KNOBS}
    own = by_key(SCENARIO)
    local, forward, drop = FATES
    return (
        _declared(own["strategy"]),
        _declared(own["traffic"], lambda traffic: traffic.name),
        _declared(own["host"]),
        _declared(own["nic"], lambda nic: nic.name),
        *(_declared(own[name]) for name in ("kernel", "ring", "queues", "iommu")),
        *map(_rule, KERNEL),
        _declared(own["load"]),
        *map(_knob, knobs.values()),
        _parameter(TRUESIZE, "strategy knobs", _truesize),
        _declared(own["packets"]),
        _declared(own["warmup"]),
        _parameter(SEED, "seed", int),
        _parameter(REPLICATE, "replicate", int),
        _packet_stream(),
        _declared(own["memory_pages"]),
        *map(_declared, NIC),
        _declared(FLOWS),
        _declared(ARRIVALS, lambda mix: arrivals_text(mix.arrivals)),
        _declared(SIZES, lambda mix: as_written.sizes(mix.sizes)),
        _declared(local, lambda mix: mix.local_ppm),
        _declared(forward, lambda mix: mix.forward_ppm),
        _declared(drop, lambda mix: mix.drop_ppm),
        _declared(FORWARD_PATH),
        _declared(READER_CPU, lambda mix: "same" if mix.reader.same_cpu else "other"),
        _declared(WAKEUP, lambda mix: _law(mix.reader.wakeup_ps)),
        *map(_declared, READER),
        _declared(STALL_EVERY, lambda mix: _law(mix.reader.stall_every_ps)),
        _declared(STALL_FOR, lambda mix: _law(mix.reader.stall_for_ps)),
        *map(_declared, (*COSTS, *HARDWARE)),
    )


TRUESIZE = Column(
    "truesize_bytes", pa.int64(), "bytes", "memory of one receive buffer, the sk_buff aside", Role.PARAMETER
)
SEED = Column("seed", pa.int64(), "1", "seed of all random streams", Role.PARAMETER, nullable=False, decides=PACKETS)
REPLICATE = Column(
    "replicate", pa.int64(), "1", "replicate: see packet_stream", Role.PARAMETER, nullable=False, decides=PACKETS
)
LABEL = declared_column(by_key(SCENARIO)["label"], nullable=True)._replace(of="strategy")
DURATION = declared_column(by_key(SCENARIO)["duration"], nullable=True)
WARMUP = DURATION._replace(name="warmup_ns", meaning="length of the warm-up, where the sweep file says it as a time")
FROM_SWEEP_FILE = {
    LABEL: "strategy",
    DURATION: TRUESIZE.name,
    WARMUP: DURATION.name,
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
