# SPDX-License-Identifier: MIT
"""Interim looks at the replicates: when to look, and the share of the risk that each look may spend.

Testing after 2, 3 and 5 replicates and stopping when the result is "significant" gives more errors than the level of
the test.  So the looks are fixed in advance and share the risk: after a share t of the replicates, no more is spent
than the spending function of Lan and DeMets allows, here the one near Pocock's bounds, risk * ln(1 + (e - 1) t).
It spends early, because most cells are far from any bound and two replicates show it.

A look's level is what it adds to the sum, and a test at that level is an ordinary t test: the chance that any look
errs is at most the sum (Bonferroni), whatever the looks have in common.  The usual further step, which computes from
the normal distribution what looks have in common and so widens the levels, is left out on purpose: t statistics of 2,
3 and 5 replicates have less in common than that says, and the risk would be exceeded by a tenth to a fifth
(tests/stats/test_looks.py shows both).

For an interval that is shown after the last look, whichever that is, the risk is divided equally (`at_each`): with one
interval per look at the confidence 1 - risk / looks, all cover with a probability of at least 1 - risk (Bonferroni),
and so does the one that is shown, however it was chosen.

Source: [lan-1983], alpha-star-2; [pocock-1977]; [jennison-2000] section 7.2, and chapter 2 for equal looks.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from sweep.reached_precision import ReachedPrecision

from .estimates import CONFIDENCE

FEWEST = 2  # fewest replicates that show a spread


def schedule(most: int) -> tuple[int, ...]:
    """Number of replicates at each look, up to `most` (at least 2): 2, 3, 5, 8, 13, ... and `most`."""
    looks, following = [], (FEWEST, FEWEST + 1)
    while following[0] < most:
        looks.append(following[0])
        following = (following[1], sum(following))
    return (*looks, most)


def spent(share: float, risk: float) -> float:
    """The risk that may be spent up to the look at this share of the replicates."""
    return risk * math.log1p((math.e - 1) * share)


def levels(looks: Sequence[int], risk: float) -> tuple[float, ...]:
    """The significance level of the test at each look; their sum is the risk."""
    totals = [0.0, *(spent(look / looks[-1], risk) for look in looks)]
    return tuple(after - before for before, after in pairwise(totals))


def at_each(looks: int, confidence: float) -> float:
    """The confidence of the interval at each of `looks` looks, so that the last one holds at `confidence`."""
    return 1 - (1 - confidence) / max(looks, 1)


def confidence_of(about: Mapping[str, Any]) -> float:
    """The confidence of each interval and test of a table with metadata `about`, so that each holds at CONFIDENCE.

    If the run had interim looks, the risk is divided among them.
    """
    reached = ReachedPrecision.of(about)
    return at_each(len(reached.looks), CONFIDENCE) if reached else CONFIDENCE
