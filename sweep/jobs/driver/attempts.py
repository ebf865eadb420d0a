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

from sweep.jobs.executors.work import Run

from .policy import Piece


@dataclass
class Flight:
    """One attempt at a piece."""

    piece: Piece
    handed_out: float = field(default_factory=lambda: time.perf_counter())
    started: float | None = None  # since when a worker is surely there for it: none is counted on while kernels compile
    successes: int = 0  # of the run when it was handed out
    copied: bool = False  # its deadline has passed once, and a second copy was handed out

    @property
    def took_s(self) -> float:
        """Since it has started, 0 before that."""
        return time.perf_counter() - self.started if self.started is not None else 0.0

    @property
    def waited_s(self) -> float:
        """From hand-out to start, or to now."""
        return (self.started or time.perf_counter()) - self.handed_out


class Flights:
    """All of them."""

    def __init__(self) -> None:
        self._flights: dict[Run, Flight] = {}
        self._of: dict[Piece, list[Run]] = {}

    def __len__(self) -> int:
        return len(self._flights)

    def __contains__(self, work: Run) -> bool:
        return work in self._flights

    def take_off(self, work: Run, piece: Piece, successes: int = 0) -> None:
        """An attempt has been handed out, after so many that ended well."""
        self._flights[work] = Flight(piece, successes=successes)
        self._of.setdefault(piece, []).append(work)

    def land(self, work: Run) -> Flight:
        """An attempt has ended.  Raises KeyError if it is not in flight."""
        flight = self._flights.pop(work)
        attempts = self._of[flight.piece]
        attempts.remove(work)
        if not attempts:
            del self._of[flight.piece]
        return flight

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """What is being tried."""
        return tuple(self._of)

    def of(self, piece: Piece) -> tuple[Run, ...]:
        """The attempts at a piece."""
        return tuple(self._of.get(piece, ()))

    def start(self, workers: int) -> None:
        """Start the clocks of the oldest `workers`; of one that is to be alone, when it is the oldest of all."""
        now = time.perf_counter()
        for place, flight in enumerate(islice(self._flights.values(), workers)):
            if flight.piece.alone and place:
                return
            flight.started = flight.started or now
            if flight.piece.alone:
                return

    def started(self) -> Iterator[Flight]:
        """The attempts whose clocks go; more may take off and land meanwhile."""
        for work, flight in list(self._flights.items()):
            if flight.started is not None and work in self._flights:
                yield flight
