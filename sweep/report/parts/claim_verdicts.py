# SPDX-License-Identifier: MIT
"""Verdicts on claims: on which side of a threshold each cell lies, and the verdict over all cells.

A cell is *below* a threshold when its whole 95 % interval is, *above* when none of it is below, and open otherwise.
Without at least two replicates every cell is open.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sweep import format, stats
from sweep.document.statements import Absent, Claim, Extreme, Number, Sentence, VerdictByRule

SUPPORTED, REFUTED, UNDECIDED, NOT_TESTED = "supported", "refuted", "undecided", "not tested by this sweep"
SIZE_OPEN = "supported, size of the pool not tested"
Judgement = tuple[Sentence, list[Sentence]]  # verdict, evidence
TONES = {SUPPORTED: "better", SIZE_OPEN: "better", REFUTED: "worse", UNDECIDED: "tie", NOT_TESTED: "missing"}


@dataclass(frozen=True)
class AgainstThreshold:
    """Which cells of an estimate lie below or above a threshold; cells without a simulation are in neither array."""

    below: NDArray[np.bool_]
    above: NDArray[np.bool_]
    present: NDArray[np.bool_]

    @property
    def cells(self) -> int:
        return int(self.present.sum())

    @property
    def open(self) -> NDArray[np.bool_]:
        return np.asarray(self.present & ~self.below & ~self.above)


def sides(estimate: stats.Estimate, threshold: float, *, inclusive: bool = False) -> AgainstThreshold:
    """Which cells lie below `threshold` (below or at it if `inclusive`), and which above."""
    present = np.asarray(estimate.pairs > 0)
    with np.errstate(invalid="ignore"):
        if inclusive:
            return AgainstThreshold(
                np.asarray(estimate.high <= threshold), np.asarray(estimate.low > threshold), present
            )
        return AgainstThreshold(np.asarray(estimate.high < threshold), np.asarray(estimate.low >= threshold), present)


def for_all(good: int, bad: int, cells: int) -> Sentence:
    """Verdict on "in every cell": one counterexample refutes, one open cell leaves it undecided."""
    word = NOT_TESTED if not cells else REFUTED if bad else SUPPORTED if good == cells else UNDECIDED
    return Sentence(word, VerdictByRule(word, "all", good, bad, cells))


def usually(good: int, bad: int, cells: int) -> Sentence:
    """Verdict on "usually": two thirds of the cells decide."""
    word = SUPPORTED if good * 3 >= cells * 2 else REFUTED if bad * 3 >= cells * 2 else UNDECIDED
    word = word if cells else NOT_TESTED
    return Sentence(word, VerdictByRule(word, "usually", good, bad, cells))


class ClaimedRange(NamedTuple):
    """A range of means as text, and the claims that it makes."""

    text: str
    claims: tuple[Claim, ...]


def claimed_range(values: NDArray[np.float64], expression: str, where: str, form: str = "plain") -> ClaimedRange:
    """The range of `values` as text, "0.2 to 0.9", or one number if both ends print alike; "percent" adds a % sign.

    `values` are the means of `expression` over the points that meet `where`; those that are not finite are left out.
    """
    known = values[np.isfinite(values)]
    if not known.size:
        return ClaimedRange(format.MISSING, (Absent(expression, where),))
    show, scale = (format.percent, 100.0) if form == "percent" else (format.significant, 1.0)
    low, high = float(known.min()), float(known.max())
    first, last = show(low), show(high)
    unit = " %" if form == "percent" else ""
    alike = float(first.replace(",", "")) == float(last.replace(",", ""))
    claims = (
        Extreme("smallest", expression, where, Number(low, first, scale)),
        Extreme("largest", expression, where, Number(high, first if alike else last, scale)),
    )
    return ClaimedRange(f"{first}{unit}" if alike else f"{first} to {last}{unit}", claims)
