# SPDX-License-Identifier: MIT
"""The reason why a cell is undecided, and how many replicates would decide it.

That number is found by judging again with more replicates, made by repeating those at hand in turn, which keeps means,
spreads and episodes per packet.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence

import numpy as np

from .. import evidence
from ..config import Objective
from ..episodes import only_seen
from ..evidence import Cells
from ..stats import looks
from . import judge
from .judge import State

MOST = 10_000  # replicates; if more are needed, no number is given
SPARE = 1.25  # safety factor: new replicates may have longer busy periods and larger losses
STEP = 1.1  # ratio between the numbers tried, so the result is approximate


def why(objective: Objective, cell: Cells, episode: str) -> str | None:
    """Why a `cell` (1,) is undecided: "only 2 stalls seen"; None if its interval contains the bound.

    `episode`: the word for its episodes.
    """
    seen, estimate = cell.seen, evidence.estimate(objective.metric, cell)
    if (
        seen is None
        or not estimate.pairs[0]
        or (estimate.known[0] and evidence.enough_alone(objective.metric, cell)[0])
    ):
        return never(objective, cell)
    episodes, pieces = int(seen.episodes[0]), int(seen.pieces[0])
    if episodes <= pieces:
        return only_seen(episodes, episode)
    return f"{only_seen(pieces, 'independent piece')} as busy periods are that long"


def never(objective: Objective, cell: Cells) -> str | None:
    """The reason if nothing was seen and the bound is zero: no number of packets shows that it never happens."""
    none_seen = not np.nan_to_num(judge.badness(objective, cell.read(objective.metric))).any()
    return (
        "none seen, which does not show that there is never any" if none_seen and judge.bound(objective) <= 0 else None
    )


def replicates(objectives: Sequence[Objective], cell: Cells, count: int, risk: float, number: int) -> int | None:
    """Replicates that would decide a `cell` (1,) that has `count`, if they were like these; None if over MOST.

    `objectives`: those that apply to it, of `number` in all; `risk`: over all looks at it.
    """

    def decided(wanted: int) -> bool:
        repeated_cells = cell.mapped(lambda values: values[:, np.arange(wanted) % count])
        level = np.array([looks.levels(looks.schedule(wanted), risk)[-1]])
        states = [int(judge.states(each, repeated_cells, level, risk, number)[0]) for each in objectives]
        return min(states, default=State.MEETS) != State.OPEN

    candidates = [count + 1]
    while candidates[-1] < MOST:
        candidates.append(int(candidates[-1] * STEP) + 1)
    first_deciding = bisect_left(candidates, True, key=decided)
    return math.ceil(SPARE * candidates[first_deciding]) if first_deciding < len(candidates) else None
