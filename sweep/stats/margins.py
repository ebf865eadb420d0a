# SPDX-License-Identifier: MIT
"""Is NEW worse than BASE by more than anyone would accept?  Regressed, equivalent, better, or not known.

"No difference was found" says little: with too few samples none ever is.  So a comparison has a *margin*, the largest
worsening that is accepted, and what is asked of the paired differences is on which side of it their mean lies:

    regressed   worse by more than the margin, beyond doubt
    not worse   the whole interval is on the good side of the margin (non-inferior): passed.  And if it is
    equivalent    between the margin and its counterpart on the good side,
    better        or wholly on the good side of zero and not within the margins
    undecided   neither: there is too little data

Many comparisons are judged together, and two questions are asked of all of them:

* Did *any* regress?  Each is a chance for a false alarm, so Holm's adjustment goes over the family of all of them:
  the chance that even one is called regressed which is not is at most (1 - confidence) / 2.
* Is *none* worse?  That is claimed only if every single one is shown to be not worse.  A run with a worse comparison
  in it would have to pass that very one by chance, so the chance that it passes is at most (1 - confidence) / 2,
  however many others there are: an intersection-union test needs no adjustment (Berger).

The two together leave 1 - confidence.  The interval that is shown is the two-sided one at this confidence, as
everywhere in sweep; equivalence by it is Schuirmann's two one-sided tests, each at (1 - confidence) / 2.

The assumptions are those of `sweep.stats`: independent replicates, mean differences nearly normal, and a difference
that is the same in every pair exact.  What is exact is known: it is not tested and takes no part in the family.  A
simulation compared with itself is exact by construction and needs no second pair.

Source: Schuirmann, J. Pharmacokinet. Biopharm. 15 (1987) 657; Berger, Technometrics 24 (1982) 295; Holm, Scand. J.
Statist. 6 (1979) 65; Wellek, Testing Statistical Hypotheses of Equivalence and Noninferiority (2010), chapter 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from . import CONFIDENCE, Array, Estimate, holm, mean

Mask = NDArray[np.bool_]
MOST_PAIRS = 1000  # more replicates than this are no advice


class Verdict(IntEnum):
    """What is known of one comparison."""

    REGRESSED = 0
    UNDECIDED = 1
    NOT_WORSE = 2  # passed, though neither equivalent nor better is shown
    EQUIVALENT = 3
    BETTER = 4


@dataclass(frozen=True)
class Judged:
    """Comparisons, shape (c,) each."""

    worsening: Estimate  # mean of the paired differences; positive is worse
    verdicts: NDArray[np.int64]  # a `Verdict` each
    p: Array  # of "not worse by more than the margin", one-sided, Holm-adjusted; 0 or 1 if exact, NaN if not known
    family: int  # comparisons that were tested
    alone: Mask  # would be regressed too if no other one of the family were
    needed: NDArray[np.int64]  # pairs that would decide an undecided one, if mean and spread stay; 0: not known


def judge(differences: Array, worse: Array, better: Array, same: Mask, confidence: float = CONFIDENCE) -> Judged:
    """Judge paired differences (c, n), positive where NEW is worse, NaN where a pair is missing.

    `worse` (c,), not negative, is the margin and `better` (c,), not positive, its counterpart on the good side, in the
    unit of the differences.  `same` (c,) marks simulations compared with themselves, whose differences are all 0.
    """
    found = mean(differences, confidence)
    found = _known(found, same & (found.pairs > 0))
    risk = (1 - confidence) / 2
    p = _p_within(found, worse)
    tested = np.isfinite(p) & (found.deviation > 0)
    family = int(tested.sum())
    adjusted = np.where(tested, holm(np.where(tested, p, np.nan)), p)
    with np.errstate(invalid="ignore"):
        alone = np.where(tested, p * family, p) < risk
        regressed = adjusted < risk
        passed = found.high <= worse
        equivalent = passed & (found.low >= better)
        improved = passed & (found.high < 0)
    verdicts = np.select(
        [regressed, equivalent, improved, passed],
        [Verdict.REGRESSED, Verdict.EQUIVALENT, Verdict.BETTER, Verdict.NOT_WORSE],
        Verdict.UNDECIDED,
    )
    needed = np.where(verdicts == Verdict.UNDECIDED, _pairs_to_decide(found, worse, confidence, family), 0)
    return Judged(found, verdicts, adjusted, family, np.asarray(alone), needed)


def _known(found: Estimate, same: Mask) -> Estimate:
    """An estimate that is exactly 0 where a simulation was compared with itself, with one pair too."""
    exact = {name: np.where(same, 0.0, getattr(found, name)) for name in ("center", "low", "high", "deviation")}
    return Estimate(**exact, pairs=found.pairs, p=np.where(same, 1.0, found.p))


def _p_within(found: Estimate, worse: Array) -> Array:
    """One-sided p-value of "the mean is not above `worse`"; 0 or 1 if it is exact, NaN if there is no interval."""
    freedom = np.maximum(found.pairs - 1, 1)
    error = found.deviation / np.sqrt(np.maximum(found.pairs, 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        p = np.where(error > 0, stdtr(freedom, (worse - found.center) / error), (found.center <= worse).astype(float))
    return np.where(np.isfinite(found.low), p, np.nan)


def _pairs_to_decide(found: Estimate, worse: Array, confidence: float, family: int) -> NDArray[np.int64]:
    """Fewest pairs at which the interval would leave `worse` out; 0 if unknown or more than MOST_PAIRS.

    To be called regressed it may have to be the first of the family, so that side is asked at Holm's first step.
    """
    gap = np.abs(found.center - worse)
    level = np.where(found.center > worse, 1 - (1 - confidence) / max(family, 1), confidence)
    low, high = np.full(gap.shape, 2), np.full(gap.shape, MOST_PAIRS)

    def decides(pairs: NDArray[np.int64]) -> Mask:
        with np.errstate(invalid="ignore"):
            return np.asarray(stdtrit(pairs - 1, (1 + level) / 2) * found.deviation / np.sqrt(pairs) < gap)

    while (low < high).any():  # the half width falls with every pair, so bisect
        middle = (low + high) // 2
        enough = decides(middle)
        low, high = np.where(enough | (low >= high), low, middle + 1), np.where(enough, middle, high)
    return np.where(decides(low) & (found.pairs >= 2), low, 0)
