# SPDX-License-Identifier: MIT
"""The search: choose the next simulations from the results of all earlier ones, until every series is decided.

It runs nothing itself and is deterministic: the same values lead to the same requests, wherever they came from.  So an
interrupted search continues where it was, and a search over a finished run requests nothing.

For each mix and column the easiest load is searched first, and the others start at its answer.  That affects only where
the search starts: an answer rests on simulations at its own load.  Otherwise one error would affect many loads, and the
risk of each series would have to be divided among them, which would leave more undecided than it saves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sweep.fields.counters import LATENCY, LOSSES
from sweep.fields.declared import spread
from sweep.fields.spread import DROPS

from .. import evidence, stats
from ..config import Objective
from ..evidence import Cells
from ..stats import looks as looking
from . import contest
from .contest import ContestState
from .cube import Cube
from .directions import OVERLOAD, shape
from .judge import Array, Ints
from .results_so_far import ResultsSoFar
from .series import SeriesData, SeriesState, look, wanted

ROW = "offered_packets"  # a column that has a value in every valid row
COST, HELD = "ns_per_packet", "pages_held_mean_pages"
Cell = tuple[int, int, int, int, int]  # mix, column, load, ring, pool


@dataclass(frozen=True)
class Question:
    """The objectives that rings of a sweep should meet, and the confidence of the answer."""

    cube: Cube
    objectives: tuple[Objective, ...]
    replicates: int  # at most, 2 at least
    confidence: float

    @property
    def looks(self) -> tuple[int, ...]:
        """The numbers of replicates at which cells are judged."""
        return looking.schedule(self.replicates)

    def risk(self, cells: int) -> float:
        """Risk of each of `cells` cells, over all looks."""
        return (1 - self.confidence) / max(cells, 1)

    def levels(self, cells: int) -> tuple[float, ...]:
        """Significance level of the tests of each of `cells` cells, at each look."""
        return looking.levels(self.looks, self.risk(cells))

    @property
    def metrics(self) -> tuple[str, ...]:
        """The result columns that are needed: the judged metrics, and the columns that evidence reads for them."""
        return self.columns(COST, DROPS, HELD)

    def columns(self, *shown: str) -> tuple[str, ...]:
        """The result columns that evidence reads for the judged metrics and those that are `shown`."""
        judged = dict.fromkeys([*(each.metric for each in self.objectives), *shown])
        names = dict.fromkeys(name for metric in judged for name in evidence.columns(metric))
        names |= dict.fromkeys(counter.name for counter in LOSSES if self.about_drops)
        return tuple(name for name in names if name not in self.cube.parameters)

    @property
    def about_drops(self) -> bool:
        """Whether an objective speaks of packets that are dropped, or of what falls with them."""
        metrics, counters = {each.metric for each in self.objectives}, {counter.name for counter in LOSSES}
        return any(name == DROPS or name in counters or spread(name).falls_with == DROPS for name in metrics)

    @property
    def histograms(self) -> tuple[str, ...]:
        """The histogram columns that are needed: only quantiles need one."""
        quantiles = any(spread(each.metric).quantile is not None for each in self.objectives)
        return (LATENCY,) if quantiles else ()


class AskedCells:
    """The cells of a question, with the replicates that a search has asked for and what came of these."""

    def __init__(self, question: Question, metrics: tuple[str, ...]) -> None:
        """`metrics` are the result columns that the search reads."""
        self.question, self.metrics, self.histograms = question, metrics, question.histograms
        self.count: Ints = np.zeros(question.cube.shape, np.int64)  # replicates asked for, of each cell
        self._rows = ResultsSoFar(question.cube, metrics, self.histograms, question.replicates)
        self._selected = [question.cube.of(each.points, False) for each in question.objectives]

    def samples(self, name: str, cell: Cell) -> Array:
        """Values of the requested replicates of a cell, (replicates asked for,); NaN where there is no valid row."""
        return self._rows.samples(name, cell, self._asked(cell))[: self.count[cell]]

    def estimate(self, name: str, cell: Cell, confidence: float = stats.CONFIDENCE) -> stats.Estimate:
        """Mean of a metric in a cell."""
        return evidence.estimate(name, self.evidence(cell), confidence)[0]

    def evidence(self, cell: Cell) -> Cells:
        """A cell alone, (1,), with the replicates that were asked for."""
        where = tuple(np.array([index]) for index in cell)
        return self._rows.cells(where, self._asked(where)).at((slice(None), slice(None, self.count[cell])))

    def _asked(self, where: Any) -> NDArray[np.bool_]:
        """Mask of the replicates of the cells `where` that were asked for, (..., replicates)."""
        return np.asarray(np.arange(self.question.replicates) < self.count[where][..., None])


class Search(AskedCells):
    """The state of a search: repeat `wanted`, simulate, `tell`, until nothing is wanted."""

    def __init__(self, question: Question) -> None:
        super().__init__(question, question.metrics)
        self._needed: Ints = self.count.copy()  # replicates needed to decide series; `count` adds contests
        self._told: Ints = self.count.copy()  # `count` at the last `tell`
        self._known: dict[
            tuple[int, int, int], tuple[bytes, SeriesState]
        ] = {}  # cache: counts, and the series made of them
        self._standings: dict[tuple[int, int], tuple[bytes, ContestState | None]] = {}  # likewise
        harder = sum(shape(each.metric).of_badness(each.sign).load for each in question.objectives)
        self._step = -1 if harder < 0 else 1  # direction through the loads, from the easiest

    def wanted(self) -> NDArray[np.bool_]:
        """Mask of the simulations to run next, (points, replicates), not wanted before; empty when all is decided."""
        counts_before, cube = self.count.copy(), self.question.cube
        for mix in range(len(cube.mixes)):
            self._ask(mix)
        replicate = np.arange(self.question.replicates)
        newly_asked = (replicate >= counts_before[..., None]) & (replicate < self.count[..., None])
        to_run = np.zeros((cube.number, self.question.replicates), np.bool_)
        to_run[cube.points[cube.there]] = newly_asked[cube.there]
        return to_run

    def tell(self, values: Mapping[str, Array]) -> None:
        """Take all results so far: metric -> (points, replicates), NaN where there is no valid row.

        Histograms have one more dimension, the buckets, and zeros where there is no valid row.
        Replicates that were not asked for are ignored; values must not change once given.
        """
        self._rows.tell(values)
        for where in [where for where in self._known if (self._told[where] != self.count[where]).any()]:
            del self._known[where]  # of the others nothing is new
        for mix, load in [key for key in self._standings if self._news(*key)]:
            del self._standings[mix, load]
        self._told = self.count.copy()

    def ask_for_all(self) -> None:
        """Request the whole grid with all replicates, so that `series` and `contest` judge all of it."""
        self.count = np.where(self.question.cube.there, self.question.replicates, 0)

    def series(self, mix: int, column: int, load: int) -> SeriesState:
        """What is known of one series; cached."""
        where, state = (mix, column, load), self.count[mix, column, load].tobytes()
        if where not in self._known or self._known[where][0] != state:
            self._known[where] = (state, look(self._sight(where)))
        return self._known[where][1]

    def standing(self, mix: int, load: int) -> ContestState | None:
        """The ranking of the columns that have an answer; None if none has; cached."""
        key, state = (mix, load), self.count[mix, :, load].tobytes()
        if key not in self._standings or self._standings[key][0] != state:
            self._standings[key] = (state, self._stand(mix, load))
        return self._standings[key][1]

    def _news(self, mix: int, load: int) -> bool:
        """Whether more was asked for under a mix and load than was told before."""
        return bool((self._told[mix, :, load] != self.count[mix, :, load]).any())

    def _stand(self, mix: int, load: int) -> ContestState | None:
        question = self.question
        columns, answers = len(question.cube.columns), dict(self._answers(mix, load))
        cells = np.array([answers.get(column, (mix, column, load, 0, 0)) for column in range(columns)])
        where = tuple(cells.T)
        counts = np.where(np.isin(np.arange(columns), list(answers)), self.count[where], 0)
        asked = np.arange(question.replicates) < counts[:, None]
        asked_cells = self._rows.cells(where, asked)
        return contest.contest_state(asked_cells.read(COST), asked_cells, counts, question.looks, question.levels(1))

    def level(self, series: SeriesState, rung: int) -> float:
        """Significance level of the tests of a simulated rung."""
        question = self.question
        return question.levels(int(series.there.sum()))[question.looks.index(int(series.count[rung]))]

    def cell(self, mix: int, column: int, load: int, rung: int) -> Cell:
        """The cell of rung number `rung` of a series."""
        return (mix, column, load, *divmod(rung, len(self.question.cube.pools)))

    def speaking(self, cell: Cell) -> tuple[Objective, ...]:
        """The objectives that apply to a cell."""
        return tuple(each for each, where in zip(self.question.objectives, self._selected, strict=True) if where[cell])

    def speaks(self, mix: int, column: int, load: int) -> bool:
        """Whether an objective applies to any point of a series."""
        return any(bool(each[mix, column, load].any()) for each in self._selected)

    def _sight(self, where: tuple[int, int, int]) -> SeriesData:
        question = self.question
        there, count, asked = question.cube.there[where], self.count[where], self._asked(where)
        at, points = np.minimum(np.searchsorted(question.looks, count), len(question.looks) - 1), int(there.sum())
        return SeriesData(
            objectives=question.objectives,
            selected=tuple(each[where] for each in self._selected),
            there=there,
            count=count,
            cells=self._rows.cells(where, asked),
            valid=np.asarray(np.isfinite(self._rows.samples(ROW, where, asked)).any(axis=-1)),
            levels=np.array(question.levels(points))[at],
            risk=question.risk(points),
            overload=self._overload(where),
            confidence=question.confidence,
        )

    def _overload(self, where: tuple[int, int, int]) -> bool:
        """Whether a simulated cell of a series drops so much that not all shapes hold."""
        drops = self._rows.samples(DROPS, where, self._asked(where))
        return bool((stats.mean(drops).center > OVERLOAD).any())

    def _ask(self, mix: int) -> None:
        """Raise the counts by what is wanted next at one mix."""
        cube = self.question.cube
        common = self._needed[mix].max(axis=(0, 2, 3))
        counts_asked: dict[Cell, int] = {}
        settled = np.ones(len(cube.loads), np.bool_)
        for column in range(len(cube.columns)):
            for load, rungs_wanted in self._of_column(mix, column, common):
                settled[load] &= rungs_wanted == {}
                counts_asked |= {
                    self.cell(mix, column, load, rung): count for rung, count in (rungs_wanted or {}).items()
                }
        contests = [self._contest(mix, load) for load in np.flatnonzero(settled).tolist()]
        for cell, count in counts_asked.items():
            self._needed[cell] = self.count[cell] = count
        for contested in contests:
            for cell, count in contested.items():
                self.count[cell] = count

    def _of_column(self, mix: int, column: int, common: Ints) -> Iterator[tuple[int, dict[int, int] | None]]:
        """(load, rung -> replicates wanted) for each load of a column; None while it waits for the easiest load."""
        loads = np.flatnonzero(self.question.cube.there[mix, column].any(axis=(1, 2))).tolist()[:: self._step]
        waits, begin = False, None
        for number, load in enumerate(loads):
            known = self.series(mix, column, load)
            if waits and not known.simulated.any():
                yield load, None
                continue
            asked = wanted(known, self.question.looks, int(common[load]), begin)
            yield load, asked
            if number == 0:
                waits = bool(asked)
                begin = known.answer if known.answer is not None or not known.decided else len(known.there)

    def _contest(self, mix: int, load: int) -> dict[Cell, int]:
        """Cell -> replicates wanted for the contenders at a mix and load whose order is not decided; {} if it is."""
        standing = self.standing(mix, load)
        if standing is None or standing.following is None:
            return {}
        cells = dict(self._answers(mix, load))
        left = (cells[column] for column in standing.left)
        return {cell: standing.following for cell in left if self.count[cell] < standing.following}

    def _answers(self, mix: int, load: int) -> Iterator[tuple[int, Cell]]:
        """(column, cell of its answer) for each column that has an answer."""
        for column in range(len(self.question.cube.columns)):
            rung = self.series(mix, column, load).answer
            if rung is not None:
                yield column, self.cell(mix, column, load, rung)
