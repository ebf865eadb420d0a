# SPDX-License-Identifier: MIT
"""Handing out: pieces wait for the kernel of their strategy, then for a worker; what is handed out is an attempt."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import count

from sweep.jobs.executors.protocol import Executor
from sweep.jobs.executors.work import RunSlice, WarmKernel
from sweep.jobs.progress import Progress
from sweep.plan import Chunk

from .attempts import Attempts
from .pieces import KernelQueue, Pieces, ReadyQueue
from .policy import Piece

IN_FLIGHT_PER_WORKER = 2  # one runs, one waits for the first worker that is free: more only delays stopping


class HandOut:
    """The pieces of one run that are not done: cold, ready or in progress."""

    def __init__(
        self,
        pieces: Pieces,
        chunks: Sequence[Chunk],
        rounds: Iterable[Sequence[Piece]],
        progress: Progress,
        shuffle: int | None,
        first_look_s: float,
    ) -> None:
        """`shuffle`: seed of a random order; None: longest first.  `first_look_s`: see `Attempts`."""
        self._pieces, self._progress, self._rounds = pieces, progress, iter(rounds)
        order = random.Random(shuffle) if shuffle is not None else None
        self.cold = KernelQueue()
        self.ready = ReadyQueue(pieces, [order.random() if order else -chunk.predicted_s for chunk in chunks])
        self.attempts = Attempts(first_look_s)
        self._numbers = count()  # of attempts
        self._left: Counter[int] = Counter()  # simulations of each chunk that were asked for

    def __len__(self) -> int:
        """How much there is of it; 0 if there is nothing."""
        return len(self.cold) + len(self.ready) + len(self.attempts)

    def open_round(self) -> bool:
        """Ask for the next pieces; False if there are none."""
        pieces = next(self._rounds, ())
        self._progress.add(len(pieces), sum(map(self._pieces.predicted_s, pieces)))
        for piece in pieces:
            self._left[piece.number] += piece.size
            self.cold.add(self._pieces.strategy(piece), piece)
        return bool(pieces)

    def warm_up(self, executor: Executor) -> None:
        """What has its kernel may be handed out; kernels that nobody has asked for are asked for."""
        for piece in self.cold.warm():
            self.ready.add(piece)
        for strategy in self.cold.unasked():
            executor.submit(WarmKernel(strategy))

    def hand_out(self, executor: Executor, successes: int) -> None:
        """Hand out as many pieces as the workers want; `successes`: attempts that have ended well so far."""
        limit = max(1, IN_FLIGHT_PER_WORKER * executor.workers)
        while self.ready and len(self.attempts) < limit:
            self.submit(executor, self.ready.take(anything_works=bool(successes)), successes)
        # What was handed out may wait for a worker that compiles: not late.
        self.attempts.start(0 if self.cold.compiling else executor.workers)

    def submit(self, executor: Executor, piece: Piece, successes: int) -> None:
        """Hand out `piece` now."""
        work = RunSlice(piece.number, piece.start, piece.stop, next(self._numbers), piece.alone, piece.watched)
        self.attempts.add(work, piece, successes)
        executor.submit(work)

    def strategies(self) -> set[str]:
        """The strategies of which an attempt is still to end."""
        return self.ready.strategies.union(self.cold.strategies, map(self._pieces.strategy, self.attempts.pieces))

    def settle(self, piece: Piece, simulations: int) -> None:
        """So many simulations of `piece` are done or have failed."""
        self._left[piece.number] -= simulations
        self._progress.ended_chunks += not self._left[piece.number]
        self._progress.ended_predicted_s += self._pieces.predicted_s(piece) * simulations / piece.size
