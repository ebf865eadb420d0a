# SPDX-License-Identifier: MIT
"""The loop between executor and store: hand out, commit, and do as the policy says with what fails.

Pieces come in rounds, and the next is asked for when nothing is left of the one before; a run of what is missing has
one.  A piece is handed out once; only a failure (`policy`), or a deadline that has passed, brings a second attempt at
it, and the first attempt to end well is the one that is committed.  The driver is the only writer.
"""

from __future__ import annotations

import heapq
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import count
from statistics import median

import numpy as np
from numpy.typing import NDArray

from sweep.plan import Chunk, Survey, digest

from . import policy
from .executor import Executor
from .failure import Failure, alike
from .flights import Flight, Flights
from .journal import Journal
from .policy import Piece
from .progress import Progress
from .store import Part, Store
from .work import Ending, Outcome, Run, Warm

IN_FLIGHT_PER_WORKER = 2  # one runs, one waits for the first worker that is free: more only delays stopping
TICK_S = 0.5
CHECK_S = 10.0  # in an object store it is a request
PACES = 50  # chunks whose pace decides what is expected of the next

Watch = Callable[[Progress], None]


class Driver:
    """One run of the chunks of a survey."""

    def __init__(
        self,
        store: Store,
        survey: Survey,
        chunks: Sequence[Chunk],
        *,
        watch: Watch,
        rounds: Iterable[Sequence[Piece]] | None = None,
        shuffle: int | None = None,
        least_deadline_s: float = policy.DEADLINE_S,
        max_failures: int | None = None,
    ) -> None:
        """`rounds`: the pieces of the chunks to hand out, never none at a time; by default all at once."""
        self.parts: list[Part] = []
        self.failures: list[Failure] = []
        self.progress = Progress()
        self.interrupted = False
        self._store, self._survey, self._chunks, self._watch = store, survey, chunks, watch
        self._least_deadline_s, self._max_failures = least_deadline_s, max_failures
        self._journal = Journal(store.logs)
        self._attempts, self._checked = count(), time.perf_counter()
        self._left: Counter[int] = Counter()  # simulations of each chunk that were asked for
        self._cold: dict[str, list[Piece]] = {}  # by strategy: what waits for a kernel
        self._kernels: dict[str, bool] = {}  # of strategies, those that were asked for: whether they are ready
        self._ready: list[tuple[float, int, Piece]] = []  # heap: what may be handed out, most urgent first
        self._flights = Flights()
        self._paces: list[float] = []  # measured over predicted
        order = random.Random(shuffle) if shuffle is not None else None
        self._urgency = [order.random() if order else -chunk.predicted_s for chunk in chunks]
        whole = [Piece(number, 0, len(chunk.simulations)) for number, chunk in enumerate(chunks)]
        self._rounds = iter(rounds if rounds is not None else [whole] if whole else [])
        self.idle = not self._open_round()  # nothing is to do

    def stop(self) -> None:
        """From a signal's handler, or a thread that hears of signals, at any moment: nothing else happens here."""
        self.interrupted = self.progress.stopping = True

    def starting(self, executor: str) -> None:
        """Tell whoever watches that the executor is being started."""
        self.progress.executor = f"starting {executor}"
        self._watch(self.progress)

    @property
    def failed(self) -> int:
        """Simulations that failed in this run."""
        return sum(len(failure.ids) for failure in self.failures)

    @property
    def given_up(self) -> bool:
        """Whether more simulations have failed than may."""
        return self._max_failures is not None and self.failed > self._max_failures

    @property
    def stopping(self) -> bool:
        return self.interrupted or self.given_up

    def run(self, executor: Executor) -> None:
        """Hand out all chunks and commit what comes of them; returns early when stopping.

        Raises RunError if a part cannot be written or the executor has ended; what is committed stays.
        """
        self.progress.begin()
        try:
            while not self.stopping and (self._cold or self._ready or self._flights or self._open_round()):
                self._warm_up(executor)
                self._hand_out(executor)
                busy, nothing_ready = len(self._flights) + len(self._cold), not self._ready
                self._account(executor, busy, nothing_ready)
                self._take(executor, TICK_S)
                self._account(executor, busy, nothing_ready)
                self._end_late_ones(executor)
                self._check()
            if self.stopping:
                self._take(executor, 0)
        finally:
            self.progress.finish()

    def _open_round(self) -> bool:
        """Ask for the next pieces; False if there are none."""
        pieces = next(self._rounds, ())
        self.progress.add(len(pieces), sum(map(self._predicted_s, pieces)))
        for piece in pieces:
            self._left[piece.number] += piece.size
            self._cold.setdefault(self._chunks[piece.number].strategy, []).append(piece)
        return bool(pieces)

    def _warm_up(self, executor: Executor) -> None:
        """What has its kernel may be handed out; kernels that nobody has asked for are asked for."""
        for strategy in sorted(self._cold):
            if self._kernels.get(strategy):
                for piece in self._cold.pop(strategy):
                    heapq.heappush(self._ready, (self._urgency[piece.number], next(self._attempts), piece))
            elif strategy not in self._kernels:
                self._kernels[strategy] = False
                executor.submit(Warm(strategy))

    def _check(self) -> None:
        """Raises IncompleteError if another process has become the writer meanwhile; asks now and then."""
        if time.perf_counter() - self._checked > CHECK_S:
            self._store.check()
            self._checked = time.perf_counter()

    def _account(self, executor: Executor, busy: int, nothing_ready: bool) -> None:
        """Of the time since the last call, in which so many workers had work."""
        progress = self.progress
        progress.pay(executor.workers, busy, nothing_ready=nothing_ready)
        progress.compiling = tuple(sorted(self._cold)) if executor.workers else ()
        progress.executor = executor.name
        self._watch(progress)

    def _hand_out(self, executor: Executor) -> None:
        limit = max(1, IN_FLIGHT_PER_WORKER * executor.workers)
        while self._ready and len(self._flights) < limit:
            self._submit(executor, heapq.heappop(self._ready)[2])
        compiling = not all(self._kernels.values())  # what was handed out may wait for a worker that compiles: not late
        self._flights.start(0 if compiling else executor.workers)

    def _submit(self, executor: Executor, piece: Piece) -> None:
        work = Run(piece.number, piece.start, piece.stop, next(self._attempts), piece.alone)
        self._flights.take_off(work, piece)
        executor.submit(work)

    def _take(self, executor: Executor, timeout_s: float) -> None:
        for work, outcome in executor.wait(timeout_s):
            if isinstance(work, Warm):
                self._warmed(work.strategy, outcome)
            elif work in self._flights:  # it may have been cancelled at the moment when it ended
                self._ended(executor, work, outcome)

    def _warmed(self, strategy: str, outcome: Outcome) -> None:
        self.progress.compile_s += outcome.seconds
        self._journal.add(warmed=strategy, ending=outcome.ending, seconds=outcome.seconds)
        self._kernels[strategy] = True
        if outcome.ending is Ending.RAISED:  # every chunk would fail in the same way, after compiling for as long
            del self._kernels[strategy]
            for piece in self._cold.pop(strategy):
                self._fail(piece, range(piece.size), outcome.ending, outcome.error, outcome.node)

    def _ended(self, executor: Executor, work: Run, outcome: Outcome) -> None:
        flight = self._flights.land(work)
        part = None
        if outcome.ending is Ending.DONE:
            if outcome.data is not None:
                part = self._commit(flight.piece, outcome.data)
            self._cancel(executor, flight.piece)
            left = self._without(flight.piece, outcome)
            self._settle(flight.piece, flight.piece.size - left)
        else:
            self.progress.lost_s += flight.took_s
            if outcome.ending is not Ending.LOST:  # a copy would end in the same way, and hide how often it was tried
                self._cancel(executor, flight.piece)
            if not self._flights.of(flight.piece):
                self._again(flight.piece, outcome)
        self._note(work, flight, outcome, part)

    def _without(self, piece: Piece, outcome: Outcome) -> int:
        """Deal with the simulations of `piece` that have no row; how many of them are tried again.

        One that ran out of a worker's share of memory gets a node's.
        """
        again = [index for index, ending, _ in outcome.failed if ending == Ending.MEMORY and not piece.alone]
        for index in again:
            single = Piece(piece.number, piece.start + index, piece.start + index + 1)
            self._again(single, Outcome(Ending.MEMORY))
        rest = (failed for failed in outcome.failed if failed[0] not in again)
        for (ending, error), indices in alike(rest).items():
            self._fail(piece, indices, ending, error, outcome.node)
        return len(again)

    def _again(self, piece: Piece, outcome: Outcome) -> None:
        """As the policy says; what has failed before goes first, so that poison is alone before the rest is done."""
        pieces = policy.again(piece, outcome.ending)
        for each in pieces:
            heapq.heappush(self._ready, (float("-inf"), next(self._attempts), each))
        if not pieces:
            self._fail(piece, range(piece.size), outcome.ending, outcome.error, outcome.node)
            self._settle(piece, piece.size)

    def _end_late_ones(self, executor: Executor) -> None:
        """Past its deadline, an attempt gets a second copy; past twice that, both are ended."""
        pace = median(self._paces) if self._paces else 1.0
        for flight in self._flights.started():
            expected_s = pace * self._predicted_s(flight.piece)
            deadline_s = policy.deadline_s(expected_s, self._least_deadline_s)
            if flight.took_s > 2 * deadline_s:
                self._cancel(executor, flight.piece)
                error = f"did not end within {2 * deadline_s:.0f} s; {expected_s:.1f} s were expected"
                self._again(flight.piece, Outcome(Ending.SLOW, error=error))
            elif flight.took_s > deadline_s and not flight.copied:
                flight.copied = True
                self._journal.add(**self._slice(flight.piece), copied=True)
                self._submit(executor, flight.piece)

    def _cancel(self, executor: Executor, piece: Piece) -> None:
        """End all attempts at `piece` that are in flight."""
        for work in self._flights.of(piece):
            flight = self._flights.land(work)
            executor.cancel(work)
            self.progress.lost_s += flight.took_s
            self._note(work, flight, None, None)

    def _commit(self, piece: Piece, data: bytes) -> Part:
        part = self._store.commit(digest(self._ids(piece).tobytes()), data)
        self.parts.append(part)
        self.progress.packets += part.about["packets"]
        self.progress.simulate_s += part.about["simulate_s"]
        self.progress.compile_s += part.about["compile_s"]
        if predicted_s := self._predicted_s(piece):
            self._paces = [*self._paces[1 - PACES :], part.about["simulate_s"] / predicted_s]
        return part

    def _fail(self, piece: Piece, indices: Iterable[int], ending: str, error: str, node: str) -> None:
        failure = Failure(
            strategy=self._chunks[piece.number].strategy,
            ending=str(ending),
            error=error,
            ids=tuple(name.decode() for name in self._ids(piece)[list(indices)].tolist()),
            document=self._survey.document_digest,
            node=node,
        )
        self._store.fail(failure.name, failure.record())
        self.failures.append(failure)
        self.progress.failed += len(failure.ids)

    def _settle(self, piece: Piece, simulations: int) -> None:
        """So many simulations of `piece` are done or have failed."""
        self._left[piece.number] -= simulations
        self.progress.ended_chunks += not self._left[piece.number]
        self.progress.ended_predicted_s += self._predicted_s(piece) * simulations / piece.size

    def _ids(self, piece: Piece) -> NDArray[np.bytes_]:
        return self._survey.ids[self._chunks[piece.number].simulations[piece.start : piece.stop]]

    def _predicted_s(self, piece: Piece) -> float:
        chunk = self._chunks[piece.number]
        return chunk.predicted_s * piece.size / max(len(chunk.simulations), 1)

    def _slice(self, piece: Piece) -> dict[str, object]:
        chunk = self._chunks[piece.number]
        return {"chunk": chunk.digest, "slice": [piece.start, piece.stop], "strategy": chunk.strategy}

    def _note(self, work: Run, flight: Flight, outcome: Outcome | None, part: Part | None) -> None:
        self._journal.add(
            **self._slice(flight.piece),
            attempt=work.attempt,
            ending=outcome.ending if outcome else "cancelled",
            node=outcome.node if outcome else "",
            waited_s=round(flight.waited_s, 4),
            took_s=round(flight.took_s, 4),
            failed=len(outcome.failed) if outcome else 0,
            **({name: part.about[name] for name in ("simulate_s", "compile_s", "pid")} if part else {}),
        )
