# SPDX-License-Identifier: MIT
"""The engine and the plain reference on the same inputs, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from sweep.fields.series import SERIES
from sweep.model import batch, poll
from sweep.model.compiler.jit import bind
from sweep.model.counting import laws
from sweep.model.lane.capacity import measure
from sweep.model.lane.sim import Sim
from sweep.model.scenario import Scenario
from sweep.model.strategies import strategy

from .simulation import Simulation

TABLES = ("gap_table", "burst_table", "wakeup_table", "stall_every_table", "stall_for_table")


def prepare(scenarios: Sequence[Scenario]) -> batch.Prepared:
    """Kernel inputs of scenarios of one strategy."""
    tables = batch.build_tables(d for scenario in scenarios for d in batch.distributions(scenario))
    return batch.prepare(scenarios[0].strategy, scenarios, tables)


@cache
def plain_kernel(name: str) -> Any:
    """The engine as plain Python: with its holes filled."""
    return bind(poll.run, batch.fillings(name))


def run_engine(name: str, inputs: batch.Prepared, plain: bool = False) -> Sim:
    """The arrays of a batch after its simulation; compiled, or as plain Python."""
    capacity = measure(inputs.params)
    sim, pool = batch.new_sim(name, inputs, capacity), strategy(name).empty(capacity)
    with np.errstate(over="ignore"):
        (plain_kernel(name) if plain else batch.kernel(name))(sim, pool)
    return sim


def parameters(inputs: batch.Prepared, lane: int) -> dict[str, int]:
    """The parameters of a lane as Python integers."""
    return {name: int(inputs.params[name][lane]) for name in inputs.params.dtype.names or ()}


def run_reference(name: str, inputs: batch.Prepared, lane: int, **changes: int) -> Simulation:
    """The plain reference on one lane, some parameters changed."""
    params = parameters(inputs, lane)
    tables = {table: None if params[table] < 0 else inputs.tables[params[table]].tolist() for table in TABLES}
    classes = params["size_classes"]
    sizes = list(zip(inputs.size_cut[lane].tolist()[:classes], inputs.size_bytes[lane].tolist()[:classes], strict=True))
    simulation = Simulation(name, params | changes, tables, sizes)
    simulation.run()
    return simulation


def differences(sim: Sim, lane: int, reference: Simulation) -> list[str]:
    """Counters and buckets that are not equal, with both values."""
    names = sim.counters.dtype.names or ()
    unknown = set(reference.count) - set(names)
    found = [f"{name} is not a counter of the engine" for name in sorted(unknown)]
    engine: dict[str, int] = {name: int(sim.counters[name][lane]) for name in names}
    twin: dict[str, int] = {name: reference.count[name] for name in names}
    for title, array, histogram in (
        ("latency", sim.latency, reference.latency),
        ("occupancy", sim.occupancy, reference.occupancy),
    ):
        for index in range(array.shape[1]):
            engine[f"{title}[{index}]"], twin[f"{title}[{index}]"] = int(array[lane, index]), histogram[index]
    for bin_, totals in enumerate(reference.series.totals):
        for place, total in enumerate(totals):
            name = f"series[{bin_}].{SERIES[place].name}"
            engine[name], twin[name] = int(sim.series[lane, bin_, place]), total
    found += [f"{name}: engine {engine[name]}, reference {twin[name]}" for name in engine if engine[name] != twin[name]]
    return found


def check_batch(name: str, scenarios: Sequence[Scenario]) -> None:
    """Every counter and bucket of every lane is equal."""
    inputs = prepare(scenarios)
    check_inputs(name, inputs, scenarios)


def check_inputs(name: str, inputs: batch.Prepared, scenarios: Sequence[Scenario]) -> None:
    """As `check_batch`, for inputs made before (and perhaps changed); `scenarios` are for the message.

    And every measured row keeps its laws.
    """
    sim = run_engine(name, inputs)
    broken = laws.violations(sim, strategy(name).LAWS)
    for lane, scenario in enumerate(scenarios):
        found = differences(sim, lane, run_reference(name, inputs, lane))
        assert not found, f"{len(found)} differ: {'; '.join(found[:12])}\n{scenario}"
        if sim.state.window[lane]:  # nothing is measured in a simulation that ends in its warm-up
            assert not broken[lane], f"{broken[lane]}\n{scenario}"
