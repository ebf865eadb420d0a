# SPDX-License-Identifier: MIT
"""Lengths of bursts: the table that the kernel draws them from, and their exact mean."""

from __future__ import annotations

from fractions import Fraction
from functools import cache

import numpy as np
import numpy.typing as npt

from sweep.model.randomness import quantiles
from sweep.model.scenario import Distribution

from .arrivals import BURST_SHIFT


def burst_distribution(packets: Distribution) -> Distribution:
    """Burst length in 1/1024 packets."""
    if packets.kind == "pareto":
        return Distribution("pareto", (packets.values[0] << BURST_SHIFT, packets.values[1]))
    return Distribution(packets.kind, tuple(value << BURST_SHIFT for value in packets.values))


def burst_length_mean(table: npt.NDArray[np.int64]) -> Fraction:
    """Mean burst length that the kernel draws from a burst table (its rounding and its minimum of 1), in packets.

    Exactly that of 64 draws, evenly spread, from between each two entries.
    """
    total, odd = 0, 2 * np.arange(64) + 1
    for first, count, weight in quantiles.LEVELS:
        level = table[first : first + count]
        low, high = level[:-1, None], level[1:, None]
        rounded: npt.NDArray[np.int64] = 128 * low + (high - low) * odd + (64 << BURST_SHIFT) >> BURST_SHIFT + 7
        lengths = np.maximum(rounded, 1)
        total += weight * int(lengths.sum())
    return Fraction(total, 64 << 24)


@cache
def mean_burst_packets(packets: Distribution) -> Fraction:
    """Mean length of bursts whose lengths, in packets, are distributed so."""
    return burst_length_mean(quantiles.table(burst_distribution(packets)))
