# SPDX-License-Identifier: MIT
"""The loop between executor and store: hand out, commit, and do as the policy says with what fails.

Pieces come in rounds, and the next is asked for when nothing is left of the one before; a run of what is missing has
one.  A piece is handed out once; only a failure (`policy`), or a deadline that has passed, brings a second attempt at
it, and the first attempt to end well is the one that is committed.  The driver is the only writer.

What the policy holds against simulations is recorded once there is a witness: another attempt, handed out before, has
ended well after theirs began.  If none does, one simulation that ended well is run once more for that.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import count

from sweep.jobs.executors.protocol import Executor
from sweep.jobs.executors.work import AttemptOutcome, Ending, RunSlice, WarmKernel
from sweep.jobs.progress import Progress
from sweep.jobs.store.failure import alike
from sweep.jobs.store.parts import Part, Store
from sweep.plan import Chunk, Survey, digest

from . import policy
from .attempts import Attempt, Attempts
from .breaker import Breaker, nothing_works
from .failure_records import FailureRecords
from .journal import Journal
from .pieces import KernelQueue, Pieces, ReadyQueue
from .policy import Piece

IN_FLIGHT_PER_WORKER = 2  # one runs, one waits for the first worker that is free: more only delays stopping
TICK_S = 0.5
CHECK_S = 10.0  # in an object store it is a request

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
        spare: int | None = None,
        shuffle: int | None = None,
        least_deadline_s: float = policy.DEADLINE_S,
        max_failures: int | None = None,
    ) -> None:
        """`rounds`: the pieces of the chunks to hand out, never none at a time; by default all at once.

        `spare`: the number of a chunk that is not to be run, but for its one simulation to be a witness.
        """
        self.parts: list[Part] = []
        self.chunks = chunks
        self.progress = Progress()
        self.interrupted = False
        self._store, self._watch = store, watch
        self._pieces, self._breaker = Pieces(survey, chunks), Breaker()
        self.verdicts = FailureRecords(store, self._pieces, self._breaker, max_failures)
        self._witness = Piece(spare, 0, 1, witness=True) if spare is not None else None
        self._journal = Journal(store.logs)
        self._attempt_numbers, self._checked = count(), time.perf_counter()
        self._left: Counter[int] = Counter()  # simulations of each chunk that were asked for
        self._cold = KernelQueue()
        order = random.Random(shuffle) if shuffle is not None else None
        self._ready = ReadyQueue(self._pieces, [order.random() if order else -chunk.predicted_s for chunk in chunks])
        self._attempts = Attempts()
        self._pace = policy.Pace(least_deadline_s)
        whole = [Piece(number, 0, len(chunk.simulations)) for number, chunk in enumerate(chunks) if number != spare]
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
    def stopping(self) -> bool:
        return self.interrupted or self.verdicts.given_up

    def run(self, executor: Executor) -> None:
        """Hand out all chunks and commit what comes of them; returns early when stopping.

        Raises RunError if a part cannot be written, the executor has ended, or nothing ends well; parts stay.
        """
        self.progress.begin()
        try:
            while not self.stopping and self._has_work(executor):
                self._warm_up(executor)
                self._hand_out(executor)
                busy, nothing_ready = len(self._attempts) + len(self._cold), not self._ready
                self._account(executor, busy, nothing_ready)
                self._take(executor, TICK_S)
                self._account(executor, busy, nothing_ready)
                self._end_late_ones(executor)
                self._check()
                self._break(executor)
            if self.stopping:
                self._take(executor, 0)
        finally:
            self.progress.finish()
        self.verdicts.close()
        if self.verdicts.open and not self._breaker.successes and not self.stopping:
            raise nothing_works(f"nothing has ended well: {self.verdicts.open[0].reason}", self._journal.path)

    def _has_work(self, executor: Executor) -> bool:
        """Whether anything is left to do; asks for the next round, or the witness, if there is nothing else."""
        if self._cold or self._ready or self._attempts or (self.verdicts.waiting and self._ask_witness(executor)):
            return True
        return self._open_round()

    def _break(self, executor: Executor) -> None:
        """Raises RunError if it is plain that nothing works here; lets the witness have its say before that."""
        if self._breaker.doubtful:
            self._ask_witness(executor)
        if self._breaker.stops(self._coming) and not (self._witness and self._attempts.of(self._witness)):
            raise nothing_works(self._breaker.cause, self._journal.path)

    def _coming(self) -> set[str]:
        """The strategies of which an attempt is still to end."""
        return self._ready.strategies.union(self._cold.strategies, map(self._pieces.strategy, self._attempts.pieces))

    def _ask_witness(self, executor: Executor) -> bool:
        """Run one simulation again that has ended well; False if there is none."""
        if self._witness is None:
            return False
        if not self._attempts.of(self._witness):
            self._submit(executor, self._witness)
        return True

    def _open_round(self) -> bool:
        """Ask for the next pieces; False if there are none."""
        pieces = next(self._rounds, ())
        self.progress.add(len(pieces), sum(map(self._pieces.predicted_s, pieces)))
        for piece in pieces:
            self._left[piece.number] += piece.size
            self._cold.add(self._pieces.strategy(piece), piece)
        return bool(pieces)

    def _warm_up(self, executor: Executor) -> None:
        """What has its kernel may be handed out; kernels that nobody has asked for are asked for."""
        for piece in self._cold.warm():
            self._ready.add(piece)
        for strategy in self._cold.unasked():
            executor.submit(WarmKernel(strategy))

    def _check(self) -> None:
        """Raises IncompleteError if another process has become the writer meanwhile; asks now and then."""
        if time.perf_counter() - self._checked > CHECK_S:
            self._store.check()
            self._checked = time.perf_counter()

    def _account(self, executor: Executor, busy: int, nothing_ready: bool) -> None:
        """Of the time since the last call, in which so many workers had work."""
        progress = self.progress
        progress.pay(executor.workers, busy, nothing_ready=nothing_ready)
        progress.compiling = self._cold.strategies if executor.workers else ()
        progress.executor = executor.name
        self._watch(progress)

    def _hand_out(self, executor: Executor) -> None:
        limit = max(1, IN_FLIGHT_PER_WORKER * executor.workers)
        while self._ready and len(self._attempts) < limit:
            self._submit(executor, self._ready.take(anything_works=bool(self._breaker.successes)))
        # What was handed out may wait for a worker that compiles: not late.
        self._attempts.start(0 if self._cold.compiling else executor.workers)

    def _submit(self, executor: Executor, piece: Piece) -> None:
        work = RunSlice(piece.number, piece.start, piece.stop, next(self._attempt_numbers), piece.alone, piece.watched)
        self._attempts.add(work, piece, self._breaker.successes)
        executor.submit(work)

    def _take(self, executor: Executor, timeout_s: float) -> None:
        for work, outcome in executor.wait(timeout_s):
            if isinstance(work, WarmKernel):
                self._warmed(executor, work.strategy, outcome)
            elif work in self._attempts:  # it may have been cancelled at the moment when it ended
                self._ended(executor, work, outcome)

    def _warmed(self, executor: Executor, strategy: str, outcome: AttemptOutcome) -> None:
        self.progress.compile_s += outcome.seconds
        self._journal.warmed(strategy, outcome)
        self._cold.compiled(strategy)
        if outcome.ending is Ending.ENVIRONMENT:  # every chunk would fail in the same way, after compiling for as long
            self._breaker.failed(outcome.ending, outcome.error, executor.workers)
            for piece in self._cold.give_up(strategy):
                self.verdicts.leave_open(piece, outcome)
                self._settle(piece, piece.size)

    def _ended(self, executor: Executor, work: RunSlice, outcome: AttemptOutcome) -> None:
        attempt = self._attempts.end(work)
        piece, part = attempt.piece, None
        if outcome.ending is Ending.DONE:
            self._cancel(executor, piece)
            if outcome.data is not None and not piece.witness:
                part = self._store.commit(digest(self._pieces.ids(piece).tobytes()), outcome.data)
                self.parts.append(part)
                self.progress.kept(part.about)
                self._pace.took(self._pieces.predicted_s(piece), part.about["simulate_s"])
            self._went(executor, attempt, outcome)
        else:
            self.progress.lost_s += attempt.took_s
            if outcome.ending is not Ending.LOST:  # a copy would end in the same way, and hide how often it was tried
                self._cancel(executor, piece)
            self._breaker.failed(outcome.ending, outcome.error, executor.workers, watched=work.watched)
            if not self._attempts.of(piece):
                self._again(piece, outcome, attempt.successes)
        self._journal.attempted(self._pieces.slice(piece), work, attempt, outcome, part)

    def _went(self, executor: Executor, attempt: Attempt, outcome: AttemptOutcome) -> None:
        """An attempt has come to its end, with rows or with what its simulations raised."""
        piece = attempt.piece
        if outcome.data is not None:
            self._breaker.succeeded()
            self._witness = self._pieces.cheapest(piece, {index for index, _, _ in outcome.failed}, self._witness)
        elif outcome.failed:
            _, ending, error = outcome.failed[0]
            self._breaker.failed(Ending(ending), error, executor.workers, strategy=self._pieces.strategy(piece))
        if not piece.witness:
            left = self._without(piece, outcome, attempt.successes)
            self._settle(piece, piece.size - left)
        self.progress.failed += self.verdicts.record()

    def _without(self, piece: Piece, outcome: AttemptOutcome, successes: int) -> int:
        """Deal with the simulations of `piece` that have no row; how many of them are tried again.

        One that ran out of a worker's share of memory gets a node's, twice.
        """
        again = 0
        for (ending, error), indices in alike(outcome.failed).items():
            found = outcome._replace(ending=Ending(ending), error=error)
            if found.ending is not Ending.MEMORY:
                self.verdicts.hold(piece, indices, found, successes)
                continue
            for index in indices:
                single = replace(piece, start=piece.start + index, stop=piece.start + index + 1)
                again += self._again(single, found, successes, settle=False)
        return again

    def _again(self, piece: Piece, outcome: AttemptOutcome, successes: int, *, settle: bool = True) -> int:
        """As the policy says, and first, so that poison is alone before the rest is done; how many are tried again."""
        if piece.witness:  # what it was to speak for stays open
            self._witness = None
            return 0
        pieces = policy.again(piece, outcome.ending)
        for each in pieces:
            self._ready.add(each, first=True)
        if pieces:
            return piece.size
        if policy.blames(outcome.ending):
            self.verdicts.hold(piece, range(piece.size), outcome, successes)
        else:
            self.verdicts.leave_open(piece, outcome)
        self.progress.failed += self.verdicts.record()
        if settle:
            self._settle(piece, piece.size)
        return 0

    def _end_late_ones(self, executor: Executor) -> None:
        """Past its deadline, an attempt gets a second copy; past twice that, both are ended."""
        for attempt in self._attempts.started():
            expected_s, deadline_s = self._pace.of(self._pieces.predicted_s(attempt.piece))
            if attempt.took_s > 2 * deadline_s:
                self._cancel(executor, attempt.piece)
                error = f"did not end within {2 * deadline_s:.0f} s; {expected_s:.1f} s were expected"
                self._breaker.failed(Ending.SLOW, error, executor.workers)
                self._again(attempt.piece, AttemptOutcome(Ending.SLOW, error=error), attempt.successes)
            elif attempt.took_s > deadline_s and not attempt.copied:
                attempt.copied = True
                self._journal.add(**self._pieces.slice(attempt.piece), copied=True)
                self._submit(executor, attempt.piece)

    def _cancel(self, executor: Executor, piece: Piece) -> None:
        """End all attempts at `piece` that are in progress."""
        for work in self._attempts.of(piece):
            attempt = self._attempts.end(work)
            executor.cancel(work)
            self.progress.lost_s += attempt.took_s
            self._journal.attempted(self._pieces.slice(piece), work, attempt)

    def _settle(self, piece: Piece, simulations: int) -> None:
        """So many simulations of `piece` are done or have failed."""
        self._left[piece.number] -= simulations
        self.progress.ended_chunks += not self._left[piece.number]
        self.progress.ended_predicted_s += self._pieces.predicted_s(piece) * simulations / piece.size
