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
from functools import cache
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sweep.model import batch, jit
from sweep.model.scenario import Distribution, Scenario
from sweep.schema import FORMAT

Tables = Mapping[Distribution, NDArray[np.int64]]

_text = cache(json.dumps)


def _members(names: Sequence[str]) -> tuple[str, attrgetter[tuple[Any, ...]]]:
    """Members of a JSON object with a place for each value, and what takes the values from a scenario."""
    return ",".join(f'"{name}":%s' for name in names), attrgetter(*names)


_NAMES = sorted(field.name for field in fields(Scenario))
_BEFORE, _AFTER = (_members([n for n in _NAMES if n < "replicate"]), _members([n for n in _NAMES if n > "replicate"]))


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
        before, after = (form % tuple(map(self._json, values(scenario))) for form, values in (_BEFORE, _AFTER))
        head = f'{{"core":"{self._code[""]}","format":{FORMAT},"scenario":{{{before}'
        tail = f'{after}}},"strategy":"{self._code[scenario.strategy]}"'
        return f'{head},"replicate":', f',{tail},"tables":{canonical(tables)}}}'

    def _json(self, value: Any) -> str:
        if type(value) is int:  # most are: a sweep of millions spends much of its planning here
            return str(value)
        if type(value) is str:
            return _text(value)
        found = self._shared.get(id(value))
        if found is None:
            found = self._shared[id(value)] = (value, canonical(value))
        return found[1]
