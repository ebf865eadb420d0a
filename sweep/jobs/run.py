# SPDX-License-Identifier: MIT
"""Run a sweep: hand out what is missing, commit each part as it arrives, publish.  The one verb is "run missing".

Resuming after a crash, a longer axis, more replicates and a changed strategy are all the same set difference.  The
first Ctrl-C or SIGTERM, from before the executor starts until it has ended, stops handing out, commits what is ready
and ends; the second ends at once.  A run of chosen simulations only never takes the place of a published table.
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
from sweep.jobs.store.parts import Part, Store
from sweep.jobs.store.publish import publish
from sweep.jobs.store.tables import Tally
from sweep.plan import Chunk, Plan, digest
from sweep.storage.ownership import FORMAT

from .looks import Looks
from .progress import Progress
from .prospect import Prospect, look
from .request import Request
from .signals import INCOMPLETE, stop_on_signal

NOTE = "run"  # what is kept of the last run: run.json


@dataclass(frozen=True)
class Summary:
    """What came of a run."""

    directory: str | Path  # or URI
    prospect: Prospect
    progress: Progress
    done: int  # simulations asked for that have a result, of earlier runs or this one
    invalid: int  # of them, rows that break a law
    failures: list[Failure]  # of this run
    open: list[Failure]  # of this run: not recorded, and tried again by the next
    interrupted: bool  # by a signal
    given_up: bool  # because more failed than may
    rows: int  # simulations asked for that have a result; 0 if it was interrupted or gave up
    table: pa.Table | None  # the first of them: all, if they are few
    published: bool  # those rows, by this run

    @property
    def failed(self) -> int:
        """Simulations that failed, in this run or before it."""
        return self.prospect.failed + sum(len(failure.ids) for failure in self.failures)

    @property
    def exit_code(self) -> int:
        if self.interrupted or self.done < int(self.prospect.wanted.sum()):
            return INCOMPLETE
        return 1 if self.invalid else 0


Announce = Callable[[Prospect], None]


def run(
    request: Request,
    watch: Watch = lambda progress: None,
    announce: Announce = lambda prospect: None,
    give_up: Callable[[], None] | None = None,
) -> Summary:
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
        prospect = look(request, parts, failures, store.noted(NOTE), store.noted(LOOKS))
        announce(prospect)
        spare, chunks = witness(prospect), [*prospect.chunks, *prospect.later]
        looks = None
        if prospect.decisions:
            looks = Looks(store, request, prospect, prospect.decisions, chunks, parts, failures)
        driver = Driver(
            store,
            prospect.survey,
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
        about = began(request, prospect)
        store.note(NOTE, about)
        if not driver.idle:
            drive(store, driver, request, prospect, give_up)
        if looks:
            prospect = after(prospect, looks)
        found = None
        publishing = request.only is None or not store.published()
        if not driver.stopping:
            survey, wanted = prospect.survey, prospect.wanted
            rows = Collection(survey, parts + driver.parts, wanted, request.origin, store.tables)
            if publishing:
                lacking = wanted.copy()
                lacking[rows.simulations] = False
                failed = failed_rows(survey, [*failures, *driver.verdicts.failures], lacking)
                incomplete = {"exit_code": INCOMPLETE} if lacking.any() else {}
                found = publish(
                    store,
                    survey,
                    rows,
                    wanted,
                    request.origin,
                    failures=failed,
                    outcome=incomplete,
                    decisions=prospect.decisions,
                )
            else:
                found = Tally()
                deque(map(found.counted, rows), maxlen=0)
        summary = Summary(
            directory=request.directory,
            prospect=prospect,
            progress=driver.progress,
            done=int(prospect.there.sum()) if looks else prospect.done + prospect.reused + _rows(driver.parts),
            invalid=found.invalid if found else 0,
            failures=driver.verdicts.failures,
            open=driver.verdicts.open,
            interrupted=driver.interrupted,
            given_up=driver.verdicts.given_up,
            rows=found.rows if found else 0,
            table=found.head if found else None,
            published=publishing and found is not None,
        )
        store.note(NOTE, {**about, **ended(summary.exit_code, summary.progress), **_counts(summary)})
    return summary


def after(prospect: Prospect, looks: Looks) -> Prospect:
    """The prospect with what the looks have asked for besides, and what there is of it."""
    asked, there = looks.decisions.asked, looks.there()
    tried = looks.settled() & asked & ~there
    failed = prospect.failed
    if looks.driver is not None:
        failed = int(tried.sum()) - sum(len(failure.ids) for failure in looks.driver.verdicts.failures)
    return replace(prospect, wanted=asked, there=there & asked, failed=failed, decisions=looks.decisions)


def witness(prospect: Prospect) -> list[Chunk]:
    """A chunk of one simulation that has a row already, if any: of a strategy that is run, the cheapest."""
    survey = prospect.survey
    strategies = {chunk.strategy for chunk in (*prospect.chunks, *prospect.later)}
    codes = [code for code, name in enumerate(survey.strategies.values) if name in strategies]
    there = np.flatnonzero(prospect.there & np.isin(survey.strategies.codes, codes))
    if not len(there):
        return []
    chosen = there[[int(np.argmin(survey.predicted_ns[there]))]]
    name, seconds = survey.strategies[int(chosen[0])], float(survey.predicted_ns[chosen[0]]) / 1e9
    return [Chunk(name, chosen, digest(survey.ids[chosen].tobytes()), seconds)]


def drive(
    store: Store, driver: Driver, request: Request, prospect: Prospect, give_up: Callable[[], None] | None
) -> None:
    """Keep the plan of these chunks, start the executor, let the driver run on it, end it."""
    if prospect.shortage:
        raise NoRoomError(prospect.shortage)
    plan = planning.plan(prospect.survey, driver.chunks)
    store.keep_plan(planning.encode(plan))
    # Before the executor starts: a signal is never an exception.
    with stop_on_signal(driver.stop, give_up, kind(request.executor).stop_s):
        executor = _open(driver, plan, request, prospect.workers, store.log("executor.log"))
        if executor:
            with closing(executor):
                if not driver.stopping:
                    driver.run(executor)


def _open(driver: Driver, plan: Plan, request: Request, workers: int, log: Path) -> Executor | None:
    """The executor; None if a signal came while it started and its processes did not survive that."""
    driver.starting(request.executor)
    try:
        return open_executor(request.executor, plan, workers, request.join, log)
    except Exception:
        if driver.stopping:
            return None
        raise


def began(request: Request, prospect: Prospect) -> dict[str, object]:
    """What is known of a run before it has begun, for its note."""
    return {
        "format": FORMAT,
        "name": request.sweep.name,
        "document": request.sweep.document,
        "document_digest": prospect.survey.document_digest,
        "command": request.origin.resume,
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "pid": os.getpid(),
        "node": platform.node(),
        "simulations": int(prospect.wanted.sum()),
        "to_run": prospect.missing,
    }


def ended(exit_code: int, progress: Progress) -> dict[str, object]:
    """What is added to that when it has ended."""
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


def _counts(summary: Summary) -> dict[str, object]:
    return {
        "simulations": int(summary.prospect.wanted.sum()),
        "done": summary.done,
        "failed": summary.failed,
        "invalid": summary.invalid,
        "interrupted": summary.interrupted,
    }
