# SPDX-License-Identifier: MIT
"""What every executor does: it takes work, and gives outcomes in any order; and what is to be known of it before.

An executor knows chunks by number and strategies by name; it neither retries (see `driver.policy`) nor writes a file.

An executor is a module, or a package, that has its `ExecutorKind` under the name KIND, and a word in
`executors.NAMES`.  All that differs between executors is said by their kinds: nothing else asks for one by name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

from sweep.plan import Plan
from sweep.plan.forecast import PROCESS, Cost

from .work import AttemptOutcome, Work


class Join(NamedTuple):
    """A running cluster to join."""

    address: str  # "auto" or host:port
    nodes: int = 0  # wait until so many nodes with CPUs are there
    timeout_s: float = 900.0  # how long to wait for the nodes


class Executor(Protocol):
    """Runs the work of one plan; see `executors.choice` for the ones there are."""

    workers: int  # chunks that run at the same time; may change while it runs, and is 0 until it has started
    name: str  # for people: "4 threads"

    def submit(self, work: Work) -> None:
        """Take `work`; returns at once."""

    def cancel(self, work: Work) -> None:
        """End `work` by force; no outcome of it will come."""

    def wait(self, timeout_s: float) -> list[tuple[Work, AttemptOutcome]]:
        """The work that has ended, with its outcomes; [] if none ends within `timeout_s`.  Raises SweepError."""

    def close(self) -> None:
        """Abandon unfinished work and end all processes of the executor, within two seconds."""


@dataclass(frozen=True)
class ExecutorKind:
    """What is known of an executor before it is started.  Memory and threads are those of this machine."""

    open: Callable[[Plan, int, Join | None, Path], Executor]
    """Start it for a plan with that many workers, or join a cluster; what its machinery says goes to that file."""
    place: Callable[[int], str]  # where so many workers run, for people: "on 4 threads of this process"
    stop_s: float  # within which it ends all that it has started, or the run ends without it
    address_bytes: int  # that one process of it must be able to map, most of it untouched (ulimit -v), and
    data_bytes: int  # of them private and writable (ulimit -d)
    cost: Cost = PROCESS
    threads: int = 0  # that it starts beside those of its workers
    worker_threads: int = 0  # that each worker starts
    most_workers: int | None = None  # None: as many as there are processors, or as are asked for
    joins: bool = False  # whether it can run on a cluster that is there already

    def workers(self, wanted: int) -> int:
        """How many of these workers it can have."""
        return min(wanted, self.most_workers or wanted)
