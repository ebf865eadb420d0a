# SPDX-License-Identifier: MIT
"""The pieces of a run's chunks: which simulations they have, what they cost, and which is handed out next."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Sequence
from itertools import count

import numpy as np
from numpy.typing import NDArray

from sweep.plan import Chunk, Survey, digest

from .policy import Piece

COMPARED, COMPARED_WITH = 1000, 8  # at most so many pieces that may be taken, with so many that were taken last
MOST_VARIED = 50  # pieces that are chosen so; it takes milliseconds for each


class Pieces:
    """Looks up the strategy, ids and cost of pieces of the chunks of a survey."""

    def __init__(self, survey: Survey, chunks: Sequence[Chunk]) -> None:
        self._survey, self._chunks = survey, chunks

    @property
    def document(self) -> str:
        """Digest of the sweep that the pieces are simulated for."""
        return self._survey.document_digest

    def strategy(self, piece: Piece) -> str:
        return self._chunks[piece.number].strategy

    def ids(self, piece: Piece) -> NDArray[np.bytes_]:
        """Ids of the simulations of `piece`, (size,), in order."""
        return self._survey.ids[self._chunks[piece.number].simulations[piece.start : piece.stop]]

    def name(self, piece: Piece) -> str:
        """Digest of the ids of `piece`, in order: the name of its rows."""
        chunk = self._chunks[piece.number]
        return chunk.digest if piece.size == len(chunk.simulations) else digest(self.ids(piece).tobytes())

    def predicted_s(self, piece: Piece) -> float:
        """Predicted core time of `piece`, seconds, calibrated on this machine."""
        chunk = self._chunks[piece.number]
        return chunk.predicted_s * piece.size / max(len(chunk.simulations), 1)

    def slice(self, piece: Piece) -> dict[str, object]:
        """What the journal says of a piece: digest of its chunk, slice of it, strategy."""
        chunk = self._chunks[piece.number]
        return {"chunk": chunk.digest, "slice": [piece.start, piece.stop], "strategy": chunk.strategy}

    def likeness(self, pieces: Sequence[Piece], other: Piece) -> NDArray[np.int64]:
        """For each of `pieces`, in how many parameters its first simulation equals that of `other`."""
        first_simulations = np.array(
            [self._chunks[column_codes.number].simulations[column_codes.start] for column_codes in (*pieces, other)]
        )
        points, replicates = np.divmod(first_simulations, self._survey.sweep.replicates)
        codes = [column.codes[points] for column in self._survey.sweep.scenarios.columns.values()]
        alike: NDArray[np.int64] = np.sum(
            [column_codes[:-1] == column_codes[-1] for column_codes in (*codes, replicates)], axis=0
        )
        return alike

    def cheapest(self, piece: Piece, failed: Collection[int], known: Piece | None) -> Piece:
        """A witness: a simulation of `piece` that is not among the `failed`, or the `known` one if that is cheaper."""
        index = next(index for index in range(piece.size) if index not in failed)
        candidate = Piece(piece.number, piece.start + index, piece.start + index + 1, witness=True)
        return known if known and self.predicted_s(known) <= self.predicted_s(candidate) else candidate


class KernelQueue:
    """Pieces that wait for the kernel of their strategy to be compiled."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[Piece]] = {}
        self._kernels: dict[str, bool] = {}  # of strategies, those that were asked for: whether they are ready

    def __len__(self) -> int:
        """Number of strategies whose kernel a piece waits for."""
        return len(self._waiting)

    @property
    def strategies(self) -> tuple[str, ...]:
        return tuple(sorted(self._waiting))

    @property
    def compiling(self) -> bool:
        return not all(self._kernels.values())

    def add(self, strategy: str, piece: Piece) -> None:
        self._waiting.setdefault(strategy, []).append(piece)

    def unasked(self) -> list[str]:
        """Strategies whose kernel was not requested yet; marks them as requested."""
        unrequested = [strategy for strategy in self.strategies if strategy not in self._kernels]
        self._kernels.update(dict.fromkeys(unrequested, False))
        return unrequested

    def compiled(self, strategy: str) -> None:
        """Note that the kernel of `strategy` is ready."""
        self._kernels[strategy] = True

    def give_up(self, strategy: str) -> list[Piece]:
        """Drop `strategy`, whose kernel cannot be compiled, and return the pieces that waited for it."""
        del self._kernels[strategy]
        return self._waiting.pop(strategy)

    def warm(self) -> list[Piece]:
        """Remove and return the pieces whose kernel is ready."""
        ready = [strategy for strategy in self.strategies if self._kernels.get(strategy)]
        return [piece for strategy in ready for piece in self._waiting.pop(strategy)]


class ReadyQueue:
    """A priority queue of the pieces that may be handed out."""

    def __init__(self, pieces: Pieces, urgency: Sequence[float]) -> None:
        """`urgency` of each chunk: the piece of the chunk with the least is taken first."""
        self._pieces, self._urgency = pieces, urgency
        self._heap: list[tuple[float, int, Piece]] = []
        self._added = count()
        self._taken: list[Piece] = []  # before anything had ended well
        self._varied = 0  # pieces taken so far

    def __len__(self) -> int:
        return len(self._heap)

    def add(self, piece: Piece, *, first: bool = False) -> None:
        """Queue `piece`; with `first`, before all others."""
        urgency = float("-inf") if first else self._urgency[piece.number]
        heapq.heappush(self._heap, (urgency, next(self._added), piece))

    @property
    def strategies(self) -> set[str]:
        """Strategies of the queued pieces."""
        return {self._pieces.strategy(piece) for _, _, piece in self._heap}

    def take(self, *, anything_works: bool) -> Piece:
        """Remove and return the most urgent piece.

        Until an attempt has ended well (`anything_works`), the piece least like those taken before: what fails for one
        strategy, or at one ring size, may work for another.
        """
        if anything_works or not self._taken or self._varied >= MOST_VARIED:
            entry = heapq.heappop(self._heap)
        else:
            most_urgent = heapq.nsmallest(COMPARED, self._heap)
            likeness = np.max(
                [self._pieces.likeness([candidate[2] for candidate in most_urgent], taken) for taken in self._taken],
                axis=0,
            )
            entry = most_urgent[int(np.argmin(likeness))]
            self._heap.remove(entry)
            heapq.heapify(self._heap)
        self._varied += 1
        if not anything_works:
            self._taken = [*self._taken[1 - COMPARED_WITH :], entry[2]]
        return entry[2]
