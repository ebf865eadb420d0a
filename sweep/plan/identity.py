# SPDX-License-Identifier: MIT
"""Who a simulation is: the digest of everything that decides its counters.

An id covers the scenario, the quantile tables that it draws from, the sources of the model's core and of its
strategy, and the format of results.  It covers no file name, label, chunk, executor or machine.  So editing one
strategy makes that strategy's ids new and no others, and two sweep files that share a point share its rows.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, fields, is_dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sweep.model import batch, jit
from sweep.model.scenario import Distribution, Scenario
from sweep.schema import FORMAT

Tables = Mapping[Distribution, NDArray[np.int64]]

_BEFORE = sorted(field.name for field in fields(Scenario) if field.name < "replicate")
_AFTER = sorted(field.name for field in fields(Scenario) if field.name > "replicate")


def canonical(value: Any) -> str:
    """JSON with sorted keys and no blanks; a dataclass is the object of its fields."""
    return json.dumps(asdict(value) if is_dataclass(value) else value, sort_keys=True, separators=(",", ":"))  # type: ignore[arg-type]


def digest(data: str | bytes, size: int = 16) -> str:
    """blake2b of `data`, `size` bytes, in hex."""
    return hashlib.blake2b(data.encode() if isinstance(data, str) else data, digest_size=size).hexdigest()


def code(strategies: Iterable[str]) -> dict[str, str]:
    """Digests of this process's sources: of the core under "", and of each strategy under its name."""
    return {"": jit.core_digest(), **{name: jit.strategy_digest(name) for name in strategies}}


class Identity:
    """Gives ids; keeps the JSON of the parts that scenarios share."""

    def __init__(self, tables: Tables, code: Mapping[str, str]) -> None:
        self._tables = {of: digest(table.astype("<i8").tobytes()) for of, table in tables.items()}
        self._code = code
        self._shared: dict[int, tuple[Any, str]] = {}  # id(part) -> the part, kept alive, and its JSON

    def of(self, scenario: Scenario) -> str:
        """The id of one simulation, 32 hex digits.  KeyError if it draws from a table that is not there."""
        return next(self.replicates(scenario, batch.distributions(scenario), [scenario.replicate]))

    def replicates(
        self, scenario: Scenario, distributions: Iterable[Distribution], replicates: Iterable[int]
    ) -> Iterator[str]:
        """The ids of these replicates of a scenario that draws from `distributions`."""
        before, after = self._document(scenario, [self._tables[each] for each in distributions])
        for replicate in replicates:
            yield digest(f"{before}{replicate}{after}")

    def _document(self, scenario: Scenario, tables: list[str]) -> tuple[str, str]:
        """The canonical JSON that is digested, before and after the number of the replicate."""
        head = f'{{"core":"{self._code[""]}","format":{FORMAT},"scenario":{{{self._members(scenario, _BEFORE)}'
        tail = f'{self._members(scenario, _AFTER)}}},"strategy":"{self._code[scenario.strategy]}"'
        return f'{head},"replicate":', f',{tail},"tables":{canonical(tables)}}}'

    def _members(self, scenario: Scenario, names: Sequence[str]) -> str:
        return ",".join(f'"{name}":{self._json(getattr(scenario, name))}' for name in names)

    def _json(self, value: Any) -> str:
        if isinstance(value, int | str):
            return json.dumps(value)
        found = self._shared.get(id(value))
        if found is None:
            found = self._shared[id(value)] = (value, canonical(value))
        return found[1]
