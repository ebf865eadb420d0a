# SPDX-License-Identifier: MIT
"""The search: which simulations are wanted next, from what all earlier ones gave, until every series is decided.

Pure: nothing here runs anything, and the same values lead to the same questions, whatever they came from.  So a search
that was interrupted goes on where it was, and one over a finished run asks for nothing new.

Of a mix and column the easiest load is searched first, and the others begin where it found its answer.  That bounds
where is looked, never what is found: an answer rests on simulations at its own load.  Else a wrong one would be made at
many loads, and the risk of each series would have to be divided among them: more would stay undecided than is saved.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sweep.fields.counters import LATENCY
from sweep.fields.declared import spread
from sweep.fields.spread import DROPS

from .. import evidence, stats
from ..config import Objective
from ..evidence import Cells
from ..stats import looks as looking
from . import contest
from .contest import Standing
from .cube import Cube
from .judge import Array, Ints
from .series import Series, Sight, look, wanted
from .shapes import OVERLOAD, shape
from .told import Told

ROW = "offered_packets"  # what every valid row has
COST, HELD = "ns_per_packet", "pages_held_mean_pages"
Cell = tuple[int, int, int, int, int]  # mix, column, load, ring, pool


@dataclass(frozen=True)
class Question:
    """What is asked of a sweep."""

    cube: Cube
    objectives: tuple[Objective, ...]
    replicates: int  # at most, 2 at least
    confidence: float

    @property
    def looks(self) -> tuple[int, ...]:
        """The numbers of replicates after which is judged."""
        return looking.schedule(self.replicates)

    def risk(self, cells: int) -> float:
        """Of each of so many cells, all looks together."""
        return (1 - self.confidence) / max(cells, 1)

    def levels(self, cells: int) -> tuple[float, ...]:
        """Of the tests of each of so many cells, at each look."""
        return looking.levels(self.looks, self.risk(cells))

    @property
    def metrics(self) -> tuple[str, ...]:
        """The columns of rows that are needed: what is judged, and what evidence of it rests on."""
        judged = dict.fromkeys([*(each.metric for each in self.objectives), COST, DROPS, HELD])
        names = dict.fromkeys(name for metric in judged for name in evidence.columns(metric))
        return tuple(name for name in names if name not in self.cube.parameters)

    @property
    def histograms(self) -> tuple[str, ...]:
        """Likewise; only a quantile needs one."""
        quantiles = any(spread(each.metric).quantile is not None for each in self.objectives)
        return (LATENCY,) if quantiles else ()


class Search:
    """Ask for what is `wanted`, simulate, `tell`, until nothing is wanted."""

    def __init__(self, question: Question) -> None:
        cells = question.cube.shape
        self.question, self.metrics, self.histograms = question, question.metrics, question.histograms
        self.count: Ints = np.zeros(cells, np.int64)  # replicates asked for, of each cell
        self._needed: Ints = np.zeros(cells, np.int64)  # of them, what the series needed; the rest, a contest
        self._rows = Told(question.cube, self.metrics, self.histograms, question.replicates)
        self._selected = [question.cube.of(each.points, False) for each in question.objectives]
        self._told: Ints = self.count.copy()  # counts when values were told last
        self._known: dict[tuple[int, int, int], tuple[bytes, Series]] = {}  # counts that it was made of, series
        self._standings: dict[tuple[int, int], tuple[bytes, Standing | None]] = {}  # likewise
        harder = sum(shape(each.metric).of_badness(each.sign).load for each in question.objectives)
        self._step = -1 if harder < 0 else 1  # through the loads, from the easiest

    def wanted(self) -> NDArray[np.bool_]:
        """Simulations to run, (points, replicates), none of which was wanted before; none when all is decided."""
        before, cube = self.count.copy(), self.question.cube
        for mix in range(len(cube.mixes)):
            self._ask(mix)
        replicate = np.arange(self.question.replicates)
        new = (replicate >= before[..., None]) & (replicate < self.count[..., None])
        found = np.zeros((cube.number, self.question.replicates), np.bool_)
        found[cube.points[cube.there]] = new[cube.there]
        return found

    def tell(self, values: Mapping[str, Array]) -> None:
        """What has been simulated so far: metric -> (points, replicates), NaN where there is no valid row.

        Histograms have one more dimension, and zeros there.
        What was not asked for is not looked at, and what was told once stays as it is.
        """
        self._rows.tell(values)
        for where in [where for where in self._known if (self._told[where] != self.count[where]).any()]:
            del self._known[where]  # of the others nothing is new
        for mix, load in [key for key in self._standings if self._news(*key)]:
            del self._standings[mix, load]
        self._told = self.count.copy()

    def ask_for_all(self) -> None:
        """Ask for the whole grid with all replicates; `series` and `standing` then say what the rules make of it."""
        self.count = np.where(self.question.cube.there, self.question.replicates, 0)

    def samples(self, name: str, cell: Cell) -> Array:
        """Values of what was asked for of a cell, (replicates asked for,); NaN where there is no valid row."""
        return self._rows.samples(name, cell, self._asked(cell))[: self.count[cell]]

    def estimate(self, name: str, cell: Cell, confidence: float = stats.CONFIDENCE) -> stats.Estimate:
        """Mean of a metric in a cell."""
        return evidence.estimate(name, self.evidence(cell), confidence)[0]

    def evidence(self, cell: Cell) -> Cells:
        """A cell alone, (1,), with the replicates that were asked for."""
        where = tuple(np.array([index]) for index in cell)
        return self._rows.cells(where, self._asked(where)).at((slice(None), slice(None, self.count[cell])))

    def series(self, mix: int, column: int, load: int) -> Series:
        """What is known of one series."""
        where, state = (mix, column, load), self.count[mix, column, load].tobytes()
        if where not in self._known or self._known[where][0] != state:
            self._known[where] = (state, look(self._sight(where)))
        return self._known[where][1]

    def standing(self, mix: int, load: int) -> Standing | None:
        """How those columns stand that have an answer; None if none has."""
        key, state = (mix, load), self.count[mix, :, load].tobytes()
        if key not in self._standings or self._standings[key][0] != state:
            self._standings[key] = (state, self._stand(mix, load))
        return self._standings[key][1]

    def _news(self, mix: int, load: int) -> bool:
        """Whether more was asked for under a mix and load than was told before."""
        return bool((self._told[mix, :, load] != self.count[mix, :, load]).any())

    def _stand(self, mix: int, load: int) -> Standing | None:
        question = self.question
        columns, answers = len(question.cube.columns), dict(self._answers(mix, load))
        cells = np.array([answers.get(column, (mix, column, load, 0, 0)) for column in range(columns)])
        where = tuple(cells.T)
        counts = np.where(np.isin(np.arange(columns), list(answers)), self.count[where], 0)
        asked = np.arange(question.replicates) < counts[:, None]
        found = self._rows.cells(where, asked)
        return contest.stand(found.read(COST), found, counts, question.looks, question.levels(1))

    def level(self, series: Series, rung: int) -> float:
        """Of the tests of a simulated rung."""
        question = self.question
        return question.levels(int(series.there.sum()))[question.looks.index(int(series.count[rung]))]

    def cell(self, mix: int, column: int, load: int, rung: int) -> Cell:
        """Of a rung of a series."""
        return (mix, column, load, *divmod(rung, len(self.question.cube.pools)))

    def speaking(self, cell: Cell) -> tuple[Objective, ...]:
        """The objectives that speak of a cell."""
        return tuple(each for each, where in zip(self.question.objectives, self._selected, strict=True) if where[cell])

    def speaks(self, mix: int, column: int, load: int) -> bool:
        """Whether an objective speaks of a point of a series."""
        return any(bool(each[mix, column, load].any()) for each in self._selected)

    def _sight(self, where: tuple[int, int, int]) -> Sight:
        question = self.question
        there, count, asked = question.cube.there[where], self.count[where], self._asked(where)
        at, points = np.minimum(np.searchsorted(question.looks, count), len(question.looks) - 1), int(there.sum())
        return Sight(
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

    def _asked(self, where: Any) -> NDArray[np.bool_]:
        """Which replicates of some cells were asked for, (..., replicates)."""
        return np.asarray(np.arange(self.question.replicates) < self.count[where][..., None])

    def _ask(self, mix: int) -> None:
        """Add to the counts what is wanted now under one mix."""
        cube = self.question.cube
        common = self._needed[mix].max(axis=(0, 2, 3))
        asks: dict[Cell, int] = {}
        settled = np.ones(len(cube.loads), np.bool_)
        for column in range(len(cube.columns)):
            for load, found in self._of_column(mix, column, common):
                settled[load] &= found == {}
                asks |= {self.cell(mix, column, load, rung): count for rung, count in (found or {}).items()}
        contests = [self._contest(mix, load) for load in np.flatnonzero(settled).tolist()]
        for cell, count in asks.items():
            self._needed[cell] = self.count[cell] = count
        for contested in contests:
            for cell, count in contested.items():
                self.count[cell] = count

    def _of_column(self, mix: int, column: int, common: Ints) -> Iterator[tuple[int, dict[int, int] | None]]:
        """Of each load, what is wanted; None while it waits for the easiest."""
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
        """More replicates for those whose order is not decided."""
        standing = self.standing(mix, load)
        if standing is None or standing.following is None:
            return {}
        cells = dict(self._answers(mix, load))
        left = (cells[column] for column in standing.left)
        return {cell: standing.following for cell in left if self.count[cell] < standing.following}

    def _answers(self, mix: int, load: int) -> Iterator[tuple[int, Cell]]:
        """The columns that have an answer, and its cell."""
        for column in range(len(self.question.cube.columns)):
            rung = self.series(mix, column, load).answer
            if rung is not None:
                yield column, self.cell(mix, column, load, rung)
