# SPDX-License-Identifier: MIT
"""A named check: a number from theory, what the simulation gives, and a bound that comes from the sample.

Each check is a row of docs/theory.md under its name; the number and the widest bound that it may have stand there and
are compared with those computed here, so the page is as true as the tests.

The bound of a random number is Student's confidence interval over independent replicates at level CONFIDENCE; a
deterministic one is either exact or within what the test derives from the rules (edges of the window).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.special import stdtrit

PAGE = Path(__file__).parents[2] / "docs" / "theory.md"
CONFIDENCE = 0.9999  # some thirty checks: one in 300 sets of seeds fails by chance, and the seeds are fixed
EXACT = "exact"


class Row(NamedTuple):
    """A row of the page."""

    number: str  # from theory, four significant digits
    bound: str  # EXACT or the widest bound, in percent of the number
    test: str  # file::function


@cache
def rows() -> dict[str, Row]:
    """The rows of the page's first table by their names."""
    table = PAGE.read_text().split("\n## ")[1]
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines() if line.startswith("| ")]
    return {name: Row(number, bound, test.strip("`")) for name, _, _, number, bound, test in cells[1:]}


def _row(name: str, theory: float) -> Row:
    assert name in rows(), f'docs/theory.md has no row "{name}"; theory says {theory:.4g}'
    row = rows()[name]
    assert f"{theory:.4g}" == row.number, f'docs/theory.md says {row.number} for "{name}"; theory says {theory:.4g}'
    return row


def within(name: str, theory: float, simulated: float, bound: float) -> None:
    """`simulated` is at most `bound` (same unit) away from `theory`, and the bound is as narrow as the page says."""
    row = _row(name, theory)
    told = f"{name}: theory {theory:.5g}, simulated {simulated:.5g} ± {bound:.2g} ({bound / theory:.2%})"
    assert bound <= float(row.bound.removesuffix("%")) / 100 * theory, f"{told}; the page promises {row.bound}"
    assert abs(simulated - theory) <= bound, told


def exactly(name: str, theory: float, simulated: float) -> None:
    """Equal."""
    assert _row(name, theory).bound == EXACT
    assert simulated == theory, f"{name}: theory {theory}, simulated {simulated}"


def agree(name: str, theory: float, samples: Sequence[float] | np.ndarray[Any, Any]) -> None:
    """Theory lies in the confidence interval of the mean of `samples`, one per independent replicate."""
    values = np.asarray(samples, float)
    assert len(values) >= 16, "too few replicates to trust their deviation"
    t = float(stdtrit(len(values) - 1, (1 + CONFIDENCE) / 2))
    within(name, theory, float(values.mean()), t * float(values.std(ddof=1)) / len(values) ** 0.5)
