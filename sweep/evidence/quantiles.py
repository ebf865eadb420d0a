# SPDX-License-Identifier: MIT
"""Quantiles of the pooled packets of all replicates, and their ratios and differences, with intervals by sectioning.

The p99 of a window depends on its length, because only a long window contains the long stalls.  The quantile of all
packets does not.  Replicates are the sections: the error is estimated by leaving out each in turn (jackknife) and from
the spread of the replicates' own quantiles, on the logarithmic and on the plain scale; on each side the widest interval
is taken.  A replicate that delivers nothing has infinite latency: it counts as many late packets as a mean replicate
has.  If fewer than FEWEST_EPISODES independent pieces were seen, the interval spans the quantiles of all replicates,
and those of all packets at the neighbouring shares that are as likely (Woodruff): where a few stalls decide whether
1 % of the packets are late, p99 is either that of a stall or far below, and no replicate need show both.  Below
FEWEST_PIECES there is no interval.

Source: [asmussen-2007] III.5 (sectioning); [nakayama-2014]; [efron-1982] chapter 3; [woodruff-1952].
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from sweep.fields.counters import LATENCY
from sweep.fields.histogram import edges

from ..episodes import FEWEST_EPISODES
from ..stats import CONFIDENCE, Estimate
from .episodes import FEWEST_PIECES, Array, Cells, Mask

NEIGHBOURS = 9  # shares at which quantiles are read over an interval of the share; odd, so that q is one


def quantile(counts: NDArray[np.float64], q: Array | float, late: Array | float = 0.0) -> Array:
    """The q-quantile of histograms (..., buckets), evenly spread inside a bucket; `late` packets more lie beyond it.

    Infinite if the quantile lies among the late ones; NaN without any packet.
    """
    below = np.cumsum(counts, axis=-1)
    total = below[..., -1] + late
    target = (total * q)[..., None]
    at_or_beyond = (below >= target) & (counts > 0)
    bucket = np.argmax(at_or_beyond, axis=-1)[..., None]
    inside = np.take_along_axis(counts, bucket, axis=-1)
    before = np.take_along_axis(below, bucket, axis=-1) - inside
    bounds = edges(counts.shape[-1])
    low, high = bounds[bucket], bounds[bucket + 1]
    with np.errstate(invalid="ignore", divide="ignore"):
        value = (low + np.clip((target - before) / inside, 0.0, 1.0) * (high - low))[..., 0]
    return np.where(total > 0, np.where(at_or_beyond.any(axis=-1), value, np.inf), np.nan)


def pooled(q: float, cells: Cells, confidence: float = CONFIDENCE) -> Estimate:
    """The q-quantile of the packets of all replicates of each cell, shape (...)."""
    side = _Side(q, cells)
    near = side.near(side.share_error(confidence))
    return _Sections(side.whole, side.without, side.each, near, side.there, side.pieces, side.exact).interval(
        confidence, logarithm=True
    )


def pooled_log_ratio(q: float, value: Cells, reference: Cells, confidence: float = CONFIDENCE) -> Estimate:
    """Logarithm of the ratio of two pooled quantiles, (...); paired: both sides leave out the same replicate."""
    return _pooled_of_both(q, value, reference, confidence, np.log)


def pooled_difference(q: float, value: Cells, reference: Cells, confidence: float = CONFIDENCE) -> Estimate:
    """Difference of two pooled quantiles, (...); paired: both sides leave out the same replicate."""
    return _pooled_of_both(q, value, reference, confidence, np.asarray)


def _pooled_of_both(
    q: float, value: Cells, reference: Cells, confidence: float, scale: Callable[[Array], Array]
) -> Estimate:
    sides = [_Side(q, cells) for cells in (value, reference)]
    error = np.fmax(*(side.share_error(confidence) for side in sides))  # both met the same stalls: one share for both
    with np.errstate(divide="ignore", invalid="ignore"):
        whole, without, each, near = (
            scale(of_value) - scale(of_reference)
            for of_value, of_reference in zip(*((*side.quantiles, side.near(error)) for side in sides), strict=True)
        )
    there, pieces = sides[0].there & sides[1].there, np.fmin(sides[0].pieces, sides[1].pieces)
    return _Sections(whole, without, each, near, there, pieces, sides[0].exact & sides[1].exact).interval(confidence)


class _Side:
    """Histograms of the replicates of cells (..., n), and their quantiles."""

    def __init__(self, q: float, cells: Cells) -> None:
        assert cells.buckets is not None
        self.q, self.counts = q, np.asarray(cells.buckets(LATENCY), np.float64)
        totals = self.counts.sum(axis=-1)
        there = np.isfinite(cells.read("offered_packets")) if cells.has("offered_packets") else totals > 0
        delivering = there & (totals > 0)
        mean_packets = np.where(delivering, totals, 0.0).sum(axis=-1) / np.maximum(delivering.sum(axis=-1), 1)
        self.late = np.where(there & ~delivering & delivering.any(axis=-1, keepdims=True), mean_packets[..., None], 0.0)
        self.merged, self.late_in_all = self.counts.sum(axis=-2), self.late.sum(axis=-1)
        self.whole = quantile(self.merged, q, self.late_in_all)  # of all replicates, (...)
        others = self.merged[..., None, :] - self.counts
        self.without = quantile(others, q, self.late_in_all[..., None] - self.late)  # without each one, (..., n)
        self.each = np.where(there, quantile(self.counts, q, self.late), np.nan)  # of each one alone, (..., n)
        self.there = there & (delivering | (self.late > 0))
        shape = self.merged.shape[:-1]
        self.pieces = np.full(shape, np.inf) if cells.seen is None else cells.seen.fewest
        self.exact = np.broadcast_to(cells.exact, shape)

    @property
    def quantiles(self) -> tuple[Array, Array, Array]:
        return self.whole, self.without, self.each

    def share_error(self, confidence: float) -> Array:
        """Half width of the interval of the share of packets up to the quantile, a ratio of sums over replicates."""
        n = self.there.sum(axis=-1)
        upper_edges = edges(self.counts.shape[-1])[1:]
        up_to = np.where(upper_edges <= self.whole[..., None], 1.0, 0.0)
        totals = self.counts.sum(axis=-1) + self.late
        residuals = (self.counts * up_to[..., None, :]).sum(axis=-1) - self.q * totals
        with np.errstate(divide="ignore", invalid="ignore"):
            deviation = np.sqrt((residuals**2).sum(axis=-1) * n / np.maximum(n - 1, 1)) / totals.sum(axis=-1)
        return np.asarray(_student(n, self.pieces, confidence) * np.nan_to_num(deviation))

    def near(self, error: Array) -> Array:
        """Quantiles of all packets at shares up to `error` (...) from q, (..., NEIGHBOURS)."""
        shares = np.clip(self.q + np.linspace(-1, 1, NEIGHBOURS) * error[..., None], 0.0, 1.0)
        return quantile(self.merged[..., None, :], shares, self.late_in_all[..., None])


@dataclass(frozen=True)
class _Sections:
    """A quantile, or a contrast of two, with what its interval is made of."""

    whole: Array  # of all replicates, (...)
    without: Array  # without each replicate, (..., n)
    each: Array  # of each replicate alone, (..., n)
    near: Array  # of all replicates at neighbouring shares, (..., NEIGHBOURS)
    there: Mask  # replicates that are not missing, (..., n)
    pieces: Array  # independent pieces seen, (...)
    exact: Mask  # nothing is drawn at random, (...)

    def interval(self, confidence: float, *, logarithm: bool = False) -> Estimate:
        """The estimate with its interval; `logarithm`: computed on the logarithmic scale too."""
        whole, each, pieces = self.whole, self.each, np.where(self.exact, np.inf, self.pieces)
        count = self.there.sum(axis=-1)
        student = _student(count, pieces, confidence) / np.sqrt(np.maximum(count, 2))
        deviation = self._deviation(np.asarray)
        with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
            low, high = whole - student * deviation, whole + student * deviation
            if logarithm:  # one degree of freedom and a high confidence may overflow to infinity
                factor = np.exp(student * self._deviation(np.log))
                low, high = np.fmin(np.fmax(low, 0.0), whole / factor), np.fmax(high, whole * factor)
        smallest, largest = np.fmin.reduce(each, axis=-1), np.fmax.reduce(each, axis=-1)
        few_pieces = pieces < FEWEST_EPISODES
        for others in (each, self.near):
            low = np.where(few_pieces, np.fmin(low, np.fmin.reduce(others, axis=-1)), low)
            high = np.where(few_pieces, np.fmax(high, np.fmax.reduce(others, axis=-1)), high)
        shown = (count >= 2) & (pieces >= FEWEST_PIECES) & np.isfinite(whole)
        low, high = np.where(shown, low, np.nan), np.where(shown, high, np.nan)
        # If nothing is random and all replicates are equal, rounding in the pooled quantile must not invent a variance.
        equal = self.exact & shown & (smallest == largest)
        whole, low, high = (np.where(equal, smallest, side) for side in (whole, low, high))
        return Estimate(whole, low, high, np.where(equal, 0.0, deviation), count, np.full_like(whole, np.nan))

    def _deviation(self, scale: Callable[[Array], Array]) -> Array:
        """Standard deviation of a replicate, (...), the larger of the jackknife's and that of the sections."""
        n = np.maximum(self.there.sum(axis=-1), 2)
        with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
            whole, without, each = map(scale, (self.whole, self.without, self.each))
            pseudo = n[..., None] * whole[..., None] - (n[..., None] - 1) * without
            deviations = np.where(self.there, pseudo - whole[..., None], 0.0)
            deviations = deviations - np.where(self.there, deviations.sum(axis=-1, keepdims=True) / n[..., None], 0.0)
            jackknife = (deviations**2).sum(axis=-1) / (n - 1)
            sections = (np.where(self.there, each - whole[..., None], 0.0) ** 2).sum(axis=-1) / (n - 1)
            return np.asarray(np.sqrt(np.fmax(jackknife, sections)))


def _student(count: NDArray[np.int64], pieces: Array, confidence: float) -> Array:
    """Student's quantile with no more degrees of freedom than replicates and pieces allow, (...)."""
    freedom = np.clip(np.fmin(np.maximum(count, 2), np.floor(np.fmin(pieces, 1e9))) - 1, 1, None)
    return np.asarray(stdtrit(freedom, (1 + confidence) / 2))
