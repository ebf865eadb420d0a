# SPDX-License-Identifier: MIT
"""Observe a run directory repeatedly; parts that are already known are not read again.

The comparisons take seconds for a million rows, so they are repeated only after nine times the time they took.
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
from sweep.jobs.inventory import calibration_of, ids_of, stale
from sweep.jobs.origin import Origin
from sweep.jobs.status import blaming_run_json, last_run, recorded_sweep
from sweep.jobs.store.collect import Collection, Parameters
from sweep.jobs.store.decisions import NOTE as LOOKS
from sweep.jobs.store.decisions import Decisions
from sweep.jobs.store.failure import Failure, recorded
from sweep.jobs.store.part import Part
from sweep.jobs.store.parts import Store
from sweep.plan import Survey
from sweep.results.analysis import METRIC
from sweep.schema import parameters
from sweep.storage import snapshot

from . import cells, pace
from .cells import CellCounts

Mask = NDArray[np.bool_]  # (N,) of simulations
REST = 9.0  # pause before the comparisons are repeated, in multiples of the time that they took
PARAMETERS = frozenset(column.name for column in parameters.columns())
# Columns that comparisons read, apart from parameters.
NEEDED = tuple(name for name in dict.fromkeys((*columns(METRIC), *columns(DROPS))) if name not in PARAMETERS)


@dataclass(frozen=True)
class View:
    """The state of a run directory at one moment."""

    name: str
    simulations: int  # with a precision, those that are asked for so far
    look: tuple[int, int] | None  # of a sweep with a precision: which look is run, and of how many
    decided: bool  # no further look will follow
    done: int  # simulations with a row
    failed: int  # simulations tried and given up
    stale: int  # rows of other sources or of other variants of the sweep, which are not used
    share: float  # of the predicted cost, that of simulations done or given up
    left_s: float | None  # until all is there, at the pace of the last minutes; None if nobody writes or it is unknown
    failures: tuple[Failure, ...]  # of simulations that have no row
    holder: str | None  # the process that writes; None if there is none
    last: dict[str, Any]  # run.json: the last run and how it ended
    cells: CellCounts | None  # None before the first part
    published: bool  # a snapshot of this very sweep, with every row that is there

    @property
    def missing(self) -> int:
        return self.simulations - self.done - self.failed

    @property
    def complete(self) -> bool:
        return self.done == self.simulations and self.decided

    @property
    def over(self) -> bool:
        """Whether no process writes, so that nothing will change."""
        return self.holder is None


class Observer:
    """Observes one run directory, given by path or URI."""

    def __init__(self, location: str | Path) -> None:
        self._store, self._location = Store(location), str(location)
        self._parts: list[Part] = []
        self._survey: Survey | None = None
        self._cells: CellCounts | None = None
        self._judged: tuple[int, int] = (-1, -1)  # parts and simulations behind `_cells`
        self._again = 0.0  # when the comparisons may be made again

    def look(self) -> View:
        """The current state.  Raises SweepError if it is no run directory, RunError if its store does not answer."""
        holder = self._store.holder()  # first, so that a run that writes after this is not shown as over
        last = last_run(self._store, self._location)
        survey = self._laid_out(last)
        decisions = Decisions.of(survey, self._store.noted(LOOKS))
        asked: Mask = np.ones(survey.simulations, np.bool_) if decisions is None else decisions.asked
        self._parts = self._store.scan(set_aside=False, known=self._parts)
        failures = recorded(self._store)
        ids = _ids(self._parts)
        of_sweep = survey.among(ids)
        has_row = of_sweep & asked
        failed = survey.among(ids_of(failures)) & asked & ~has_row
        factors = calibration_of(self._parts)
        costs = survey.predicted_ns / 1e9 * _by_strategy(survey, factors)
        left_s = float(costs[asked & ~has_row & ~failed].sum())
        return View(
            name=survey.sweep.name,
            simulations=int(asked.sum()),
            look=None if decisions is None else (decisions.look, len(decisions.precision.looks)),
            decided=decisions is None or decisions.finished,
            done=int(has_row.sum()),
            failed=int(failed.sum()),
            stale=stale(ids, int(of_sweep.sum())),
            share=1.0 - left_s / max(float(costs[asked].sum()), 1e-12),
            left_s=pace.seconds_left(left_s, self._parts, factors, last["started"], time.time()) if holder else None,
            failures=_open(failures, survey.ids[failed]),
            holder=holder,
            last=last,
            cells=self._compared(survey, decisions, asked, has_row, final=holder is None),
            published=self._published(int(has_row.sum())),
        )

    def _laid_out(self, last: dict[str, Any]) -> Survey:
        if self._survey is None or self._survey.sweep.document != last.get("document"):
            with blaming_run_json(self._location):
                self._survey = planning.survey(recorded_sweep(last, self._location))
            self._judged = (-1, -1)
        return self._survey

    def _compared(
        self, survey: Survey, decisions: Decisions | None, asked: Mask, there: Mask, final: bool
    ) -> CellCounts | None:
        """The comparisons; the previous ones if nothing is new, or if they were made recently."""
        parts_and_done = (len(self._parts), int(there.sum()))
        if parts_and_done[1] and parts_and_done != self._judged and (final or time.monotonic() >= self._again):
            started_s = time.monotonic()
            self._cells, self._judged = cells.judge(self._table(survey, decisions, asked, there)), parts_and_done
            self._again = time.monotonic() + REST * (time.monotonic() - started_s)
        return self._cells if parts_and_done[1] else None

    def _table(self, survey: Survey, decisions: Decisions | None, asked: Mask, there: Mask) -> pa.Table:
        """A row per requested simulation with its parameters, and its metrics if it has run."""
        parameter_schema = pa.schema([column.field() for column in parameters.columns()])
        parameters_of_asked = pa.table(Parameters(survey).of(np.flatnonzero(asked)), schema=parameter_schema)
        rows = Collection(survey, self._parts, there, Origin("", ""), self._store.tables)
        metadata: dict[str, Any] = {"name": survey.sweep.name, "baseline": dict(survey.sweep.baseline)}
        if "sample" in survey.sweep.document:
            metadata["document"] = {"sample": survey.sweep.document["sample"]}
        if decisions is not None:
            metadata["precision"] = decisions.reached._asdict()
        return cells.of_all(
            _narrow(rows, np.cumsum(asked) - 1), parameters_of_asked, {b"sweep": json.dumps(metadata).encode()}
        )

    def _published(self, done: int) -> bool:
        manifest = snapshot.manifest(self._store.files)
        return manifest is not None and manifest.about.get("rows") == done


def _narrow(rows: Collection, number: NDArray[np.int64]) -> Iterator[pa.Table]:
    """The metrics of each batch, NaN where a row broke a law, and the simulations' `number` (N,)."""
    start = 0
    for batch in rows:
        metrics = batch.select(list(NEEDED))
        valid = batch.column("valid").to_numpy()
        for place, name in enumerate(NEEDED):
            values = metrics.column(name).to_numpy().astype(np.float64)
            metrics = metrics.set_column(place, name, pa.array(np.where(valid, values, np.nan)))
        numbers = number[rows.simulations[start : start + len(batch)]]
        start += len(batch)
        yield metrics.append_column("simulation", pa.array(numbers))


def _ids(parts: list[Part]) -> NDArray[np.bytes_]:
    return np.concatenate([np.zeros(0, "S32"), *(part.ids for part in parts)])


def _open(failures: list[Failure], lost: NDArray[np.bytes_]) -> tuple[Failure, ...]:
    """The failures of simulations that are among `lost`."""
    names = {name.decode() for name in lost.tolist()}
    return tuple(failure for failure in failures if not names.isdisjoint(failure.ids))


def _by_strategy(survey: Survey, factors: dict[str, float]) -> NDArray[np.float64]:
    """Measured over predicted core time of each simulation, (N,); the mean of the others where it is not known."""
    mean_factor = sum(factors.values()) / len(factors) if factors else 1.0
    factor_by_strategy = np.array([factors.get(name, mean_factor) for name in survey.strategies.values])
    factor_of_simulation: NDArray[np.float64] = factor_by_strategy[survey.strategies.codes]
    return factor_of_simulation
