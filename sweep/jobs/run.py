# SPDX-License-Identifier: MIT
"""Run a sweep: hand out what is missing, commit each part as it arrives, publish.

Resuming after a crash, a longer axis, more replicates and a changed strategy are all the same set difference.  The
first Ctrl-C or SIGTERM, from before the executor starts until it has ended, stops handing out, commits what is ready
and ends; the second ends at once.  A run with `--only` never replaces a published table.
"""

from __future__ import annotations

import os
import platform
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa

from sweep import plan as planning
from sweep.errors import NoRoomError
from sweep.jobs.driver.loop import Driver, Watch
from sweep.jobs.executors.choice import kind, open_executor
from sweep.jobs.executors.protocol import Executor
from sweep.jobs.store.collect import Collection
from sweep.jobs.store.decisions import NOTE as LOOKS
from sweep.jobs.store.failed_rows import failed_rows
from sweep.jobs.store.failure import Failure, recorded
from sweep.jobs.store.part import Part
from sweep.jobs.store.parts import Store
from sweep.jobs.store.publish import publish
from sweep.jobs.store.tables import RowCounts
from sweep.plan import Chunk, Plan, digest
from sweep.storage.ownership import FORMAT

from .inventory import Inventory, take_inventory
from .looks import Looks
from .progress import Progress
from .request import RunRequest
from .signals import INCOMPLETE, stop_on_signal

NOTE = "run"  # run.json, which describes the last run


@dataclass(frozen=True)
class RunSummary:
    """The result of a run: what was there, what it simulated, what it published, and how it ended."""

    directory: str | Path  # or URI
    inventory: Inventory
    progress: Progress
    done: int  # simulations asked for that have a result, of earlier runs or this one
    invalid: int  # of them, rows that break a law
    failures: list[Failure]  # of this run
    open: list[Failure]  # of this run: not recorded, and tried again by the next
    interrupted: bool  # by a signal
    given_up: bool  # because more failed than may
    rows: int  # rows of the simulations asked for; 0 if the run was interrupted or gave up
    table: pa.Table | None  # the first batch of these rows: all of them, if they are few
    published: bool  # whether this run published them

    @property
    def failed(self) -> int:
        """Simulations that failed, in this run or before it."""
        return self.inventory.failed + sum(len(failure.ids) for failure in self.failures)

    @property
    def exit_code(self) -> int:
        if self.interrupted or self.done < int(self.inventory.wanted.sum()):
            return INCOMPLETE
        return 1 if self.invalid else 0


Announce = Callable[[Inventory], None]


def run(
    request: RunRequest,
    watch: Watch = lambda progress: None,
    announce: Announce = lambda inventory: None,
    give_up: Callable[[], None] | None = None,
) -> RunSummary:
    """Run what is missing of a sweep in its directory, then publish.  Raises SweepError.

    With `request.only`, publish only where nothing is published yet: a table of the whole sweep stays what it is.
    `announce` is called once with what is to do, `watch` about twice a second.  With `give_up`, a run that does not
    stop within its executor's `stop_s` of a signal ends with its process, after calling that; what was finished is
    kept.
    """
    store = Store(request.directory)
    with store.writing(request.sweep.name, replace=request.replace_sweep):
        parts = store.scan(set_aside=True)
        failures = recorded(store, set_aside=True)
        inventory = take_inventory(request, parts, failures, store.noted(NOTE), store.noted(LOOKS))
        announce(inventory)
        spare, chunks = witness(inventory), [*inventory.chunks, *inventory.later]
        looks = None
        if inventory.decisions:
            looks = Looks(store, request, inventory, inventory.decisions, chunks, parts, failures)
        driver = Driver(
            store,
            inventory.survey,
            [*chunks, *spare],
            watch=watch,
            rounds=looks,
            spare=len(chunks) if spare else None,
            shuffle=request.shuffle,
            least_deadline_s=request.deadline_s,
            max_failures=request.max_failures,
        )
        if looks:
            looks.attach(driver)
        note = fields_at_start(request, inventory)
        store.note(NOTE, note)
        if not driver.idle:
            drive(store, driver, request, inventory, give_up)
        if looks:
            inventory = updated_inventory(inventory, looks)
        tally = None
        publishing = request.only is None or not store.published()
        if not driver.stopping:
            survey, wanted = inventory.survey, inventory.wanted
            rows = Collection(survey, parts + driver.parts, wanted, request.origin, store.tables)
            if publishing:
                without_row = wanted.copy()
                without_row[rows.simulations] = False
                failed = failed_rows(survey, [*failures, *driver.verdicts.failures], without_row)
                incomplete = {"exit_code": INCOMPLETE} if without_row.any() else {}
                tally = publish(
                    store,
                    survey,
                    rows,
                    wanted,
                    request.origin,
                    failures=failed,
                    outcome=incomplete,
                    decisions=inventory.decisions,
                )
            else:
                tally = RowCounts()
                deque(map(tally.counted, rows), maxlen=0)
        summary = RunSummary(
            directory=request.directory,
            inventory=inventory,
            progress=driver.progress,
            done=int(inventory.there.sum()) if looks else inventory.done + inventory.reused + _rows(driver.parts),
            invalid=tally.invalid if tally else 0,
            failures=driver.verdicts.failures,
            open=driver.verdicts.open,
            interrupted=driver.interrupted,
            given_up=driver.verdicts.given_up,
            rows=tally.rows if tally else 0,
            table=tally.head if tally else None,
            published=publishing and tally is not None,
        )
        store.note(NOTE, {**note, **fields_at_end(summary.exit_code, summary.progress), **_counts(summary)})
    return summary


