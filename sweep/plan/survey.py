# SPDX-License-Identifier: MIT
"""All simulations of a sweep laid out: who each one is and what it is predicted to cost.

Simulation i is replicate i % replicates of point i // replicates; results are sorted by i.  Everything is a column:
there is no object per point, so a million of them are seconds and some hundred megabytes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sweep.config import Sweep
from sweep.errors import ConfigError
from sweep.grid import Coded
from sweep.model import batch

from . import cost
from .identity import Identity, Keys, canonical, code, digest, numbers, texts
from .tables import Tables, tables

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Survey:
    """A sweep's simulations as columns; N = points * replicates simulations."""

    sweep: Sweep
    code: dict[str, str]  # digests of the sources, see identity.code
    tables: Tables  # what simulations draw from
    keys: Keys = field(repr=False)  # (N, 2) ids as numbers
    predicted_ns: NDArray[np.float64] = field(repr=False)  # (N,) core time, before calibration
    packets: Integers = field(repr=False)  # (N,)
    state_bytes: Integers = field(repr=False)  # (N,) memory of a lane
    strategies: Coded[str] = field(repr=False)  # (N,)

    @property
    def simulations(self) -> int:
        return len(self.keys)

    @cached_property
    def ids(self) -> NDArray[np.bytes_]:
        """(N,) S32, in hex.  Equal scenarios have equal ids, in one sweep too."""
        return texts(self.keys)

    @cached_property
    def document_digest(self) -> str:
        """Which sweep this is: digest of its document."""
        return digest(canonical(self.sweep.document))

    def rows(self, ids: NDArray[np.bytes_]) -> Integers:
        """Where in `ids` (S32, in any order) each simulation is, shape (N,); -1 where it is not.

        Of equal ids the first counts.
        """
        there, good = numbers(ids)
        order = np.flatnonzero(good)
        order = order[np.argsort(there[order, 0], kind="stable")]
        found = np.full(len(self.keys), -1, np.int64)
        found[self._ranking] = _search(there[order], order, self.keys[self._ranking])
        return found

    @cached_property
    def _ranking(self) -> Integers:
        """Simulations by id: a search for rising keys is several times faster than for keys in any order."""
        return np.argsort(self.keys[:, 0], kind="stable")

    def among(self, ids: NDArray[np.bytes_]) -> NDArray[np.bool_]:
        """Which simulations have one of these ids, shape (N,)."""
        found: NDArray[np.bool_] = self.rows(ids) >= 0
        return found

    def only(self, prefix: str) -> NDArray[np.bool_]:
        """Which simulations have ids that start with `prefix`.  Raises ConfigError if none has."""
        found = np.char.startswith(self.ids, prefix.encode("ascii", "replace"))
        if not found.any():
            raise ConfigError(
                f'no simulation of {self.sweep.name} has an id that starts with "{prefix}"; ids change when the model, '
                "the strategy or the sweep file does\n  see: column id of results.arrow"
            )
        return found


def _search(ranked: Keys, order: Integers, keys: Keys) -> Integers:
    """The `order` of each key (N, 2) among `ranked` (R, 2), whose first halves rise; -1 where it is not there."""
    place = np.searchsorted(np.ascontiguousarray(ranked[:, 0]), keys[:, 0])
    found = np.full(len(keys), -1, np.int64)
    open_ = np.flatnonzero(place < len(ranked))
    while len(open_):  # once, but for ids that agree in their first half
        at = place[open_]
        alike = ranked[at, 0] == keys[open_, 0]
        equal = alike & (ranked[at, 1] == keys[open_, 1])
        found[open_[equal]] = order[at[equal]]
        open_ = open_[alike & ~equal & (at + 1 < len(ranked))]
        place[open_] += 1
    return found


def survey(sweep: Sweep) -> Survey:
    """Lay out `sweep`: ids and costs of every simulation, tables of every distribution."""
    scenarios, replicates = sweep.scenarios, sweep.replicates
    needed = scenarios.each(batch.distributions, "traffic")  # a load changes no more than the scale of the gaps
    found = tables(dict.fromkeys(each for some in needed.values for each in some))
    digests = code(sweep.strategies)
    identity = Identity(found, digests)

    def spread(values: NDArray[Any]) -> NDArray[Any]:
        return np.repeat(values, replicates) if replicates > 1 else values

    return Survey(
        sweep=sweep,
        code=digests,
        tables=found,
        keys=identity.keys(scenarios.columns, scenarios.each(identity.drawn, "traffic"), replicates),
        predicted_ns=spread(cost.predicted_ns(scenarios)),
        packets=spread(scenarios["packets"].array(np.int64)),
        state_bytes=spread(cost.state_bytes(scenarios)),
        strategies=scenarios["strategy"].repeat(replicates),
    )
