# SPDX-License-Identifier: MIT
"""Run a batch: scenarios of one strategy in, counters out.

`prepare` turns scenarios into kernel parameters with integer arithmetic only, `simulate` runs the kernel that
`bind` has made for the strategy and checks every row against its laws.  A batch of N scenarios gives the same
bits as N batches of one, in any order, compiled or as plain Python.
"""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from sweep.fields.counters import COUNTERS
from sweep.fields.field import Field
from sweep.fields.histogram import BUCKETS
from sweep.fields.series import BINS, INSTANTS, SERIES
from sweep.model.compiler.jit import compiled, plain_python
from sweep.model.compiler.kernel import Kernel
from sweep.model.hardware.llc import SAMPLED
from sweep.model.hardware.poisson import PPM
from sweep.model.kernel.releases import MOST_DEFERRED
from sweep.model.lane.capacity import Capacity, measure
from sweep.model.lane.prepare import (
    SIZE_CLASSES,
    Prepared,
    Tables,
    build_tables,
    burst_mean,
    distributions,
    mean_gap_ps,
    param_fields,
    prepare,
)
from sweep.model.lane.sim import CPUS, RX_SLOT, SOCKET_ENTRY, STATE, TX_SLOT, Sim
from sweep.model.record import zeros

from . import poll
from .counting import laws
from .randomness import quantiles
from .scenario import Scenario
from .strategies import cached, names, strategy
from .strategies.protocol import Provides, Receives

__all__ = [
    "Prepared",
    "Result",
    "all_counter_fields",
    "build_tables",
    "burst_mean",
    "check_kernel",
    "counter_fields",
    "distributions",
    "fillings",
    "is_compiled",
    "kernel",
    "mean_gap_ps",
    "new_sim",
    "param_fields",
    "predicted_ns",
    "prepare",
    "result",
    "simulate",
    "state_bytes",
    "warm",
]


class Result(NamedTuple):
    """The counters, histograms and series of a batch.  L: lanes, in the order of the scenarios."""

    counters: np.recarray  # (L,) record of counter_fields(strategy)
    latency: npt.NDArray[np.int64]  # (L, BUCKETS): time from wire to delivery or departure, ns
    occupancy: npt.NDArray[np.int64]  # (L, BUCKETS): packets waiting at the start of a poll
    series: npt.NDArray[np.int64]  # (L, BINS, quantities): what each bin added, see `increments`
    violations: list[str]  # the laws that a row breaks, "" if none


def counter_fields(name: str) -> tuple[Field, ...]:
    """Counters of one strategy: the common ones, then its own."""
    return COUNTERS + tuple(strategy(name).COUNTERS)


def all_counter_fields() -> tuple[Field, ...]:
    """Counters of all strategies: the common ones, then each strategy's own, once."""
    strategy_fields = {field.name: field for name in names() for field in strategy(name).COUNTERS}
    return COUNTERS + tuple(strategy_fields.values())


