# SPDX-License-Identifier: MIT
"""Shares of what comes in clumps: packets lost in stalls, pages taken in bursts.

Thousands of packets that are lost in one stall are one piece of evidence.  Student's interval over replicates does not
know that: where few replicates have a clump it is too short on the side of the clumps that were not seen, and where
none has one it has no width.  So the interval of such a share is the wider, on each side, of two:

* Student's t over the replicates;
* the gamma interval of a compound Poisson sum (Fay and Feuer): clumps come independently, the sum of their sizes has a
  known mean and a variance that is estimated, and above it stands *one clump more that was not seen*, as large as the
  largest that was.  Without any clump seen this is the rule of three: with 97.5 % confidence no more than 3.69 clumps.

How large a clump is that was never seen?  Packets are lost when a queue is full, and how full it has been is known.
If the fullest of k independent busy periods took the share 1/h of it, at most 3.69/k of them go beyond that.  How many
go on to its end is read off a lognormal tail, longer than that of wake-up delays and far longer than the geometric one
of queues; and one that does loses what such a tail holds beyond, capacity / z packets at z standard deviations.  For
h = 1 that is the rule of three again.

Differences of two sides that met the same packets are judged pair by pair: what differs upwards and what differs
downwards are two such sums, and a side with few clumps has one more that was not seen.  Where the other side lost nine
tenths of what a side lost, in the same pairs, the queue that was full was so on both, and another such clump is one of
both; what may differ by more than was seen is a queue that has not been full yet.

Assumptions: episodes are independent; replicates too.  The gamma interval is not exact for clumps of random size; with
the two together it covered 98 % (92 % in the worst cell) where t alone covered 51 to 89 % (`make audit`).

Source: [fay-1997], with their w_M for the clump that was not seen; [hanley-1983], the rule of three; [embrechts-1997]
table 3.4.7, mean excess of a lognormal tail.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincinv, ndtr, ndtri

from . import CONFIDENCE, Array, Estimate, mean

FEW = 30  # clumps; with fewer, one more that was not seen matters (coverage by clumps seen: docs/confidence.md)

OWN = 0.1  # share of its losses that a side may have alone: a clump that was not seen is then one of both (bench/audit)

TAIL = 1.5  # sigma of a lognormal tail; wake-up delays whose p99 is ten medians (configs/traffic/) have 1.0


@dataclass(frozen=True)
class Clumps:
    """What replicates counted; arrays of shape (..., n), one element per replicate, NaN where it is missing.

    `unit` and `pieces` describe a cell, shape (...); `capacity` and `headroom` its queues, (..., queues).
    """

    counts: Array  # of what is rare
    sizes: Array  # of everything: the share is counts / sizes
    episodes: Array  # in which any came
    largest: Array  # most counts of one of them; NaN: not known, their mean stands for it
    unit: Array  # counts that a clump may well have, though none seen had: where no queue decides it, or few were seen
    capacity: Array  # packets that each queue takes; 0: there is none, and where there are none at all `unit` decides
    headroom: Array  # h: that capacity over the most that was in it, 1 or more
    pieces: Array  # what was seen, in the longest busy periods
    fillings: Array  # k: how often the queues began to fill, independently

    @property
    def present(self) -> NDArray[np.bool_]:
        return np.isfinite(self.counts) & np.isfinite(self.sizes)

    def total(self, of: Array) -> Array:
        """Sum over the replicates that are there, (...)."""
        return np.asarray(np.where(self.present & np.isfinite(of), of, 0.0).sum(axis=-1))

    @property
    def seen(self) -> Array:
        """Clumps, in all replicates together, (...)."""
        return self.total(self.episodes)

    def never(self, risk: float, *, full: bool = True) -> Array:
        """Counts of a clump in a cell that has seen none, weighted by how much rarer than one in k it is, (...).

        `full`: of the queues that have been full too.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            odds = np.minimum(-np.log(risk) / np.maximum(self.fillings, 1), 0.5)
            far = -ndtri(odds)[..., None] + np.log(self.headroom) / TAIL
            beyond = self.capacity * TAIL / np.maximum(far, 1.0) * ndtr(-far) / odds[..., None]
        queued = np.asarray((self.capacity > 0).any(axis=-1))
        counted = beyond if full else np.where(self.headroom > 1, beyond, 0.0)
        return np.asarray(np.where(queued, counted.sum(axis=-1), self.unit))

    def unseen(self, risk: float) -> Array:
        """Counts of the clump that was not seen, (...)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            mean_size = np.where(self.episodes > 0, self.counts / self.episodes, 0.0)
            sizes = np.where(np.isfinite(self.largest), self.largest, mean_size)
            seen = np.where(self.present, sizes, 0.0).max(axis=-1, initial=0.0)
        never = self.never(risk)
        usual = np.where((self.capacity > 0).any(axis=-1) & (self.pieces >= FEW), 0.0, self.unit)
        return np.asarray(np.where(self.seen > 0, np.maximum(np.maximum(seen, usual), never), never))

    def spread(self) -> Array:
        """Variance of the sum of counts, (...): between replicates, and at least that of equal clumps."""
        equal_clumps = self.total(self.counts) ** 2 / np.maximum(self.seen, 1)
        return np.asarray(np.maximum(_of_the_sum(self.counts, self.present), equal_clumps))


def share(clumps: Clumps, samples: Array, confidence: float = CONFIDENCE, *, rest: bool = False) -> Estimate:
    """Mean of `samples` (..., n), the shares of the replicates; `rest`: the samples are what is left, 1 - share."""
    found = mean(samples, confidence)
    risk = (1 - confidence) / 2
    total, everything = clumps.total(clumps.counts), np.maximum(clumps.total(clumps.sizes), 1)
    variance, unseen = clumps.spread(), clumps.unseen(risk)
    low = lowest(total, variance, risk) / everything
    high = highest(total, variance, unseen, risk) / everything
    if rest:
        low, high = 1 - high, 1 - low
    return widened(found, low, high)


def difference(
    value: Clumps, reference: Clumps, samples: Array, confidence: float = CONFIDENCE, *, rest: bool = False
) -> Estimate:
    """Mean of `samples` (..., n), the paired differences of two shares (or of what is left, with `rest`)."""
    found = mean(samples, confidence)
    risk = (1 - confidence) / 2
    count = np.maximum(found.pairs, 1)
    there = np.isfinite(samples)
    apart = np.where(there, samples, 0.0)
    largest = np.abs(apart).max(axis=-1, initial=0.0)
    up, down = (_side(np.maximum(sign * apart, 0.0), there, largest, count, risk) for sign in (1, -1))
    high = np.where(up.any, up.high - down.center, found.center)
    low = np.where(down.any, up.center - down.high, found.center)
    more = [
        np.where(shared, _never_share(side, risk), np.where(side.seen < FEW, _unseen_share(side, risk), 0.0))
        for side, shared in zip((value, reference), shared_losses(value, reference), strict=True)
    ]
    if rest:
        more.reverse()
    return widened(found, np.minimum(low, found.center - more[1]), np.maximum(high, found.center + more[0]))


def shared_losses(value: Clumps, reference: Clumps) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Of each side, (...): whether hardly any of its clumps would have been smaller on the other, pair by pair."""
    both = value.present & reference.present
    shares = [np.where(both, side.counts / np.maximum(side.sizes, 1), 0.0) for side in (value, reference)]
    any_seen = (value.seen > 0) & (reference.seen > 0)
    first, second = (
        np.asarray(any_seen & (np.maximum(own - other, 0.0).sum(axis=-1) <= OWN * own.sum(axis=-1)))
        for own, other in (shares, shares[::-1])
    )
    return first, second


