# SPDX-License-Identifier: MIT
"""Chosen simulations as slices of the chunks of a run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from sweep.plan import Chunk

from .policy import Piece

PER_WORKER = 4  # pieces of each worker in a round, so that the last ones end together
SHORTEST_S = 0.1  # core time below which handing out a piece costs a visible share of it


class Slices:
    """Finds where simulations are in chunks; each simulation is in one chunk at most."""

    def __init__(self, chunks: Sequence[Chunk], simulations: int) -> None:
        """`simulations`: number of simulations of the whole survey."""
        lengths = [len(chunk.simulations) for chunk in chunks]
        simulation_of_row = np.concatenate([np.zeros(0, np.int64), *(chunk.simulations for chunk in chunks)])
        self._chunk = np.full(simulations, -1, np.int64)
        self._place = np.zeros(simulations, np.int64)
        self._chunk[simulation_of_row] = np.repeat(np.arange(len(chunks)), lengths)
        self._place[simulation_of_row] = np.concatenate([np.zeros(0, np.int64), *map(np.arange, lengths)])
        self._each_s = np.array([chunk.predicted_s / max(len(chunk.simulations), 1) for chunk in chunks])

    def of(self, wanted: NDArray[np.bool_], workers: int | None = None) -> Iterator[Piece]:
        """As few pieces as hold the `wanted` simulations, a mask (N,), each of which is in a chunk.

        With `workers`, enough pieces that every worker gets several.
        """
        simulations = np.flatnonzero(wanted)
        simulations = simulations[np.lexsort((self._place[simulations], self._chunk[simulations]))]
        chunk, place = self._chunk[simulations], self._place[simulations]
        seconds = self._each_s[chunk]
        target_s = max(seconds.sum() / (PER_WORKER * workers), SHORTEST_S) if workers else np.inf
        breaks = np.flatnonzero((np.diff(chunk) > 0) | (np.diff(place) > 1)) + 1
        for start, stop in zip([0, *breaks.tolist()], [*breaks.tolist(), len(chunk)], strict=True):
            per_piece = max(1, stop - start if workers is None else int(target_s / max(seconds[start], 1e-12)))
            for first in range(start, stop, per_piece):
                last = min(first + per_piece, stop) - 1
                yield Piece(int(chunk[first]), int(place[first]), int(place[last]) + 1)
