# SPDX-License-Identifier: MIT
"""The answer as data: the smallest ring of every series, and the best strategy at every mix and load.

Made from a finished or interrupted search; the writers (`document`, `record`) use only this.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sweep.fields.spread import DROPS

from .. import stats
from ..config import Objective
from ..fields.constants import PAGE_BYTES
from . import shortage
from .contest import ContestState
from .cube import Cube
from .judge import State
from .lost import MostLost, most_lost
from .search import COST, HELD, Search
from .series import SeriesState

SIMULATED, IMPLIED, SKIPPED = "simulated", "implied", "not needed"
WORDS = {State.MEETS: "meets", State.FAILS: "fails", State.OPEN: "undecided"}


@dataclass(frozen=True)
class Rung:
    """A ring (and, if the pool is an axis, a pool) of one series, and what is known of it."""

    ring: int
    pool_size: int | None  # None where the strategy has no pool
    word: str  # "meets", "fails", "undecided"; "" if it was not needed
    how: str  # SIMULATED, IMPLIED or SKIPPED
    replicates: int
    measured: tuple[stats.Estimate, ...]  # of each objective; empty if it was not simulated
    why: str | None  # why it is undecided, such as "only 2 stalls seen"; None if decided, or too close to a bound


@dataclass(frozen=True)
class SizedSeries:
    """The answer for one series: a column at a mix and load."""

    column: str
    strategy: str
    rungs: tuple[Rung, ...]  # in their order; empty where constraints left no point
    answer: Rung | None  # the smallest that was shown to meet all objectives
    decided: bool  # all smaller rungs fail, or all rungs if there is no answer
    fails_to: Rung | None  # the largest failing rung before the first undecided one; None without one
    why: str | None  # why the first undecided rung is undecided, see `Rung`
    wanted: int | None  # replicates that would decide the undecided rungs; None if unknown
    window_packets: int  # packets in the measured window of a replicate, at the point with the longest window
    asked: bool  # whether an objective applies to any of its points
    unmeasured: tuple[str, ...]  # metrics of objectives that have no value here
    contradictions: tuple[str, ...]
    ns: stats.Estimate | None  # per packet, at the answer
    drop_ratio: stats.Estimate | None  # at the answer
    held_bytes: float  # mean, at the answer
    lost: MostLost | None = None  # of a series that fails altogether, at the largest ring that was simulated

    @property
    def rings(self) -> list[int]:
        """The rings of the series, rising."""
        return sorted({rung.ring for rung in self.rungs})

    def pools(self, ring: int) -> list[int]:
        """The pool sizes of the series at one ring, rising."""
        return sorted({rung.pool_size for rung in self.rungs if rung.ring == ring and rung.pool_size is not None})


@dataclass(frozen=True)
class SizedMix:
    """The answers of all columns at one mix and load, and their ranking."""

    mix: str
    load: float
    series: tuple[SizedSeries, ...]
    standing: ContestState | None  # numbers are indices of `series`; None if no series has an answer


@dataclass(frozen=True, kw_only=True)
class SearchAnswer:
    """The answer to one question, whatever was searched for."""

    name: str  # of the sweep
    objectives: tuple[Objective, ...]
    confidence: float
    looks: tuple[int, ...]
    verdicts: tuple[Any, ...]  # each of a `mix`, with its `series`
    wanted: int  # simulations that the search needed
    grid: int  # simulations of the whole sweep
    simulated: int  # needed simulations that this run has done
    missing: int  # needed simulations without a valid row
    wanted_packets: int
    grid_packets: int

    @property
    def mixes(self) -> list[str]:
        """The traffic mixes that have a verdict, in their order."""
        return list(dict.fromkeys(verdict.mix for verdict in self.verdicts))

    @property
    def deciding(self) -> int | None:
        """Replicates that would decide every series of which that number is known; None if there is none."""
        series = (each for verdict in self.verdicts for each in verdict.series if not each.decided)
        return max((each.wanted for each in series if each.wanted is not None), default=None)


@dataclass(frozen=True, kw_only=True)
class SizingAnswer(SearchAnswer):
    """The smallest rings that meet the objectives."""

    rings: tuple[int, ...]
    pools: tuple[int | None, ...]  # (None,) where no pool is an axis of its own
    verdicts: tuple[SizedMix, ...]


def verdicts(search: Search) -> tuple[SizedMix, ...]:
    """The verdict of every mix and load that has points."""
    cube = search.question.cube
    verdicts_found = []
    for mix, load in np.argwhere(cube.there.any(axis=(1, 3, 4))).tolist():
        sized = [_sized(search, (mix, column, load)) for column in range(len(cube.columns))]
        verdicts_found.append(SizedMix(cube.mixes[mix], cube.loads[load], tuple(sized), search.standing(mix, load)))
    return tuple(verdicts_found)


def _sized(search: Search, where: tuple[int, int, int]) -> SizedSeries:
    cube, known_series = search.question.cube, search.series(*where)
    if not known_series.there.any():
        return _absent(cube.columns[where[1]], cube.strategies[where[1]])
    rungs = tuple(_rung(search, where, known_series, rung) for rung in range(len(known_series.there)))
    answer = known_series.answer
    first_open = np.flatnonzero(known_series.there & (known_series.high != State.FAILS))[:1]
    failing_rungs = np.flatnonzero(
        (known_series.there & (known_series.high == State.FAILS))[: int(first_open[0]) if len(first_open) else None]
    )
    cell = search.cell(*where, answer) if answer is not None else None
    open_reasons = [rungs[rung].why for rung in np.flatnonzero(known_series.open[:answer]).tolist()]
    return SizedSeries(
        column=cube.columns[where[1]],
        strategy=cube.strategies[where[1]],
        rungs=tuple(rung_there for rung_there, there in zip(rungs, known_series.there, strict=True) if there),
        answer=rungs[answer] if answer is not None else None,
        decided=known_series.decided,
        fails_to=rungs[failing_rungs[-1]] if len(failing_rungs) else None,
        why=next(filter(None, open_reasons), None),
        wanted=_wanted(search, where, known_series),
        window_packets=int(cube.packets[cube.points[where][cube.there[where]]].max()),
        asked=search.speaks(*where),
        unmeasured=known_series.unmeasured,
        contradictions=tuple(
            f"{objective.metric} is worse at {_named(cube, worse)} than at {_named(cube, better)}"
            for objective, (better, worse) in known_series.contradictions
        ),
        ns=search.estimate(COST, cell) if cell else None,
        drop_ratio=search.estimate(DROPS, cell) if cell else None,
        held_bytes=float(stats.mean(search.samples(HELD, cell)).center) * PAGE_BYTES if cell else float("nan"),
        lost=_lost(search, where, known_series) if answer is None and known_series.decided else None,
    )


def _lost(search: Search, where: tuple[int, int, int], known: SeriesState) -> MostLost | None:
    cube, cell = search.question.cube, search.cell(*where, int(np.flatnonzero(known.count)[-1]))
    return most_lost(search, cell, _named(cube, (cell[3], cell[4])))


def _absent(column: str, strategy: str) -> SizedSeries:
    """The answer for a series without points, all removed by constraints of the sweep: decided, without a ring."""
    return SizedSeries(
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


def _rung(search: Search, where: tuple[int, int, int], known: SeriesState, rung: int) -> Rung:
    cube, cell = search.question.cube, search.cell(*where, rung)
    simulated = bool(known.count[rung])
    state = State(int(known.low[rung])) if known.low[rung] == known.high[rung] else State.OPEN
    settled = state != State.OPEN
    measured = []
    if simulated:
        confidence = 1 - 2 * search.level(known, rung)
        measured = [search.estimate(objective.metric, cell, confidence) for objective in search.question.objectives]
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
    """Why a rung is undecided, by the first objective that has a reason; None if none has."""
    cell = search.cell(*where, rung)
    cell_evidence = search.evidence(cell)
    episode = search.question.cube.episodes[search.question.cube.points[cell]]
    return next(
        filter(None, (shortage.why(objective, cell_evidence, episode) for objective in search.speaking(cell))), None
    )


def _wanted(search: Search, where: tuple[int, int, int], known: SeriesState) -> int | None:
    """Replicates that would decide all undecided rungs up to the answer, if they are alike; None if unknown."""
    question, needed = search.question, []
    risk, objectives = question.risk(int(known.there.sum())), len(question.objectives)
    for rung in np.flatnonzero(known.open[: known.answer]).tolist():
        cell = search.cell(*where, rung)
        cell_evidence, count = search.evidence(cell), int(search.count[cell])
        needed.append(shortage.replicates(search.speaking(cell), cell_evidence, count, risk, objectives))
    return None if None in needed else max((each for each in needed if each is not None), default=None)