@dataclass(frozen=True)
class _Side:
    """Differences of one sign, (...)."""

    center: Array
    high: Array
    any: NDArray[np.bool_]


def _side(apart: Array, there: NDArray[np.bool_], largest: Array, count: Array, risk: float) -> _Side:
    total = apart.sum(axis=-1)
    high = highest(total, _of_the_sum(apart, there), largest, risk)
    return _Side(total / count, high / count, np.asarray(total > 0))


def _of_the_sum(samples: Array, there: NDArray[np.bool_]) -> Array:
    """Variance of the sum of the samples that are `there`, (..., n), as they differ from each other."""
    count = np.maximum(there.sum(axis=-1), 1)
    center = np.where(there, samples, 0.0).sum(axis=-1) / count
    apart = np.where(there, samples - center[..., None], 0.0)
    return np.asarray((apart**2).sum(axis=-1) * count / np.maximum(count - 1, 1))


def _unseen_share(side: Clumps, risk: float) -> Array:
    """By how much a share may be larger than it was, for want of clumps that were not seen, (...)."""
    total = side.total(side.counts)
    above = highest(total, side.spread(), side.unseen(risk), risk) - total
    return np.asarray(above / np.maximum(side.total(side.sizes), 1))


def _never_share(side: Clumps, risk: float) -> Array:
    """By how much a share may differ where both sides lost the same: queues that were full were so on both."""
    none = np.zeros_like(side.pieces)
    return np.asarray(highest(none, none, side.never(risk, full=False), risk) / np.maximum(side.total(side.sizes), 1))


def widened(found: Estimate, low: Array, high: Array) -> Estimate:
    """An estimate whose interval reaches at least from `low` to `high`; one that has none keeps none."""
    return Estimate(
        found.center,
        np.where(np.isfinite(found.low), np.fmin(found.low, low), np.nan),
        np.where(np.isfinite(found.high), np.fmax(found.high, high), np.nan),
        found.deviation,
        found.pairs,
        found.p,
    )


def lowest(total: Array, variance: Array, risk: float) -> Array:
    """Lower end of a compound Poisson sum with this total and variance; 0 where nothing was seen."""
    known = (total > 0) & (variance > 0)
    safe, spread = np.where(known, total, 1.0), np.where(known, variance, 1.0)
    return np.asarray(np.where(known, gammaincinv(safe**2 / spread, risk) * spread / safe, total))


def highest(total: Array, variance: Array, unseen: Array, risk: float) -> Array:
    """Upper end, with one clump of `unseen` more."""
    more, spread = total + unseen, variance + np.asarray(unseen) ** 2
    known = (more > 0) & (spread > 0)
    safe, wide = np.where(known, more, 1.0), np.where(known, spread, 1.0)
    return np.asarray(np.where(known, gammaincinv(safe**2 / wide, 1 - risk) * wide / safe, more))
