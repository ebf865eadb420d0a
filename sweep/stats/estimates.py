# SPDX-License-Identifier: MIT
"""Means of samples and of paired differences, with intervals: Student's t over the replicates.

Every strategy meets the same packets at equal traffic mix, load and replicate (common random numbers), so two
strategies are compared within each replicate and only the differences are averaged: effects of the packets on both
cancel.  All functions work along the last axis (the replicates) of arrays of any shape, so one call compares a
whole sweep; NaN marks a missing replicate, and a pair counts only if both sides are present.

Assumptions, which every report prints:

* Replicates are independent, and the mean of the differences (of logarithms, for ratios) is nearly normal, so
  Student's t with n - 1 degrees of freedom holds.  Logarithms make ratios symmetric and their mean a geometric one.
* A difference that is the same in every pair has no variance to estimate and is taken as exact, as benchstat does
  for a unit declared exact.  One pair alone shows nothing and gets no interval.
* A difference whose whole interval lies within a margin (0.5 % by default) is of no practical interest: a deterministic
  simulator resolves differences that no machine would show.

Source: [student-1908]; [holm-1979]; [law-2015] section 11.2 (common random numbers); [schuirmann-1987], equivalence by
interval; golang.org/x/perf/benchmath [go x/perf] (exact units, "~").
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

Array = NDArray[np.float64]

CONFIDENCE = 0.95
MARGIN = 0.005  # relative difference of no practical interest; identical machines differ by more [lab page_pool06]
ROUNDING = 1e-12  # of logarithms: differences that spread by less are equal but for the last bits of a float64
DROP_MARGIN = 0.001  # ratio of packets: more drops than this, and fewer ns per packet are no longer "faster"


class Call(IntEnum):
    """What an interval says about a difference."""

    TOO_FEW = 0  # fewer than two pairs, or too little seen in them: nothing can be said
    LOWER = 1
    HIGHER = 2
    TIE = 3  # the interval contains zero
    EQUIVALENT = 4  # different from zero perhaps, but the whole interval is within the margin


@dataclass(frozen=True)
class Estimate:
    """Means with confidence intervals; every field has the same shape, one element per comparison."""

    center: Array  # mean of the samples; NaN without any
    low: Array  # interval; NaN with fewer than two samples
    high: Array
    deviation: Array  # standard deviation of one sample; 0 where all are equal
    pairs: NDArray[np.int64]  # samples used
    p: Array  # two-sided p-value of the hypothesis that the mean is zero

    def __getitem__(self, key: Any) -> Estimate:
        return Estimate(*(np.asarray(value)[key] for value in vars(self).values()))

    def __neg__(self) -> Estimate:
        """The estimate of the negated samples."""
        return Estimate(-self.center, -self.high, -self.low, self.deviation, self.pairs, self.p)

    @property
    def exact(self) -> NDArray[np.bool_]:
        """Where at least two samples are all equal and the interval has no width."""
        return np.asarray((self.pairs >= 2) & (self.deviation == 0) & (self.low == self.high))

    def calls(self, margin: float = 0.0) -> NDArray[np.int64]:
        """A `Call` per element; `margin` is in the unit of the estimate."""
        with np.errstate(invalid="ignore"):
            sign = np.where(self.high < 0, Call.LOWER, np.where(self.low > 0, Call.HIGHER, Call.TIE))
        calls = np.where((sign != Call.TIE) & self.within(margin), Call.EQUIVALENT, sign)
        return np.where(self.known, calls, Call.TOO_FEW)

    @property
    def known(self) -> NDArray[np.bool_]:
        """Where there is an interval: at least two samples, and enough seen in them."""
        return np.asarray((self.pairs >= 2) & ~np.isnan(self.low) & ~np.isnan(self.high))

    def within(self, margin: float) -> NDArray[np.bool_]:
        """Where the whole interval lies within the margin: as good as equal, a difference found or not."""
        with np.errstate(invalid="ignore"):
            return np.asarray((self.pairs >= 2) & (self.low >= -margin) & (self.high <= margin))

    def call(self, margin: float = 0.0) -> Call:
        """The `Call` of a single comparison."""
        return Call(int(self.calls(margin)))

    @property
    def half(self) -> Array:
        """Distance from the mean to the farther end of the interval; shares have it above."""
        return np.asarray(np.fmax(self.high - self.center, self.center - self.low))

    def scaled(self, factor: float) -> Estimate:
        """The estimate in another unit; `factor` is above 0."""
        return Estimate(
            self.center * factor, self.low * factor, self.high * factor, self.deviation * factor, self.pairs, self.p
        )

    def ratios(self) -> Estimate:
        """An estimate of logarithms of ratios as relative differences: ln 1.1 becomes 0.1."""
        return Estimate(
            np.expm1(self.center), np.expm1(self.low), np.expm1(self.high), self.deviation, self.pairs, self.p
        )


def mean(samples: Array, confidence: float = CONFIDENCE) -> Estimate:
    """Mean of samples of shape (..., n) with Student's t interval; shape (...)."""
    samples = np.asarray(samples, dtype=np.float64)
    present = np.isfinite(samples)
    count = present.sum(axis=-1)
    safe_count = np.maximum(count, 1)
    center = np.where(present, samples, 0.0).sum(axis=-1) / safe_count
    deviation = np.sqrt(
        (np.where(present, samples - center[..., None], 0.0) ** 2).sum(axis=-1) / np.maximum(count - 1, 1)
    )
    # Equal samples are exact: rounding in the mean must not invent a variance.
    largest = np.where(present, samples, -np.inf).max(axis=-1, initial=-np.inf)
    smallest = np.where(present, samples, np.inf).min(axis=-1, initial=np.inf)
    equal = (count > 0) & (largest == smallest)
    center = np.where(equal, largest, np.where(count > 0, center, np.nan))
    deviation = np.where(equal, 0.0, deviation)

    error = deviation / np.sqrt(safe_count)
    freedom = np.maximum(count - 1, 1)
    half = np.where(count >= 2, stdtrit(freedom, (1 + confidence) / 2) * error, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        p = np.where(equal, np.where(center == 0, 1.0, 0.0), 2 * stdtr(freedom, -np.abs(center) / error))
    p = np.where(count >= 2, p, np.nan)
    return Estimate(center, center - half, center + half, deviation, count, p)


def difference(values: Array, reference: Array, confidence: float = CONFIDENCE) -> Estimate:
    """Mean of `values - reference` over the pairs, for metrics that can be zero (drops, allocator calls)."""
    return mean(np.asarray(values) - np.asarray(reference), confidence)


def log_ratio(values: Array, reference: Array) -> Array:
    """ln(values / reference) per pair; NaN where a side is missing or not positive."""
    values, reference = np.broadcast_arrays(values, reference)
    usable = (values > 0) & (reference > 0)
    ones = np.ones_like(values, dtype=np.float64)
    logs = np.log(np.where(usable, values, ones)) - np.log(np.where(usable, reference, ones))
    return np.where(usable, logs, np.nan)


def ratio(values: Array, reference: Array, confidence: float = CONFIDENCE) -> Estimate:
    """Mean log ratio, pair by pair (`.ratios()` turns it into relative differences)."""
    return mean(log_ratio(values, reference), confidence)


def pairing_gain(values: Array, reference: Array) -> Array:
    """Variance of the difference of logarithms had the samples been independent, over the paired one; NaN if unknown.

    A gain of 10 means that an unpaired comparison would need ten times the replicates for the same interval.
    """
    logs = log_ratio(values, reference)
    paired = np.isfinite(logs)
    logs_of_sides = [
        np.log(np.where(paired & (side > 0), side, 1.0)) for side in np.broadcast_arrays(values, reference)
    ]
    unpaired_variance = sum(mean(np.where(paired, side, np.nan)).deviation ** 2 for side in logs_of_sides)
    paired_logs = mean(logs)
    usable = (paired_logs.pairs >= 2) & (paired_logs.deviation > ROUNDING)
    gain: Array = np.where(usable, unpaired_variance / np.where(usable, paired_logs.deviation, 1.0) ** 2, np.nan)
    return gain


def holm(p: Array) -> Array:
    """Holm's step-down adjustment of the p-values in the last axis; NaNs are left out of the family."""
    p = np.asarray(p, dtype=np.float64)
    order = np.argsort(p, axis=-1, kind="stable")  # NaN last
    ranked = np.take_along_axis(p, order, axis=-1)
    family = np.isfinite(p).sum(axis=-1, keepdims=True)
    factor = np.maximum(family - np.arange(p.shape[-1]), 1)
    stepped = np.minimum(np.maximum.accumulate(np.where(np.isfinite(ranked), ranked * factor, 0.0), axis=-1), 1.0)
    adjusted = np.empty_like(p)
    np.put_along_axis(adjusted, order, np.where(np.isfinite(ranked), stepped, np.nan), axis=-1)
    return adjusted


def pairs_needed(estimate: Estimate, target: float, confidence: float = CONFIDENCE, limit: int = 10_000) -> int | None:
    """Pairs at which the interval of a single `estimate` would exclude `target`, if center and spread stay.

    None if no number up to `limit` would do.
    """
    gap = abs(float(estimate.center) - target)
    if estimate.pairs < 2 or gap == 0:
        return None
    enough = _half_widths(confidence, limit) * float(estimate.deviation) < gap
    return 2 + int(np.argmax(enough)) if enough.any() else None


@lru_cache(maxsize=64)
def _half_widths(confidence: float, limit: int) -> Array:
    """Half widths of intervals of 2, 3, ..., `limit` pairs, in standard deviations; cached, a report needs many."""
    pairs = np.arange(2, limit + 1)
    widths: Array = stdtrit(pairs - 1, (1 + confidence) / 2) / np.sqrt(pairs)
    return widths


def more(found: Estimate, margin: float = DROP_MARGIN) -> NDArray[np.bool_]:
    """Where a difference exceeds `margin` in the mean and zero beyond doubt.

    With one pair the plain difference decides: an unnecessary mark does less harm than a missing one.
    """
    with np.errstate(invalid="ignore"):
        return np.asarray((found.center > margin) & ((found.low > 0) | (found.pairs < 2)))


def less(found: Estimate, margin: float = DROP_MARGIN) -> NDArray[np.bool_]:
    """Where a difference is below -`margin` in the mean and below zero beyond doubt; with one pair as `more`."""
    with np.errstate(invalid="ignore"):
        return np.asarray((found.center < -margin) & ((found.high < 0) | (found.pairs < 2)))


def no_more(found: Estimate, margin: float = DROP_MARGIN) -> NDArray[np.bool_]:
    """Where a difference is shown to be at most `margin`; with one pair the plain difference decides."""
    with np.errstate(invalid="ignore"):
        return np.asarray((found.high <= margin) | ((found.pairs == 1) & (found.center <= margin)))
