# SPDX-License-Identifier: MIT
"""The attempts that have been handed out and have not ended, in the order in which they were handed out.

Executors run what they are given in its order, so the oldest attempts, as many as there are workers, are those that
run, and only their clocks go: an attempt that waits behind a stuck one is not late.  One that wants a node to itself
waits until those before it have left it, and holds back all that come after it.
"""

from __future__ import annotations

import heapq
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count

from sweep.jobs.executors.work import RunSlice

from .policy import Piece

KEPT = 1000  # attempts that have ended and may be kept before they are dropped, all at once


@dataclass
class Attempt:
    """One attempt at a piece that was handed to an executor."""

    piece: Piece
    handed_out: float = field(default_factory=lambda: time.perf_counter())
    started: float | None = None  # since when a worker is surely there for it: none is counted on while kernels compile
    successes: int = 0  # of the run when it was handed out
    copied: bool = False  # its deadline has passed once, and a second copy was handed out
    ended: float | None = None

    @property
    def took_s(self) -> float:
        """Seconds since a worker started it, until it ended if it has; 0 before that."""
        return (self.ended or time.perf_counter()) - self.started if self.started is not None else 0.0

    @property
    def waited_s(self) -> float:
        """Seconds from hand-out to start, or to its end or now if it has not started."""
        return (self.started or self.ended or time.perf_counter()) - self.handed_out


class Attempts:
    """The attempts that were handed out and have not ended, oldest first."""

    def __init__(self, first_look_s: float = 0.0) -> None:
        """`first_look_s`: seconds that an attempt runs before it is looked at for the first time."""
        self._first_look_s = first_look_s
        self._by_work: dict[RunSlice, Attempt] = {}
        self._of: dict[Piece, list[RunSlice]] = {}
        self._waiting: deque[Attempt] = deque()  # their clocks do not go yet; some may have ended
        self._clocks = 0  # that go
        self._alone: Attempt | None = None  # its clock goes, and it is to be alone
        self._watched: list[tuple[float, int, Attempt]] = []  # a heap by the time to look at an attempt again
        self._started = count()

    def __len__(self) -> int:
        return len(self._by_work)

    def __contains__(self, work: RunSlice) -> bool:
        return work in self._by_work

    def add(self, work: RunSlice, piece: Piece, successes: int = 0) -> None:
        """Note that `work` was handed out for `piece`; `successes`: attempts that had ended well by then."""
        attempt = self._by_work[work] = Attempt(piece, successes=successes)
        self._waiting.append(attempt)
        self._of.setdefault(piece, []).append(work)

    def end(self, work: RunSlice) -> Attempt:
        """Forget the attempt `work`, which has ended, and return it.  Raises KeyError if it is not in progress."""
        attempt = self._by_work.pop(work)
        attempt.ended = time.perf_counter()
        self._clocks -= attempt.started is not None
        if attempt is self._alone:
            self._alone = None
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
        while self._waiting and self._clocks < workers and self._alone is None:
            attempt = self._waiting[0]
            if attempt.ended is None:
                if attempt.piece.alone and self._clocks:
                    return
                attempt.started = now
                self._clocks += 1
                self._alone = attempt if attempt.piece.alone else None
                heapq.heappush(self._watched, (now + self._first_look_s, next(self._started), attempt))
            self._waiting.popleft()
        if len(self._watched) > 2 * len(self) + KEPT:  # most have ended before anybody looked at them
            self._watched = [watched for watched in self._watched if watched[-1].ended is None]
            heapq.heapify(self._watched)

    def due(self, look_again_s: Callable[[Attempt], float]) -> Iterator[Attempt]:
        """The attempts whose clocks go and that are to be looked at now; others may start or end meanwhile.

        Each is looked at `first_look_s` after its start, then as many seconds after every look as `look_again_s` says.
        """
        now = time.perf_counter()
        while self._watched and self._watched[0][0] <= now:
            _, number, attempt = heapq.heappop(self._watched)
            if attempt.ended is not None:
                continue
            yield attempt
            if attempt.ended is None:
                heapq.heappush(self._watched, (now + look_again_s(attempt), number, attempt))
