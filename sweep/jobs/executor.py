# SPDX-License-Identifier: MIT
"""Where chunks run: the protocol, the in-process executor, and the choice between them.

An executor takes work and gives outcomes, in any order.  It knows chunks by number and strategies by name; it
neither retries (see `policy`) nor writes a file.  With `inline` everything runs in this process and thread, so
a breakpoint anywhere works; set NUMBA_DISABLE_JIT=1 and it works in kernels too, and SWEEP_DEBUG=1 lets exceptions
through.

Not modelled: in this process nothing can be ended from outside but the process: a simulation that crashes it, fills its
memory or never ends does so to the run, and a Ctrl-C in the middle of a long one loses that one's chunk (`signals`).
"""

from __future__ import annotations

import os
from collections import deque
from pathlib import Path
from typing import NamedTuple, Protocol

from sweep.errors import SweepError, did_you_mean
from sweep.plan import Plan

from . import cgroups
from .task import attempt_run, attempt_warm
from .work import Outcome, Warm, Work

NAMES = ("ray", "inline")


class Join(NamedTuple):
    """A cluster that is there already."""

    address: str  # "auto" or host:port
    nodes: int = 0  # with CPUs; wait until as many are there
    patience_s: float = 900.0  # for so long


def joined(address: str | None, nodes: int, executor: str) -> Join | None:
    """The cluster at `address`; None if there is no address.  Raises SweepError for what does not go with it."""
    if address and executor != "ray":
        raise SweepError(
            f'--address "{address}" is of a Ray cluster, and --executor "{executor}" does not run there\n'
            "  next: leave one of them out"
        )
    if nodes and not address:
        raise SweepError(f'--nodes "{nodes}" is for a cluster that is there\n  next: give --address, or leave it out')
    return Join(address, nodes) if address else None


class Executor(Protocol):
    """Runs the work of one plan."""

    workers: int  # chunks that run at the same time; may change while it runs, and is 0 until it has started
    name: str  # for people: "local Ray, 2 workers"

    def submit(self, work: Work) -> None:
        """Take `work`; returns at once."""

    def cancel(self, work: Work) -> None:
        """End `work` by force; no outcome of it will come."""

    def wait(self, timeout_s: float) -> list[tuple[Work, Outcome]]:
        """What has ended: all that is ready, or after at most `timeout_s` nothing.  Raises SweepError."""

    def close(self) -> None:
        """Give up what is not done and leave nothing behind, within two seconds."""


class Inline:
    """One piece of work at a time, in this process, when `wait` is called (which may take longer than its timeout)."""

    workers = 1
    name = "in this process"

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._queue: deque[Work] = deque()

    def submit(self, work: Work) -> None:
        self._queue.append(work)

    def cancel(self, work: Work) -> None:
        self._queue = deque(each for each in self._queue if each != work)

    def wait(self, timeout_s: float) -> list[tuple[Work, Outcome]]:
        if not self._queue or timeout_s == 0:
            return []
        work = self._queue.popleft()
        return [(work, attempt_warm(work) if isinstance(work, Warm) else attempt_run(self._plan, work))]

    def close(self) -> None:
        self._queue.clear()


def processors() -> int:
    """Cores that this process may use: those that it may run on, or fewer if its control group has a quota."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, cgroups.whole_processors(cgroups.processors()) or cores)


def worker_count(name: str, workers: int | None) -> int:
    """Workers that executor `name` will have on this machine.  Raises SweepError for a name or number that is wrong."""
    if name not in NAMES:
        raise SweepError(
            f'executor "{name}" is not known.{did_you_mean(name, NAMES)}\n  known: {", ".join(NAMES)}\n'
            "  see: sweep run --help"
        )
    if workers is not None and workers < 1:
        raise SweepError(f'workers "{workers}" is too small: at least 1\n  see: sweep run --help')
    return 1 if name == "inline" else workers or processors()


def open_executor(name: str, plan: Plan, workers: int, join: Join | None, log: Path) -> Executor:
    """Start executor `name`; what its machinery says goes to the file `log`."""
    if name == "inline":
        return Inline(plan)
    from .ray_executor import RayExecutor

    return RayExecutor(plan, workers, join, log)
