# SPDX-License-Identifier: MIT
"""The executor that runs everything in this process and thread, so that a breakpoint anywhere works.

Set SWEEP_PLAIN_PYTHON=1 and it works in kernels too, and SWEEP_DEBUG=1 lets exceptions through.

Not modelled: in this process nothing can be ended from outside but the process: a simulation that crashes it, fills its
memory or never ends does so to the run, and a Ctrl-C in the middle of a long one loses that one's chunk (`signals`).
"""

from __future__ import annotations

from collections import deque

from sweep.plan import Plan

from .protocol import ExecutorKind
from .task import attempt_run, attempt_warm
from .work import AttemptOutcome, WarmKernel, Work


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
        self._queue = deque(queued for queued in self._queue if queued != work)

    def wait(self, timeout_s: float) -> list[tuple[Work, AttemptOutcome]]:
        if not self._queue or timeout_s == 0:
            return []
        work = self._queue.popleft()
        return [(work, attempt_warm(work) if isinstance(work, WarmKernel) else attempt_run(self._plan, work))]

    def close(self) -> None:
        self._queue.clear()


KIND = ExecutorKind(
    open=lambda plan, workers, join, log: Inline(plan),
    place=lambda workers: "in this process",
    stop_s=2.5,
    address_bytes=1400 << 20,  # a process works with so much, and not with a quarter less
    data_bytes=500 << 20,
    most_workers=1,
)
