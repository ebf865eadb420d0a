# SPDX-License-Identifier: MIT
"""All simulations of a sweep laid out: who each one is and what it is predicted to cost.

Simulation i is replicate i % replicates of point i // replicates; results are sorted by i.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sweep.config import Sweep
from sweep.errors import ConfigError
from sweep.model import batch
from sweep.model.scenario import Scenario

from .identity import Identity, Tables, canonical, code, digest

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Survey:
    """A sweep's simulations as columns; P points, N = P * replicates simulations."""

    sweep: Sweep
    code: dict[str, str]  # digests of the sources, see identity.code
    tables: Tables  # every quantile table that a simulation draws from
    scenarios: list[Scenario]  # (P,) replicate 0 of each point
    ids: NDArray[np.bytes_]  # (N,) S32
    predicted_ns: NDArray[np.float64]  # (N,) core time, before calibration
    packets: Integers  # (N,)
    state_bytes: Integers  # (N,) memory of a lane
    strategies: NDArray[np.str_]  # (N,)

    @property
    def simulations(self) -> int:
        return len(self.ids)

    @cached_property
    def document_digest(self) -> str:
        """Which sweep this is: digest of its document."""
        return digest(canonical(self.sweep.document))

    def only(self, prefix: str) -> NDArray[np.bool_]:
        """Which simulations have ids that start with `prefix`.  Raises ConfigError if none has."""
        found = np.char.startswith(self.ids, prefix.encode("ascii", "replace"))
        if not found.any():
            raise ConfigError(
                f'no simulation of {self.sweep.name} has an id that starts with "{prefix}"; ids change when the model, '
                "the strategy or the sweep file does\n  see: column id of results.arrow"
            )
        return found


def survey(sweep: Sweep) -> Survey:
    """Lay out `sweep`: every point once, tables of every distribution, ids of every simulation."""
    scenarios = [sweep.scenario(point, 0) for point in range(sweep.points)]
    needed = [batch.distributions(scenario) for scenario in scenarios]
    tables = batch.build_tables(dict.fromkeys(chain.from_iterable(needed)))
    digests = code(sorted({scenario.strategy for scenario in scenarios}))
    identity, replicates = Identity(tables, digests), range(sweep.replicates)
    ids = [
        name.encode()
        for scenario, distributions in zip(scenarios, needed, strict=True)
        for name in identity.replicates(scenario, distributions, replicates)
    ]

    def spread(values: list[Any]) -> NDArray[Any]:
        return np.repeat(np.array(values), sweep.replicates)

    return Survey(
        sweep=sweep,
        code=digests,
        tables=tables,
        scenarios=scenarios,
        ids=np.array(ids, "S32"),
        predicted_ns=spread([float(batch.predicted_ns(scenario)) for scenario in scenarios]),
        packets=spread([scenario.packets for scenario in scenarios]),
        state_bytes=spread(_state_bytes(scenarios)),
        strategies=spread([scenario.strategy for scenario in scenarios]),
    )


def _state_bytes(scenarios: list[Scenario]) -> list[int]:
    """Memory of a lane of each; measured once for scenarios that differ in load, packets and seed only."""
    known: dict[tuple[Any, ...], int] = {}
    found = []
    for scenario in scenarios:
        sizes = (scenario.strategy, scenario.knobs, scenario.ring, scenario.memory_pages, scenario.kernel)
        key = (*sizes, id(scenario.traffic), id(scenario.nic))  # points share these
        if key not in known:
            known[key] = batch.state_bytes(scenario)
        found.append(known[key])
    return found
