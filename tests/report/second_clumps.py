# SPDX-License-Identifier: MIT
"""Shares that come in clumps a second time: a compound Poisson sum, and one clump more."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy.stats import gamma, norm

from tests.report.second_cells import SIGMA, Cell, Found, Share, missed, risk_of


@dataclass(frozen=True)
class Clumps:
    """Of one cell."""

    counts: list[float]  # by replicate
    everything: float
    seen: float
    largest: float
    unit: float
    queues: list[tuple[float, float]]  # what each takes, and that over the most that was in it
    pieces: float
    fillings: float  # how often queues began to fill from empty

    @property
    def variance(self) -> float:
        between = len(self.counts) * float(np.var(self.counts, ddof=1)) if len(self.counts) > 1 else 0.0
        return max(between, sum(self.counts) ** 2 / max(self.seen, 1))

    def never(self, risk: float, *, but_full: bool = False) -> float:
        """What a clump has that goes beyond the fullest, weighted by how rare it is to go to the queue's end."""
        if not self.queues:
            return self.unit
        beyond = min(-math.log(risk) / max(self.fillings, 1), 0.5)
        total = 0.0
        for takes, headroom in self.queues:
            if but_full and headroom <= 1:
                continue
            z = norm.isf(beyond) + math.log(headroom) / SIGMA
            total += norm.sf(z) / beyond * takes * SIGMA / max(z, 1.0)
        return float(total)

    def unseen(self, risk: float) -> float:
        if not self.seen:
            return self.never(risk)
        may = 0.0 if self.queues and self.pieces >= 30 else self.unit
        return max(self.largest, may, self.never(risk))


def clumps_of(share: Share, metric: str, cell: Cell) -> Clumps:
    values, sizes = cell.read(metric), cell.read(share.of)
    counts = np.maximum((1 - values if share.left else values) * sizes, 0.0)
    there = np.isfinite(counts)
    episodes = cell.read(share.episodes)
    largest = 0.0
    for place in np.flatnonzero(there):
        own = counts[place] / episodes[place] if episodes[place] > 0 else 0.0
        told = cell.read(share.largest)[place] if share.largest else math.nan
        largest = max(largest, own if math.isnan(told) else told)
    longest = np.fmin(cell.read("busy_peak_packets"), cell.read("offered_packets"))
    longest = longest[np.isfinite(longest)]
    unit = float(longest.max()) if len(longest) else 0.0
    if share.each and cell.has(share.each):
        unit /= max(cell.most(share.each), 1.0)
    pieces = min(cell.pieces, cell.episodes)
    bursty = not cell.has("bursts") or cell.total("bursts") > 0
    return Clumps(
        [float(count) for count in counts[there]],
        max(float(sizes[there].sum()), 1.0),
        float(np.nansum(episodes[there])),
        float(largest),
        max(unit, share.unit or 0.0),
        _queues(cell) if share.unit is None else [],
        pieces,
        pieces if bursty else cell.episodes,
    )


def _queues(cell: Cell) -> list[tuple[float, float]]:
    """Packets that each queue takes in which anything ever was, and that over the most that was in it."""
    found = []
    for peak, capacity, each in (
        ("rx_ring_peak_packets", "ring", None),
        ("tx_ring_peak_frames", "nic.tx_ring", None),
        ("socket_truesize_peak", "traffic.reader.rcvbuf", "truesize_bytes"),
        ("nic_buffer_peak_bytes", "nic.rx_buffer", "offered_bytes"),
    ):
        if not all(cell.has(name) for name in (peak, capacity, each) if name) or not cell.most(peak):
            continue
        one = 1.0 if each is None else cell.most(each)
        if each == "offered_bytes":
            one = cell.total(each) / cell.total("offered_packets")
        takes = cell.most(capacity)
        if capacity == "ring" and cell.has("nic.refill_batch"):  # descriptors that wait to be refilled take nothing
            takes = max(takes - cell.most("nic.refill_batch"), 1.0)
        if takes:
            found.append((takes / max(one, 1.0), max(takes, 1.0) / min(max(cell.most(peak), 1e-6 * takes), takes)))
    return found


