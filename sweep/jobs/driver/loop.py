# SPDX-License-Identifier: MIT
"""The loop between executor and store: hand out, commit, and do as the policy says with what fails.

Pieces come in rounds, and the next is asked for when nothing is left of the one before; a run of what is missing has
one.  A piece is handed out once; only a failure (`policy`), or a deadline that has passed, brings a second attempt at
it, and the first attempt to end well is the one that is committed.  The driver is the only writer.

What the policy holds against simulations is recorded once there is a witness: another attempt, handed out before, has
ended well after theirs began.  If none does, one simulation that ended well is run once more for that.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from sweep.jobs.executors.protocol import Executor
from sweep.jobs.executors.work import AttemptOutcome, Ending, RunSlice, WarmKernel
from sweep.jobs.progress import Progress
from sweep.jobs.store.failure import alike
from sweep.jobs.store.part import Part
from sweep.jobs.store.parts import Store
from sweep.plan import Chunk, Survey

from . import policy
from .attempts import Attempt
from .breaker import Breaker, nothing_works
from .commits import Arrived, Commits
from .failure_records import FailureRecords
from .hand_out import HandOut
from .journal import Journal
from .pieces import Pieces
from .policy import Piece

TICK_S = 0.5
POLL_S = 0.005  # of executor and writer in turn, while rows are written
LEAST_WAIT_S = 0.001  # between two looks at one attempt
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
        self.chunks = chunks
        self.progress = Progress()
        self.interrupted = False
        self._store, self._watch = store, watch
        self._pieces, self._breaker = Pieces(survey, chunks), Breaker()
        self._commits = Commits(store, self._pieces)
        self.parts: list[Part] = self._commits.parts  # of this run, that are there for good
        self.verdicts = FailureRecords(store, self._pieces, self._breaker, max_failures)
        self._witness = Piece(spare, 0, 1, witness=True) if spare is not None else None
        self._journal = Journal(store.logs)
        self._checked = time.perf_counter()
        self._pace = policy.Pace(least_deadline_s)
        if rounds is None:
            rounds = [
                [Piece(number, 0, len(chunk.simulations)) for number, chunk in enumerate(chunks) if number != spare]
            ]
        self._work = HandOut(self._pieces, chunks, rounds, self.progress, shuffle, least_deadline_s)
        self._attempts, self._cold, self._ready = self._work.attempts, self._work.cold, self._work.ready
        self.idle = not self._work.open_round()  # nothing is to do

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
                self._work.warm_up(executor)
                self._work.hand_out(executor, self._breaker.successes)
                busy = len(self._attempts) + len(self._cold) + len(self._commits)
                nothing_ready = not self._ready
                self._account(executor, busy, nothing_ready)
                self._take(executor, TICK_S)
                self._account(executor, busy, nothing_ready)
                self._end_late_ones(executor)
                self._check()
                self._break(executor)
                self._journal.flush()
            if self.stopping:
                self._take(executor, 0)
        finally:
            self._finish(executor)
        self.verdicts.close()
        if self.verdicts.open and not self._breaker.successes and not self.stopping:
            raise nothing_works(f"nothing has ended well: {self.verdicts.open[0].reason}", self._journal.path)

    def _finish(self, executor: Executor) -> None:
        """Keep what has arrived, whatever ends the run."""
        try:
            while self._commits:
                self._keep(executor, None)
        finally:
            self._commits.close()
            self._journal.flush()
            self.progress.finish()

    def _has_work(self, executor: Executor) -> bool:
        """Whether anything is left to do; asks for the next round, or the witness, if there is nothing else."""
        if self._work or self._commits or (self.verdicts.waiting and self._ask_witness(executor)):
            return True
        return self._work.open_round()

    def _break(self, executor: Executor) -> None:
        """Raises RunError if it is plain that nothing works here; lets the witness have its say before that."""
        if self._breaker.doubtful:
            self._ask_witness(executor)
        if self._breaker.stops(self._work.strategies) and not (self._witness and self._attempts.of(self._witness)):
            raise nothing_works(self._breaker.cause, self._journal.path)

    def _ask_witness(self, executor: Executor) -> bool:
        """Run one simulation again that has ended well; False if there is none."""
        if self._witness is None:
            return False
        if not self._attempts.of(self._witness):
            self._work.submit(executor, self._witness, self._breaker.successes)
        return True

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

    def _take(self, executor: Executor, timeout_s: float) -> None:
        """Take what has ended, waiting so long for it, and what is kept for good."""
        outcomes = executor.wait(0 if self._commits else timeout_s)
        for work, outcome in outcomes:
            if isinstance(work, WarmKernel):
                self._warmed(executor, work.strategy, outcome)
            elif work in self._attempts:  # it may have been cancelled at the moment when it ended
                self._ended(executor, work, outcome)
        self._keep(executor, 0 if outcomes else POLL_S)

    def _keep(self, executor: Executor, timeout_s: float | None) -> None:
        """Count what is kept for good: only from here on is any of it done."""
        for (work, attempt, outcome), about in self._commits.take(timeout_s):
            self._cancel(executor, attempt.piece)
            self.progress.kept(about)
            self._pace.took(self._pieces.predicted_s(attempt.piece), about["simulate_s"])
            self._done(attempt, outcome)
            self._journal.attempted(self._pieces.slice(attempt.piece), work, attempt, outcome, about)

    def _warmed(self, executor: Executor, strategy: str, outcome: AttemptOutcome) -> None:
        self.progress.compile_s += outcome.seconds
        self._journal.warmed(strategy, outcome)
        self._cold.compiled(strategy)
        if outcome.ending is Ending.ENVIRONMENT:  # every chunk would fail in the same way, after compiling for as long
            self._breaker.failed(outcome.ending, outcome.error, executor.workers)
            for piece in self._cold.give_up(strategy):
                self.verdicts.leave_open(piece, outcome)
                self._work.settle(piece, piece.size)

    def _ended(self, executor: Executor, work: RunSlice, outcome: AttemptOutcome) -> None:
        attempt = self._attempts.end(work)
        piece = attempt.piece
        if piece in self._commits:  # the rows of another attempt at it came first
            self.progress.lost_s += attempt.took_s
        elif outcome.ending is Ending.DONE:
            self._hear(executor, piece, outcome)
            if outcome.data is not None and not piece.witness:
                self._commits.add(Arrived(work, attempt, outcome))
                return
            self._cancel(executor, piece)
            self._done(attempt, outcome)
        else:
            self.progress.lost_s += attempt.took_s
            if outcome.ending is not Ending.LOST:  # a copy would end in the same way, and hide how often it was tried
                self._cancel(executor, piece)
            self._breaker.failed(outcome.ending, outcome.error, executor.workers, watched=work.watched)
            if not self._attempts.of(piece):
                self._again(piece, outcome, attempt.successes)
        self._journal.attempted(self._pieces.slice(piece), work, attempt, outcome)

    def _hear(self, executor: Executor, piece: Piece, outcome: AttemptOutcome) -> None:
        """What an attempt that came to its end says of the machine: it has rows, or its simulations raised."""
        if outcome.data is not None:
            self._breaker.succeeded()
            self._witness = self._pieces.cheapest(piece, {index for index, _, _ in outcome.failed}, self._witness)
        elif outcome.failed:
            _, ending, error = outcome.failed[0]
            self._breaker.failed(Ending(ending), error, executor.workers, strategy=self._pieces.strategy(piece))

    def _done(self, attempt: Attempt, outcome: AttemptOutcome) -> None:
        """Count what came of an attempt, once its rows, if it has any, are there for good."""
        piece = attempt.piece
        if not piece.witness:
            left = self._without(piece, outcome, attempt.successes)
            self._work.settle(piece, piece.size - left)
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
            self._work.settle(piece, piece.size)
        return 0

    def _end_late_ones(self, executor: Executor) -> None:
        """Past its deadline, an attempt gets a second copy; past twice that, both are ended."""
        for attempt in self._attempts.due(self._look_again_s):
            if attempt.piece in self._commits:
                continue
            expected_s, deadline_s = self._pace.of(self._pieces.predicted_s(attempt.piece))
            if attempt.took_s > 2 * deadline_s:
                self._cancel(executor, attempt.piece)
                error = f"did not end within {2 * deadline_s:.0f} s; {expected_s:.1f} s were expected"
                self._breaker.failed(Ending.SLOW, error, executor.workers)
                self._again(attempt.piece, AttemptOutcome(Ending.SLOW, error=error), attempt.successes)
            elif attempt.took_s > deadline_s and not attempt.copied:
                attempt.copied = True
                self._journal.add(**self._pieces.slice(attempt.piece), copied=True)
                self._work.submit(executor, attempt.piece, self._breaker.successes)

    def _look_again_s(self, attempt: Attempt) -> float:
        """Seconds until an attempt's next deadline; at most the least one, because deadlines change with the pace."""
        _, deadline_s = self._pace.of(self._pieces.predicted_s(attempt.piece))
        left_s = (2 * deadline_s if attempt.copied else deadline_s) - attempt.took_s
        return min(max(left_s, LEAST_WAIT_S), self._pace.least_deadline_s)

    def _cancel(self, executor: Executor, piece: Piece) -> None:
        """End all attempts at `piece` that are in progress."""
        for work in self._attempts.of(piece):
            attempt = self._attempts.end(work)
            executor.cancel(work)
            self.progress.lost_s += attempt.took_s
            self._journal.attempted(self._pieces.slice(piece), work, attempt)
