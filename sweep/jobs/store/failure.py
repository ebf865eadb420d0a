# SPDX-License-Identifier: MIT
"""Failures: simulations that have no result, and why, as the run directory records them.

The next run does not try them again, since they would fail in the same way, unless it is asked to (`--retry-failed`);
a row of the same id supersedes them.  What format 1 recorded is tried again, unless the model itself raised it: that
format did not tell simulations that crashed from those whose worker was killed, nor their exceptions from those of a
full disk.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from sweep.jobs.executors.blame import raised_by_model
from sweep.plan import digest

from .parts import Store

FORMAT = 2
ENDINGS = {  # how simulations fail, for people
    "exception": "raised an exception",
    "crash": "crashed its process",
    "memory": "ran out of memory",
    "too_slow": "did not end in time",
}
UNDECIDED = {  # how simulations end that stay open, for people
    "surroundings": "met an error that need not be its own",
    "killed": "was ended from outside again and again",
    "node_memory": "was ended because its node had no memory left",
    "lost": "lost its node again and again",
}


@dataclass(frozen=True)
class Failure:
    """Simulations that failed together, in one way."""

    strategy: str
    ending: str  # a key of ENDINGS
    error: str  # traceback, or what the executor knew
    ids: tuple[str, ...] = field(repr=False)
    document: str  # digest of the sweep that they were simulated for
    node: str = ""  # of the last attempt, if known

    @property
    def name(self) -> str:
        """Name of its file: the digest of its simulations."""
        return digest("".join(self.ids))

    @property
    def reason(self) -> str:
        """Why they failed, one line for people."""
        last = (self.error.strip().splitlines() or [""])[-1]
        return last if self.ending in ("exception", "surroundings") and last else {**ENDINGS, **UNDECIDED}[self.ending]

    def record(self) -> dict[str, Any]:
        """The JSON document that is kept of it."""
        return {"format": FORMAT, **asdict(self)}

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Failure | None:
        """The failure in a record; None if it is of another format or damaged."""
        fields = {name: value for name, value in record.items() if name not in ("format", "ids")}
        ids = record.get("ids")
        all_text = all(isinstance(value, str) for value in fields.values())
        ids_are_names = isinstance(ids, list) and all(isinstance(name, str) and name.isascii() for name in ids)
        if (
            record.get("format") not in (1, FORMAT)
            or not all_text
            or not ids_are_names
            or fields.get("ending") not in ENDINGS
        ):
            return None
        try:
            failure = cls(**fields, ids=tuple(ids or ()))
        except TypeError:
            return None
        sound = record["format"] == FORMAT or (failure.ending == "exception" and raised_by_model(failure.error))
        return failure if sound else None


def recorded(store: Store, *, set_aside: bool = False) -> list[Failure]:
    """The failures recorded in a run directory; damaged records are skipped, and with `set_aside` renamed *.bad."""
    read = (Failure.of(record) for record in store.failures(set_aside))
    return [failure for failure in read if failure]


def alike(failed: Iterable[tuple[int, str, str]]) -> dict[tuple[str, str], list[int]]:
    """Indices of simulations, grouped by (ending, error)."""
    indices: dict[tuple[str, str], list[int]] = {}
    for index, ending, error in failed:
        indices.setdefault((ending, error), []).append(index)
    return indices
