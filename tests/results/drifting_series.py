# SPDX-License-Identifier: MIT
"""Time series with known answers: steady ones whose noise is correlated and comes in clumps, and planted drifts."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sweep.evidence import Cells

BINS, PACKETS, WARMUP = 40, 400_000, 80_000
EACH = PACKETS // BINS


def cells(
    points: int, replicates: int, seed: int, drift: float = 0.0, until: int = 24
) -> tuple[Cells, Callable[[str], np.ndarray]]:
    """Points with replicates: columns, and their series (points, replicates, BINS).

    About one episode a bin, three of ten lose packets: 1 % of all.  Cost, latency and pages held are means that noise
    pushes away from their level and that come back within a few bins.  `drift`: by how much of its level everything
    is above it at first, in the first `until` bins of 40.
    """
    chance = np.random.default_rng(seed)
    shape = (points, replicates, BINS)
    start = 1 + drift * (np.arange(BINS) < until)
    episodes = chance.poisson(1.0, shape)
    lossy = chance.binomial(episodes, 0.3)
    sizes = chance.exponential(330.0 * start, shape)
    dropped = np.minimum(np.rint(lossy * sizes), EACH / 2)
    offered = np.full(shape, float(EACH))
    taken = offered - dropped
    made = {
        "end_ps": np.broadcast_to(np.arange(1.0, BINS + 1) * 1e9, shape),
        "offered_packets": offered,
        "dropped_packets": dropped,
        "rx_packets": taken,
        "cpu_ps": taken * 600_000.0 * start * (1 + 0.01 * _noise(chance, shape)),
        "out_packets": taken,
        "latency_ns": taken * 30_000.0 * start * np.exp(0.3 * _noise(chance, shape)),
        "pages_held_page_ns": 1e6 * 500.0 * start * (1 + 0.05 * _noise(chance, shape)),
        "episodes": episodes.astype(float),
        "loss_episodes": lossy.astype(float),
    }
    columns = {
        "packets": np.full(shape[:2], float(PACKETS)),
        "warmup": np.full(shape[:2], float(WARMUP)),
        "offered_packets": np.full(shape[:2], float(PACKETS - WARMUP)),
        "episodes": episodes[..., 8:].sum(axis=-1).astype(float),
        "loss_episodes": lossy[..., 8:].sum(axis=-1).astype(float),
        "loss_peak_packets": sizes[..., 8:].max(axis=-1),
        "busy_peak_packets": np.full(shape[:2], 2000.0),
        "rx_ring_peak_packets": np.full(shape[:2], 1024.0),
        "ring": np.full(shape[:2], 1024.0),
        "nic.refill_batch": np.full(shape[:2], 16.0),
        "allocation_episodes": episodes[..., 8:].sum(axis=-1) * 0.9,
    }
    return Cells(columns.__getitem__, columns.__contains__, np.ones(shape[:2], np.bool_)), made.__getitem__


def _noise(chance: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Standard normal, half of which is left after a bin."""
    white = chance.standard_normal(shape)
    found = np.empty(shape)
    found[..., 0] = white[..., 0]
    for place in range(1, shape[-1]):
        found[..., place] = 0.5 * found[..., place - 1] + np.sqrt(0.75) * white[..., place]
    return found
