# SPDX-License-Identifier: MIT
"""Where a run stands: counts, rate, time left.  Only arithmetic; the command line draws it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from sweep.plan import Chunk


@dataclass
class Progress:
    """Accounts of one run, kept by the driver as outcomes come in."""

    chunks: int
    predicted_s: float  # core time of all chunks
    workers: int = 1
    executor: str = ""  # for people
    started: float = field(default_factory=time.perf_counter)
    ended_chunks: int = 0
    failed_chunks: int = 0
    ended_predicted_s: float = 0.0
    packets: int = 0  # simulated so far
    simulate_s: float = 0.0  # core time inside simulations
    compile_s: float = 0.0  # core time compiling kernels or loading them
    compiling: tuple[str, ...] = ()  # strategies whose kernel is not ready yet
    stopping: bool = False
    ended_at: float | None = None

    @classmethod
    def of(cls, chunks: Sequence[Chunk]) -> Progress:
        return cls(len(chunks), sum(chunk.predicted_s for chunk in chunks))

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

    def ended(self, chunk: Chunk, *, failed: bool) -> None:
        """A chunk has ended."""
        self.ended_chunks += 1
        self.failed_chunks += failed
        self.ended_predicted_s += chunk.predicted_s

    def finish(self) -> None:
        """Stop the clock."""
        self.ended_at = time.perf_counter()

    @property
    def simulated_share(self) -> float:
        """Share of the workers' core time that went into simulations."""
        return self.simulate_s / max(self.workers * self.elapsed_s, 1e-9)

    @property
    def dispatch_s(self) -> float:
        """Core time that was paid and neither simulated nor compiled."""
        return max(0.0, self.workers * self.elapsed_s - self.simulate_s - self.compile_s)
