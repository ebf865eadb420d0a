# SPDX-License-Identifier: MIT
"""Whether a cell meets an objective, as far as its replicates show it.

A cell *meets* an objective if a one-sided t test shows its mean to be on the wanted side of the bound, it *fails* if
one shows it not to be, and is *open* otherwise.  It meets all objectives if it meets each (every test at the whole
level: intersection-union), and fails if it fails any (each test at its share of the level).  So whatever is true of a
cell, it is judged wrongly with at most the risk that it is given.

Replicates that are all equal are taken as exact, with one exception: of what is counted per packet, none at all in n
packets may be luck.  There a cell meets only if a rate at the bound would show something in so many packets, beyond
the same level (Poisson: the rule of three).

Metrics are turned into *badness* first: the metric where an objective wants it small, its negative where large.

Not modelled: means that are not nearly normal.  What happens in one replicate of ten is not seen by two; that is why
the answer rests on no fewer replicates than any other cell under the same packets has needed (`search`).

Source: Berger, Technometrics 24 (1982), intersection-union tests; `stats` for samples that are all equal.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from .. import stats
from ..config import Objective
from ..metrics import METRICS

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
States = NDArray[np.int8]
SHARES = frozenset(metric.name for metric in METRICS if metric.unit == "1")  # counted per packet, or a ratio


class State(IntEnum):
    """Of a cell; the order is that of what is wanted."""

    FAILS = 0
    OPEN = 1
    MEETS = 2


def badness(objective: Objective, values: Array) -> Array:
    """The metric so that less is better."""
    return values if objective.sign in ("<", "<=") else -values


def bound(objective: Objective) -> float:
    """The bound of the badness."""
    return objective.bound if objective.sign in ("<", "<=") else -objective.bound


def states(objective: Objective, values: Array, levels: Array, objectives: int, packets: Ints) -> States:
    """The state of each row of `values` (cells, n), NaN where a replicate is missing; `levels` (cells,) of the tests.

    `objectives`: how many there are, any of which may make a cell fail; `packets`: of a replicate of each cell.
    """
    bad, limit = badness(objective, values), bound(objective)
    found = np.full(len(values), State.OPEN, np.int8)
    for level in np.unique(levels):
        here = np.flatnonzero(levels == level)
        high = stats.mean(bad[here], 1 - 2 * level).high
        low = stats.mean(bad[here], 1 - 2 * level / objectives).low
        with np.errstate(invalid="ignore"):
            if objective.sign in ("<", ">"):
                meets, fails = high < limit, low >= limit
            else:
                meets, fails = high <= limit, low > limit
        meets &= np.isfinite(bad[here]).sum(axis=-1) >= replicates_of_none(objective, bad[here], packets[here], level)
        found[here[meets]], found[here[fails]] = State.MEETS, State.FAILS
    return found


def replicates_of_none(objective: Objective, bad: Array, packets: Ints, level: float) -> Array:
    """How many replicates it takes to show that so little is less than the bound, (cells,); 0 where some was seen."""
    limit = bound(objective)
    if objective.metric not in SHARES or limit <= 0:
        return np.zeros(len(bad))
    none = np.where(np.isfinite(bad), bad == 0, True).all(axis=-1)
    return np.where(none, np.ceil(-np.log(level) / (limit * packets)), 0)


def replicates_wanted(objective: Objective, values: Array, level: float, packets: int) -> int | None:
    """At which a cell with these values (n,) would be decided, if mean and spread stay; None if not known."""
    none = replicates_of_none(objective, badness(objective, values)[None], np.array([packets]), level)
    needed = stats.pairs_needed(stats.mean(values), objective.bound, 1 - 2 * level)
    return None if needed is None else max(needed, int(none[0]))
