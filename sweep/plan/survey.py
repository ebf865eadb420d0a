# SPDX-License-Identifier: MIT
"""All simulations of a sweep laid out: the id of each and its predicted cost.

Simulation i is replicate i % replicates of point i // replicates; results are sorted by i.  Everything is a column:
there is no object per point, so a million of them take seconds and a few hundred megabytes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sweep import schema
from sweep.config import Sweep
from sweep.errors import ConfigError
from sweep.grid import Coded
from sweep.model import batch

from . import cost
from .identity import Keys, SimulationIds, canonical, code, digest, numbers, texts
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
        """Ids in hex, (N,) S32.  Equal scenarios have equal ids, also within one sweep."""
        return texts(self.keys)

    @cached_property
    def document_digest(self) -> str:
        """Digest of the sweep's document, which identifies the sweep."""
        return digest(canonical(self.sweep.document))

    def rows(self, ids: NDArray[np.bytes_]) -> Integers:
        """Index in `ids` (S32, in any order) of each simulation, shape (N,); -1 where it is missing.

        Of equal ids the first counts.
        """
        row_of = np.full(len(self.keys), -1, np.int64)
        if not len(ids):
            return row_of
        numbers_of_ids, is_id = numbers(ids)
        order = np.flatnonzero(is_id)
        order = order[np.argsort(numbers_of_ids[order, 0], kind="stable")]
        row_of[self._ranking] = _search(numbers_of_ids[order], order, self.keys[self._ranking])
        return row_of

    @cached_property
    def _ranking(self) -> Integers:
        """Simulations sorted by id: searching for sorted keys is several times faster than for unsorted ones."""
        return np.argsort(self.keys[:, 0], kind="stable")

    def among(self, ids: NDArray[np.bytes_]) -> NDArray[np.bool_]:
        """Mask (N,) of the simulations that have one of these ids."""
        is_among: NDArray[np.bool_] = self.rows(ids) >= 0
        return is_among

    def only(self, prefix: str) -> NDArray[np.bool_]:
        """Mask (N,) of the simulations whose id starts with `prefix`.  Raises ConfigError if there is none."""
        starts_so = np.char.startswith(self.ids, prefix.encode("ascii", "replace"))
        if not starts_so.any():
            raise ConfigError(
                f'no simulation of {self.sweep.name} has an id that starts with "{prefix}"; ids change when the model, '
                "the strategy or the sweep file does\n  see: column id of results.arrow"
            )
        return starts_so


def _search(ranked: Keys, order: Integers, keys: Keys) -> Integers:
    """Find each of `keys` (N, 2) in `ranked` (R, 2), sorted by first half; returns its `order`, -1 if it is missing."""
    place = np.searchsorted(np.ascontiguousarray(ranked[:, 0]), keys[:, 0])
    row_of = np.full(len(keys), -1, np.int64)
    unresolved = np.flatnonzero(place < len(ranked))
    while len(unresolved):  # once, but for ids that agree in their first half
        candidate = place[unresolved]
        same_half = ranked[candidate, 0] == keys[unresolved, 0]
        equal = same_half & (ranked[candidate, 1] == keys[unresolved, 1])
        row_of[unresolved[equal]] = order[candidate[equal]]
        unresolved = unresolved[same_half & ~equal & (candidate + 1 < len(ranked))]
        place[unresolved] += 1
    return row_of


def _check_columns() -> None:
    """Errors: ConfigError if a strategy's counter would be a second column of one name in the table."""
    seen: set[str] = set()
    for column in schema.columns():
        if column.name in seen:
            raise ConfigError(
                f'a strategy of yours has a counter "{column.name}", and the table has a column of that name\n'
                "  next: give it another name"
            )
        seen.add(column.name)


def survey(sweep: Sweep) -> Survey:
    """Lay out `sweep`: ids and costs of every simulation, tables of every distribution.

    Errors: ConfigError, for names of a strategy of the user's.
    """
    _check_columns()
    scenarios, replicates = sweep.scenarios, sweep.replicates
    needed = scenarios.each(batch.distributions, "traffic")  # a load changes no more than the scale of the gaps
    needed_tables = tables(dict.fromkeys(distribution for of_mix in needed.values for distribution in of_mix))
    digests = code(sweep.strategies)
    identity = SimulationIds(needed_tables, digests)

    def spread(values: NDArray[Any]) -> NDArray[Any]:
        return np.repeat(values, replicates) if replicates > 1 else values

    return Survey(
        sweep=sweep,
        code=digests,
        tables=needed_tables,
        keys=identity.keys(scenarios.columns, scenarios.each(identity.drawn, "traffic"), replicates),
        predicted_ns=spread(cost.predicted_ns(scenarios)),
        packets=spread(scenarios["packets"].array(np.int64)),
        state_bytes=spread(cost.state_bytes(scenarios)),
        strategies=scenarios["strategy"].repeat(replicates),
    )
