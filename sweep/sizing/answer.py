# SPDX-License-Identifier: MIT
"""The answer as values: of every series its smallest ring, of every mix and load the best strategy.

Made from a search that has come to its end, or as far as it came; the writers (`document`, `record`) know only this.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .. import stats
from ..config import Objective
from ..metrics import PAGE_BYTES
from . import judge
from .contest import Standing
from .cube import Cube
from .judge import State
from .search import COST, DROPS, HELD, Cell, Search
from .series import Series

SIMULATED, IMPLIED, SKIPPED = "simulated", "implied", "not needed"
WORDS = {State.MEETS: "meets", State.FAILS: "fails", State.OPEN: "undecided"}


@dataclass(frozen=True)
class Rung:
    """A ring, and where it is an axis a pool, of one series."""

    ring: int
    pool_size: int | None  # None where the strategy has no pool
    word: str  # "meets", "fails", "undecided", "" if nobody needed to know
    how: str  # SIMULATED, IMPLIED or SKIPPED
    replicates: int
    measured: tuple[stats.Estimate, ...]  # of each objective; empty if it was not simulated


@dataclass(frozen=True)
class Sized:
    """One series: a column under a mix and load."""

    column: str
    strategy: str
    rungs: tuple[Rung, ...]  # in their order; empty where constraints left no point
    answer: Rung | None  # the smallest that was shown to meet all objectives
    decided: bool  # all smaller ones fail, or all if there is no answer
    fails_to: Rung | None  # the largest that fails before the first that is undecided; None without one
    wanted: int | None  # replicates at which the undecided ones would be decided; None if not known
    asked: bool  # an objective speaks of one of its points
    unmeasured: tuple[str, ...]  # metrics that have no value here
    contradictions: tuple[str, ...]
    ns: stats.Estimate | None  # per packet, at the answer
    drop_ratio: float  # mean, at the answer
    held_bytes: float  # mean, at the answer

    @property
    def rings(self) -> list[int]:
        """Its rings, rising."""
        return sorted({rung.ring for rung in self.rungs})

    def pools(self, ring: int) -> list[int]:
        """Its pools at one ring, rising."""
        return sorted({rung.pool_size for rung in self.rungs if rung.ring == ring and rung.pool_size is not None})


@dataclass(frozen=True)
class Verdict:
    """One mix and load."""

    mix: str
    load: float
    series: tuple[Sized, ...]
    standing: Standing | None  # by number of the series; None if none has an answer


@dataclass(frozen=True)
class Answer:
    """To one question."""

    name: str  # of the sweep
    objectives: tuple[Objective, ...]
    confidence: float
    looks: tuple[int, ...]
    rings: tuple[int, ...]
    pools: tuple[int | None, ...]  # (None,) where no pool is an axis of its own
    verdicts: tuple[Verdict, ...]
    wanted: int  # simulations
    grid: int  # simulations of the whole sweep
    simulated: int  # of those wanted, in this run
    missing: int  # of those wanted, without a valid row
    wanted_packets: int
    grid_packets: int


def verdicts(search: Search) -> tuple[Verdict, ...]:
    """Of every mix and load that has points."""
    cube = search.question.cube
    found = []
    for mix, load in np.argwhere(cube.there.any(axis=(1, 3, 4))).tolist():
        sized = [_sized(search, (mix, column, load)) for column in range(len(cube.columns))]
        found.append(Verdict(cube.mixes[mix], cube.loads[load], tuple(sized), search.standing(mix, load)))
    return tuple(found)


def _sized(search: Search, where: tuple[int, int, int]) -> Sized:
    cube, known = search.question.cube, search.series(*where)
    if not known.there.any():
        return _absent(cube.columns[where[1]], cube.strategies[where[1]])
    rungs = tuple(_rung(search, where, known, rung) for rung in range(len(known.there)))
    answer = known.answer
    open_ = np.flatnonzero(known.there & (known.high != State.FAILS))[:1]
    failing = np.flatnonzero((known.there & (known.high == State.FAILS))[: int(open_[0]) if len(open_) else None])
    cell = search.cell(*where, answer) if answer is not None else None
    return Sized(
        column=cube.columns[where[1]],
        strategy=cube.strategies[where[1]],
        rungs=tuple(each for each, there in zip(rungs, known.there, strict=True) if there),
        answer=rungs[answer] if answer is not None else None,
        decided=known.decided,
        fails_to=rungs[failing[-1]] if len(failing) else None,
        wanted=_wanted(search, where, known),
        asked=search.speaks(*where),
        unmeasured=known.unmeasured,
        contradictions=tuple(
            f"{objective.metric} is worse at {_named(cube, worse)} than at {_named(cube, better)}"
            for objective, (better, worse) in known.contradictions
        ),
        ns=stats.mean(search.samples(COST, cell)) if cell else None,
        drop_ratio=float(stats.mean(search.samples(DROPS, cell)).center) if cell else float("nan"),
        held_bytes=float(stats.mean(search.samples(HELD, cell)).center) * PAGE_BYTES if cell else float("nan"),
    )


def _absent(column: str, strategy: str) -> Sized:
    """A series without a point: constraints of the sweep removed it, so there is nothing to decide."""
    return Sized(
        column=column,
        strategy=strategy,
        rungs=(),
        answer=None,
        decided=True,
        fails_to=None,
        wanted=None,
        asked=False,
        unmeasured=(),
        contradictions=(),
        ns=None,
        drop_ratio=float("nan"),
        held_bytes=float("nan"),
    )


def _named(cube: Cube, place: tuple[int, int]) -> str:
    ring, pool = place
    return f"ring {cube.rings[ring]}" + (f" with pool {cube.pools[pool]}" if len(cube.pools) > 1 else "")


def _rung(search: Search, where: tuple[int, int, int], known: Series, rung: int) -> Rung:
    cube, cell = search.question.cube, search.cell(*where, rung)
    simulated = bool(known.count[rung])
    state = State(int(known.low[rung])) if known.low[rung] == known.high[rung] else State.OPEN
    settled = state != State.OPEN
    measured = []
    if simulated:
        confidence = 1 - 2 * search.level(known, rung)
        measured = [stats.mean(search.samples(each.metric, cell), confidence) for each in search.question.objectives]
    size = int(cube.pool_sizes[cube.points[cell]])
    return Rung(
        ring=cube.rings[cell[3]],
        pool_size=size if size >= 0 else None,
        word=WORDS[state] if simulated or settled else "",
        how=SIMULATED if simulated else IMPLIED if settled else SKIPPED,
        replicates=int(known.count[rung]),
        measured=tuple(measured),
    )


def _wanted(search: Search, where: tuple[int, int, int], known: Series) -> int | None:
    """Replicates that would decide all that is undecided up to the answer, if means and spreads stay."""
    level = search.question.levels(int(known.there.sum()))[-1]
    needed = [
        _decides(search, search.cell(*where, rung), level)
        for rung in np.flatnonzero(known.open[: known.answer]).tolist()
    ]
    return None if None in needed else max((each for each in needed if each is not None), default=None)


def _decides(search: Search, cell: Cell, level: float) -> int | None:
    """Replicates that would show one objective to fail if one does, or else all to be met."""
    packets = int(search.question.cube.packets[search.question.cube.points[cell]])
    failing: list[int | None] = []
    meeting: list[int | None] = []
    for objective in search.question.objectives:
        samples = search.samples(objective.metric, cell)
        fails = judge.badness(objective, stats.mean(samples).center) >= judge.bound(objective)
        (failing if fails else meeting).append(judge.replicates_wanted(objective, samples, level, packets))
    if failing:
        return min((each for each in failing if each is not None), default=None)
    return None if None in meeting else max((each for each in meeting if each is not None), default=None)
