# SPDX-License-Identifier: MIT
"""A scenario as columns: every parameter that decides its counters, flattened.

A parameter is read from one part of the scenario (itself, its traffic, its NIC, its host costs).  Points share
those parts, so each distinct one is read once and spread over the rows that use it.

A NIC is split only into its own numbers; distributions are canonical text, `lognormal(20000000, 200000000)`, with
the values in the order and unit of `sweep.model.scenario.Distribution`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from sweep.model import strategies
from sweep.model.fields import Knob
from sweep.model.host import COSTS, HARDWARE
from sweep.model.params import PARAMS
from sweep.model.scenario import Arrivals, Distribution, Scenario

from .fields import Column

_KERNEL_PARAMS = {field.name: field for field in PARAMS}
_TYPES = {"int": pa.int64(), "float": pa.float64(), "string": pa.string()}


class Parameter(NamedTuple):
    """One parameter column and where in a scenario its value is."""

    column: Column
    part: str  # "" (the scenario itself), "traffic", "nic", "costs_ps" or "hardware"
    value: Callable[[Any], int | float | str | None]  # of that part


def _own(name: str, kind: str, unit: str, meaning: str, value: Callable[[Any], Any] | None = None) -> Parameter:
    return _parameter("", name, kind, unit, meaning, value)


def _parameter(
    part: str, name: str, kind: str, unit: str, meaning: str, value: Callable[[Any], Any] | None = None
) -> Parameter:
    nullable = value is not None  # a plain attribute is always there
    column = Column(name, _TYPES[kind], unit, meaning, "parameter", "", nullable)
    return Parameter(column, part, value or (lambda of: getattr(of, name)))


def _nic(name: str) -> Parameter:
    field = _KERNEL_PARAMS[name]
    return _parameter("nic", name, "int", field.unit, field.meaning)


def _traffic(name: str, kind: str, unit: str, meaning: str, value: Callable[[Any], Any] | None = None) -> Parameter:
    return _parameter("traffic", name, kind, unit, meaning, value)


def _reader(name: str) -> Parameter:
    field = _KERNEL_PARAMS[name]
    return _traffic(name, "int", field.unit, field.meaning, lambda traffic: getattr(traffic.reader, name))


def text(distribution: Distribution | None) -> str | None:
    """A distribution as canonical text; None stays None."""
    if distribution is None:
        return None
    return f"{distribution.kind}({', '.join(map(str, distribution.values))})"


def _arrivals(arrivals: Arrivals) -> str:
    if arrivals.kind != "on_off":
        return arrivals.kind
    return f"on_off(burst {text(arrivals.burst_packets)}, peak {arrivals.peak_ppm} ppm)"


def _knob(knob: Knob) -> Parameter:
    users = [name for name in strategies.NAMES if any(own.name == knob.name for own in strategies.strategy(name).KNOBS)]
    meaning = f"{knob.meaning} (only {', '.join(users)})"
    return _own(knob.name, "int", knob.unit, meaning, lambda scenario: dict(scenario.knobs).get(knob.name))


def _truesize(scenario: Scenario) -> int:
    return int(strategies.strategy(scenario.strategy).truesize_bytes(dict(scenario.knobs)))


def _cost(name: str, unit: str, meaning: str) -> Parameter:
    return _parameter("costs_ps", f"cost_{name}", "int", unit, f"host profile: {meaning}", lambda costs: costs[name])


def _hardware(name: str, unit: str, meaning: str) -> Parameter:
    return _parameter("hardware", f"host_{name}", "int", unit, f"host profile: {meaning}", lambda sizes: sizes[name])


@cache
def parameters() -> tuple[Parameter, ...]:
    """All parameter columns but `label`, in their order."""
    knobs = {knob.name: knob for name in strategies.NAMES for knob in strategies.strategy(name).KNOBS}
    return (
        _own("strategy", "string", "1", "page recycling strategy"),
        _traffic("traffic", "string", "1", "traffic mix", lambda traffic: traffic.name),
        _own("host", "string", "1", "host profile: what each operation costs"),
        _parameter("nic", "nic", "string", "1", "NIC", lambda nic: nic.name),
        _own("kernel", "string", "1", "kernel era: which rules of the kernel hold"),
        _own("ring", "int", "descriptors", "RX ring size"),
        _own("queues", "int", "1", "identical queues that share the host and the load, this one included"),
        _own("iommu", "string", "1", "IOMMU: off, lazy or strict"),
        _own("load", "float", "1", "share of the link's packet rate with this mix", lambda own: own.load_ppm / 1e6),
        *map(_knob, knobs.values()),
        _own("truesize_bytes", "int", "bytes", "memory of one receive buffer, the sk_buff aside", _truesize),
        _own("packets", "int", "packets", "packets offered in all, warm-up included"),
        _own("warmup", "int", "packets", "packets before the measured window"),
        _own("seed", "int", "1", "seed of all random streams"),
        _own("replicate", "int", "1", "replicate: equal numbers meet the same packets"),
        _own("load_ppm", "int", "ppm", "load, as the simulation has it"),
        _own("memory_pages", "int", "pages", "pages that the zone can give to this queue; 0: no limit"),
        *map(_nic, ("tx_ring", "napi_budget", "coalesce_ps", "coalesce_frames", "tx_coalesce_ps")),
        *map(_nic, ("tx_coalesce_frames", "refill_batch", "copybreak_bytes", "link_ps_per_byte")),
        *map(_nic, ("pcie_packet_ps", "rx_buffer_bytes")),
        _traffic("flows", "int", "1", "TCP flows per queue that are acknowledged; 0: none"),
        _traffic("arrivals", "string", "1", "arrival process", lambda traffic: _arrivals(traffic.arrivals)),
        _traffic(
            "sizes",
            "string",
            "bytes",
            "frame sizes with FCS x weight",
            lambda traffic: " ".join(f"{size}x{weight}" for size, weight in traffic.sizes),
        ),
        _traffic("local_ppm", "int", "ppm", "share of packets for a socket of this host"),
        _traffic("forward_ppm", "int", "ppm", "share of packets that are forwarded"),
        _traffic("drop_ppm", "int", "ppm", "share of packets that are dropped on purpose"),
        _traffic("forward_path", "string", "1", "who forwards: kernel or xdp"),
        _traffic(
            "reader_cpu",
            "string",
            "1",
            "CPU of the reader: the queue's (same) or another (other)",
            lambda traffic: "same" if traffic.reader.same_cpu else "other",
        ),
        _traffic("wakeup", "string", "ps", "wake-up delay of the reader", lambda mix: text(mix.reader.wakeup_ps)),
        *map(_reader, ("read_ps", "call_ps", "batch_packets", "rcvbuf_bytes")),
        _traffic("stall_every", "string", "ps", "between stalls", lambda mix: text(mix.reader.stall_every_ps)),
        _traffic("stall_for", "string", "ps", "length of a stall", lambda mix: text(mix.reader.stall_for_ps)),
        *(_cost(field.name, field.unit, field.meaning) for field in COSTS),
        *(_hardware(field.name, field.unit, field.meaning) for field in HARDWARE),
    )


LABEL = Column("label", pa.string(), "1", "name of the variant of a strategy, from the sweep file", "parameter")


def columns() -> list[Column]:
    """The parameter columns, `label` after `strategy`."""
    first, *rest = (parameter.column for parameter in parameters())
    return [first, LABEL, *rest]


def arrays(scenarios: Sequence[Scenario], labels: Iterable[str | None]) -> dict[str, pa.Array]:
    """Parameter columns of `scenarios`, one row each, and the label column."""
    costs, has_costs = _distinct([scenario.costs_ps for scenario in scenarios])
    hardware, has_hardware = _distinct([scenario.hardware for scenario in scenarios])
    parts: dict[str, tuple[Sequence[Any], pa.Array | None]] = {
        "": (scenarios, None),
        "traffic": _distinct([scenario.traffic for scenario in scenarios]),
        "nic": _distinct([scenario.nic for scenario in scenarios]),
        "costs_ps": ([dict(each) for each in costs], has_costs),
        "hardware": ([dict(each) for each in hardware], has_hardware),
    }
    found: dict[str, pa.Array] = {LABEL.name: pa.array(labels, LABEL.type)}
    for column, part, value in parameters():
        objects, where = parts[part]
        values = pa.array([value(each) for each in objects], column.type)
        found[column.name] = values if where is None else values.take(where)
    return found


def _distinct(objects: Sequence[Any]) -> tuple[list[Any], pa.Array]:
    """The distinct objects, told apart by identity because points share them, and which one each row has."""
    kept = {id(each): each for each in objects}
    place = {key: number for number, key in enumerate(kept)}
    return list(kept.values()), pa.array(np.fromiter((place[id(each)] for each in objects), np.int64, len(objects)))
