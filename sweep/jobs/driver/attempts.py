# SPDX-License-Identifier: MIT
"""The attempts that have been handed out and have not ended, in the order in which they were handed out.

Executors run what they are given in its order, so the oldest attempts, as many as there are workers, are those that
run, and only their clocks go: an attempt that waits behind a stuck one is not late.  One that wants a node to itself
waits until those before it have left it, and holds back all that come after it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from sweep.jobs.executors.work import RunSlice

from .policy import Piece


@dataclass
class Attempt:
    """One attempt at a piece that was handed to an executor."""

    piece: Piece
    handed_out: float = field(default_factory=lambda: time.perf_counter())
    started: float | None = None  # since when a worker is surely there for it: none is counted on while kernels compile
    successes: int = 0  # of the run when it was handed out
    copied: bool = False  # its deadline has passed once, and a second copy was handed out

    @property
    def took_s(self) -> float:
        """Seconds since a worker started it; 0 before that."""
        return time.perf_counter() - self.started if self.started is not None else 0.0

    @property
    def waited_s(self) -> float:
        """Seconds from hand-out to start, or to now if it has not started."""
        return (self.started or time.perf_counter()) - self.handed_out


class Attempts:
    """The attempts that were handed out and have not ended, oldest first."""

    def __init__(self) -> None:
        self._by_work: dict[RunSlice, Attempt] = {}
        self._of: dict[Piece, list[RunSlice]] = {}

    def __len__(self) -> int:
        return len(self._by_work)

    def __contains__(self, work: RunSlice) -> bool:
        return work in self._by_work

    def add(self, work: RunSlice, piece: Piece, successes: int = 0) -> None:
        """Note that `work` was handed out for `piece`; `successes`: attempts that had ended well by then."""
        self._by_work[work] = Attempt(piece, successes=successes)
        self._of.setdefault(piece, []).append(work)

    def end(self, work: RunSlice) -> Attempt:
        """Forget the attempt `work`, which has ended, and return it.  Raises KeyError if it is not in progress."""
        attempt = self._by_work.pop(work)
        attempts = self._of[attempt.piece]
        attempts.remove(work)
        if not attempts:
            del self._of[attempt.piece]
        return attempt

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """The pieces of which an attempt is in progress."""
        return tuple(self._of)

    def of(self, piece: Piece) -> tuple[RunSlice, ...]:
        """The attempts at `piece` that are in progress."""
        return tuple(self._of.get(piece, ()))

    def start(self, workers: int) -> None:
        """Start the clocks of the oldest `workers`; of one that is to be alone, when it is the oldest of all."""
        now = time.perf_counter()
        for place, attempt in enumerate(islice(self._by_work.values(), workers)):
            if attempt.piece.alone and place:
                return
            attempt.started = attempt.started or now
            if attempt.piece.alone:
                return

    def started(self) -> Iterator[Attempt]:
        """The attempts whose clocks run; others may be handed out or end during the iteration."""
        for work, attempt in list(self._by_work.items()):
            if attempt.started is not None and work in self._by_work:
                yield attempt
