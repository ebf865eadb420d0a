# SPDX-License-Identifier: MIT
"""Cells as their replicates say, and how each metric varies: what `second_evidence` makes intervals of."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

COUNTED = ("episodes", "busy_peak_packets", "offered_packets")
LATENCY = "latency_ns_histogram"
SLOW = "alloc_slow / nullif(rx_packets, 0)"
SIGMA = 1.5  # of the tail of backlogs: p99 at thirty times the median is 1.46


class Share(NamedTuple):
    """What comes in clumps: what it is a share of, in which episodes, most in one, and how much one may have."""

    of: str
    episodes: str
    largest: str = ""
    unit: float | None = None  # None: a queue has to be full
    each: str = ""  # column with the pages that one count may be for
    left: bool = False  # the metric is one minus the share
    most: float = math.inf


SHARES = {
    "drop_ratio": Share("offered_packets", "loss_episodes", "loss_peak_packets", most=1.0),
    "allocator_calls_per_packet": Share("rx_packets", "allocation_episodes", unit=1.0, each="strategy.bulk"),
    SLOW: Share("rx_packets", "allocation_episodes", unit=1.0, each="strategy.bulk"),
    "pages_taken_per_packet": Share("rx_packets", "allocation_episodes", unit=64.0),
    "reuse_ratio": Share("posted_buffers", "allocation_episodes", unit=64.0, left=True, most=1.0),
}

COUNTERS = {  # column -> the share that it is a counter of
    **dict.fromkeys(("drop_no_descriptor_packets", "drop_socket_buffer_packets"), "drop_ratio"),
    "allocator_calls": "allocator_calls_per_packet",
    "pages_taken": "pages_taken_per_packet",
}
FALLING = {"throughput_pps": math.inf, "total_pps": math.inf, "delivered_ratio": 1.0}  # with drops -> what it can be


class Found(NamedTuple):
    """A mean or a difference; the ends are NaN where too little was seen."""

    center: float
    low: float
    high: float
    pairs: int

    @property
    def half(self) -> float:
        return max(self.high - self.center, self.center - self.low)

    def reaching(self, low: float, high: float) -> Found:
        """With ends at least so far out; where there is no interval there is none."""
        if math.isnan(self.low):
            return self
        return self._replace(low=min(self.low, low), high=max(self.high, high))

    def around(self, by: float) -> Found:
        return self.reaching(self.center - by, self.center + by)

    def as_sure_as(self, share: Found, scale: float) -> Found:
        """With ends at least so far out as those of a share, `scale` times; without any where that has none."""
        if not math.isfinite(share.low) or math.isnan(scale):
            return self if math.isfinite(share.low) else self.withheld()
        ends = [self.center + scale * (end - share.center) for end in (share.low, share.high)]
        return self.reaching(min(ends), max(ends))

    def between(self, least: float, most: float = math.inf) -> Found:
        """Cut at what can be, or at the mean if that is beyond it."""
        low, high = max(self.low, min(least, self.center)), min(self.high, max(most, self.center))
        return self if math.isnan(self.low) else self._replace(low=low, high=high)

    def withheld(self) -> Found:
        return self._replace(low=math.nan, high=math.nan)


@dataclass(frozen=True)
class Cell:
    """`read` gives a column (or an expression of a row) over the pairs, `has` says whether the table has a column."""

    read: Callable[[str], np.ndarray]
    has: Callable[[str], bool]
    histograms: Callable[[str], list[np.ndarray | None]] | None  # a histogram of each pair; None: the table has none
    constant: bool  # nothing is drawn at random

    def total(self, name: str) -> float:
        return float(np.nansum(self.read(name)))

    def most(self, name: str) -> float:
        known = self.read(name)[np.isfinite(self.read(name))]
        return float(known.max()) if len(known) else 0.0

    @property
    def counts(self) -> bool:
        return all(self.has(name) for name in COUNTED)

    @property
    def episodes(self) -> float:
        return self.total("episodes")

    @property
    def pieces(self) -> float:
        """How often the longest busy period fits into all packets; the replicates if these are more."""
        fits = self.total("offered_packets") / max(self.most("busy_peak_packets"), 1)
        return max(fits, int(np.isfinite(self.read("offered_packets")).sum()))

    @property
    def enough(self) -> bool:
        return self.pieces >= 10 and self.episodes >= 2

    @property
    def many(self) -> bool:
        return min(self.pieces, self.episodes) >= 30


def quantile_of(metric: str) -> float | None:
    found = re.fullmatch(r"latency_p(\d\d(\.\d+)?)_ns", metric)
    return float(found[1]) / 100 if found else None


def stock_of(metric: str) -> float:
    """What the least that moves a stock is; 0 of what is none."""
    return 64.0 if metric.endswith("_mean_pages") else 1.0 if metric.endswith("_mean_buffers") else 0.0


def per_share(metric: str, cell: Cell) -> Cell:
    """A cell whose share is the counter `metric` over what it is a share of."""
    share = COUNTERS[metric]
    values, sizes = cell.read(metric), cell.read(SHARES[share].of)
    ratio = np.full_like(values, math.nan)
    np.divide(values, sizes, out=ratio, where=sizes > 0)
    return replace(cell, read=lambda name: ratio if name == share else cell.read(name))


def whole(metric: str, cell: Cell) -> float:
    """What a counter is a share of, in the mean."""
    sizes = cell.read(SHARES[COUNTERS[metric]].of)
    return float(sizes[np.isfinite(sizes)].mean()) if np.isfinite(sizes).any() else math.nan


def kept(metric: str, cell: Cell) -> float:
    """What of a metric would be there if nothing were dropped."""
    values, drops = (column[np.isfinite(column)] for column in (cell.read(metric), cell.read("drop_ratio")))
    lost = float(drops.mean()) if len(drops) else math.nan
    return float(values.mean()) / (1 - lost) if len(values) and lost < 1 else math.nan


def falls(metric: str, cell: Cell) -> bool:
    """Whether a metric falls with drops, and the cell counts in which episodes they came."""
    return metric in FALLING and counted_share("drop_ratio", cell) is not None


def counts_share(metric: str, cell: Cell) -> bool:
    """Whether a metric is the counter of a share that comes in episodes that are counted."""
    return metric in COUNTERS and counted_share(COUNTERS[metric], cell) is not None


def counted_share(metric: str, cell: Cell) -> Share | None:
    share = SHARES.get(metric)
    names = [] if share is None else [share.of, share.episodes, *filter(None, [share.largest])]
    return share if share and all(cell.has(name) for name in names) else None


def risk_of(confidence: float) -> float:
    """On each side."""
    return (1 - confidence) / 2


def missed(values: np.ndarray, by: float, confidence: float) -> float:
    """How far the mean moves if as many replicates as may have been missed are `by` away: 3.69 at 95 %, all at most."""
    return by * min(1.0, -math.log(risk_of(confidence)) / max(np.isfinite(values).sum(), 1))


def moves(least: float, values: np.ndarray, few: bool, sides: Iterable[Cell]) -> float:
    """What an allocation more would move a stock; nothing where many were seen."""
    if not few and all(
        not side.has("allocation_episodes") or side.total("allocation_episodes") >= 30 for side in sides
    ):
        return 0.0
    known = values[np.isfinite(values)]
    return max(float(np.ptp(known)) if len(known) else 0.0, least)
