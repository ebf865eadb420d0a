# SPDX-License-Identifier: MIT
"""Run a batch: scenarios of one strategy in, counters out.

`prepare` turns scenarios into kernel parameters with integer arithmetic only, `simulate` runs the kernel that
`bind` has made for the strategy and holds every row against its laws.  A batch of N scenarios gives the same
bits as N batches of one, in any order, compiled or as plain Python.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from . import laws, poll, quantiles
from .capacity import DEFERRED_EXTRA, Capacity, measure
from .counters import COUNTERS, STATES
from .fields import Field, record
from .histogram import BUCKETS
from .jit import bind, compiler, core_digest, jit_disabled, strategy_digest
from .kernel import ERAS
from .params import PARAMS
from .rng import stream_key
from .scenario import Distribution, Scenario, Traffic
from .sim import CPUS, RX_SLOT, SOCKET_ENTRY, STATE, TX_SLOT, Sim
from .strategies import NAMES, strategy
from .traffic.arrivals import BURST_SHIFT, WIRE_OVERHEAD_BYTES

PPM = 1_000_000
SIZE_CLASSES = 8  # most packet sizes of a mix
SK_BUFF_BYTES = 256  # SKB_DATA_ALIGN(sizeof(struct sk_buff)), x86-64
COPY_HEAD_BYTES = 512 + SK_BUFF_BYTES  # a small skb's head (kmalloc-512) beside it
NO_LIMIT_PAGES = 1 << 40
HOLES = ("alloc", "release")

Tables = Mapping[Distribution, npt.NDArray[np.int64]]


class Result(NamedTuple):
    """What a batch counted.  L: lanes, in the order of the scenarios."""

    counters: np.recarray  # (L,) record of counter_fields(strategy)
    latency: npt.NDArray[np.int64]  # (L, BUCKETS): time from wire to delivery or departure, ns
    occupancy: npt.NDArray[np.int64]  # (L, BUCKETS): packets waiting at the start of a poll
    violations: list[str]  # the laws that a row breaks, "" if none


def counter_fields(name: str) -> tuple[Field, ...]:
    """Counters of one strategy: the common ones, then its own."""
    return COUNTERS + tuple(strategy(name).COUNTERS)


def all_counter_fields() -> tuple[Field, ...]:
    """Counters of all strategies: the common ones, then each strategy's own, once."""
    own = {field.name: field for name in NAMES for field in strategy(name).COUNTERS}
    return COUNTERS + tuple(own.values())


def state_counters() -> frozenset[str]:
    """Names of counters that are a state or a peak, not a sum over the window."""
    return STATES


# --- what the kernel needs from a scenario, in integers -------------------------------------------------


def mean_frame_wire_bytes_ppm(traffic: Traffic) -> int:
    """Mean bytes that a packet of this mix occupies on the wire, in millionths of a byte."""
    weights = sum(weight for _, weight in traffic.sizes)
    wire = sum((size + WIRE_OVERHEAD_BYTES) * weight for size, weight in traffic.sizes)
    return wire * PPM // weights


def mean_gap_ps(scenario: Scenario, share_ppm: int) -> int:
    """Mean time between packets at this share of the packet rate that the link can carry, ps."""
    return mean_frame_wire_bytes_ppm(scenario.traffic) * scenario.nic.link_ps_per_byte // share_ppm


def burst_length_mean(table: npt.NDArray[np.int64]) -> float:
    """Mean burst length that the kernel draws from a burst table (its rounding and its minimum of 1)."""
    part = (np.arange(64) + 0.5) / 64
    values = table[:-1, None] + np.diff(table)[:, None] * part
    lengths = np.maximum(np.floor((values + (1 << (BURST_SHIFT - 1))) / (1 << BURST_SHIFT)), 1)
    return float(np.dot(quantiles.cell_weights()[:-1], lengths.mean(axis=1)))


