# SPDX-License-Identifier: MIT
"""An executor that fails by a script, and whose clock goes only while it has nothing to do."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from sweep.jobs.executors.inline import Inline
from sweep.jobs.executors.work import AttemptOutcome, Ending, RunSlice, Work
from sweep.jobs.run import RunSummary
from sweep.plan import Plan

Script = Callable[[RunSlice], AttemptOutcome | None]  # None: never ends


class Clock:
    """Seconds."""

    def __init__(self) -> None:
        self.now = 1000.0

    def perf_counter(self) -> float:
        return self.now


class Scripted(Inline):
    """Runs in this process what the script lets through."""

    workers = 2
    name = "scripted"

    def __init__(self, plan: Plan, script: Script, clock: Clock) -> None:
        super().__init__(plan)
        self._clock = clock
        self.tried: list[RunSlice] = []
        self.cancelled: list[Work] = []
        self._script = script
        self._stuck: deque[RunSlice] = deque()

    def submit(self, work: Work) -> None:
        if isinstance(work, RunSlice):
            self.tried.append(work)
        super().submit(work)

    def cancel(self, work: Work) -> None:
        self.cancelled.append(work)
        super().cancel(work)
        if work in self._stuck:
            self._stuck.remove(work)

    def wait(self, timeout_s: float) -> list[tuple[Work, AttemptOutcome]]:
        if not timeout_s:  # nothing begins
            return []
        if self._queue and isinstance(self._queue[0], RunSlice) and len(self._stuck) < self.workers:
            outcome = self._script(self._queue[0])
            if outcome is None:
                self._stuck.append(self._queue.popleft())  # type: ignore[arg-type]
                return []
            if outcome.ending is not Ending.DONE:
                return [(self._queue.popleft(), outcome)]
        if len(self._stuck) == self.workers or not self._queue:
            self._clock.now += min(timeout_s, 0.02)
            return []
        return super().wait(timeout_s)


def through(work: RunSlice) -> AttemptOutcome:
    return AttemptOutcome(Ending.DONE)


def poisonous(work: RunSlice, ending: Ending) -> AttemptOutcome:
    """Simulation 5 of chunk 0 is poison."""
    hit = work.number == 0 and work.start <= 5 < (work.stop or 0)
    return AttemptOutcome(ending, error="planted") if hit else AttemptOutcome(Ending.DONE)


Go = Callable[..., tuple[RunSummary, Scripted]]
