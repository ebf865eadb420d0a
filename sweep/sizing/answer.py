# SPDX-License-Identifier: MIT
"""The answer as values: of every series its smallest ring, of every mix and load the best strategy.

Made from a search that has come to its end, or as far as it came; the writers (`document`, `record`) know only this.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sweep.fields.spread import DROPS

from .. import stats
from ..config import Objective
from ..fields.constants import PAGE_BYTES
from . import shortage
from .contest import Standing
from .cube import Cube
from .judge import State
from .search import COST, HELD, Search
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
    why: str | None  # it is undecided: "only 2 stalls seen"; None where it is not, or just lies at a bound


@dataclass(frozen=True)
class Sized:
    """One series: a column under a mix and load."""

    column: str
    strategy: str
    rungs: tuple[Rung, ...]  # in their order; empty where constraints left no point
    answer: Rung | None  # the smallest that was shown to meet all objectives
    decided: bool  # all smaller ones fail, or all if there is no answer
    fails_to: Rung | None  # the largest that fails before the first that is undecided; None without one
    why: str | None  # the first that is undecided is so, see `Rung`
    wanted: int | None  # replicates at which the undecided ones would be decided; None if not known
    window_packets: int  # counted in a replicate, of the longest of its points
    asked: bool  # an objective speaks of one of its points
    unmeasured: tuple[str, ...]  # metrics that have no value here
    contradictions: tuple[str, ...]
    ns: stats.Estimate | None  # per packet, at the answer
    drop_ratio: stats.Estimate | None  # at the answer
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

    @property
    def deciding(self) -> int | None:
        """Replicates that would decide all series of which that is known; None if there is no such series."""
        series = (each for verdict in self.verdicts for each in verdict.series if not each.decided)
        return max((each.wanted for each in series if each.wanted is not None), default=None)


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
    whys = [rungs[rung].why for rung in np.flatnonzero(known.open[:answer]).tolist()]
    return Sized(
        column=cube.columns[where[1]],
        strategy=cube.strategies[where[1]],
        rungs=tuple(each for each, there in zip(rungs, known.there, strict=True) if there),
        answer=rungs[answer] if answer is not None else None,
        decided=known.decided,
        fails_to=rungs[failing[-1]] if len(failing) else None,
        why=next(filter(None, whys), None),
        wanted=_wanted(search, where, known),
        window_packets=int(cube.packets[cube.points[where][cube.there[where]]].max()),
        asked=search.speaks(*where),
        unmeasured=known.unmeasured,
        contradictions=tuple(
            f"{objective.metric} is worse at {_named(cube, worse)} than at {_named(cube, better)}"
            for objective, (better, worse) in known.contradictions
        ),
        ns=search.estimate(COST, cell) if cell else None,
        drop_ratio=search.estimate(DROPS, cell) if cell else None,
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
        why=None,
        wanted=None,
        window_packets=0,
        asked=False,
        unmeasured=(),
        contradictions=(),
        ns=None,
        drop_ratio=None,
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
        measured = [search.estimate(each.metric, cell, confidence) for each in search.question.objectives]
    size = int(cube.pool_sizes[cube.points[cell]])
    return Rung(
        ring=cube.rings[cell[3]],
        pool_size=size if size >= 0 else None,
        word=WORDS[state] if simulated or settled else "",
        how=SIMULATED if simulated else IMPLIED if settled else SKIPPED,
        replicates=int(known.count[rung]),
        measured=tuple(measured),
        why=_why(search, where, rung) if known.open[rung] else None,
    )


def _why(search: Search, where: tuple[int, int, int], rung: int) -> str | None:
    """Of the first objective that has a reason."""
    cell = search.cell(*where, rung)
    found = search.evidence(cell)
    episode = search.question.cube.episodes[search.question.cube.points[cell]]
    return next(filter(None, (shortage.why(each, found, episode) for each in search.speaking(cell))), None)


def _wanted(search: Search, where: tuple[int, int, int], known: Series) -> int | None:
    """Replicates that would decide all that is undecided up to the answer, if they are like these."""
    question, needed = search.question, []
    risk, objectives = question.risk(int(known.there.sum())), len(question.objectives)
    for rung in np.flatnonzero(known.open[: known.answer]).tolist():
        cell = search.cell(*where, rung)
        found, count = search.evidence(cell), int(search.count[cell])
        needed.append(shortage.replicates(search.speaking(cell), found, count, risk, objectives))
    return None if None in needed else max((each for each in needed if each is not None), default=None)
