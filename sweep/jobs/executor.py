# SPDX-License-Identifier: MIT
"""Where chunks run: the protocol, the in-process executor, and the choice between them.

An executor takes work and gives outcomes, in any order.  It knows chunks by number and strategies by name; it
neither retries for reasons of ours nor writes a file.  With `inline` everything runs in this process and thread, so
a breakpoint anywhere works; set NUMBA_DISABLE_JIT=1 and it works in kernels too.
"""

from __future__ import annotations

import os
from collections import deque
from pathlib import Path
from typing import NamedTuple, Protocol

from sweep.errors import SweepError, did_you_mean
from sweep.plan import Plan

from .task import Outcome, attempt_chunk, attempt_warm, run_chunk

NAMES = ("ray", "inline")


class Warm(NamedTuple):
    """Work: have the kernel of a strategy compiled wherever chunks may run."""

    strategy: str


class Run(NamedTuple):
    """Work: simulate a chunk of the plan."""

    number: int


Work = Warm | Run


class Executor(Protocol):
    """Runs the work of one plan."""

    workers: int  # chunks that run at the same time
    name: str  # for people: "local Ray, 2 workers"

    def submit(self, work: Work) -> None:
        """Take `work`; returns at once."""

    def wait(self, timeout_s: float) -> list[tuple[Work, Outcome]]:
        """What has ended: all that is ready, or after at most `timeout_s` nothing."""

    def close(self) -> None:
        """Give up what is not done and leave nothing behind."""


class Inline:
    """One piece of work at a time, in this process, when `wait` is called (which may take longer than its timeout)."""

    workers = 1
    name = "in this process"

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._queue: deque[Work] = deque()

    def submit(self, work: Work) -> None:
        self._queue.append(work)

    def wait(self, timeout_s: float) -> list[tuple[Work, Outcome]]:
        if not self._queue or timeout_s == 0:
            return []
        work = self._queue.popleft()
        if isinstance(work, Warm):
            return [(work, attempt_warm(work.strategy))]
        if os.environ.get("SWEEP_DEBUG"):  # let a debugger see the exception where it is raised
            return [(work, Outcome(run_chunk(self._plan, work.number), "", 0.0))]
        return [(work, attempt_chunk(self._plan, work.number))]

    def close(self) -> None:
        self._queue.clear()


def processors() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


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


def open_executor(name: str, plan: Plan, workers: int, address: str | None, log: Path) -> Executor:
    """Start executor `name`; what its machinery says goes to the file `log`."""
    if name == "inline":
        return Inline(plan)
    from .ray_executor import RayExecutor

    return RayExecutor(plan, workers, address, log)
