# SPDX-License-Identifier: MIT
"""Why a cell is undecided, and how many replicates would decide it.

The second is found by asking the judge again with more replicates that are like those that are there: repeated in
turn, they keep means, spreads, and episodes per packet.
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

MOST = 10_000  # replicates; whoever needs more had better ask for something else
SPARE = 1.25  # times what these would need: others see longer busy periods and larger losses as well
STEP = 1.1  # between the numbers that are tried: the answer is "about"


def why(objective: Objective, cell: Cells, episode: str) -> str | None:
    """What is missing, of a `cell` (1,): "only 2 stalls seen"; None where its interval just contains the bound.

    `episode`: what its episodes are called.
    """
    seen, judged = cell.seen, evidence.estimate(objective.metric, cell)
    if seen is None or not judged.pairs[0] or (judged.known[0] and evidence.enough_alone(objective.metric, cell)[0]):
        return _never(objective, cell)
    episodes, pieces = int(seen.episodes[0]), int(seen.pieces[0])
    if episodes <= pieces:
        return only_seen(episodes, episode)
    return f"{only_seen(pieces, 'independent piece')} as busy periods are that long"


def _never(objective: Objective, cell: Cells) -> str | None:
    """Nothing seen, and a bound of nothing: no number of packets shows that it never happens."""
    none = not np.nan_to_num(judge.badness(objective, cell.read(objective.metric))).any()
    return "none seen, which does not show that there is never any" if none and judge.bound(objective) <= 0 else None


def replicates(objectives: Sequence[Objective], cell: Cells, count: int, risk: float, number: int) -> int | None:
    """How many would decide a `cell` (1,) that has `count`, if they were like these; None if MOST would not.

    `objectives`: those that speak of it, of `number` in all; `risk`: of all looks at it together.
    """

    def decided(wanted: int) -> bool:
        some = cell.mapped(lambda values: values[:, np.arange(wanted) % count])
        level = np.array([looks.levels(looks.schedule(wanted), risk)[-1]])
        states = [int(judge.states(each, some, level, risk, number)[0]) for each in objectives]
        return min(states, default=State.MEETS) != State.OPEN

    tried = [count + 1]
    while tried[-1] < MOST:
        tried.append(int(tried[-1] * STEP) + 1)
    found = bisect_left(tried, True, key=decided)
    return math.ceil(SPARE * tried[found]) if found < len(tried) else None
