# SPDX-License-Identifier: MIT
"""Run a sweep: hand out what is missing, commit each part as it arrives, publish.  The one verb is "run missing".

Resuming after a crash, a longer axis, more replicates and a changed strategy are all the same set difference.  The
first Ctrl-C or SIGTERM, from before the executor starts until it has ended, stops handing out, commits what is ready
and ends; the second ends at once.  A run of chosen simulations only never takes the place of a published table.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sweep import plan as planning
from sweep.config import Sweep
from sweep.plan import Chunk, Forecast, Plan, Survey, digest

from .executor import Executor, Run, Warm, open_executor, worker_count
from .kernels import uncompiled
from .origin import Origin
from .progress import Progress
from .publish import RESULTS, collect, publish
from .signals import INCOMPLETE, stop_on_signal
from .store import Part, Store

IN_FLIGHT_PER_WORKER = 3  # keeps workers fed; more only delays stopping
TICK_S = 0.5

Watch = Callable[[Progress], None]


@dataclass(frozen=True)
class Request:
    """What to run, and how."""

    sweep: Sweep
    directory: Path
    origin: Origin
    executor: str = "ray"
    address: str | None = None
    workers: int | None = None  # all cores
    chunk_s: float = 1.0
    only: str | None = None  # ids that start with this
    shuffle: int | None = None  # hand out in random order, of this seed


@dataclass(frozen=True)
class Prospect:
    """What a run directory has of a sweep and what is to do."""

    survey: Survey
    wanted: NDArray[np.bool_]  # (N,) simulations asked for
    done: int  # simulated for this very sweep
    reused: int  # simulated for an earlier variant of it
    chunks: list[Chunk]
    cold: list[str]  # strategies of chunks whose kernel this machine has still to compile
    forecast: Forecast
    workers: int

    @property
    def missing(self) -> int:
        return sum(len(chunk.simulations) for chunk in self.chunks)


@dataclass(frozen=True)
class Failure:
    """A chunk that did not end well."""

    chunk: Chunk
    reason: str  # last line of its traceback
    log: Path


@dataclass(frozen=True)
class Summary:
    """What came of a run."""

    directory: Path
    prospect: Prospect
    progress: Progress
    done: int  # simulations asked for that have a result, of earlier runs or this one
    invalid: int  # of them, rows that break a law
    failures: list[Failure]
    interrupted: bool
    table: pa.Table | None  # the simulations asked for that have a result; None if interrupted
    published: bool  # that table, by this run

    @property
    def failed(self) -> int:
        """Simulations that failed."""
        return sum(len(failure.chunk.simulations) for failure in self.failures)

    @property
    def exit_code(self) -> int:
        if self.interrupted:
            return INCOMPLETE
        if self.failures or self.invalid:
            return 1
        return 0 if self.done == int(self.prospect.wanted.sum()) else INCOMPLETE


Announce = Callable[[Prospect], None]


def look(request: Request, parts: Sequence[Part]) -> Prospect:
    """Compare a sweep with the parts that are there.  Writes nothing."""
    workers = worker_count(request.executor, request.workers)
    survey = planning.survey(request.sweep)
    wanted = survey.only(request.only) if request.only else np.ones(survey.simulations, np.bool_)
    own = [part.ids for part in parts if part.about["document"] == survey.document_digest]
    there = np.isin(survey.ids, _joined([part.ids for part in parts])) & wanted
    mine = np.isin(survey.ids, _joined(own)) & wanted
    calibration = _calibration(parts)
    chunks = planning.divide(survey, wanted & ~there, workers, request.chunk_s, calibration)
    cold = uncompiled({chunk.strategy for chunk in chunks}, survey.code)
    starts_ray = bool(chunks) and request.executor == "ray" and request.address is None
    return Prospect(
        survey=survey,
        wanted=wanted,
        done=int(mine.sum()),
        reused=int((there & ~mine).sum()),
        chunks=chunks,
        cold=cold,
        forecast=planning.forecast(survey, chunks, workers, calibration, starts_ray=starts_ray, kernels=len(cold)),
        workers=workers,
    )


def run(request: Request, watch: Watch = lambda progress: None, announce: Announce = lambda prospect: None) -> Summary:
    """Run what is missing of a sweep in its directory, then publish.  Raises SweepError.

    With `request.only`, publish only where nothing is published yet: a table of the whole sweep stays what it is.
    `announce` is called once with what is to do, `watch` about twice a second.
    """
    store = Store(request.directory)
    with store.writing():
        parts = store.scan(set_aside=True)
        prospect = look(request, parts)
        announce(prospect)
        driver = _Driver(store, prospect, request, watch)
        if prospect.chunks:
            driver.run()
        table, invalid = None, 0
        publishing = request.only is None or not (request.directory / RESULTS).exists()
        if not driver.stopping:
            make = partial(publish, store) if publishing else collect
            table = make(prospect.survey, parts + driver.parts, prospect.wanted, request.origin)
            invalid = pc.sum(pc.invert(table.column("valid"))).as_py() or 0
    return Summary(
        directory=request.directory,
        prospect=prospect,
        progress=driver.progress,
        done=prospect.done + prospect.reused + sum(len(part.ids) for part in driver.parts),
        invalid=invalid,
        failures=driver.failures,
        interrupted=driver.stopping,
        table=table,
        published=publishing and table is not None,
    )


class _Driver:
    """The loop between executor and store, for one run."""

    def __init__(self, store: Store, prospect: Prospect, request: Request, watch: Watch) -> None:
        self.parts: list[Part] = []
        self.failures: list[Failure] = []
        self.progress = Progress.of(prospect.chunks)
        self.stopping = False
        self._store, self._prospect, self._request, self._watch = store, prospect, request, watch
        self._chunks = prospect.chunks
        self._cold = {chunk.strategy for chunk in self._chunks}  # kernel not ready
        self._ready: list[tuple[float, int]] = []  # heap: what may be handed out, most urgent first
        self._in_flight = 0
        order = random.Random(request.shuffle) if request.shuffle is not None else None
        self._urgency = [order.random() if order else -chunk.predicted_s for chunk in self._chunks]

    def run(self) -> None:
        plan = planning.plan(self._prospect.survey, self._chunks)
        self._keep(plan)
        with stop_on_signal(self._stop):  # before the executor starts: no KeyboardInterrupt may be raised inside Ray
            executor = self._open(plan)
            if executor:
                with closing(executor):
                    if not self.stopping:
                        self._loop(executor)

    def _open(self, plan: Plan) -> Executor | None:
        """The executor; None if a signal came while it started and its processes did not survive that."""
        request, log = self._request, self._store.logs / "executor.log"
        self.progress.executor = f"starting {request.executor}"
        self._watch(self.progress)
        try:
            return open_executor(request.executor, plan, self._prospect.workers, request.address, log)
        except Exception:
            if self.stopping:
                return None
            raise

    def _keep(self, plan: Plan) -> None:
        data = planning.encode(plan)
        self._store.write(self._store.plans / f"{digest(data, 8)}.npz", data)

    def _loop(self, executor: Executor) -> None:
        self.progress = replace(Progress.of(self._chunks), workers=executor.workers, executor=executor.name)
        for strategy in sorted(self._cold):
            executor.submit(Warm(strategy))
            self._in_flight += 1
        while (self._in_flight or self._ready) and not self.stopping:
            while self._ready and self._in_flight < IN_FLIGHT_PER_WORKER * executor.workers:
                executor.submit(Run(heapq.heappop(self._ready)[1]))
                self._in_flight += 1
            self._take(executor, TICK_S)
            self.progress.compiling = tuple(sorted(self._cold))
            self._watch(self.progress)
        if self.stopping:
            self._take(executor, 0)
        self.progress.finish()

    def _take(self, executor: Executor, timeout_s: float) -> None:
        for work, outcome in executor.wait(timeout_s):
            self._in_flight -= 1
            if isinstance(work, Warm):
                self._warmed(work.strategy, outcome.seconds, outcome.error)
            elif outcome.data is None:
                self._fail(work.number, outcome.error)
            else:
                self._commit(work.number, outcome.data)

    def _warmed(self, strategy: str, seconds: float, error: str) -> None:
        self._cold.discard(strategy)
        self.progress.compile_s += seconds
        for number, chunk in enumerate(self._chunks):
            if chunk.strategy == strategy:
                if error:  # every chunk would fail in the same way, after compiling for as long
                    self._fail(number, error)
                else:
                    heapq.heappush(self._ready, (self._urgency[number], number))

    def _commit(self, number: int, data: bytes) -> None:
        chunk = self._chunks[number]
        part = self._store.commit(chunk.digest, data)
        self.parts.append(part)
        self.progress.packets += part.about["packets"]
        self.progress.simulate_s += part.about["simulate_s"]
        self.progress.compile_s += part.about["compile_s"]
        self.progress.ended(chunk, failed=False)

    def _fail(self, number: int, error: str) -> None:
        chunk = self._chunks[number]
        log = self._store.logs / f"{chunk.digest}.txt"
        ids = "\n".join(name.decode() for name in self._prospect.survey.ids[chunk.simulations].tolist())
        log.write_text(f"chunk {chunk.digest} of {chunk.strategy}\n\n{error}\nsimulations\n{ids}\n")
        self.failures.append(Failure(chunk, error.strip().splitlines()[-1], log))
        self.progress.ended(chunk, failed=True)

    def _stop(self) -> None:
        self.stopping = self.progress.stopping = True  # and nothing else: a signal's handler may run anywhere


def _joined(ids: list[NDArray[np.bytes_]]) -> NDArray[np.bytes_]:
    return np.concatenate([np.zeros(0, "S32"), *ids])


def _calibration(parts: Sequence[Part]) -> dict[str, float]:
    """Measured over predicted core time of each strategy, from the parts that are there."""
    measured: dict[str, list[float]] = {}
    for part in parts:
        total = measured.setdefault(part.about["strategy"], [0.0, 0.0])
        total[0] += part.about["simulate_s"]
        total[1] += part.about["model_s"]
    return {strategy: spent / model for strategy, (spent, model) in measured.items() if spent > 0 and model > 0}
