# SPDX-License-Identifier: MIT
"""Whether the replicates of a cell show that it meets or fails an objective.

A cell *meets* an objective if the interval of its metric (`evidence.estimate`, one-sided at the level of the look) is
whole on the wanted side of the bound, and *fails* if it is whole on the other side; else it is *open*.  Of what comes
in clumps, and of what was the same in every replicate by chance, an interval is not enough to meet: as many independent
episodes must have been seen as show that what did not happen hardly does (`Seen.many`).  A cell meets all objectives if
it meets each (every test at the whole level: intersection-union), and fails if it fails any (each test at its share of
the level).  So whatever is true of a cell, it is judged wrongly with at most the risk that it is given.

If too few episodes were seen for an interval, a cell may still be shown to fail, because that needs no assumption on
what was not seen: if a nonnegative quantity has a mean of at most b, the product of factors 1 - s + s x / b, one for
each independent replicate x, is a nonnegative supermartingale, and the probability that it ever exceeds 1/a is at most
a (Ville).  So half of the packets lost in two windows shows that more than one in a thousand is lost in the mean.  The
product is averaged over the stakes s, and it gets half of the risk to fail.

Metrics are turned into *badness* first: the metric where an objective wants it small, its negative where large.

Not modelled: cells of one series share their packets, so that errors in their judgements are correlated.
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
    """State of a cell, ordered from bad to good."""

    FAILS = 0
    OPEN = 1
    MEETS = 2


def badness(objective: Objective, values: Array) -> Array:
    """The metric with its sign chosen so that less is better; same shape as `values`."""
    return values if objective.sign in ("<", "<=") else -values


def bound(objective: Objective) -> float:
    """The objective's bound, in terms of badness."""
    return objective.bound if objective.sign in ("<", "<=") else -objective.bound


def states(objective: Objective, cells: Cells, levels: Array, risk: float, objectives: int) -> States:
    """The state of each of `cells` (K,), judged at `levels` (K,).

    `risk`: sum of the levels of all looks at a cell; `objectives`: their number, since any of them may make it fail.
    """
    limit, strict = bound(objective), objective.sign in ("<", ">")
    cell_states = np.full(len(levels), State.OPEN, np.int8)
    betting_share, betting_fails = 0.0, np.zeros(len(levels), bool)
    if may_bet(objective):
        betting_share = BETTING
        betting_fails = bets(objective, cells) * betting_share * risk >= objectives
    for level in np.unique(levels):
        at_level = np.flatnonzero(levels == level)
        cells_at_level = cells.at(at_level)
        _, high = ends(objective, evidence.estimate(objective.metric, cells_at_level, 1 - 2 * level))
        lower = 1 - 2 * level * (1 - betting_share) / objectives
        low, _ = ends(objective, evidence.estimate(objective.metric, cells_at_level, lower))
        with np.errstate(invalid="ignore"):
            meets = (high < limit if strict else high <= limit) & evidence.enough_alone(
                objective.metric, cells_at_level
            )
            fails = ((low >= limit) if strict else (low > limit)) | betting_fails[at_level]
        cell_states[at_level[meets]], cell_states[at_level[fails]] = State.MEETS, State.FAILS
    return cell_states


def ends(objective: Objective, of: Estimate) -> tuple[Array, Array]:
    """Low and high end of the interval in terms of badness; NaN where there is none."""
    return (of.low, of.high) if objective.sign in ("<", "<=") else (-of.high, -of.low)


def may_bet(objective: Objective) -> bool:
    """Whether the test by betting applies: the badness, or 1 minus a share, is a mean of nonnegative values."""
    metric_kind = spread(objective.metric)
    rest = metric_kind.rare is not None and metric_kind.rare.rest
    return metric_kind.quantile is None and rest == (objective.sign in (">", ">="))


def bets(objective: Objective, cells: Cells) -> Array:
    """The betting product against "the mean is within the bound", (K,): large values refute it."""
    values = cells.read(objective.metric)
    wants_less = objective.sign in ("<", "<=")
    losses, limit = (values, objective.bound) if wants_less else (1 - values, 1 - objective.bound)
    if limit <= 0:
        return np.where((losses > 0).any(axis=-1), np.inf, 1.0)
    factors = 1 + STAKES[:, None] * (np.where(np.isfinite(losses), losses, limit)[..., None, :] / limit - 1)
    with np.errstate(over="ignore"):
        return np.asarray(factors.prod(axis=-1).mean(axis=-1))
