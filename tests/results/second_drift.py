# SPDX-License-Identifier: MIT
"""Whether the halves of windows differ, a second time, point by point and bin by bin: from docs/confidence.md.

Nothing here is of `sweep`; intervals are those of `second_evidence`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from tests.report.second_cells import Cell
from tests.report.second_evidence import difference

WORDS = ("drops", "cost", "latency", "held")
METRICS = {  # by word: metric, what is added up, over what, factor, margin, whether the margin is relative
    "drops": ("drop_ratio", "dropped_packets", "offered_packets", 1.0, 0.001, False),
    "cost": ("ns_per_packet", "cpu_ps", "rx_packets", 1e-3, 0.005, True),
    "latency": ("latency_mean_ns", "latency_ns", "out_packets", 1.0, 0.05, True),
    "held": ("pages_held_mean_pages", "pages_held_page_ns", "time", 1e3, 0.05, True),
}
NEEDED = (
    *("end_ps", "offered_packets", "dropped_packets", "rx_packets", "cpu_ps", "out_packets", "latency_ns"),
    *("pages_held_page_ns", "episodes", "loss_episodes"),
)
Lists = Callable[[str], list]  # a column of the series by its name without "series_", a list (or None) per pair


class Drift(NamedTuple):
    """Of one quantity in one point."""

    moved: bool
    known: bool
    settles: float | None  # packets


def bins_of(name: str, lists: Lists, pair: int) -> list[float] | None:
    """What each bin of a pair adds; None where it is missing."""
    if name == "time":
        ends = lists("end_ps")[pair]
        return None if ends is None else [end - before for before, end in zip([0, *ends], ends, strict=False)]
    found = lists(name)[pair]
    return None if found is None else list(found)


def half(whole: Cell, lists: Lists, second: bool) -> Cell:
    """A half of the window of every pair, as a cell."""
    pairs = len(lists("end_ps"))

    def total(name: str, pair: int) -> float:
        bins = bins_of(name, lists, pair)
        if bins is None:
            return math.nan
        packets, warmup = whole.read("packets")[pair], whole.read("warmup")[pair]
        inside = [number for number in range(len(bins)) if number * packets // len(bins) >= warmup]
        length = len(inside) // 2
        if length < 2:
            return math.nan
        chosen = inside[-length:] if second else inside[:length]
        return float(sum(bins[number] for number in chosen))

    def read(name: str) -> np.ndarray:
        for metric, above, below, factor, _, _ in METRICS.values():
            if name == metric:
                sums = [(total(above, pair), total(below, pair)) for pair in range(pairs)]
                return np.array([factor * a / b if b > 0 else math.nan for a, b in sums])
        if name in ("offered_packets", "rx_packets", "episodes"):
            return np.array([total(name, pair) for pair in range(pairs)])
        if name == "loss_episodes":
            sums = [(total(name, pair), total("dropped_packets", pair)) for pair in range(pairs)]
            return np.array([max(count, lost > 0) for count, lost in sums])
        return whole.read(name) / (2 if name == "allocation_episodes" else 1)

    known = {metric for metric, *_ in METRICS.values()}
    return Cell(read, lambda name: name in known or whole.has(name), None, whole.constant)


def drifts(whole: Cell, lists: Lists, confidence: float) -> dict[str, Drift]:
    """Every quantity of a point, by its word."""
    first, second = half(whole, lists, False), half(whole, lists, True)
    found = {}
    for word, (metric, above, below, _, margin, relative) in METRICS.items():
        apart = difference(metric, second, first, confidence)
        both = (second.read(metric) + first.read(metric)) / 2
        limit = margin * (np.nanmean(both) if relative and np.isfinite(both).any() else 1.0)
        known = apart.pairs >= 2 and not math.isnan(apart.low)
        moved = known and abs(apart.center) > limit and (apart.low > 0 or apart.high < 0)
        found[word] = Drift(bool(moved), bool(known), settles(whole, lists, above, below) if moved else None)
    return found


def settles(whole: Cell, lists: Lists, above: str, below: str) -> float | None:
    """After how many packets the mean series of the pairs settles, by MSER; None: in no first half of the run."""
    pairs = [pair for pair, ends in enumerate(lists("end_ps")) if ends is not None]
    sums = [np.sum([bins_of(name, lists, pair) for pair in pairs], axis=0) for name in (above, below)]
    means = [a / b if b > 0 else math.nan for a, b in zip(*sums, strict=True)]
    errors = []
    for start in range(len(means) - 5):
        rest = [value for value in means[start:] if not math.isnan(value)]
        center = sum(rest) / max(len(rest), 1)
        error = sum((value - center) ** 2 for value in rest) / max(len(rest), 1) ** 2
        errors.append(error if len(rest) > 5 else math.inf)
    half = len(means) // 2
    least = min(errors[: half + 1])
    cut = next(start for start, error in enumerate(errors) if error <= least * (1 + 1e-9))
    packets, warmup = np.nanmax(whole.read("packets")), np.nanmax(whole.read("warmup"))
    after = math.ceil(cut * packets / len(means))
    settled = cut < half and least < math.inf and min(errors[half + 1 :]) >= least / 2
    return after if settled and after > warmup else None
