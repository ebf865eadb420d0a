# SPDX-License-Identifier: MIT
"""Whether a cell meets an objective, as far as its replicates show it.

A cell *meets* an objective if the interval of its metric (`evidence.estimate`, one-sided at the level of the look) is
whole on the wanted side of the bound, and *fails* if it is whole on the other side; else it is *open*.  Of what comes
in clumps, and of what was the same in every replicate by chance, an interval is not enough to meet: as many independent
episodes must have been seen as show that what did not happen hardly does (`Seen.many`).  A cell meets all objectives if
it meets each (every test at the whole level: intersection-union), and fails if it fails any (each test at its share of
the level).  So whatever is true of a cell, it is judged wrongly with at most the risk that it is given.

Where too few episodes were seen for an interval, a cell may still be shown to fail, because that needs no knowledge of
what was not seen: if what is never negative has a mean of at most b, a product of factors 1 - s + s x / b, one for each
independent replicate x, is a fair game or worse, and the chance that it ever exceeds 1/a is at most a (Ville).  Half of
the packets lost in two windows is that unlikely where one in a thousand is lost in the mean.  The product is averaged
over the stakes s, and it gets half of the risk to fail.

Metrics are turned into *badness* first: the metric where an objective wants it small, its negative where large.

Not modelled: that cells of one series share their packets, so that judging one wrongly makes it likelier for the next.
The levels are divided as if all the risks added up.

Source: [berger-1982], intersection-union tests; [waudby-smith-2024], means of bounded variables by betting;
[ville-1939].
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from sweep.fields.declared import spread

from .. import evidence
from ..config import Objective
from ..evidence import Cells
from ..stats import Estimate

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]
States = NDArray[np.int8]
BETTING = 0.5  # share of the risk to fail that the product of bets gets
STAKES = 0.5 ** np.arange(10)  # from all on one replicate to what a clump in a thousand replicates needs


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


def states(objective: Objective, cells: Cells, levels: Array, risk: float, objectives: int) -> States:
    """The state of each of `cells` (K,), judged at `levels` (K,).

    `risk`: the levels of all looks at a cell together; `objectives`: how many there are, any of which may make it fail.
    """
    limit, strict = bound(objective), objective.sign in ("<", ">")
    found = np.full(len(levels), State.OPEN, np.int8)
    share = BETTING if may_bet(objective) else 0.0
    ruined = bets(objective, cells) * share * risk >= objectives
    for level in np.unique(levels):
        here = np.flatnonzero(levels == level)
        some = cells.at(here)
        _, high = ends(objective, evidence.estimate(objective.metric, some, 1 - 2 * level))
        lower = 1 - 2 * level * (1 - share) / objectives
        low, _ = ends(objective, evidence.estimate(objective.metric, some, lower))
        with np.errstate(invalid="ignore"):
            meets = (high < limit if strict else high <= limit) & evidence.enough_alone(objective.metric, some)
            fails = ((low >= limit) if strict else (low > limit)) | ruined[here]
        found[here[meets]], found[here[fails]] = State.MEETS, State.FAILS
    return found


def ends(objective: Objective, of: Estimate) -> tuple[Array, Array]:
    """The interval of the badness; NaN where there is none."""
    return (of.low, of.high) if objective.sign in ("<", "<=") else (-of.high, -of.low)


def may_bet(objective: Objective) -> bool:
    """Whether what is bad is a mean of what is never negative: the metric, or what is missing of a share."""
    of = spread(objective.metric)
    rest = of.rare is not None and of.rare.rest
    return of.quantile is None and rest == (objective.sign in (">", ">="))


def bets(objective: Objective, cells: Cells) -> Array:
    """By what a gambler against "the mean is within the bound" has multiplied his stake, (K,), where he may bet."""
    values = cells.read(objective.metric)
    up = objective.sign in ("<", "<=")
    losses, limit = (values, objective.bound) if up else (1 - values, 1 - objective.bound)
    if limit <= 0:
        return np.where((losses > 0).any(axis=-1), np.inf, 1.0)
    factors = 1 + STAKES[:, None] * (np.where(np.isfinite(losses), losses, limit)[..., None, :] / limit - 1)
    with np.errstate(over="ignore"):
        return np.asarray(factors.prod(axis=-1).mean(axis=-1))
