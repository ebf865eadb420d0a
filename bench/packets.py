# SPDX-License-Identifier: MIT
"""The packets of a scenario as whole arrays: the same draws and tables as the engine, a NumPy call per step.

The comparison versions take their packets from here, so that all versions meet the same ones and the
comparison is about the simulation, not about Python drawing random numbers one by one.

Source: docs/model.md sections 2 and 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sweep.fields.histogram import BUCKETS
from sweep.model.lane.prepare import Tables, build_tables, distributions, prepare
from sweep.model.randomness.quantiles import FRACTION, HIGH_1, HIGH_2, LOW_1, LOW_2, STEPS
from sweep.model.randomness.rng import draw
from sweep.model.scenario import Scenario
from sweep.model.traffic.arrivals import BURST_SHIFT, DROP, FORWARD, LOCAL, WIRE_OVERHEAD_BYTES

Ints = npt.NDArray[np.int64]


class Packets(NamedTuple):
    """Packets of one scenario, in the order of their arrival."""

    time_ps: Ints  # (N,) when it is whole in memory
    bytes: Ints  # (N,) frame size
    fate: Ints  # (N,) LOCAL, FORWARD or DROP


def bits(u: npt.NDArray[np.uint64], shift: int, mask: int) -> Ints:
    """`u >> shift & mask`, as integers to index with."""
    return (u >> np.uint64(shift) & np.uint64(mask)).astype(np.int64)


def samples(table: Ints, u: npt.NDArray[np.uint64]) -> Ints:
    """The quantiles of one table at probabilities u / 2^64."""
    first, second, third = bits(u, 56, 0xFF), bits(u, 48, 0xFF), bits(u, 40, 0xFF)
    low, high = first == 0, first == STEPS - 1
    low_2, high_2 = low & (second == 0), high & (second == STEPS - 1)
    entry = np.select(
        [low_2, high_2, low, high], [LOW_2 + third, HIGH_2 + third, LOW_1 + second, HIGH_1 + second], first
    )
    shift = np.select([low_2 | high_2, low | high], [np.uint64(20), np.uint64(28)], np.uint64(36))
    part = (u >> shift & FRACTION).astype(np.int64)
    return table[entry] + ((table[entry + 1] - table[entry]) * part >> 20)


def gaps(params: np.record, tables: Ints) -> Ints:
    """Wanted start of each packet after that of the one before it, ps."""
    i = np.arange(params.packets)
    drawn = samples(tables[params.gap_table], draw(params.key_gap, i))
    if params.burst_table < 0:
        return drawn
    lengths = samples(tables[params.burst_table], draw(params.key_burst, i)) + (1 << (BURST_SHIFT - 1))
    lengths = np.maximum(lengths >> BURST_SHIFT, 1)
    gap = np.full(params.packets, params.burst_gap_ps)
    first = 0
    while first < params.packets:  # a burst's length is drawn with the number of its first packet
        gap[first] = drawn[first]
        first += lengths[first]
    return gap


def packets(params: np.record, tables: Ints, size_cut: Ints, size_bytes: Ints) -> Packets:
    """All packets of one lane of `batch.prepare`."""
    u = draw(params.key_packet, np.arange(params.packets))
    size_class = np.searchsorted(size_cut[: params.size_classes - 1], bits(u, 32, 0xFFFFFFFF), side="right")
    size = size_bytes[size_class]
    fate_draw = bits(u, 0, 0xFFFFFFFF)
    fate = np.select([fate_draw < params.local_cut, fate_draw < params.forward_cut], [LOCAL, FORWARD], DROP)
    wire = (size + WIRE_OVERHEAD_BYTES) * params.link_ps_per_byte
    start, on_wire = np.cumsum(gaps(params, tables)), np.cumsum(wire)
    # Packet i ends at max(start i, end i-1) + wire i: the largest, over j <= i, of start j + wires j..i.
    return Packets(np.maximum.accumulate(start - (on_wire - wire)) + on_wire, size, fate)


def buckets(values: Ints) -> Ints:
    """`histogram.bucket` of many values."""
    exponent = np.maximum(np.frexp(values)[1] - 4, 0)  # of the highest of four leading bits
    log = (exponent + 1) * 8 + (values >> exponent & 7)
    return np.where(values < 8, values, np.where(values >= 1 << 34, BUCKETS - 1, log))


class Lane(NamedTuple):
    """One simulation's inputs."""

    params: np.record  # what the engine's kernel gets: a record of batch.param_fields(strategy)
    packets: Packets
    wakeup_ps: Ints  # (N,) wake-up delay of the reader, were packet i to wake it


def lanes_of(scenarios: Sequence[Scenario], tables: Tables) -> list[Lane]:
    """Inputs of scenarios of one strategy, from the parameters and tables that the engine gets."""
    inputs = prepare(scenarios[0].strategy, scenarios, tables)
    return [
        Lane(
            params,
            packets(params, inputs.tables, size_cut, size_bytes),
            samples(inputs.tables[params.wakeup_table], draw(params.key_wakeup, np.arange(params.packets))),
        )
        for params, size_cut, size_bytes in zip(inputs.params, inputs.size_cut, inputs.size_bytes, strict=True)
    ]


def tables_of(scenarios: Sequence[Scenario]) -> Tables:
    """The quantile tables of scenarios; what a plan carries to its workers."""
    return build_tables(distribution for scenario in scenarios for distribution in distributions(scenario))
