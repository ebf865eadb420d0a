# SPDX-License-Identifier: MIT
"""Run chosen simulations of a sweep round by round, in one executor: each round is chosen from what came before it.

Results go into the ordinary run directory, as ordinary parts and under the ordinary failure policy, so that `sweep run`
finds them there; what is there already is not run again.  Nothing is published: a table of part of a sweep would be
taken for the whole.  A chunk is one point with all its replicates; a round hands out the slices of it that are wanted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sweep.fields.histogram import BUCKETS
from sweep.jobs.driver.loop import Driver, Watch
from sweep.jobs.driver.policy import Piece
from sweep.jobs.driver.slices import Slices
from sweep.jobs.store.collect import Collection
from sweep.jobs.store.failure import Failure, recorded
from sweep.jobs.store.part import Part
from sweep.jobs.store.parts import Store
from sweep.plan import Chunk, Survey, digest

from .inventory import Inventory, ids_of, take_inventory
from .progress import Progress
from .request import RunRequest
from .run import NOTE, drive, fields_at_end, fields_at_start
from .signals import INCOMPLETE

Mask = NDArray[np.bool_]
Values = Mapping[str, NDArray[Any]]


class RoundSearch(Protocol):
    """Chooses the simulations of each round from the results of those before."""

    @property
    def metrics(self) -> Sequence[str]:
        """Names of the result columns that the search needs."""

    @property
    def histograms(self) -> Sequence[str]:
        """Names of the histogram columns that the search needs."""

    def wanted(self) -> Mask:
        """The simulations of the next round, a mask (points, replicates), none of them asked for before.

        All False at the end.
        """

    def tell(self, values: Values) -> None:
        """Take the results so far: column -> (points, replicates), NaN where there is no valid row.

        Histograms are (points, replicates, buckets), zeros where there is no valid row.
        """


@dataclass(frozen=True)
class RoundsResult:
    """The result of `run_rounds`: which simulations were wanted, which have a row, and how the run ended."""

    directory: str | Path  # or URI
    survey: Survey
    progress: Progress
    wanted: Mask = field(repr=False)  # (N,) simulations that the search asked for
    there: Mask = field(repr=False)  # (N,) of them, those with a row
    simulated: int  # of them, by this run
    invalid: int  # of them, rows that break a law
    failures: list[Failure]  # of this run
    open: list[Failure]  # of this run: not recorded, and tried again by the next
    interrupted: bool  # by a signal
    given_up: bool  # because more failed than may

    @property
    def packets(self) -> int:
        """Packets of all simulations that were wanted, whether this run simulated them or an earlier one."""
        return int(self.survey.packets[self.wanted].sum())

    @property
    def exit_code(self) -> int:
        if self.interrupted or self.given_up or (self.wanted & ~self.there).any():
            return INCOMPLETE
        return 1 if self.invalid else 0


def run_rounds(
    request: RunRequest,
    search: RoundSearch,
    watch: Watch = lambda progress: None,
    announce: Callable[[Inventory], None] = lambda inventory: None,
    give_up: Callable[[], None] | None = None,
) -> RoundsResult:
    """Run the rounds of `search` until it asks for none; the other arguments are those of `run`.  Raises SweepError."""
    store = Store(request.directory)
    with store.writing(request.sweep.name, replace=request.replace_sweep):
        parts, failures = store.scan(set_aside=True), recorded(store, set_aside=True)
        last = store.noted(NOTE)
        inventory = take_inventory(request, parts, failures, last)
        announce(inventory)
        inventory = replace(inventory, chunks=by_point(inventory.survey))
        note_is_of_this_sweep = (
            last is not None and last.get("name") == request.sweep.name
        )  # noted: what was run before
        note = None if note_is_of_this_sweep else fields_at_start(request, inventory)
        if note:
            store.note(NOTE, note)
        rounds = _Rounds(store, request, inventory, parts, failures, search)
        driver = rounds.driver = Driver(
            store,
            inventory.survey,
            inventory.chunks,
            watch=watch,
            rounds=rounds,
            least_deadline_s=request.deadline_s,
            max_failures=request.max_failures,
        )
        if not driver.idle:
            drive(store, driver, request, inventory, give_up)
            rounds.collect()
        ran = RoundsResult(
            directory=request.directory,
            survey=inventory.survey,
            progress=driver.progress,
            wanted=rounds.wanted,
            there=rounds.there,
            simulated=sum(len(part.ids) for part in driver.parts),
            invalid=rounds.invalid,
            failures=driver.verdicts.failures,
            open=driver.verdicts.open,
            interrupted=driver.interrupted,
            given_up=driver.verdicts.given_up,
        )
        if note:
            store.note(NOTE, {**note, **fields_at_end(ran.exit_code, driver.progress)})
        return ran


def by_point(survey: Survey) -> list[Chunk]:
    """One chunk per point, with all its replicates, in the order of the sweep."""
    replicates = survey.sweep.replicates
    return [
        Chunk(
            strategy=survey.strategies[start],
            simulations=np.arange(start, start + replicates, dtype=np.int64),
            digest=digest(survey.ids[start : start + replicates].tobytes()),
            predicted_s=float(survey.predicted_ns[start : start + replicates].sum()) / 1e9,
        )
        for start in range(0, survey.simulations, replicates)
    ]


class _Rounds:
    """The rounds of a search and the results they have brought so far; iterating gives the pieces of each round."""

    def __init__(
        self,
        store: Store,
        request: RunRequest,
        inventory: Inventory,
        parts: list[Part],
        failures: Sequence[Failure],
        search: RoundSearch,
    ) -> None:
        survey = inventory.survey
        self.driver: Driver | None = None  # its parts are read too
        self.wanted = np.zeros(survey.simulations, np.bool_)
        self.there = np.zeros_like(self.wanted)
        self.invalid = 0
        self._store, self._request, self._survey, self._search, self._parts = store, request, survey, search, parts
        self._slices = Slices(inventory.chunks, survey.simulations)
        self._settled = inventory.there.copy()  # there, or not to be tried again
        if not request.retry_failed:
            self._settled |= survey.among(ids_of(failures))
        self._values = {name: np.full(survey.simulations, np.nan) for name in search.metrics}
        self._counts = {name: np.zeros((survey.simulations, BUCKETS), np.int64) for name in search.histograms}

    def __iter__(self) -> Iterator[list[Piece]]:
        replicates = self._survey.sweep.replicates
        while (wanted := self._search.wanted().ravel()).any():
            self.wanted |= wanted
            if (wanted & ~self._settled).any():
                yield list(self._slices.of(wanted & ~self._settled))
            self._settled |= wanted
            self.collect()
            columns: dict[str, NDArray[Any]] = {**self._values, **self._counts}
            self._search.tell(
                {name: array.reshape(-1, replicates, *array.shape[1:]) for name, array in columns.items()}
            )

    def collect(self) -> None:
        """Read the new rows of the wanted simulations into the arrays for the search."""
        parts = self._parts + (self.driver.parts if self.driver else [])
        rows = Collection(self._survey, parts, self.wanted & ~self.there, self._request.origin, self._store.tables)
        self.there[rows.simulations] = True
        start = 0
        for table in rows:
            where = rows.simulations[start : start + len(table)]
            start += len(table)
            valid = table.column("valid").to_numpy()
            self.invalid += int((~valid).sum())
            for name, values in self._values.items():
                values[where] = np.where(valid, table.column(name).cast(pa.float64()).to_numpy(), np.nan)
            for name, counts in self._counts.items():
                lists = table.column(name).combine_chunks()
                counts[where] = np.where(valid[:, None], lists.flatten().to_numpy().reshape(-1, BUCKETS), 0)
