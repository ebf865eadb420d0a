# SPDX-License-Identifier: MIT
"""Outcomes on their way into the run directory: a thread writes a batch, and what arrives meanwhile makes the next.

A batch is one file and one sync, so batches grow with the number of workers, and a disk that syncs a hundred times a
second keeps up with thousands of them.  An outcome counts for nothing until its batch is there for good.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import NamedTuple

from sweep.jobs.executors.work import AttemptOutcome, RunSlice
from sweep.jobs.store.part import About, Part
from sweep.jobs.store.parts import Store

from .attempts import Attempt
from .pieces import Pieces
from .policy import Piece

BATCH_BYTES = 16 << 20  # of rows as workers return them; a few times that in memory while a batch is made


class Arrived(NamedTuple):
    """An attempt that has ended with rows."""

    work: RunSlice
    attempt: Attempt
    outcome: AttemptOutcome


class Commits:
    """The outcomes that have arrived and are not yet kept for good; of each piece one at most."""

    def __init__(self, store: Store, pieces: Pieces) -> None:
        self.parts: list[Part] = []  # that are there for good
        self._store, self._lookup = store, pieces
        self._pieces: set[Piece] = set()
        self._waiting: list[Arrived] = []
        self._written: list[Arrived] = []  # the batch that is being written
        self._writing: Future[Part] | None = None
        self._thread = ThreadPoolExecutor(1, "writer")

    def __len__(self) -> int:
        return len(self._waiting) + len(self._written)

    def __contains__(self, piece: Piece) -> bool:
        """Whether rows of `piece` have arrived."""
        return piece in self._pieces

    def add(self, arrived: Arrived) -> None:
        """Take an outcome that has rows, to be written with the next batch."""
        self._waiting.append(arrived)
        self._pieces.add(arrived.attempt.piece)

    def take(self, timeout_s: float | None = 0.0) -> list[tuple[Arrived, About]]:
        """What is there for good since the last call, with the descriptions of the rows; starts the next batch.

        Waits so long for the batch that is being written; None: until it is written.  Raises RunError if it cannot be.
        """
        if self._writing is not None:
            wait([self._writing], timeout_s)
        if self._writing is not None and not self._writing.done():
            return []
        kept: list[tuple[Arrived, About]] = []
        if self._writing is not None:
            future, batch, self._writing, self._written = self._writing, self._written, None, []
            part = future.result()
            self.parts.append(part)
            self._pieces.difference_update(arrived.attempt.piece for arrived in batch)
            kept = list(zip(batch, part.chunks, strict=True))
        if self._waiting:
            self._begin()
        return kept

    def close(self) -> None:
        """End the thread; a batch that is being written is written."""
        self._thread.shutdown()

    def _begin(self) -> None:
        """Hand what waits to the thread, as much as one batch may have, with equal strategies side by side."""
        size = count = 0
        for arrived in self._waiting:
            size += len(arrived.outcome.data or b"")
            if count and size > BATCH_BYTES:
                break
            count += 1
        batch, self._waiting = self._waiting[:count], self._waiting[count:]
        batch.sort(key=lambda arrived: self._lookup.strategy(arrived.attempt.piece))
        rows = [(self._lookup.name(arrived.attempt.piece), arrived.outcome.data or b"") for arrived in batch]
        store, self._written = self._store, batch
        if count == 1:
            self._writing = self._thread.submit(store.commit, *rows[0])
        else:
            self._writing = self._thread.submit(store.commit_together, rows)
