# SPDX-License-Identifier: MIT
"""Cut simulations into chunks: one strategy each, about equal predicted cost, bounded memory, longest first.

With chunks of about a second, handing them out takes less than a percent of the work; with four or more chunks per
worker, the last ones end at about the same time.  The cuts are the same on every machine, though no result depends on
them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .identity import digest
from .survey import Survey

CHUNKS_PER_WORKER = 4
CHUNK_S = 1.0  # core time of a chunk
COMMITS_PER_S = 1000  # of all workers together, so that one driver keeps up with them: the aim of bench/driver.py
LONGEST_S = 60.0  # what is lost with a node, and how long a run takes to stop
SHORTEST_S = 0.1  # below this, handing out a chunk costs a visible share of it
LANE_BYTES = 256 << 20  # memory of the lanes of one chunk at most


@dataclass(frozen=True)
class Chunk:
    """Simulations that are handed out together."""

    strategy: str
    simulations: NDArray[np.int64] = field(repr=False)  # indices, rising
    digest: str  # digest of their ids, in order: the chunk's name
    predicted_s: float  # predicted core time, calibrated


def advised_s(workers: int, before: object = None) -> float:
    """Core time that a chunk should take with so many workers; `before`: what the last run here advised, if anything.

    Longer than CHUNK_S where that would be more chunks a second than one driver commits, or where handing them out was
    seen to cost too much of it.
    """
    known_s = float(before) if isinstance(before, int | float) else 0.0
    return min(max(CHUNK_S, workers / COMMITS_PER_S, known_s), LONGEST_S)


def divide(
    survey: Survey,
    missing: NDArray[np.bool_],
    workers: int,
    chunk_s: float,
    calibration: Mapping[str, float],
    most_bytes: int = LANE_BYTES,
) -> list[Chunk]:
    """Chunks with every missing simulation in exactly one, longest first.

    `missing` has shape (N,); `calibration` is measured over predicted core time per strategy, 1 where unknown;
    the lanes of a chunk of several simulations take at most `most_bytes`.
    """
    names = survey.strategies.values
    factors = np.array([calibration.get(name, 1.0) / 1e9 for name in names])
    seconds = survey.predicted_ns * factors[survey.strategies.codes]
    fair_share_s = _sum(seconds[missing]) / (CHUNKS_PER_WORKER * workers)
    target_s = min(chunk_s, max(fair_share_s, SHORTEST_S))
    chunks = []
    for number, strategy in enumerate(names):
        indices = np.flatnonzero(missing & (survey.strategies.codes == number))
        if not len(indices):
            continue
        starts = _starts(seconds[indices], survey.state_bytes[indices], target_s, most_bytes)
        ends = [*starts[1:].tolist(), len(indices)]
        ids = survey.ids[indices]
        for start, end in zip(starts.tolist(), ends, strict=True):
            chunk_indices = indices[start:end]
            chunks.append(
                Chunk(strategy, chunk_indices, digest(ids[start:end].tobytes()), _sum(seconds[chunk_indices]))
            )
    return sorted(chunks, key=lambda chunk: (-chunk.predicted_s, chunk.digest))


def _starts(
    seconds: NDArray[np.float64], lane_bytes: NDArray[np.int64], target_s: float, most_bytes: int
) -> NDArray[np.int64]:
    """Start indices of the fewest pieces of about equal cost that stay within `target_s` and `most_bytes` of memory."""
    total_s = _sum(seconds)
    pieces = max(1, int(np.ceil(total_s / target_s)))
    middles = np.cumsum(seconds) - seconds / 2
    starts = _changes(np.floor(middles * pieces / max(total_s, 1e-12)))
    lanes = np.diff(starts, append=len(seconds))
    # The arrays of a batch are as wide as its widest lane.
    most_lanes = np.maximum(most_bytes // np.maximum.reduceat(lane_bytes, starts), 1)
    shares = -(-lanes // most_lanes)
    if shares.max() == 1:
        return starts
    piece = np.repeat(np.arange(len(starts)), lanes)
    share = (np.arange(len(seconds)) - starts[piece]) * shares[piece] // lanes[piece]
    return _changes(np.cumsum(shares)[piece] + share)


def _sum(seconds: NDArray[np.float64]) -> float:
    """The sum, added from first to last, because the order of NumPy's own sum may depend on the processor."""
    return float(np.cumsum(seconds)[-1]) if len(seconds) else 0.0


def _changes(values: NDArray[Any]) -> NDArray[np.int64]:
    """Start indices of the runs of equal values; the first is 0."""
    return np.flatnonzero(np.diff(values, prepend=values[0] - 1))
