# SPDX-License-Identifier: MIT
"""Quantiles of the pooled packets of all replicates, and their ratios and differences, with intervals by sectioning.

The p99 of a window depends on its length, because only a long window contains the long stalls.  The quantile of all
packets does not.  Replicates are the sections: the error is estimated by leaving out each in turn (jackknife) and from
the spread of the replicates' own quantiles, on the logarithmic and on the plain scale; on each side the widest interval
is taken.  A replicate that delivers nothing has infinite latency: it counts as many late packets as a mean replicate
has.  If fewer than FEWEST_EPISODES independent pieces were seen, the interval spans the quantiles of all replicates;
below FEWEST_PIECES there is none.

Source: [asmussen-2007] III.5 (sectioning); [nakayama-2014]; [efron-1982] chapter 3.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from sweep.fields.counters import LATENCY
from sweep.fields.histogram import edges

from ..episodes import FEWEST_EPISODES
from ..stats import CONFIDENCE, Estimate
from .episodes import FEWEST_PIECES, Array, Cells, Mask


def quantile(counts: NDArray[np.float64], q: float, late: Array | float = 0.0) -> Array:
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
    sections = _Sections.of(q, cells)
    return sections.interval(sections.whole, sections.without, sections.each, confidence)


def pooled_log_ratio(q: float, value: Cells, reference: Cells, confidence: float = CONFIDENCE) -> Estimate:
    """Logarithm of the ratio of two pooled quantiles, (...); paired: both sides leave out the same replicate."""
    return _pooled_of_both(q, value, reference, confidence, np.log)


def pooled_difference(q: float, value: Cells, reference: Cells, confidence: float = CONFIDENCE) -> Estimate:
    """Difference of two pooled quantiles, (...); paired: both sides leave out the same replicate."""
    return _pooled_of_both(q, value, reference, confidence, np.asarray)


def _pooled_of_both(
    q: float, value: Cells, reference: Cells, confidence: float, scale: Callable[[Array], Array]
) -> Estimate:
    sides = [_Sections.of(q, cells) for cells in (value, reference)]
    with np.errstate(divide="ignore", invalid="ignore"):
        whole, without, each = (
            scale(getattr(sides[0], name)) - scale(getattr(sides[1], name)) for name in ("whole", "without", "each")
        )
    there, pieces = sides[0].there & sides[1].there, np.fmin(sides[0].pieces, sides[1].pieces)
    both = _Sections(whole, without, each, there, pieces, sides[0].exact & sides[1].exact)
    return both.interval(whole, without, each, confidence, logarithm=False)


class _Sections:
    """A quantile of all replicates (...), without each one (..., n), and of each one alone (..., n)."""

    def __init__(self, whole: Array, without: Array, each: Array, there: Mask, pieces: Array, exact: Mask) -> None:
        self.whole, self.without, self.each, self.there = whole, without, each, there
        self.pieces, self.exact = np.where(exact, np.inf, pieces), exact

    @classmethod
    def of(cls, q: float, cells: Cells) -> _Sections:
        assert cells.buckets is not None
        counts = np.asarray(cells.buckets(LATENCY), np.float64)
        totals = counts.sum(axis=-1)
        there = np.isfinite(cells.read("offered_packets")) if cells.has("offered_packets") else totals > 0
        delivering = there & (totals > 0)
        mean_packets = np.where(delivering, totals, 0.0).sum(axis=-1) / np.maximum(delivering.sum(axis=-1), 1)
        late = np.where(there & ~delivering & delivering.any(axis=-1, keepdims=True), mean_packets[..., None], 0.0)
        merged, late_in_all, seen = counts.sum(axis=-2), late.sum(axis=-1), cells.seen
        return cls(
            quantile(merged, q, late_in_all),
            quantile(merged[..., None, :] - counts, q, late_in_all[..., None] - late),
            np.where(there, quantile(counts, q, late), np.nan),
            there & (delivering | (late > 0)),
            np.full(merged.shape[:-1], np.inf) if seen is None else seen.fewest,
            np.broadcast_to(cells.exact, merged.shape[:-1]),
        )

    def interval(
        self, whole: Array, without: Array, each: Array, confidence: float, *, logarithm: bool = True
    ) -> Estimate:
        """The estimate with its interval around `whole`; `logarithm`: computed on the logarithmic scale too."""
        count = self.there.sum(axis=-1)
        low, high, deviation = self._around(whole, without, each, count, confidence)
        if logarithm:
            with np.errstate(divide="ignore", invalid="ignore"):
                scaled = self._around(np.log(whole), np.log(without), np.log(each), count, confidence)
            with np.errstate(over="ignore"):  # one degree of freedom and a high confidence may overflow to infinity
                low, high = np.fmin(np.fmax(low, 0.0), np.exp(scaled[0])), np.fmax(high, np.exp(scaled[1]))
        few_pieces = self.pieces < FEWEST_EPISODES
        shown = (count >= 2) & (self.pieces >= FEWEST_PIECES) & np.isfinite(whole)
        low = np.where(few_pieces, np.fmin(low, np.fmin.reduce(each, axis=-1)), low)
        high = np.where(few_pieces, np.fmax(high, np.fmax.reduce(each, axis=-1)), high)
        low, high = np.where(shown, low, np.nan), np.where(shown, high, np.nan)
        # If nothing is random and all replicates are equal, rounding in the pooled quantile must not invent a variance.
        smallest, largest = np.fmin.reduce(each, axis=-1), np.fmax.reduce(each, axis=-1)
        equal = self.exact & shown & (smallest == largest)
        whole, low, high = (np.where(equal, smallest, side) for side in (whole, low, high))
        return Estimate(whole, low, high, np.where(equal, 0.0, deviation), count, np.full_like(whole, np.nan))

    def _around(
        self, whole: Array, without: Array, each: Array, count: NDArray[np.int64], confidence: float
    ) -> tuple[Array, Array, Array]:
        """Low, high of Student's interval from the larger of both errors, and the standard deviation of a replicate."""
        n = np.maximum(count, 2)
        with np.errstate(invalid="ignore", over="ignore"):
            pseudo = n[..., None] * whole[..., None] - (n[..., None] - 1) * without
            deviations = np.where(self.there, pseudo - whole[..., None], 0.0)
            deviations = deviations - np.where(self.there, deviations.sum(axis=-1, keepdims=True) / n[..., None], 0.0)
            jackknife = (deviations**2).sum(axis=-1) / (n - 1)
            sections = (np.where(self.there, each - whole[..., None], 0.0) ** 2).sum(axis=-1) / (n - 1)
            deviation = np.sqrt(np.fmax(jackknife, sections))
            freedom = np.clip(np.fmin(n, np.floor(np.fmin(self.pieces, 1e9))) - 1, 1, None)
            half = stdtrit(freedom, (1 + confidence) / 2) * deviation / np.sqrt(n)
        return whole - half, whole + half, deviation
