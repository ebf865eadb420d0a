# SPDX-License-Identifier: MIT
"""Quantiles of the packets of all replicates a second time, with sectioning, jackknife and Woodruff's interval."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.stats import t

from tests.report.second_cells import LATENCY, Cell, Found
from tests.report.second_statistics import CONFIDENCE


@dataclass(frozen=True)
class Sections:
    """A quantile of all replicates, without each, and of each; NaN of one that is not there."""

    whole: float
    without: np.ndarray
    each: np.ndarray
    pieces: float
    constant: bool
    rows: np.ndarray  # histograms of the replicates
    late: np.ndarray  # packets of each that count as late without end

    def near(self, share: float, error: float) -> np.ndarray:
        """Quantiles at nine shares, evenly from `error` below to `error` above."""
        shares = [min(max(share + error * (step - 4) / 4, 0.0), 1.0) for step in range(9)]
        return np.array([quantile(self.rows.sum(axis=0), self.late.sum(), each) for each in shares])

    def error(self, share: float, confidence: float) -> float:
        """Half of the interval of the share of packets up to the quantile: the ratio of two sums over replicates."""
        there = ~np.isnan(self.each)
        pairs = int(there.sum())
        if pairs < 2 or math.isnan(self.whole):
            return 0.0
        tops = [i + 1.0 if i < 7 else (8.0 + (i + 1) % 8) * 2.0 ** ((i + 1) // 8 - 1) for i in range(len(self.rows[0]))]
        up_to = self.rows[:, [top <= self.whole for top in tops]].sum(axis=1)
        packets = self.rows.sum(axis=1) + self.late
        apart = up_to - share * packets
        deviation = math.sqrt(float((apart**2).sum()) * pairs / (pairs - 1)) / float(packets.sum())
        return _student(pairs, self.pieces, confidence) * deviation


def quantile(counts: np.ndarray, late: float, share: float) -> float:
    """Of a histogram, packets evenly spread inside a bucket, and `late` ones beyond the last."""
    wanted, below = (float(counts.sum()) + late) * share, 0.0
    if not counts.sum() + late:
        return math.nan
    for place in np.flatnonzero(counts):
        if below + counts[place] >= wanted:
            low, high = (
                float(i) if i < 8 else (8.0 + i % 8) * 2.0 ** (i // 8 - 1) for i in (int(place), int(place) + 1)
            )
            return low + max((wanted - below) / float(counts[place]), 0.0) * (high - low)
        below += float(counts[place])
    return math.inf


def sections(share: float, cell: Cell) -> Sections:
    told = cell.histograms(LATENCY)
    if all(row is None for row in told):
        nothing = np.full(len(cell.read("offered_packets")), math.nan)
        return Sections(math.nan, nothing, nothing, math.inf, cell.constant, np.zeros((1, 1)), np.zeros(1))
    empty = np.zeros_like(next(row for row in told if row is not None))
    rows = np.array([empty if row is None else row for row in told], float)
    known = cell.has("offered_packets")
    there = np.isfinite(cell.read("offered_packets")) if known else rows.sum(axis=1) > 0
    delivered = rows.sum(axis=1)
    usual = float(delivered[there & (delivered > 0)].mean()) if (there & (delivered > 0)).any() else 0.0
    late = np.where(there & (delivered == 0), usual, 0.0)
    there = there & ((delivered > 0) | (late > 0))
    places = range(len(rows))
    without = [
        quantile(rows.sum(axis=0) - rows[i], late.sum() - late[i], share) if there[i] else math.nan for i in places
    ]
    each = [quantile(rows[i], late[i], share) if there[i] else math.nan for i in places]
    pieces = min(cell.pieces, cell.episodes) if cell.counts and not cell.constant else math.inf
    whole = quantile(rows.sum(axis=0), late.sum(), share)
    return Sections(whole, np.array(without), np.array(each), pieces, cell.constant, rows, late)


def pooled(share: float, cell: Cell, confidence: float = CONFIDENCE) -> Found:
    of = sections(share, cell)
    low, high, pairs = _sectioned(of.whole, of.without, of.each, of.pieces, confidence)
    with np.errstate(divide="ignore", invalid="ignore"):
        scaled = _sectioned(np.log(of.whole), np.log(of.without), np.log(of.each), of.pieces, confidence)
    with np.errstate(over="ignore"):
        ends = np.exp(scaled[:2])
    near = of.near(share, of.error(share, confidence))
    return _spanning(of, near, min(max(low, 0.0), float(ends[0])), max(high, float(ends[1])), pairs)


def pooled_difference(
    share: float, own: Cell, other: Cell, apart: Callable[[np.ndarray, np.ndarray], np.ndarray], confidence: float
) -> Found:
    """Of two quantiles, both sides without the same replicate."""
    sides = [sections(share, cell) for cell in (own, other)]
    with np.errstate(divide="ignore", invalid="ignore"):
        whole, without, each = (
            apart(*(np.asarray(getattr(side, name)) for side in sides)) for name in ("whole", "without", "each")
        )
        error = max(side.error(share, confidence) for side in sides)
        near = apart(*(side.near(share, error) for side in sides))
    constant = all(side.constant for side in sides)
    pieces = min(side.pieces for side in sides)
    of = Sections(float(whole), without, each, pieces, constant, sides[0].rows, sides[0].late)
    both = ~np.isnan(sides[0].each) & ~np.isnan(sides[1].each)  # of two that are late without end nothing is known
    low, high, _ = _sectioned(of.whole, without, each, of.pieces, confidence)
    return _spanning(of, near, low, high, int(both.sum()))


def _sectioned(
    whole: float, without: np.ndarray, each: np.ndarray, pieces: float, confidence: float
) -> tuple[float, float, int]:
    there = ~np.isnan(each)
    pairs = int(there.sum())
    if pairs < 2 or not math.isfinite(whole):
        return math.nan, math.nan, pairs
    if not np.isfinite(each[there]).all() or not np.isfinite(without[there]).all():
        return -math.inf, math.inf, pairs
    jackknife = np.std(pairs * whole - (pairs - 1) * without[there], ddof=1)
    sectioning = math.sqrt(float(((each[there] - whole) ** 2).sum()) / (pairs - 1))
    half = _student(pairs, pieces, confidence) * max(float(jackknife), sectioning) / math.sqrt(pairs)
    return whole - half, whole + half, pairs


def _student(pairs: int, pieces: float, confidence: float) -> float:
    return float(t.ppf((1 + confidence) / 2, max(min(pairs, math.floor(min(pieces, 1e9))) - 1, 1)))


def _spanning(of: Sections, near: np.ndarray, low: float, high: float, pairs: int) -> Found:
    """Over the quantiles of all replicates, and those `near`, where few pieces were seen; none if hardly any were."""
    each = of.each[~np.isnan(of.each)]
    if math.isnan(low) or of.pieces < 10:
        return Found(of.whole, math.nan, math.nan, pairs)
    if of.constant and len(set(each.tolist())) == 1:
        return Found(float(each[0]), float(each[0]), float(each[0]), pairs)
    if of.pieces < 30:
        near = near[~np.isnan(near)]
        low, high = min(low, *each.tolist(), *near.tolist()), max(high, *each.tolist(), *near.tolist())
    return Found(of.whole, low, high, pairs)
