# SPDX-License-Identifier: MIT
"""Scenarios with round numbers, and the engine's functions as plain Python, for expectations made by hand.

Unless a test says otherwise: nothing costs anything, frames of 80 bytes take 100 ns on the wire, and one
starts every microsecond, so that packet i (from 0) arrives at i + 1.1 us; a poll starts at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

from sweep.fields.host import COST_NAMES, HARDWARE_NAMES
from sweep.fields.kernel import SWEEP_RULES
from sweep.model import batch
from sweep.model.compiler.jit import bind, device
from sweep.model.kernel.releases import known_release, rules_of
from sweep.model.lane.capacity import measure
from sweep.model.lane.sim import Sim
from sweep.model.scenario import Arrivals, Distribution, Nic, Reader, Scenario, Traffic
from sweep.model.strategies import strategy

from ..reference.comparison import prepare, run_engine

NS = 1000
US = 1_000_000
WIRE_PS = 100 * NS

READER = Reader(
    same_cpu=False,
    wakeup_ps=Distribution("constant", (0,)),
    read_ps=0,
    call_ps=0,
    batch_packets=32,
    stall_every_ps=None,
    stall_for_ps=None,
    rcvbuf_bytes=1 << 22,
)
ARRIVALS = Arrivals("constant")
TRAFFIC = Traffic("made", ARRIVALS, ((80, 1),), 0, 0, 1_000_000, "kernel", 0, READER)
NIC = Nic(
    name="made",
    link_ps_per_byte=1000,
    tx_ring=8,
    napi_budget=64,
    coalesce_ps=0,
    coalesce_frames=0,
    tx_coalesce_ps=0,
    tx_coalesce_frames=1,
    refill_batch=1,
    copybreak_bytes=0,
    pcie_packet_ps=0,
    rx_buffer_bytes=1 << 19,
    xdp_tx_map=1,
    pool_napi=1,
    system_pool=0,
    napi_unlisted_ppm=0,
)
SCENARIO = Scenario(
    strategy="page_allocator",
    knobs=(),
    traffic=TRAFFIC,
    nic=NIC,
    host="made",
    costs_ps=(),
    hardware=tuple((name, 0) for name in sorted(HARDWARE_NAMES)),
    queues=1,
    iommu="off",
    memory_pages=0,
    kernel="5.14",
    rules=(),
    ring=4,
    load_ppm=100_000,
    packets=4,
    warmup=0,
    seed=1,
    replicate=0,
)
HARDWARE = {"llc": 0, "llc_ways": 1, "ddio_ways": 0, "header_lines": 0, "iotlb": 64, "walk_cache": 64}
LOCAL = {"local_ppm": 1_000_000, "drop_ppm": 0}
FORWARD = {"forward_ppm": 1_000_000, "drop_ppm": 0}


def hardware(**sizes: int) -> tuple[tuple[str, int], ...]:
    """Hardware of a scenario: these sizes; no cache, room for 64 translations."""
    return tuple(sorted((HARDWARE | sizes).items()))


def constant(value: int) -> Distribution:
    return Distribution("constant", (value,))


def knobs(name: str, ring: int = 32, **given: int) -> tuple[tuple[str, int], ...]:
    """All knobs of a strategy: those given, the others as they are by default with a ring of this size."""
    defaults = {knob.name: int(eval(str(knob.default), {"ring": ring})) for knob in strategy(name).KNOBS}
    assert set(given) <= set(defaults), f"{name} has no such knobs: {sorted(set(given) - set(defaults))}"
    return tuple(sorted((defaults | given).items()))


def rules(kernel: str) -> tuple[str, ...]:
    """The rules of a release that matter to a sweep."""
    in_force = rules_of(known_release(kernel))
    return tuple(rule.name for rule in SWEEP_RULES if rule.name in in_force)


def scenario(costs: dict[str, int] | None = None, **changes: Any) -> Scenario:
    """The scenario of this module, with the costs (others: 0) and the fields given, wherever they belong.

    Knobs that are not given have their defaults, the rules those of the kernel.
    """

    def changed(part: Any) -> Any:
        names = {field.name for field in fields(part)} & set(changes)
        return replace(part, **{name: changes.pop(name) for name in names})

    traffic = replace(TRAFFIC, reader=changed(READER), arrivals=changed(ARRIVALS))
    made = replace(SCENARIO, traffic=changed(traffic), nic=changed(NIC))
    made = changed(replace(made, costs_ps=tuple(sorted((dict.fromkeys(COST_NAMES, 0) | (costs or {})).items()))))
    assert not changes, f"no such fields: {sorted(changes)}"
    if not made.rules:
        made = replace(made, rules=rules(made.kernel))
    return replace(made, knobs=knobs(made.strategy, made.ring, **dict(made.knobs)))


def world(made: Scenario) -> tuple[Sim, Any]:
    """The arrays of a batch of this one scenario before time begins, and the strategy's pool."""
    inputs = prepare([made])
    capacity = measure(inputs.params)
    return batch.new_sim(made.strategy, inputs, capacity), strategy(made.strategy).empty(capacity)


def run(made: Scenario) -> Sim:
    """Simulate it as plain Python."""
    return run_engine(made.strategy, prepare([made]), plain=True)


def plain(fn: Callable[..., Any], **holes: Callable[..., Any]) -> Any:
    """A kernel function as plain Python, with its holes filled."""
    return bind(fn, holes)


@device
def note_release(sim: Sim, pool: Any, lane: int, buffer: int, context: int) -> None:
    """Fills the hole `release`: `pool` is a list that takes the buffer and the context."""
    pool.append((int(buffer), int(context)))
