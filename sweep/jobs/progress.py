# SPDX-License-Identifier: MIT
"""How far a run is, and where its core time went.  Only arithmetic; the command line draws it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sweep.plan import COMMITS_PER_S, LONGEST_S

DISPATCH_SHARE = 0.01  # of a chunk that handing it out may cost, for the length that is advised
LAST_ROUND_SHARE = 0.04  # of the run that one round of chunks may take: half of it is the mean idle end
SHORTEST_ADVISED_S = 0.1


@dataclass
class Progress:
    """Accounts of one run, kept by the driver as outcomes come in.

    Every core second between the executor's start and its end is paid; it is simulated (rows that are kept), compiled,
    lost (attempts whose result nobody used), straggled (workers idle because nothing was left to hand out), or else
    dispatch: handing out, encoding, sending, committing, and whatever else the machine did.
    """

    chunks: int = 0
    predicted_s: float = 0.0  # core time of all chunks
    workers: int = 1
    executor: str = ""  # for people
    started: float = field(default_factory=time.perf_counter)
    ended_chunks: int = 0
    failed: int = 0  # simulations
    ended_predicted_s: float = 0.0
    packets: int = 0  # simulated so far
    paid_s: float = 0.0
    simulate_s: float = 0.0
    compile_s: float = 0.0  # compiling kernels or loading them, and waiting for that
    lost_s: float = 0.0
    straggle_s: float = 0.0
    compiling: tuple[str, ...] = ()  # strategies whose kernel is not ready yet
    stopping: bool = False
    look: tuple[int, int] | None = None  # of a sweep with a precision: which look is run, and of how many
    ended_at: float | None = None
    _since: float = field(default_factory=time.perf_counter)

    def add(self, chunks: int, predicted_s: float) -> None:
        """Add this many chunks, of this predicted core time, to what is to do."""
        self.chunks += chunks
        self.predicted_s += predicted_s

    def kept(self, about: Mapping[str, Any]) -> None:
        """Account for a committed part, from its description (`task.run_chunk`)."""
        self.packets += about["packets"]
        self.simulate_s += about["simulate_s"]
        self.compile_s += about["compile_s"]

    @property
    def elapsed_s(self) -> float:
        return (self.ended_at or time.perf_counter()) - self.started

    @property
    def packets_per_s(self) -> float:
        return self.packets / max(self.elapsed_s, 1e-9)

    @property
    def left_s(self) -> float | None:
        """Time left at the pace of predicted cost so far; None before the first chunk has ended."""
        if not self.ended_predicted_s:
            return None
        return self.elapsed_s * (self.predicted_s - self.ended_predicted_s) / self.ended_predicted_s

    def pay(self, workers: int, busy: int, *, nothing_ready: bool) -> None:
        """Account for the time since the last call, in which `busy` of `workers` had work."""
        now = time.perf_counter()
        span_s, self._since = now - self._since, now
        if not self.paid_s and not workers:  # still starting
            self.started = now
        self.workers = max(workers, 1)
        self.paid_s += workers * span_s
        idle_s = max(0, workers - busy) * span_s
        if nothing_ready and self.compiling:
            self.compile_s += idle_s
        elif nothing_ready:
            self.straggle_s += idle_s

    def begin(self) -> None:
        """Start the clock again: the executor has started."""
        self.started = self._since = time.perf_counter()

    def finish(self) -> None:
        """Stop the clock."""
        self.ended_at = time.perf_counter()

    @property
    def simulated_share(self) -> float:
        """Share of the paid core time that went into rows that are kept."""
        return self.simulate_s / max(self.paid_s, 1e-9)

    @property
    def dispatch_s(self) -> float:
        """Core time that was paid and is in no other account."""
        return max(0.0, self.paid_s - self.simulate_s - self.compile_s - self.lost_s - self.straggle_s)

    @property
    def advised_chunk_s(self) -> float | None:
        """Advised chunk length for the next run, seconds; None if unknown.

        Dispatch then costs about a percent of it, workers idle little at the end, and the driver keeps up with them.
        """
        if not self.ended_chunks or not self.simulate_s:
            return None
        for_dispatch_s = self.dispatch_s / self.ended_chunks / DISPATCH_SHARE
        for_the_end_s = LAST_ROUND_SHARE * self.simulate_s / self.workers
        for_commits_s = self.workers / COMMITS_PER_S
        return min(max(min(for_dispatch_s, for_the_end_s), for_commits_s, SHORTEST_ADVISED_S), LONGEST_S)
