# SPDX-License-Identifier: MIT
"""Cut simulations into chunks: one strategy each, about equal predicted cost, bounded memory, longest first.

A chunk of about a second keeps hand-out below a percent of the work; four or more chunks a worker let the
last ones end together.  No result depends on where the cuts are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .identity import digest
from .survey import Survey

CHUNKS_PER_WORKER = 4
SHORTEST_S = 0.1  # below this, handing out a chunk costs a visible share of it
LANE_BYTES = 256 << 20  # memory of the lanes of one chunk at most


@dataclass(frozen=True)
class Chunk:
    """Simulations that are handed out together."""

    strategy: str
    simulations: NDArray[np.int64] = field(repr=False)  # indices, rising
    digest: str  # of their ids, in order: the chunk's name
    predicted_s: float  # core time, calibrated


def divide(
    survey: Survey, missing: NDArray[np.bool_], workers: int, chunk_s: float, calibration: Mapping[str, float]
) -> list[Chunk]:
    """Chunks with every missing simulation in exactly one, longest first.

    `missing` has shape (N,); `calibration` is measured over predicted core time per strategy, 1 where unknown.
    """
    seconds = survey.predicted_ns / 1e9
    for strategy, factor in calibration.items():
        seconds[survey.strategies == strategy] *= factor
    fair_share_s = float(seconds[missing].sum()) / (CHUNKS_PER_WORKER * workers)
    target_s = min(chunk_s, max(fair_share_s, SHORTEST_S))
    chunks = []
    for strategy in np.unique(survey.strategies[missing]):
        where = np.flatnonzero(missing & (survey.strategies == strategy))
        for part in np.split(where, _cuts(seconds[where], survey.state_bytes[where], target_s)):
            ids = survey.ids[part].tobytes()
            chunks.append(Chunk(str(strategy), part, digest(ids), float(seconds[part].sum())))
    return sorted(chunks, key=lambda chunk: (-chunk.predicted_s, chunk.digest))


def _cuts(seconds: NDArray[np.float64], lane_bytes: NDArray[np.int64], target_s: float) -> list[int]:
    """Where to cut: as few pieces as keep to the target, of about equal cost, each within the memory."""
    total_s = float(seconds.sum())
    pieces = max(1, int(np.ceil(total_s / target_s)))
    middles = np.cumsum(seconds) - seconds / 2
    piece = np.floor(middles * pieces / max(total_s, 1e-12)).tolist()
    cuts, start, widest_bytes = [], 0, 0
    for index, size in enumerate(lane_bytes.tolist()):
        widest_bytes = max(widest_bytes, size)  # the arrays of a batch are as wide as its widest lane
        too_large = (index - start + 1) * widest_bytes > LANE_BYTES
        if index > start and (piece[index] != piece[index - 1] or too_large):
            cuts.append(index)
            start, widest_bytes = index, size
    return cuts