def gap_distribution(scenario: Scenario) -> Distribution:
    """Gap before a burst (before each packet if bursts are of one), ps.

    Errors: ValueError if bursts at their peak rate are no faster than the load.
    """
    arrivals = scenario.traffic.arrivals
    gap_ps = mean_gap_ps(scenario, scenario.load_ppm)
    if arrivals.kind == "constant":
        return Distribution("constant", (gap_ps,))
    if arrivals.burst_packets is None:
        return Distribution("exponential", (gap_ps,))
    length = burst_length_mean(_burst_table(burst_distribution(arrivals.burst_packets)))
    gap_ps = round(length * gap_ps - (length - 1) * mean_gap_ps(scenario, arrivals.peak_ppm))
    if gap_ps <= 0 or arrivals.peak_ppm <= scenario.load_ppm:
        raise ValueError("the peak rate of the bursts is not above the load")
    return Distribution("exponential", (gap_ps,))


def burst_distribution(packets: Distribution) -> Distribution:
    """Burst length in 1/1024 packets."""
    if packets.kind == "pareto":
        return Distribution("pareto", (packets.values[0] << BURST_SHIFT, packets.values[1]))
    return Distribution(packets.kind, tuple(value << BURST_SHIFT for value in packets.values))


@cache
def _burst_table(distribution: Distribution) -> npt.NDArray[np.int64]:
    return quantiles.table(distribution)


def named_distributions(scenario: Scenario) -> dict[str, Distribution | None]:
    """Every table of a scenario by the name of its parameter; None where there is none."""
    traffic, reader = scenario.traffic, scenario.traffic.reader
    burst = traffic.arrivals.burst_packets
    return {
        "gap_table": gap_distribution(scenario),
        "burst_table": burst_distribution(burst) if burst else None,
        "wakeup_table": reader.wakeup_ps,
        "stall_every_table": reader.stall_every_ps,
        "stall_for_table": reader.stall_for_ps,
    }


def distributions(scenario: Scenario) -> tuple[Distribution, ...]:
    """The distributions whose tables a scenario needs."""
    return tuple(d for d in named_distributions(scenario).values() if d is not None)


def build_tables(needed: Iterable[Distribution]) -> dict[Distribution, npt.NDArray[np.int64]]:
    """Their tables.  Floating point: do this once, when planning, and carry the tables to every worker."""
    return {distribution: quantiles.table(distribution) for distribution in dict.fromkeys(needed)}


def stream_keys(scenario: Scenario) -> dict[str, np.uint64]:
    """Keys of the random streams: seed, traffic mix, load, replicate and name; never strategy or ring."""
    common = (scenario.seed, scenario.traffic, scenario.load_ppm, scenario.replicate)
    return {
        f"key_{name}": stream_key(*common, name) for name in ("gap", "burst", "packet", "wakeup", "stall", "order3")
    }


def cut(ppm: int) -> int:
    """The share `ppm` of all 32-bit numbers."""
    return (ppm << 32) // PPM


