# SPDX-License-Identifier: MIT
"""The floor under the engine's times: a loop that does nothing, and one that only draws the packets.

Both are compiled exactly as the engine is.  What a strategy costs more than `draw_packets` is the simulation.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from sweep.model.batch import new_sim
from sweep.model.compiler.jit import compiled, device
from sweep.model.lane.capacity import measure
from sweep.model.lane.prepare import Tables, prepare
from sweep.model.lane.sim import NEVER, Sim
from sweep.model.scenario import Scenario
from sweep.model.traffic.arrivals import next_packet


@device
def empty_loop(sim: Sim) -> None:
    """A step per packet that does nothing but be there: an add and an exclusive or that depend on the step before."""
    for lane in range(sim.state.shape[0]):
        value = 0
        for i in range(sim.params[lane].packets):
            value = (value + i) ^ i
        sim.state[lane].now_ps = value


@device
def draw_packets(sim: Sim) -> None:
    """Gap, size, fate and arrival time of every packet."""
    for lane in range(sim.state.shape[0]):
        st = sim.state[lane]
        next_packet(sim, lane)
        while st.next_arrival_ps < NEVER:
            st.arrived += 1
            next_packet(sim, lane)


@cache
def kernel(function: Any) -> Any:
    """One of the two, compiled."""
    return compiled(function, {}, f"bench_{function.__name__}")


def new(scenario: Scenario, tables: Tables) -> Sim:
    """The engine's arrays for a scenario, before time begins."""
    inputs = prepare(scenario.strategy, [scenario], tables)
    return new_sim(scenario.strategy, inputs, measure(inputs.params))


def run(function: Any, scenario: Scenario, tables: Tables) -> Sim:
    """One of the two over a scenario's packets: set-up, compiled loop; the arrays after it."""
    sim = new(scenario, tables)
    kernel(function)(sim)
    return sim
