# SPDX-License-Identifier: MIT
"""The pieces of a run's chunks: who is in them, what they cost, and which is handed out next."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Sequence
from itertools import count

import numpy as np
from numpy.typing import NDArray

from sweep.plan import Chunk, Survey

from .policy import Piece

COMPARED, COMPARED_WITH = 1000, 8  # pieces that may be taken, and that were


class Pieces:
    """What is known of pieces of the chunks of a survey."""

    def __init__(self, survey: Survey, chunks: Sequence[Chunk]) -> None:
        self._survey, self._chunks = survey, chunks

    @property
    def document(self) -> str:
        """Digest of the sweep that they are simulated for."""
        return self._survey.document_digest

    def strategy(self, piece: Piece) -> str:
        return self._chunks[piece.number].strategy

    def ids(self, piece: Piece) -> NDArray[np.bytes_]:
        """Of its simulations, in order."""
        return self._survey.ids[self._chunks[piece.number].simulations[piece.start : piece.stop]]

    def predicted_s(self, piece: Piece) -> float:
        """Core time, calibrated."""
        chunk = self._chunks[piece.number]
        return chunk.predicted_s * piece.size / max(len(chunk.simulations), 1)

    def slice(self, piece: Piece) -> dict[str, object]:
        """For the journal."""
        chunk = self._chunks[piece.number]
        return {"chunk": chunk.digest, "slice": [piece.start, piece.stop], "strategy": chunk.strategy}

    def likeness(self, pieces: Sequence[Piece], other: Piece) -> NDArray[np.int64]:
        """In how many parameters the first simulation of each of `pieces` is like that of `other`."""
        first = np.array([self._chunks[each.number].simulations[each.start] for each in (*pieces, other)])
        points, replicates = np.divmod(first, self._survey.sweep.replicates)
        codes = [column.codes[points] for column in self._survey.sweep.scenarios.columns.values()]
        alike: NDArray[np.int64] = np.sum([each[:-1] == each[-1] for each in (*codes, replicates)], axis=0)
        return alike

    def cheapest(self, piece: Piece, failed: Collection[int], known: Piece | None) -> Piece:
        """A witness: a simulation of `piece` that is not among the `failed`, or the `known` one if that is cheaper."""
        index = next(index for index in range(piece.size) if index not in failed)
        found = Piece(piece.number, piece.start + index, piece.start + index + 1, witness=True)
        return known if known and self.predicted_s(known) <= self.predicted_s(found) else found


class Cold:
    """What waits for its strategy's kernel."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[Piece]] = {}
        self._kernels: dict[str, bool] = {}  # of strategies, those that were asked for: whether they are ready

    def __len__(self) -> int:
        """Strategies that anything waits for."""
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
        """Strategies whose kernel nobody has asked for; from now on somebody has."""
        found = [strategy for strategy in self.strategies if strategy not in self._kernels]
        self._kernels.update(dict.fromkeys(found, False))
        return found

    def compiled(self, strategy: str) -> None:
        """Its kernel is there."""
        self._kernels[strategy] = True

    def give_up(self, strategy: str) -> list[Piece]:
        """What has waited for this kernel, which cannot be made."""
        del self._kernels[strategy]
        return self._waiting.pop(strategy)

    def warm(self) -> list[Piece]:
        """What waits no more; once."""
        ready = [strategy for strategy in self.strategies if self._kernels.get(strategy)]
        return [piece for strategy in ready for piece in self._waiting.pop(strategy)]


class Ready:
    """What may be handed out."""

    def __init__(self, pieces: Pieces, urgency: Sequence[float]) -> None:
        """`urgency` of each chunk, the least first."""
        self._pieces, self._urgency = pieces, urgency
        self._heap: list[tuple[float, int, Piece]] = []
        self._added = count()
        self._taken: list[Piece] = []  # before anything had ended well

    def __len__(self) -> int:
        return len(self._heap)

    def add(self, piece: Piece, *, first: bool = False) -> None:
        """`first`: before all that is there."""
        urgency = float("-inf") if first else self._urgency[piece.number]
        heapq.heappush(self._heap, (urgency, next(self._added), piece))

    @property
    def strategies(self) -> set[str]:
        """Those of the pieces that may be handed out."""
        return {self._pieces.strategy(piece) for _, _, piece in self._heap}

    def take(self, *, anything_works: bool) -> Piece:
        """The most urgent piece.

        Until anything has ended well, that which is least like those taken before: what fails for one strategy, or at
        one ring size, may work for another.
        """
        if anything_works or not self._taken:
            found = heapq.heappop(self._heap)
        else:
            some = heapq.nsmallest(COMPARED, self._heap)
            likeness = np.max(
                [self._pieces.likeness([each[2] for each in some], taken) for taken in self._taken], axis=0
            )
            found = some[int(np.argmin(likeness))]
            self._heap.remove(found)
            heapq.heapify(self._heap)
        if not anything_works:
            self._taken = [*self._taken[1 - COMPARED_WITH :], found[2]]
        return found[2]