def parameters(scenario: Scenario, rows: Mapping[Distribution, int]) -> dict[str, Any]:
    """Kernel parameters of one scenario; `rows` says which row of the tables a distribution has."""
    module, knobs = strategy(scenario.strategy), dict(scenario.knobs)
    nic, traffic, reader = scenario.nic, scenario.traffic, scenario.traffic.reader
    era, costs = ERAS[scenario.kernel], dict(scenario.costs_ps)
    if "pool_size" in knobs:
        knobs["pool_size"] = min(knobs["pool_size"], era.pool_size_max)
    values: dict[str, Any] = {
        "ring": scenario.ring,
        "tx_ring": nic.tx_ring,
        "napi_budget": nic.napi_budget,
        "coalesce_ps": nic.coalesce_ps,
        "coalesce_frames": nic.coalesce_frames,
        "tx_coalesce_ps": nic.tx_coalesce_ps,
        "tx_coalesce_frames": nic.tx_coalesce_frames,
        "refill_batch": min(nic.refill_batch, scenario.ring),
        "copybreak_bytes": nic.copybreak_bytes,
        "link_ps_per_byte": nic.link_ps_per_byte,
        "local_cut": cut(traffic.local_ppm),
        "forward_cut": cut(traffic.local_ppm + traffic.forward_ppm),
        "size_classes": len(traffic.sizes),
        "burst_gap_ps": mean_gap_ps(scenario, traffic.arrivals.peak_ppm) if traffic.arrivals.burst_packets else 0,
        "reader_same_cpu": int(reader.same_cpu),
        "read_ps": reader.read_ps,
        "call_ps": reader.call_ps,
        "batch_packets": reader.batch_packets,
        "rcvbuf_bytes": reader.rcvbuf_bytes,
        "buffer_truesize_bytes": module.truesize_bytes(knobs) + SK_BUFF_BYTES,
        "copy_truesize_bytes": COPY_HEAD_BYTES,
        "memory_pages": scenario.memory_pages or NO_LIMIT_PAGES,
        "pcp_batch": era.pcp_batch,
        "pcp_high": era.pcp_high,
        "deferred_free": era.deferred_free,
        "napi_local_direct": era.napi_local_direct,
        "packets": scenario.packets,
        "warmup": scenario.warmup,
        "stack_forward_ps": costs[f"stack_forward_{traffic.forward_path}"],
        **{f"cost_{name}": ps for name, ps in costs.items()},
        **knobs,
        **stream_keys(scenario),
    }
    for name, distribution in named_distributions(scenario).items():
        values[name] = -1 if distribution is None else rows[distribution]
    return values


def param_fields(name: str) -> tuple[Field, ...]:
    """Parameters of one strategy's kernel: the common ones, then its knobs."""
    return PARAMS + tuple(Field(knob.name, knob.unit, knob.meaning) for knob in strategy(name).KNOBS)


class Prepared(NamedTuple):
    """Host-made inputs of a batch."""

    params: np.recarray  # (L,) record of param_fields(strategy)
    tables: npt.NDArray[np.int64]  # (distinct distributions, quantiles.SIZE)
    size_cut: npt.NDArray[np.int64]  # (L, SIZE_CLASSES)
    size_bytes: npt.NDArray[np.int64]  # (L, SIZE_CLASSES)


def prepare(name: str, scenarios: Sequence[Scenario], tables: Tables) -> Prepared:
    """Kernel inputs of scenarios of one strategy.

    Errors: KeyError if `tables` lacks a distribution; ValueError for a scenario that cannot be run.
    """
    needed = dict.fromkeys(d for scenario in scenarios for d in distributions(scenario))
    rows = {distribution: row for row, distribution in enumerate(needed)}
    params = np.zeros(len(scenarios), record(param_fields(name))).view(np.recarray)
    size_cut = np.zeros((len(scenarios), SIZE_CLASSES), np.int64)
    size_bytes = np.zeros_like(size_cut)
    for lane, scenario in enumerate(scenarios):
        if scenario.strategy != name:
            raise ValueError(f"a batch is of one strategy: {scenario.strategy} is not {name}")
        values = parameters(scenario, rows)
        params[lane] = tuple(values[field] for field in params.dtype.names or ())
        total, below = sum(weight for _, weight in scenario.traffic.sizes), 0
        for k, (size, weight) in enumerate(scenario.traffic.sizes):
            below += weight
            size_cut[lane, k], size_bytes[lane, k] = (below << 32) // total, size
    return Prepared(params, np.stack([tables[d] for d in needed]), size_cut, size_bytes)


# --- the run --------------------------------------------------------------------------------------------