def updated_inventory(inventory: Inventory, looks: Looks) -> Inventory:
    """The inventory after the run: with all simulations that the looks asked for, and those that have a row."""
    asked, there = looks.decisions.asked, looks.there()
    given_up = looks.settled() & asked & ~there
    failed = inventory.failed
    if looks.driver is not None:
        failed = int(given_up.sum()) - sum(len(failure.ids) for failure in looks.driver.verdicts.failures)
    return replace(inventory, wanted=asked, there=there & asked, failed=failed, decisions=looks.decisions)


def witness(inventory: Inventory) -> list[Chunk]:
    """A chunk of the cheapest simulation that has a row already, of a strategy that is run; [] if there is none."""
    survey = inventory.survey
    strategies = {chunk.strategy for chunk in (*inventory.chunks, *inventory.later)}
    codes = [code for code, strategy in enumerate(survey.strategies.values) if strategy in strategies]
    with_row = np.flatnonzero(inventory.there & np.isin(survey.strategies.codes, codes))
    if not len(with_row):
        return []
    cheapest = with_row[[int(np.argmin(survey.predicted_ns[with_row]))]]
    strategy, seconds = survey.strategies[int(cheapest[0])], float(survey.predicted_ns[cheapest[0]]) / 1e9
    return [Chunk(strategy, cheapest, digest(survey.ids[cheapest].tobytes()), seconds)]


def drive(
    store: Store, driver: Driver, request: RunRequest, inventory: Inventory, give_up: Callable[[], None] | None
) -> None:
    """Save the plan, start the executor, run `driver` on it, close it.

    Raises NoRoomError if the run does not fit this machine, SweepError as `run` does.
    """
    if inventory.shortage:
        raise NoRoomError(inventory.shortage)
    plan = planning.plan(inventory.survey, driver.chunks)
    store.keep_plan(planning.encode(plan))
    # Before the executor starts: a signal is never an exception.
    with stop_on_signal(driver.stop, give_up, kind(request.executor).stop_s):
        executor = _open(driver, plan, request, inventory.workers, store.log("executor.log"))
        if executor:
            with closing(executor):
                if not driver.stopping:
                    driver.run(executor)


def _open(driver: Driver, plan: Plan, request: RunRequest, workers: int, log: Path) -> Executor | None:
    """The executor; None if a signal came while it started and its processes did not survive that."""
    driver.starting(request.executor)
    try:
        return open_executor(request.executor, plan, workers, request.join, log)
    except Exception:
        if driver.stopping:
            return None
        raise


def fields_at_start(request: RunRequest, inventory: Inventory) -> dict[str, object]:
    """The fields of run.json that are known before the run begins."""
    return {
        "format": FORMAT,
        "name": request.sweep.name,
        "document": request.sweep.document,
        "document_digest": inventory.survey.document_digest,
        "command": request.origin.resume,
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "pid": os.getpid(),
        "node": platform.node(),
        "simulations": int(inventory.wanted.sum()),
        "to_run": inventory.missing,
    }


def fields_at_end(exit_code: int, progress: Progress) -> dict[str, object]:
    """The fields of run.json that are added when the run has ended."""
    seconds = ("elapsed", "paid", "simulate", "compile", "dispatch", "straggle", "lost")
    return {
        "ended": datetime.now(UTC).isoformat(timespec="seconds"),
        "exit_code": exit_code,
        "executor": progress.executor,
        "seconds": {name: round(getattr(progress, f"{name}_s"), 3) for name in seconds},
        "advised_chunk_seconds": progress.advised_chunk_s,
    }


def _rows(parts: Iterable[Part]) -> int:
    return sum(len(part.ids) for part in parts)


def _counts(summary: RunSummary) -> dict[str, object]:
    return {
        "simulations": int(summary.inventory.wanted.sum()),
        "done": summary.done,
        "failed": summary.failed,
        "invalid": summary.invalid,
        "interrupted": summary.interrupted,
    }
