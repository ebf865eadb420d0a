# SPDX-License-Identifier: MIT
"""Looking at a run directory again and again: parts that are known are not read again.

The comparisons take seconds for a million rows, so they are made anew only after nine times as long as they took.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sweep import plan as planning
from sweep.evidence import columns
from sweep.fields.spread import DROPS
from sweep.jobs.origin import Origin
from sweep.jobs.prospect import calibration_of, ids_of, stale
from sweep.jobs.status import believed, last_run, swept
from sweep.jobs.store.collect import Collection, Parameters
from sweep.jobs.store.decisions import NOTE as LOOKS
from sweep.jobs.store.decisions import Decisions
from sweep.jobs.store.failure import Failure, recorded
from sweep.jobs.store.parts import Part, Store
from sweep.plan import Survey
from sweep.results.analysis import METRIC
from sweep.schema import parameters
from sweep.storage import snapshot

from . import cells, pace
from .cells import Cells

Mask = NDArray[np.bool_]  # (N,) of simulations
REST = 9.0  # times as long as the comparisons took, before they are made again
PARAMETERS = frozenset(column.name for column in parameters.columns())
# What comparisons read of a row, beside its parameters.
NEEDED = tuple(name for name in dict.fromkeys((*columns(METRIC), *columns(DROPS))) if name not in PARAMETERS)


@dataclass(frozen=True)
class View:
    """A run directory at one moment."""

    name: str
    simulations: int  # with a precision, those that are asked for so far
    look: tuple[int, int] | None  # of a sweep with a precision: which look is run, and of how many
    decided: bool  # no look is to come
    done: int  # simulations with a row
    failed: int  # tried and given up
    stale: int  # rows of other sources or of other variants of the sweep, which count for nothing
    share: float  # of the predicted cost that is done or given up
    left_s: float | None  # until all is there, at the pace of the last minutes; None if nobody writes or it is unknown
    failures: tuple[Failure, ...]  # of simulations that have no row
    holder: str | None  # who writes
    last: dict[str, Any]  # run.json: what was asked for last, and how it ended
    cells: Cells | None  # None before the first part
    published: bool  # a snapshot of this very sweep, with every row that is there

    @property
    def missing(self) -> int:
        return self.simulations - self.done - self.failed

    @property
    def complete(self) -> bool:
        return self.done == self.simulations and self.decided

    @property
    def over(self) -> bool:
        """Nobody writes: nothing will change."""
        return self.holder is None


class Observer:
    """One run directory, a path or URI."""

    def __init__(self, location: str | Path) -> None:
        self._store, self._location = Store(location), str(location)
        self._parts: list[Part] = []
        self._survey: Survey | None = None
        self._cells: Cells | None = None
        self._judged: tuple[int, int] = (-1, -1)  # parts and simulations behind `_cells`
        self._again = 0.0  # when the comparisons may be made again

    def look(self) -> View:
        """What is there now.  Raises SweepError if it is no run directory, RunError if its store does not answer."""
        holder = self._store.holder()  # first: what is written after this is not called over
        last = last_run(self._store, self._location)
        survey = self._laid_out(last)
        decisions = Decisions.of(survey, self._store.noted(LOOKS))
        asked: Mask = np.ones(survey.simulations, np.bool_) if decisions is None else decisions.asked
        self._parts = self._store.scan(set_aside=False, known=self._parts)
        failures = recorded(self._store)
        ids = _ids(self._parts)
        known = survey.among(ids)
        there = known & asked
        failed = survey.among(ids_of(failures)) & asked & ~there
        factors = calibration_of(self._parts)
        costs = survey.predicted_ns / 1e9 * _by_strategy(survey, factors)
        left_s = float(costs[asked & ~there & ~failed].sum())
        return View(
            name=survey.sweep.name,
            simulations=int(asked.sum()),
            look=None if decisions is None else (decisions.look, len(decisions.precision.looks)),
            decided=decisions is None or decisions.finished,
            done=int(there.sum()),
            failed=int(failed.sum()),
            stale=stale(ids, int(known.sum())),
            share=1.0 - left_s / max(float(costs[asked].sum()), 1e-12),
            left_s=pace.seconds_left(left_s, self._parts, factors, last["started"], time.time()) if holder else None,
            failures=_open(failures, survey.ids[failed]),
            holder=holder,
            last=last,
            cells=self._compared(survey, decisions, asked, there, final=holder is None),
            published=self._published(int(there.sum())),
        )

    def _laid_out(self, last: dict[str, Any]) -> Survey:
        if self._survey is None or self._survey.sweep.document != last.get("document"):
            with believed(self._location):
                self._survey = planning.survey(swept(last, self._location))
            self._judged = (-1, -1)
        return self._survey

    def _compared(
        self, survey: Survey, decisions: Decisions | None, asked: Mask, there: Mask, final: bool
    ) -> Cells | None:
        """The comparisons: those of before if nothing is new, or if they were made a moment ago."""
        state = (len(self._parts), int(there.sum()))
        if state[1] and state != self._judged and (final or time.monotonic() >= self._again):
            began = time.monotonic()
            self._cells, self._judged = cells.judge(self._table(survey, decisions, asked, there)), state
            self._again = time.monotonic() + REST * (time.monotonic() - began)
        return self._cells if state[1] else None

    def _table(self, survey: Survey, decisions: Decisions | None, asked: Mask, there: Mask) -> pa.Table:
        """Every simulation that is asked for with its parameters, and the metrics of those that have run."""
        known = pa.schema([column.field() for column in parameters.columns()])
        every = pa.table(Parameters(survey).of(np.flatnonzero(asked)), schema=known)
        rows = Collection(survey, self._parts, there, Origin("", ""), self._store.tables)
        said: dict[str, Any] = {"name": survey.sweep.name, "baseline": dict(survey.sweep.baseline)}
        if decisions is not None:
            said["precision"] = decisions.reached._asdict()
        return cells.of_all(_narrow(rows, np.cumsum(asked) - 1), every, {b"sweep": json.dumps(said).encode()})

    def _published(self, done: int) -> bool:
        shown = snapshot.manifest(self._store.files)
        return shown is not None and shown.about.get("rows") == done


def _narrow(rows: Collection, number: NDArray[np.int64]) -> Iterator[pa.Table]:
    """The metrics of each batch, null where a row broke a law, and the `number` (N,) of the simulations they are of."""
    start = 0
    for batch in rows:
        found = batch.select(list(NEEDED))
        valid = batch.column("valid").to_numpy()
        for place, name in enumerate(NEEDED):
            values = found.column(name).to_numpy().astype(np.float64)
            found = found.set_column(place, name, pa.array(np.where(valid, values, np.nan)))
        numbers = number[rows.simulations[start : start + len(batch)]]
        start += len(batch)
        yield found.append_column("simulation", pa.array(numbers))


def _ids(parts: list[Part]) -> NDArray[np.bytes_]:
    return np.concatenate([np.zeros(0, "S32"), *(part.ids for part in parts)])


def _open(failures: list[Failure], lost: NDArray[np.bytes_]) -> tuple[Failure, ...]:
    """The failures of simulations that are among `lost`."""
    names = {name.decode() for name in lost.tolist()}
    return tuple(failure for failure in failures if not names.isdisjoint(failure.ids))


def _by_strategy(survey: Survey, factors: dict[str, float]) -> NDArray[np.float64]:
    """Measured over predicted core time of each simulation, (N,); the mean of the others where it is not known."""
    other = sum(factors.values()) / len(factors) if factors else 1.0
    known = np.array([factors.get(name, other) for name in survey.strategies.values])
    spread: NDArray[np.float64] = known[survey.strategies.codes]
    return spread
