# SPDX-License-Identifier: MIT
"""Intervals of quantiles of packets where a few stalls decide whether the quantile is among the late packets."""

from __future__ import annotations

import numpy as np

from sweep import evidence
from sweep.evidence import Cells
from sweep.fields.histogram import edges

PACKETS = 16_000
REPLICATES = 10
QUICK_NS, LATE_NS = 10_000, 1_000_000
LATE_PER_STALL = 130  # packets in the mean: with a stall a window, 0.8 % of the packets are late
LONGER = 1.5  # as many packets are late on the other side in the same stalls: 1.2 %


def stalled(rng: np.random.Generator, count: int, n: int) -> tuple[Cells, Cells]:
    """Two sides (count, n) that met the same stalls, one in a window in the mean, of exponential lengths."""
    stalls = rng.poisson(1.0, (count, n))
    late = rng.gamma(np.maximum(stalls, 1e-9), LATE_PER_STALL) * (stalls > 0)
    sides = [side(stalls, np.minimum(late * longer, PACKETS).astype(int)) for longer in (LONGER, 1.0)]
    return sides[0], sides[1]


def side(stalls: np.ndarray, late: np.ndarray) -> Cells:
    """Windows in which so many packets are late, by LATE_NS; the others by QUICK_NS."""
    quick_bucket, late_bucket = np.searchsorted(edges(), [QUICK_NS, LATE_NS], side="right") - 1
    counts = np.zeros((*stalls.shape, len(edges()) - 1))
    counts[..., late_bucket], counts[..., quick_bucket] = late, PACKETS - late
    columns = {
        "offered_packets": np.full(stalls.shape, PACKETS),
        "episodes": stalls,
        "busy_peak_packets": np.full(stalls.shape, 1_000),
    }
    return Cells(lambda name: np.asarray(columns[name], float), lambda name: name in columns, None, lambda name: counts)


def covered(interval: evidence.Estimate, truth: float) -> tuple[float, float]:
    """Share of cells with an interval, and share of those that contain the truth."""
    given = np.isfinite(interval.low) & np.isfinite(interval.high)
    inside = given & (interval.low <= truth * (1 + 1e-9)) & (interval.high >= truth * (1 - 1e-9))
    return float(given.mean()), float(inside.sum() / given.sum())


def test_ratio_of_two_p99s_of_which_one_is_that_of_a_stall() -> None:
    rng = np.random.default_rng(5)
    true = evidence.log_ratio("latency_p99_ns", *stalled(rng, 1, 20_000)).center[0]
    assert np.exp(true) > 10  # late on one side only, in the long run; in ten windows on both, one or none
    given, inside = covered(evidence.log_ratio("latency_p99_ns", *stalled(rng, 400, REPLICATES)), true)
    assert given > 0.4
    assert inside > 0.9
