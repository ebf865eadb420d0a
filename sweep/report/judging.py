# SPDX-License-Identifier: MIT
"""What every claim needs: on which side of a threshold a cell lies, and how cells are summed up in words.

A cell is *below* a threshold when its whole 95 % interval is, *above* when none of it is below, and open otherwise.
Without at least two replicates every cell is open.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .. import stats
from . import numbers

SUPPORTED, REFUTED, UNDECIDED, NOT_TESTED = "supported", "refuted", "undecided", "not tested by this sweep"
SIZE_OPEN = "supported, size of the pool not tested"
Judgement = tuple[str, list[str]]  # verdict, evidence
TONES = {SUPPORTED: "better", SIZE_OPEN: "better", REFUTED: "worse", UNDECIDED: "tie", NOT_TESTED: "missing"}


@dataclass(frozen=True)
class Sides:
    """Cells of an estimate against a threshold; cells without a simulation are in neither array."""

    below: NDArray[np.bool_]
    above: NDArray[np.bool_]
    present: NDArray[np.bool_]

    @property
    def cells(self) -> int:
        return int(self.present.sum())

    @property
    def open(self) -> NDArray[np.bool_]:
        return np.asarray(self.present & ~self.below & ~self.above)


def sides(estimate: stats.Estimate, threshold: float, *, inclusive: bool = False) -> Sides:
    """Which cells are below `threshold` (at most, if `inclusive`) and which are not."""
    present = np.asarray(estimate.pairs > 0)
    with np.errstate(invalid="ignore"):
        if inclusive:
            return Sides(np.asarray(estimate.high <= threshold), np.asarray(estimate.low > threshold), present)
        return Sides(np.asarray(estimate.high < threshold), np.asarray(estimate.low >= threshold), present)


def for_all(good: int, bad: int, cells: int) -> str:
    """Verdict on "in every cell": one counterexample refutes, one open cell leaves it undecided."""
    if cells == 0:
        return NOT_TESTED
    return REFUTED if bad else SUPPORTED if good == cells else UNDECIDED


def usually(good: int, bad: int, cells: int) -> str:
    """Verdict on "usually": two thirds of the cells decide."""
    if cells == 0:
        return NOT_TESTED
    return SUPPORTED if good * 3 >= cells * 2 else REFUTED if bad * 3 >= cells * 2 else UNDECIDED


def span(values: NDArray[np.float64], form: str = "plain") -> str:
    """ "0.2 to 0.9", or one number if they print alike; "percent" adds the sign %."""
    known = values[np.isfinite(values)]
    if not known.size:
        return numbers.MISSING
    show = numbers.percent if form == "percent" else numbers.significant
    low, high = show(float(known.min())), show(float(known.max()))
    unit = " %" if form == "percent" else ""
    alike = float(low.replace(",", "")) == float(high.replace(",", ""))
    return f"{low}{unit}" if alike else f"{low} to {high}{unit}"
