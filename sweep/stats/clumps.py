# SPDX-License-Identifier: MIT
"""Intervals of shares whose events come in clumps: packets lost in stalls, pages taken in bursts.

Thousands of packets lost in one stall are one piece of evidence.  Student's interval over replicates does not account
for that: if few replicates have a clump it is too short on the side of unseen clumps, and if none has one its width is
zero.  So on each side the wider of two intervals is taken:

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

FEW = 30  # clumps; below this an unseen one matters (coverage by clumps seen: docs/confidence.md)

OWN = 0.1  # share of a side's losses that it may have alone if unseen clumps are to count on both sides (bench/audit)

TAIL = 1.5  # sigma of a lognormal tail; wake-up delays whose p99 is ten medians (configs/traffic/) have 1.0


@dataclass(frozen=True)
class Clumps:
    """Counts of clustered events; arrays of shape (..., n), one element per replicate, NaN where it is missing.

    `unit` and `pieces` describe a cell, shape (...); `capacity` and `headroom` its queues, (..., queues).
    """

    counts: Array  # rare events
    sizes: Array  # all events: the share is counts / sizes
    episodes: Array  # episodes with any rare event
    largest: Array  # most rare events in one episode; NaN: unknown, the mean is used
    unit: Array  # plausible size of an unseen clump, in events: used without queues, or if few pieces were seen
    capacity: Array  # packets that each queue takes; 0: no such queue, and if all are 0 `unit` decides
    headroom: Array  # h: capacity over peak occupancy, at least 1
    pieces: Array  # number of independent pieces seen
    fillings: Array  # k: how often queues began to fill, independently

    @property
    def present(self) -> NDArray[np.bool_]:
        return np.isfinite(self.counts) & np.isfinite(self.sizes)

    def total(self, of: Array) -> Array:
        """Sum of `of` (..., n) over the replicates that are not missing, (...)."""
        return np.asarray(np.where(self.present & np.isfinite(of), of, 0.0).sum(axis=-1))

    @property
    def seen(self) -> Array:
        """Number of clumps in all replicates together, (...)."""
        return self.total(self.episodes)

    def never(self, risk: float, *, full: bool = True) -> Array:
        """Expected events of a clump where none was seen, weighted by how much rarer than one in k it is, (...).

        `full`: include queues that have been full.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            odds = np.minimum(-np.log(risk) / np.maximum(self.fillings, 1), 0.5)
            deviations_to_capacity = -ndtri(odds)[..., None] + np.log(self.headroom) / TAIL
            beyond = (
                self.capacity
                * TAIL
                / np.maximum(deviations_to_capacity, 1.0)
                * ndtr(-deviations_to_capacity)
                / odds[..., None]
            )
        queued = np.asarray((self.capacity > 0).any(axis=-1))
        clump_counts = beyond if full else np.where(self.headroom > 1, beyond, 0.0)
        return np.asarray(np.where(queued, clump_counts.sum(axis=-1), self.unit))

    def unseen(self, risk: float) -> Array:
        """Events of the one unseen clump, (...)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            mean_size = np.where(self.episodes > 0, self.counts / self.episodes, 0.0)
            sizes = np.where(np.isfinite(self.largest), self.largest, mean_size)
            largest_seen = np.where(self.present, sizes, 0.0).max(axis=-1, initial=0.0)
        never_seen_counts = self.never(risk)
        usual_counts = np.where((self.capacity > 0).any(axis=-1) & (self.pieces >= FEW), 0.0, self.unit)
        return np.asarray(
            np.where(
                self.seen > 0, np.maximum(np.maximum(largest_seen, usual_counts), never_seen_counts), never_seen_counts
            )
        )

    def spread(self) -> Array:
        """Variance of the sum of counts, (...): between replicates, and at least that of equal clumps."""
        equal_clumps = self.total(self.counts) ** 2 / np.maximum(self.seen, 1)
        return np.asarray(np.maximum(_of_the_sum(self.counts, self.present), equal_clumps))


def share(clumps: Clumps, samples: Array, confidence: float = CONFIDENCE, *, rest: bool = False) -> Estimate:
    """Mean of `samples` (..., n), the shares of the replicates; `rest`: the samples are what is left, 1 - share."""
    student = mean(samples, confidence)
    risk = (1 - confidence) / 2
    total, everything = clumps.total(clumps.counts), np.maximum(clumps.total(clumps.sizes), 1)
    variance, unseen = clumps.spread(), clumps.unseen(risk)
    low = lowest(total, variance, risk) / everything
    high = highest(total, variance, unseen, risk) / everything
    if rest:
        low, high = 1 - high, 1 - low
    return widened(student, low, high)


def difference(
    value: Clumps, reference: Clumps, samples: Array, confidence: float = CONFIDENCE, *, rest: bool = False
) -> Estimate:
    """Mean of `samples` (..., n), the paired differences of two shares (or of what is left, with `rest`)."""
    student = mean(samples, confidence)
    risk = (1 - confidence) / 2
    count = np.maximum(student.pairs, 1)
    paired = np.isfinite(samples)
    paired_differences = np.where(paired, samples, 0.0)
    largest = np.abs(paired_differences).max(axis=-1, initial=0.0)
    upward, downward = (
        _side(np.maximum(sign * paired_differences, 0.0), paired, largest, count, risk) for sign in (1, -1)
    )
    high = np.where(upward.any, upward.high - downward.center, student.center)
    low = np.where(downward.any, upward.center - downward.high, student.center)
    unseen_shares = [
        np.where(shared, _never_share(side, risk), np.where(side.seen < FEW, _unseen_share(side, risk), 0.0))
        for side, shared in zip((value, reference), shared_losses(value, reference), strict=True)
    ]
    if rest:
        unseen_shares.reverse()
    return widened(
        student, np.minimum(low, student.center - unseen_shares[1]), np.maximum(high, student.center + unseen_shares[0])
    )


def shared_losses(value: Clumps, reference: Clumps) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """For each side, (...): whether the other side had nearly all of its losses too, pair by pair."""
    both = value.present & reference.present
    shares = [np.where(both, side.counts / np.maximum(side.sizes, 1), 0.0) for side in (value, reference)]
    any_seen = (value.seen > 0) & (reference.seen > 0)
    of_value, of_reference = (
        np.asarray(
            any_seen & (np.maximum(own_shares - other_shares, 0.0).sum(axis=-1) <= OWN * own_shares.sum(axis=-1))
        )
        for own_shares, other_shares in (shares, shares[::-1])
    )
    return of_value, of_reference


@dataclass(frozen=True)
class _Side:
    """Mean and upper end of the paired differences of one sign, (...)."""

    center: Array
    high: Array
    any: NDArray[np.bool_]


def _side(apart: Array, there: NDArray[np.bool_], largest: Array, count: Array, risk: float) -> _Side:
    total = apart.sum(axis=-1)
    high = highest(total, _of_the_sum(apart, there), largest, risk)
    return _Side(total / count, high / count, np.asarray(total > 0))


def _of_the_sum(samples: Array, there: NDArray[np.bool_]) -> Array:
    """Variance of the sum of the `samples` (..., n) that are `there`, estimated from their spread, (...)."""
    count = np.maximum(there.sum(axis=-1), 1)
    center = np.where(there, samples, 0.0).sum(axis=-1) / count
    deviations = np.where(there, samples - center[..., None], 0.0)
    return np.asarray((deviations**2).sum(axis=-1) * count / np.maximum(count - 1, 1))


def _unseen_share(side: Clumps, risk: float) -> Array:
    """How much larger a share may be because of unseen clumps, (...)."""
    total = side.total(side.counts)
    excess = highest(total, side.spread(), side.unseen(risk), risk) - total
    return np.asarray(excess / np.maximum(side.total(side.sizes), 1))


def _never_share(side: Clumps, risk: float) -> Array:
    """How much a share may differ if both sides lost the same, (...): only queues that were never full count."""
    zeros = np.zeros_like(side.pieces)
    return np.asarray(highest(zeros, zeros, side.never(risk, full=False), risk) / np.maximum(side.total(side.sizes), 1))


def widened(found: Estimate, low: Array, high: Array) -> Estimate:
    """`found` with an interval extended to reach from `low` to `high` at least; without an interval it gets none."""
    return Estimate(
        found.center,
        np.where(np.isfinite(found.low), np.fmin(found.low, low), np.nan),
        np.where(np.isfinite(found.high), np.fmax(found.high, high), np.nan),
        found.deviation,
        found.pairs,
        found.p,
    )


def lowest(total: Array, variance: Array, risk: float) -> Array:
    """Lower end of the gamma interval of a compound Poisson sum; 0 where nothing was seen."""
    known = (total > 0) & (variance > 0)
    safe_total, safe_variance = np.where(known, total, 1.0), np.where(known, variance, 1.0)
    return np.asarray(
        np.where(known, gammaincinv(safe_total**2 / safe_variance, risk) * safe_variance / safe_total, total)
    )


def highest(total: Array, variance: Array, unseen: Array, risk: float) -> Array:
    """Upper end of the gamma interval of a compound Poisson sum, with one more clump of `unseen` events."""
    with_unseen, variance_with_unseen = total + unseen, variance + np.asarray(unseen) ** 2
    known = (with_unseen > 0) & (variance_with_unseen > 0)
    safe_total, safe_variance = np.where(known, with_unseen, 1.0), np.where(known, variance_with_unseen, 1.0)
    return np.asarray(
        np.where(known, gammaincinv(safe_total**2 / safe_variance, 1 - risk) * safe_variance / safe_total, with_unseen)
    )
