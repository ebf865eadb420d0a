# SPDX-License-Identifier: MIT
"""Verdicts on whether NEW is worse than BASE by more than a margin: regressed, equivalent, better or undecided.

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

An exact difference is not tested and is no member of the family.  A simulation compared with itself is exact by
construction and needs no second pair.

Counts are whole numbers and come in lumps: two pairs often differ by the very same one refill or lost burst, which a t
test with one degree of freedom takes for a law (4 to 8 % of runs without any change were called regressed so, where
2.5 % were promised).  So nothing is called regressed with fewer than FEWEST_PAIRS pairs unless it is exact, and nothing
whose interval, which may be wider than Student's (`stats.clumps`), does not agree.  n pairs that all differ by the very
same d, which is a lump, are no surprise if a share margin / d of all windows has one: their p-value is that to the n.

A pass means that something does not happen.  For rare events it takes more than an interval: `enough` says where enough
was seen.

Otherwise the assumptions are those of `sweep.stats`: independent replicates and mean differences nearly normal.

Source: [schuirmann-1987]; [berger-1982]; [holm-1979]; [wellek-2010] chapter 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from . import CONFIDENCE, Array, Estimate, holm

Mask = NDArray[np.bool_]
FEWEST_PAIRS = 3  # fewest pairs for a regression; false alarms by pairs: tests/compare/test_compare_false_alarms.py
MOST_PAIRS = 1000  # more pairs than this are not recommended


class Verdict(IntEnum):
    """The verdict on one comparison."""

    REGRESSED = 0
    UNDECIDED = 1
    NOT_WORSE = 2  # passed, though neither equivalent nor better is shown
    EQUIVALENT = 3
    BETTER = 4


@dataclass(frozen=True)
class Judged:
    """Judged comparisons; arrays have shape (c,)."""

    worsening: Estimate  # mean of the paired differences; positive is worse
    verdicts: NDArray[np.int64]  # a `Verdict` each
    p: Array  # of "not worse by more than the margin", one-sided, Holm-adjusted; 0 or 1 if exact, NaN if not known
    family: int  # comparisons that were tested
    alone: Mask  # would be regressed too if no other one of the family were
    needed: NDArray[np.int64]  # pairs that would decide an undecided one, if mean and spread stay; 0: not known


def judge(
    worsening: Estimate,
    worse: Array,
    better: Array,
    exact: Mask,
    enough: Mask,
    confidence: float = CONFIDENCE,
    *,
    tested_without: Mask | bool = True,
) -> Judged:
    """Judge mean paired differences (c,), positive where NEW is worse, with their intervals at this confidence.

    `worse` (c,), not negative, is the margin and `better` (c,), not positive, its counterpart on the good side, in the
    unit of the differences.  `exact` (c,) marks those that could not have come out otherwise, `enough` (c,) those of
    which as much was seen as a pass takes.  `tested_without` (c,): where the test stands though too little was seen for
    an interval; that something got worse may be seen in fewer episodes than it takes to say by how much.
    """
    exact = exact & (worsening.pairs > 0)
    worsening_known = _known(worsening, exact)
    risk = (1 - confidence) / 2
    p = _p_within(worsening_known, worse, exact)
    tested = np.isfinite(p) & ~exact
    family = int(tested.sum())
    adjusted = np.where(tested, holm(np.where(tested, p, np.nan)), p)
    with np.errstate(invalid="ignore"):
        clearly_beyond = (np.isnan(worsening_known.low) & tested_without) | (worsening_known.low > worse)
        alone = np.where(tested, p * family, p) < risk
        regressed = (adjusted < risk) & clearly_beyond
        passed = (worsening_known.high <= worse) & (enough | exact)
        equivalent = passed & (worsening_known.low >= better)
        improved = passed & (worsening_known.high < 0)
    verdicts = np.select(
        [regressed, equivalent, improved, passed],
        [Verdict.REGRESSED, Verdict.EQUIVALENT, Verdict.BETTER, Verdict.NOT_WORSE],
        Verdict.UNDECIDED,
    )
    needed = np.where(verdicts == Verdict.UNDECIDED, _pairs_to_decide(worsening_known, worse, confidence, family), 0)
    return Judged(worsening_known, verdicts, adjusted, family, np.asarray(alone & clearly_beyond), needed)


def _known(found: Estimate, exact: Mask) -> Estimate:
    """`found` with an interval of no width where it is exact, also with a single pair."""
    low, high = (np.where(exact, found.center, end) for end in (found.low, found.high))
    p = np.where(exact, np.where(found.center == 0, 1.0, 0.0), found.p)
    return Estimate(found.center, low, high, np.where(exact, 0.0, found.deviation), found.pairs, p)


def _p_within(found: Estimate, worse: Array, exact: Mask) -> Array:
    """One-sided p-value of "the mean is not above `worse`"; 0 or 1 if nothing spreads, NaN with too few pairs."""
    freedom = np.maximum(found.pairs - 1, 1)
    error = found.deviation / np.sqrt(np.maximum(found.pairs, 1))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        p_of_equal = np.where(exact, 0.0, np.maximum(worse / found.center, 0.0) ** found.pairs)
        p_without_spread = np.where(found.center <= worse, 1.0, p_of_equal)
        p = np.where(error > 0, stdtr(freedom, (worse - found.center) / error), p_without_spread)
    known = np.isfinite(found.center) & np.isfinite(found.deviation) & (exact | (found.pairs >= FEWEST_PAIRS))
    return np.where(known, p, np.nan)


def _pairs_to_decide(found: Estimate, worse: Array, confidence: float, family: int) -> NDArray[np.int64]:
    """Fewest pairs at which the interval would leave `worse` out; 0 if unknown or more than MOST_PAIRS.

    A regression may have to be the first of the family, so that side is computed at the level of Holm's first step.  An
    interval that is wider than Student's is taken to shrink with the square root of the pairs as well.
    """
    with np.errstate(invalid="ignore"):
        gap = np.abs(found.center - worse)
    above_margin = found.center > worse
    level = np.where(above_margin, 1 - (1 - confidence) / max(family, 1), confidence)
    low, high = np.where(above_margin, FEWEST_PAIRS, 2), np.full(gap.shape, MOST_PAIRS)

    def student(pairs: NDArray[np.int64], level: Array | float) -> Array:
        """Half the width of Student's interval with `pairs` pairs."""
        return np.asarray(stdtrit(np.maximum(pairs, 2) - 1, (1 + level) / 2) * found.deviation / np.sqrt(pairs))

    def decides(pairs: NDArray[np.int64]) -> Mask:
        with np.errstate(invalid="ignore"):
            return student(pairs, level) < gap

    while (low < high).any():  # the half width falls with every pair, so bisect
        midpoint = (low + high) // 2
        enough = decides(midpoint)
        low, high = np.where(enough | (low >= high), low, midpoint + 1), np.where(enough, midpoint, high)
    with np.errstate(invalid="ignore", divide="ignore"):
        half = np.where(above_margin, found.center - found.low, found.high - found.center)
        pairs_for_width = np.nan_to_num(np.ceil(found.pairs * (half / gap) ** 2), posinf=MOST_PAIRS + 1.0)
        is_wider = (half > gap) & (half > 1.01 * student(np.maximum(found.pairs, 1), confidence))
    needed = np.where(is_wider, np.fmax(low, pairs_for_width), low)
    return np.where(decides(low) & (found.pairs >= 2) & (needed <= MOST_PAIRS), needed, 0).astype(np.int64)
