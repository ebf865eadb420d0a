# SPDX-License-Identifier: MIT
"""Looking more than once, honestly: when to look, and how much of the risk each look may spend.

Whoever tests after 2 replicates, after 3, after 5, and stops when it is "significant", is wrong more often than he
says.  So the looks are fixed before, and the risk is divided among them: after a share t of the replicates, no more
of it is spent than the spending function of Lan and DeMets allows, here the one near Pocock's bounds, risk * ln(1 +
(e - 1) t), which spends early: most cells are far from any bound, and two replicates show it.

A look's level is what it adds to the sum, and a test at that level is an ordinary t test: the chance that any look
errs is at most the sum (Bonferroni), whatever the looks have in common.  The usual further step, which computes from
the normal distribution what looks have in common and so widens the levels, is left out on purpose: t statistics of 2,
3 and 5 replicates have less in common than that says, and the risk would be exceeded by a tenth to a fifth
(tests/sizing/test_looks.py shows both).

Whoever does not test but shows an interval, whichever look was the last, divides the risk equally (`at_each`): of as
many intervals at the confidence 1 - risk / looks all cover with the chance 1 - risk at least (Bonferroni), so the one
that is shown does, however it was chosen.

Source: [lan-1983], alpha-star-2; [pocock-1977]; [jennison-2000] section 7.2, and chapter 2 for equal looks.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from ..precision import Reached
from .estimates import CONFIDENCE

FEWEST = 2  # replicates that show a spread


def schedule(most: int) -> tuple[int, ...]:
    """Replicates at each look, up to `most` (2 at least): 2, 3, 5, 8, 13, ... and `most`."""
    found, following = [], (FEWEST, FEWEST + 1)
    while following[0] < most:
        found.append(following[0])
        following = (following[1], sum(following))
    return (*found, most)


def spent(share: float, risk: float) -> float:
    """How much of the risk may have been spent when this share of the replicates has been looked at."""
    return risk * math.log1p((math.e - 1) * share)


def levels(looks: Sequence[int], risk: float) -> tuple[float, ...]:
    """The level of the test at each look; their sum is the risk."""
    totals = [0.0, *(spent(look / looks[-1], risk) for look in looks)]
    return tuple(after - before for before, after in pairwise(totals))


def at_each(looks: int, confidence: float) -> float:
    """The confidence of an interval at each of so many looks, so that the one at the last of them covers."""
    return 1 - (1 - confidence) / max(looks, 1)


def confidence_of(about: Mapping[str, Any]) -> float:
    """The confidence of each interval and test of a table that says this of itself, so that each holds at CONFIDENCE.

    Where replicates were looked at while they ran, the risk is divided among the looks.
    """
    reached = Reached.of(about)
    return at_each(len(reached.looks), CONFIDENCE) if reached else CONFIDENCE