def _gamma(level: float, total: float, variance: float) -> float:
    """A quantile of the gamma law with this mean and variance."""
    if total <= 0 or variance <= 0:
        return total
    return float(gamma.ppf(level, total**2 / variance, scale=variance / total))


def _upper(total: float, variance: float, unseen: float, risk: float) -> float:
    return _gamma(1 - risk, total + unseen, variance + unseen**2)


def share_of(share: Share, metric: str, values: np.ndarray, cell: Cell, found: Found, confidence: float) -> Found:
    clumps, risk = clumps_of(share, metric, cell), risk_of(confidence)
    total = sum(clumps.counts)
    low = _gamma(risk, total, clumps.variance) / clumps.everything
    high = _upper(total, clumps.variance, clumps.unseen(risk), risk) / clumps.everything
    found = found.reaching(1 - high, 1 - low) if share.left else found.reaching(low, high)
    found = found.around(cut(share, values, [cell], confidence))
    if math.isnan(found.low):
        return found
    low = found.low if share.left else max(found.low, min(0.0, found.center))
    return found._replace(low=low, high=min(found.high, max(share.most, found.center)))


def difference_of_shares(
    share: Share, metric: str, values: np.ndarray, sides: tuple[Cell, Cell], found: Found, confidence: float
) -> Found:
    risk = risk_of(confidence)
    apart = values[np.isfinite(values)]
    largest = float(np.abs(apart).max()) if len(apart) else 0.0
    ups, downs = np.maximum(apart, 0), np.maximum(-apart, 0)

    def reach(one: np.ndarray, other: np.ndarray) -> float:
        """The mean of the differences of one sign, as large as it may be, less that of the others."""
        if not one.any():
            return float(one.mean() - other.mean()) if len(apart) else math.nan
        variance = len(one) * float(np.var(one, ddof=1)) if len(one) > 1 else 0.0
        return _upper(float(one.sum()), variance, largest, risk) / len(one) - float(other.mean())

    high, low = reach(ups, downs), -reach(downs, ups)
    both = [clumps_of(share, metric, side) for side in sides]
    more = []
    for side, alone in zip(both, _alone(share, metric, sides), strict=True):
        if alone <= 0.1 and all(each.seen for each in both):  # another clump like those would be one of both
            gain = _upper(0.0, 0.0, side.never(risk, but_full=True), risk)
        elif side.seen < 30:
            gain = _upper(sum(side.counts), side.variance, side.unseen(risk), risk) - sum(side.counts)
        else:
            gain = 0.0
        more.append(gain / side.everything)
    up, down = more[::-1] if share.left else more
    found = found.reaching(min(low, found.center - down), max(high, found.center + up))
    return found.around(cut(share, values, sides, confidence))


def _alone(share: Share, metric: str, sides: tuple[Cell, Cell]) -> tuple[float, float]:
    """What part of its losses each side had alone, pair by pair; 0 of none."""
    shares = []
    for side in sides:
        values, sizes = side.read(metric), side.read(share.of)
        counts = np.maximum((1 - values if share.left else values) * sizes, 0.0)
        shares.append(counts / np.maximum(sizes, 1.0))
    both = np.isfinite(shares[0]) & np.isfinite(shares[1])
    own, other = (each[both] for each in shares)
    return tuple(
        float(np.maximum(a - b, 0.0).sum()) / float(a.sum()) if a.any() else 0.0
        for a, b in ((own, other), (other, own))
    )


def cut(share: Share, values: np.ndarray, sides: Iterable[Cell], confidence: float) -> float:
    """Either end of a window cuts a refill in two, once in a replicate."""
    if share.unit is None or not all(side.has("nic.refill_batch") for side in sides):
        return 0.0
    largest = 0.0
    for side in sides:
        with np.errstate(divide="ignore", invalid="ignore"):
            batches = side.read("nic.refill_batch") / side.read(share.of)
        largest = max([largest, *batches[~np.isnan(batches)].tolist()])
    return missed(values, largest, confidence)
