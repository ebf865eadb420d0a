# SPDX-License-Identifier: MIT
"""Every law holds in a real row, and is caught when a counter or a state is changed behind its back."""

from __future__ import annotations

import pytest

from sweep.model import laws
from sweep.model.sim import Sim
from sweep.model.strategies import strategy

from ..reference.comparison import prepare, run_engine
from .scenes import LOCAL, NS, constant, run, scenario

# law -> what breaks it: "counters" or "state", the field, and by how much
PLANTED = {
    "packets in = packets out + inside": ("counters", "drop_no_descriptor_packets", 1),
    "warm-up has ended": ("state", "window", -1),
    "time does not fall": ("counters", "start_ps", 1 << 50),
    "pages taken - given back = pages held": ("counters", "pages_taken", 1),
    "pages held <= peak": ("counters", "pages_held_peak", -1000),
    "CPU time split = CPU time": ("counters", "dma_ps", 1),
    "polls <= packets + interrupts + retries": ("counters", "full_polls", 1000),
    "memory = zone + lists + pages held": ("state", "zone_free", -1),
    "latencies = packets out": ("counters", "forwarded_packets", 1),
    "ring occupancies = polls": ("counters", "polls", 1),
    "buffers on the ring <= ring": ("counters", "rx_ring_end_buffers", 100),
    "pages held = census": ("counters", "socket_end_buffers", 1),
}


def real(**changes: object) -> Sim:
    costs = {"stack_local": 700 * NS, "poll": 50 * NS, "page_alloc": 30 * NS, "page_free": 20 * NS}
    settings = LOCAL | {"wakeup_ps": constant(2000 * NS), "packets": 30, "warmup": 5}
    return run(scenario(costs, **(settings | changes)))


def broken(sim: Sim, name: str = "page_allocator") -> list[str]:
    return laws.violations(sim, strategy(name).LAWS)


def test_a_real_row_breaks_none() -> None:
    assert broken(real()) == [""]


def test_every_law_is_planted() -> None:
    sim = real()
    names = {law.name for made in (laws.common, *strategy("page_allocator").LAWS) for law in made(sim)}
    assert names == set(PLANTED)


@pytest.mark.parametrize("law", PLANTED)
def test_a_planted_violation_is_caught(law: str) -> None:
    sim = real()
    where, field, change = PLANTED[law]
    getattr(sim, where)[field][0] += change
    assert law in broken(sim)[0]


def test_both_sides_are_told() -> None:
    sim = real()
    polls = int(sim.counters.polls[0])
    sim.counters.polls[0] += 1
    assert f"ring occupancies = polls: {polls} = {polls + 1}" in broken(sim)[0]


def test_other_lanes_stay_valid() -> None:
    made = scenario({"poll": NS}, packets=20)
    sim = run_engine("page_allocator", prepare([made, made]), plain=True)
    sim.counters.dma_ps[1] += 1
    assert [bool(found) for found in broken(sim)] == [False, True]


def test_a_simulation_that_ends_in_its_warm_up_is_invalid() -> None:
    """All packets arrive while the first one is worked on: no poll starts after the warm-up."""
    sim = run(scenario({"stack_drop": 100_000 * NS}, packets=4, ring=8, warmup=3))
    assert "warm-up has ended" in broken(sim)[0]
