# SPDX-License-Identifier: MIT
"""The search for the highest load that meets all objectives, in every series: a mix, column, ring and pool.

It is told results and asks for simulations as `search` does, and cells are judged by the same rules.  `bracket` says
which loads of a series come next.  Every series is searched on its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sweep.fields.spread import DROPS

from ..config import Objective
from ..evidence import Cells
from . import judge, lattice, shortage
from .bracket import CHECKS, Bracket, bracket, depth
from .directions import Direction
from .judge import Ints, State, States
from .lattice import SimulatedCells
from .search import COST, ROW, AskedCells, Cell, Question

RATE, BYTES = "total_pps", "offered_bytes"
HARDER = Direction(ring=1)  # `lattice` has the loads in place of rings: badness rises with the load


class Place(NamedTuple):
    """A series: indices into the cube."""

    mix: int
    column: int
    ring: int
    pool: int


class Inversion(NamedTuple):
    """A load that is worse than a higher one; `low` and `high` number the loads of the series."""

    metric: str
    low: int
    high: int


@dataclass(frozen=True)
class LoadSeries:
    """What is known of one series; arrays over its loads, (K,), from the lowest."""

    loads: Ints  # indices into the cube's loads
    count: Ints  # replicates that were asked for
    states: States  # OPEN where nothing was simulated
    bracket: Bracket
    hopeless: bool  # no load can be shown to meet: nothing is seen where the bound is zero
    asked: bool  # whether an objective applies
    unmeasured: tuple[str, ...]  # metrics without a value at a simulated load
    inversions: tuple[Inversion, ...]

    @property
    def failing_below(self) -> int | None:
        """A load below the answer that is shown to fail; None if there is none."""
        below = np.flatnonzero(self.states[: self.bracket.quoted or 0] == State.FAILS)
        return int(below[-1]) if len(below) else None

    @property
    def decided(self) -> bool:
        """Whether no load lies between the highest that meets and the lowest that fails, and nothing contradicts."""
        meets, fails = self.bracket.meets, self.bracket.fails
        low, high = -1 if meets is None else meets, len(self.loads) if fails is None else fails
        return high - low == 1 and self.failing_below is None and not self.inversions


class LoadSearch(AskedCells):
    """The state of a search: repeat `wanted`, simulate, `tell`, until nothing is wanted."""

    def __init__(self, question: Question) -> None:
        super().__init__(question, tuple(dict.fromkeys([*question.columns(COST, DROPS, RATE), BYTES, ROW])))
        self._states: States = np.full(question.cube.shape, State.OPEN, np.int8)
        self._judged: Ints = self.count.copy()  # `count` when the states were judged
        self._tests = np.vectorize(tests_of)(question.cube.there.sum(axis=2))  # of each series
        self._known: dict[Place, LoadSeries] = {}  # of series of which nothing was asked for since

    @property
    def places(self) -> list[Place]:
        """All series that have points."""
        there = self.question.cube.there.any(axis=2)
        return [Place(*place) for place in np.argwhere(there).tolist()]

    def wanted(self) -> NDArray[np.bool_]:
        """Mask of the simulations to run next, (points, replicates), not wanted before; empty when all is decided."""
        self._judge_news()  # of results that were there before they were asked for
        cube, replicate = self.question.cube, np.arange(self.question.replicates)
        to_run = np.zeros((cube.number, self.question.replicates), np.bool_)
        for place in self.places:
            known = self.series(place)
            for load, count in known.bracket.wanted.items():
                cell = self.cell(place, known, load)
                to_run[cube.points[cell]] = (replicate >= self.count[cell]) & (replicate < count)
                self.count[cell] = count
            if known.bracket.wanted:
                del self._known[place]
        return to_run

    def tell(self, values: Mapping[str, NDArray[Any]]) -> None:
        """Take all results so far, as `search.Search.tell` does."""
        self._rows.tell(values)
        self._judge_news()

    def cell(self, place: Place, known: LoadSeries, load: int) -> Cell:
        """The cell of a load of a series, by its number."""
        return (place.mix, place.column, int(known.loads[load]), place.ring, place.pool)

    def speaking(self, cell: Cell) -> tuple[Objective, ...]:
        """The objectives that apply to a cell."""
        return tuple(each for each, where in zip(self.question.objectives, self._selected, strict=True) if where[cell])

    def level(self, known: LoadSeries, load: int) -> float:
        """Significance level of the tests of a simulated load."""
        question = self.question
        return question.levels(tests_of(len(known.loads)))[question.looks.index(int(known.count[load]))]

    def series(self, place: Place) -> LoadSeries:
        """What is known of one series; cached."""
        if place not in self._known:
            self._known[place] = self._look(place)
        return self._known[place]

    def _judge_news(self) -> None:
        """Judge the cells of which more was asked for since they were judged."""
        news = np.nonzero(self.count != self._judged)
        tests = self._tests[news[0], news[1], news[3], news[4]]
        for number in np.unique(tests).tolist():
            where = tuple(index[tests == number] for index in news)
            self._states[where] = self._judge(where, number)
        self._judged = self.count.copy()

    def _judge(self, where: tuple[Ints, ...], tests: int) -> States:
        """The states of cells, (K,), of series whose risk is divided among so many loads."""
        question, cells = self.question, self._rows.cells(where, self._asked(where))
        levels = np.array(question.levels(tests))[np.searchsorted(question.looks, self.count[where])]
        states = np.full(len(levels), State.MEETS, np.int8)
        for objective, selected in zip(question.objectives, self._selected, strict=True):
            speaks = np.flatnonzero(selected[where])
            if len(speaks):
                number, risk = len(question.objectives), question.risk(tests)
                of_cells = judge.states(objective, cells.at(speaks), levels[speaks], risk, number)
                states[speaks] = np.minimum(states[speaks], of_cells)
        return states

    def _look(self, place: Place) -> LoadSeries:
        question, (mix, column, ring, pool) = self.question, place
        loads = np.flatnonzero(question.cube.there[mix, column, :, ring, pool])
        count, states = (of[mix, column, loads, ring, pool] for of in (self.count, self._states))
        speaking = self.speaking((mix, column, int(loads[0]), ring, pool))
        final = np.flatnonzero((states == State.OPEN) & (count == question.replicates))[:1]
        hopeless = any(self._never(place, int(load)) for load in loads[final])
        enclosing = bracket(states, count, question.looks, hopeless)
        simulated = np.flatnonzero(count)
        unmeasured: tuple[str, ...] = ()
        inversions: tuple[Inversion, ...] = ()
        if not enclosing.wanted:
            where = np.broadcast_arrays(mix, column, loads[simulated], ring, pool)
            cells = self._rows.cells(tuple(where), self._asked(tuple(where)))
            unmeasured = tuple(each.metric for each in speaking if _without_value(each.metric, cells))
            inversions = tuple(self._inversions(speaking, cells, simulated))
        return LoadSeries(
            loads=loads,
            count=count,
            states=states,
            bracket=enclosing,
            hopeless=hopeless,
            asked=bool(speaking),
            unmeasured=unmeasured,
            inversions=inversions,
        )

    def _never(self, place: Place, load: int) -> bool:
        """Whether nothing was seen at a load, and an objective wants it shown that there is never any."""
        cell = (place.mix, place.column, load, place.ring, place.pool)
        return any(shortage.never(each, self.evidence(cell)) for each in self.speaking(cell))

    def _inversions(self, speaking: tuple[Objective, ...], cells: Cells, simulated: Ints) -> Iterator[Inversion]:
        """Pairs of simulated loads of which the lower is worse beyond doubt."""
        pairs = max(len(simulated) * (len(simulated) - 1) // 2, 1)
        everywhere = np.ones((len(simulated), 1), np.bool_)
        for objective in speaking:
            seen = SimulatedCells(
                states=np.full((len(simulated), 1), State.OPEN, np.int8),  # whatever they are: only values are compared
                there=everywhere,
                complete=everywhere,
                bad=judge.badness(objective, cells.read(objective.metric))[:, None],
                bound=judge.bound(objective),
                last=len(simulated) - 1,
            )
            for better, worse in lattice.infer(HARDER, seen, 1 - self.question.risk(pairs)).contradictions:
                yield Inversion(objective.metric, int(simulated[worse[0]]), int(simulated[better[0]]))


def tests_of(loads: int) -> int:
    """Number of loads of a series among which its risk is divided."""
    return depth(int(loads)) + CHECKS


def _without_value(metric: str, cells: Cells) -> bool:
    """Whether a cell has valid rows, and no value of a metric in any of them."""
    valid = np.isfinite(cells.read(ROW)).any(axis=-1)
    return bool((valid & ~np.isfinite(cells.read(metric)).any(axis=-1)).any())