def new_sim(name: str, inputs: Prepared, capacity: Capacity) -> Sim:
    """The arrays of a batch before time begins."""
    lanes = capacity.lanes

    def table(width: int) -> npt.NDArray[np.int64]:
        return np.zeros((lanes, width), np.int64)

    counters = np.zeros(lanes, record(counter_fields(name)))
    state = np.zeros(lanes, record(STATE)).view(np.recarray)
    state.zone_free = inputs.params.memory_pages
    state.reader_left_ps = -1
    state.free_numbers = capacity.pages
    numbers = np.broadcast_to(np.arange(capacity.pages - 1, -1, -1, dtype=np.int64), (lanes, capacity.pages)).copy()
    rx, tx, socket = (
        np.zeros((lanes, entries), record(fields)).view(np.recarray)
        for entries, fields in ((capacity.ring, RX_SLOT), (capacity.tx_ring, TX_SLOT), (capacity.socket, SOCKET_ENTRY))
    )
    return Sim(
        inputs.params,
        state,
        counters.view(np.recarray),
        counters.view(np.int64).reshape(lanes, len(counter_fields(name))),
        inputs.tables,
        inputs.size_cut,
        inputs.size_bytes,
        rx,
        tx,
        socket,
        table(capacity.socket + DEFERRED_EXTRA),
        table(CPUS),
        table(CPUS),
        numbers,
        table(BUCKETS),
        table(BUCKETS),
    )


@cache
def kernel(name: str) -> Any:
    """The compiled kernel of a strategy (plain Python when JIT is off)."""
    module = strategy(name)
    tag = f"{name}_{core_digest()}_{strategy_digest(name)}"
    return bind(poll.run, compiler(), tag, {hole: getattr(module, hole) for hole in HOLES})


def simulate(name: str, scenarios: Sequence[Scenario], tables: Tables) -> Result:
    """Run scenarios of one strategy.

    Errors: as `prepare`.  A row that breaks a law is not an error: its `violations` entry says which.
    """
    inputs = prepare(name, scenarios, tables)
    capacity = measure(inputs.params)
    sim, pool = new_sim(name, inputs, capacity), strategy(name).empty(capacity)
    if jit_disabled():
        with np.errstate(over="ignore"):  # the random generator wraps, as it does when compiled
            kernel(name)(sim, pool)
    else:
        kernel(name)(sim, pool)
    return Result(sim.counters, sim.latency, sim.occupancy, laws.violations(sim, strategy(name).LAWS))


def warm(name: str) -> float:
    """Compile a strategy's kernel, or load it from the cache, now: seconds it took."""
    if jit_disabled():
        return 0.0
    start = perf_counter()
    inputs = Prepared(
        np.zeros(0, record(param_fields(name))).view(np.recarray),
        np.zeros((1, quantiles.SIZE), np.int64),
        np.zeros((0, SIZE_CLASSES), np.int64),
        np.zeros((0, SIZE_CLASSES), np.int64),
    )
    capacity = Capacity(0, 1, 1, 1, 1, inputs.params)
    kernel(name)(new_sim(name, inputs, capacity), strategy(name).empty(capacity))
    return perf_counter() - start


# What a simulation costs to run, ns, measured on one core of a shared two-core machine: `make bench`.  Only the
# order and the sizes of chunks depend on these, no result does.
PACKET_NS, LOCAL_NS, FORWARD_NS, POLL_NS, LANE_NS = 24, 16, 8, 150, 100_000


def predicted_ns(scenario: Scenario) -> float:
    """Core time that a simulation will take, ns: good to a factor of two."""
    traffic, nic = scenario.traffic, scenario.nic
    gap_ps = mean_gap_ps(scenario, scenario.load_ppm)
    per_poll = max(1, min(nic.coalesce_frames or nic.napi_budget, nic.napi_budget, 1 + nic.coalesce_ps // gap_ps))
    packet = PACKET_NS + (LOCAL_NS * traffic.local_ppm + FORWARD_NS * traffic.forward_ppm) / PPM + POLL_NS / per_poll
    return LANE_NS + scenario.packets * packet


def state_bytes(scenario: Scenario) -> int:
    """Memory that one lane takes."""
    inputs = prepare(scenario.strategy, [scenario], build_tables(distributions(scenario)))
    capacity = measure(inputs.params)
    sim, pool = new_sim(scenario.strategy, inputs, capacity), strategy(scenario.strategy).empty(capacity)
    return _nbytes(sim) + _nbytes(pool)


def _nbytes(arrays: Any) -> int:
    """Memory of an array or of a tuple of them."""
    return sum(map(_nbytes, arrays)) if isinstance(arrays, tuple) else int(arrays.nbytes)
