# SPDX-License-Identifier: MIT
"""The id of a simulation: the digest of everything that decides its counters.

An id covers every field of the scenario, the quantile tables that it draws from, the code that runs it
(`sweep.model.identity`) and the format of results.  It covers no file name, label, chunk, executor or machine, and no
comment.  So an edit makes those ids new whose rows it can change, and two sweep files that share a point share rows.

Each of these facts has a digest of its own, blake2b of `name=value`, and the id is all of them XORed (Zobrist
hashing).  The simulations of a sweep share most facts, so a million ids are a few hundred digests and one XOR per
fact.  For ids to be unique, each name occurs exactly once, and it is part of what is digested: equal values of two
fields do not cancel.  The ids of two simulations that differ in any fact differ by a XOR of distinct random numbers of
128 bits: among ten million of them, any two are equal with probability 1e-25.  Nobody gains by making them collide.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields, is_dataclass
from functools import reduce
from operator import xor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sweep.grid import Coded
from sweep.model import batch
from sweep.model import identity as code_of
from sweep.model.scenario import Scenario, Traffic
from sweep.schema import FORMAT

from .tables import Tables

BYTES = 16
Keys = NDArray[np.uint64]  # (rows, 2): ids as numbers, the first eight bytes first
FIELDS = tuple(field.name for field in fields(Scenario))
BESIDE = ("tables", "source", "format")  # facts that are not fields of the scenario

_HEX = np.array([f"{byte:02x}".encode() for byte in range(256)], "S2").view(np.uint16)
_NIBBLE = np.full(256, 16, np.uint8)  # value of a hex digit; 16: not one
_NIBBLE[np.frombuffer(b"0123456789abcdef", np.uint8)] = range(16)


def canonical(value: Any) -> str:
    """`value` as JSON with sorted keys and no blanks; a dataclass becomes an object of its fields."""
    return json.dumps(asdict(value) if is_dataclass(value) else value, sort_keys=True, separators=(",", ":"))  # type: ignore[arg-type]


def digest(data: str | bytes | memoryview, size: int = BYTES) -> str:
    """blake2b of `data`, `size` bytes, in hex."""
    return hashlib.blake2b(data.encode() if isinstance(data, str) else data, digest_size=size).hexdigest()


def code(strategies: Iterable[str]) -> dict[str, str]:
    """Digests of the code that this process would run, of each strategy under its name."""
    return {name: code_of.strategy_digest(name) for name in strategies}


class SimulationIds:
    """Computes the ids of one simulation or of columns of them; digests of facts are cached."""

    def __init__(self, tables: Tables, code: Mapping[str, str]) -> None:
        self._tables = tables
        self._code = code
        self._shared: dict[tuple[str, int], tuple[Any, int]] = {}  # (name, id(value)) -> the value, kept alive; digest
        self._plain: dict[tuple[str, int | str], int] = {}
        self._drawn: dict[int, tuple[Traffic, str]] = {}  # id(mix) -> the mix, kept alive; what `drawn` says

    def of(self, scenario: Scenario) -> str:
        """The id of one simulation, 32 hex digits.  KeyError if it draws from a table that is not there."""
        facts = {name: getattr(scenario, name) for name in FIELDS}
        facts |= {"tables": self.drawn(scenario)}
        facts |= {"source": self._code[scenario.strategy], "format": FORMAT}
        return reduce(xor, (self._number(name, value) for name, value in facts.items())).to_bytes(BYTES).hex()

    def keys(self, scenarios: Mapping[str, Coded[Any]], drawn: Coded[str], replicates: int) -> Keys:
        """Ids of all replicates of scenarios given as a column per field, (points * replicates, 2).

        drawn: the column of what the method `drawn` returns for each.
        """
        source = scenarios["strategy"].map(lambda name: self._code[name])
        points = np.zeros((len(drawn), 2), np.uint64)
        for name, column in {**scenarios, "tables": drawn, "source": source}.items():
            numbers = self._words(name, column.values)
            points ^= numbers if column.is_constant else np.take(numbers, column.codes, axis=0)
        points ^= self._words("format", [FORMAT])
        numbers = self._words("replicate", range(replicates))
        keys: Keys = (points[:, None] ^ numbers).reshape(-1, 2)
        return keys

    def drawn(self, scenario: Scenario) -> str:
        """Digest of what the quantile tables of a scenario are made from, in the order of its draws.

        Its mix decides them, with the code of its arrival process; the mean gap between bursts also depends on the mean
        length of a burst.
        """
        mix = scenario.traffic
        if id(mix) not in self._drawn:
            self._drawn[id(mix)] = (mix, self._draws(scenario))
        return self._drawn[id(mix)][1]

    def _draws(self, scenario: Scenario) -> str:
        sources = [digest(self._tables.source(distribution)) for distribution in batch.distributions(scenario)]
        process = code_of.process_digest(scenario.traffic.arrivals.kind)
        return digest(canonical([str(batch.burst_mean(scenario.traffic)), process, *sources]))

    def _words(self, name: str, values: Iterable[Any]) -> Keys:
        """The digests of these values of one fact, shape (values, 2)."""
        data = b"".join(_digest(name, value) for value in values)
        return np.frombuffer(data, ">u8").reshape(-1, 2).astype(np.uint64)

    def _number(self, name: str, value: Any) -> int:
        if isinstance(value, int | str):
            if (name, value) not in self._plain:
                self._plain[name, value] = int.from_bytes(_digest(name, value))
            return self._plain[name, value]
        if (name, id(value)) not in self._shared:
            self._shared[name, id(value)] = (value, int.from_bytes(_digest(name, value)))
        return self._shared[name, id(value)][1]


def _digest(name: str, value: Any) -> bytes:
    text = str(value) if type(value) is int else canonical(value)
    return hashlib.blake2b(f"{name}={text}".encode(), digest_size=BYTES).digest()


def texts(keys: Keys) -> NDArray[np.bytes_]:
    """Ids as 32 hex digits each, (N,) S32."""
    data = np.ascontiguousarray(keys, ">u8").view(np.uint8).reshape(-1)
    return _HEX[data].view(f"S{2 * BYTES}")


def numbers(ids: NDArray[np.bytes_]) -> tuple[Keys, NDArray[np.bool_]]:
    """Ids (S32) as numbers, and which of them are ids at all."""
    nibbles = _NIBBLE[np.ascontiguousarray(ids, f"S{2 * BYTES}").view(np.uint8).reshape(-1, 2 * BYTES)]
    data = np.ascontiguousarray(nibbles[:, ::2] << 4 | nibbles[:, 1::2])
    return data.view(">u8").astype(np.uint64), np.asarray(nibbles.max(axis=1, initial=0) < 16)