def new_sim(name: str, inputs: Prepared, capacity: Capacity) -> Sim:
    """The arrays of a batch at the start of the simulation."""
    lanes = capacity.lanes

    def table(width: int) -> npt.NDArray[np.int64]:
        return np.zeros((lanes, width), np.int64)

    state = zeros(STATE, lanes)
    state.zone_free = inputs.params.memory_pages
    state.reader_left_ps = -1
    state.free_numbers = capacity.pages
    numbers = np.broadcast_to(np.arange(capacity.pages - 1, -1, -1, dtype=np.int64), (lanes, capacity.pages)).copy()
    rx, tx, socket = (
        zeros(fields, lanes, entries)
        for entries, fields in ((capacity.ring, RX_SLOT), (capacity.tx_ring, TX_SLOT), (capacity.socket, SOCKET_ENTRY))
    )
    return Sim(
        inputs.params,
        state,
        zeros(counter_fields(name), lanes),
        inputs.tables,
        inputs.size_cut,
        inputs.size_bytes,
        rx,
        tx,
        socket,
        table(MOST_DEFERRED),
        table(CPUS),
        table(CPUS),
        numbers,
        table(capacity.pages // SAMPLED + 1),
        table(BUCKETS),
        table(BUCKETS),
        np.zeros((lanes, BINS + 1, len(SERIES)), np.int64),
    )


def result(name: str, sim: Sim) -> Result:
    """The result of a batch that has been simulated; checks the laws."""
    return Result(
        sim.counters, sim.latency, sim.occupancy, increments(sim.series), laws.violations(sim, strategy(name).LAWS)
    )


def increments(totals: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """What each bin added to the totals, (L, BINS, quantities); for INSTANTS, the value at the end of the bin.

    totals: `Sim.series`.
    """
    per_bin = np.diff(totals[:, :BINS], axis=1, prepend=0)
    instants = [index for index, field in enumerate(SERIES) if field.name in INSTANTS]
    per_bin[..., instants] = totals[:, :BINS, instants]
    return per_bin


def fillings(name: str) -> dict[str, Any]:
    """What a strategy puts into the holes of the loop and of the page_pool, by the hole's name."""
    module = strategy(name)
    filled: dict[str, Any] = {"alloc": module.alloc, "release": module.release}
    if isinstance(module, Receives):
        filled |= {"received": module.received}
    if isinstance(module, Provides):
        filled |= {"provider_alloc": module.provider_alloc, "provider_release": module.provider_release}
    return filled


@cached
def kernel(name: str) -> Any:
    """The kernel of a strategy, compiled when it is first called (plain Python if `plain_python`)."""
    return compiled(poll.run, fillings(name), name)


def simulate(name: str, scenarios: Sequence[Scenario], tables: Tables) -> Result:
    """Run scenarios of one strategy.

    Errors: as `prepare`.  A row that breaks a law is not an error: its `violations` entry says which.
    """
    inputs = prepare(name, scenarios, tables)
    capacity = measure(inputs.params)
    sim, pool = new_sim(name, inputs, capacity), strategy(name).empty(capacity)
    if plain_python():
        with np.errstate(over="ignore"):  # the random generator wraps, as it does when compiled
            kernel(name)(sim, pool)
    else:
        kernel(name)(sim, pool)
    return result(name, sim)


def warm(name: str) -> float:
    """Compile a strategy's kernel now, or load it from the cache; returns the seconds it took."""
    if plain_python():
        return 0.0
    start = perf_counter()
    kernel(name)(*_nothing(name))
    return perf_counter() - start


def is_compiled(name: str) -> bool:
    """Whether the cache has the kernel of a strategy; True if kernels are plain Python."""
    return plain_python() or kernel(name).is_kept(*_nothing(name))


def check_kernel(name: str) -> None:
    """Hold a strategy's device code against what the compiler knows, compiling nothing.  Errors: KernelError."""
    Kernel(poll.run, fillings(name), "").check(*_nothing(name))


def _nothing(name: str) -> tuple[Sim, Any]:
    """The arguments of a kernel for a batch of no lanes."""
    inputs = Prepared(
        zeros(param_fields(name), 0),
        np.zeros((1, quantiles.SIZE), np.int64),
        np.zeros((0, SIZE_CLASSES), np.int64),
        np.zeros((0, SIZE_CLASSES), np.int64),
    )
    capacity = Capacity(0, 1, 1, 1, 1, inputs.params)
    return new_sim(name, inputs, capacity), strategy(name).empty(capacity)


# What a simulation costs to run, ns, measured on one core of a shared two-core machine: `make bench`.  Only the
# order and the sizes of chunks depend on these, no result does.
PACKET_NS, LOCAL_NS, FORWARD_NS, POLL_NS, LANE_NS = 24, 16, 8, 150, 100_000


def predicted_ns(scenario: Scenario) -> float:
    """Predicted core time of a simulation, ns; accurate to a factor of two."""
    traffic, nic = scenario.traffic, scenario.nic
    gap_ps = mean_gap_ps(scenario, scenario.load_ppm)
    per_poll = max(1, min(nic.coalesce_frames or nic.napi_budget, nic.napi_budget, 1 + nic.coalesce_ps // gap_ps))
    packet = PACKET_NS + (LOCAL_NS * traffic.local_ppm + FORWARD_NS * traffic.forward_ppm) / PPM + POLL_NS / per_poll
    return LANE_NS + scenario.packets * packet


def state_bytes(scenario: Scenario) -> int:
    """Memory of one lane, bytes."""
    inputs = prepare(scenario.strategy, [scenario], build_tables(distributions(scenario)))
    capacity = measure(inputs.params)
    sim, pool = new_sim(scenario.strategy, inputs, capacity), strategy(scenario.strategy).empty(capacity)
    return _nbytes(sim) + _nbytes(pool)


def _nbytes(arrays: Any) -> int:
    """Bytes of an array, or of a tuple of arrays."""
    return sum(map(_nbytes, arrays)) if isinstance(arrays, tuple) else int(arrays.nbytes)
