# SPDX-License-Identifier: MIT
"""Whether another version of the model counts what the engine counts: every counter, both histograms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from sweep.fields.counters import EPISODES
from sweep.model.batch import simulate
from sweep.model.scenario import Scenario

from . import lockstep, simpy_model
from .packets import tables_of

# The comparison versions have no mean field: they are compared without a cache (`host.llc=0`), on one queue, where
# it changes nothing; but the engine still takes the distance between two uses of a page.
ENGINE_ONLY = {"reuse_distance_pages", *(field.name for field in EPISODES)}

Counted = Mapping[str, npt.ArrayLike]  # by the name of a counter or histogram, the lane first


def engine(scenarios: Sequence[Scenario]) -> Counted:
    """What the engine counts."""
    result = simulate(scenarios[0].strategy, scenarios, tables_of(scenarios))
    counters = {name: result.counters[name] for name in result.counters.dtype.names or ()}
    return counters | {"latency": result.latency, "occupancy": result.occupancy}


def by_lockstep(scenarios: Sequence[Scenario]) -> Counted:
    """What the NumPy lock-step version counts."""
    model = lockstep.simulate(scenarios, tables_of(scenarios))
    return vars(model.counters) | {"latency": model.latency, "occupancy": model.occupancy}


def by_simpy(scenarios: Sequence[Scenario]) -> Counted:
    """What the SimPy version counts."""
    models = simpy_model.simulate(scenarios, tables_of(scenarios))
    counters = {name: [getattr(model.counters, name) for model in models] for name in vars(models[0].counters)}
    return counters | {name: [getattr(model, name) for model in models] for name in ("latency", "occupancy")}


def differences(one: Counted, other: Counted) -> list[str]:
    """Names of what differs, or is counted by one only."""
    names = sorted({*one, *other} - ENGINE_ONLY)
    return [name for name in names if not np.array_equal(one.get(name, ()), other.get(name, ()))]
