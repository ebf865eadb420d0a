# SPDX-License-Identifier: MIT
"""`make bench`: how many chunks the driver commits in a second, and what each costs it, at up to 10,000 workers.

The workers are made up: each ends its chunk after a fixed time, with a part that was made before.  All else is what
`sweep run` does: the driver, its deadlines, its journal, and a run directory on a disk (and in memory, where there is a
tmpfs), whose parts are read back at the end: every simulation has to be there, once.

CPU time is told apart: the loop is the thread that hands out, commits and counts; the process is that and whatever
works beside it.  What the made-up workers cost is in neither.

Not modelled: how an executor carries outcomes to the driver.
"""

from __future__ import annotations

import argparse
import heapq
import json
import sys
import tempfile
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from sweep import config, schema
from sweep import plan as planning
from sweep.jobs.driver.loop import Driver
from sweep.jobs.executors.task import METADATA, encode
from sweep.jobs.executors.work import AttemptOutcome, Ending, RunSlice, WarmKernel, Work
from sweep.jobs.store.parts import Store
from sweep.model import batch
from sweep.plan import Chunk, Survey, digest

from .scale import made_up, sweep_file

LOADS = ((100, 1.0), (1_000, 1.0), (10_000, 4.0))  # workers, seconds of a chunk
AIM_MS = 0.3  # CPU time of the loop per outcome
SPAN_S = 10.0  # of chunks that come at full rate
ROWS = 4  # of a chunk: simulations of ten million packets
MEMORY = Path("/dev/shm")


@dataclass(frozen=True)
class Figures:
    """What one run of the driver came to."""

    outcomes: int
    busy_s: float  # from the first outcome to the last commit
    loop_ms: float  # CPU time of the loop per outcome
    process_ms: float  # CPU time of the process per outcome
    files: int  # that the parts are in


class MadeUpWorkers:
    """An executor whose workers end each chunk after `chunk_s` with the part that was made for it."""

    name = "made up"

    def __init__(self, workers: int, chunk_s: float, parts: Sequence[bytes]) -> None:
        self.workers = workers
        self.first_end_s = 0.0
        self.loop_s = self.process_s = 0.0  # CPU time spent in here
        self._chunk_s, self._parts = chunk_s, parts
        self._idle = workers
        self._started = 0
        self._queue: deque[RunSlice] = deque()
        self._running: list[tuple[float, RunSlice]] = []  # a heap by the time at which they end
        self._ready: list[tuple[Work, AttemptOutcome]] = []

    def submit(self, work: Work) -> None:
        loop_s, process_s = time.thread_time(), time.process_time()
        if isinstance(work, WarmKernel):
            self._ready.append((work, AttemptOutcome(Ending.DONE)))
        else:
            self._queue.append(work)
            self._start(time.perf_counter())
        self._spent(loop_s, process_s)

    def cancel(self, work: Work) -> None:
        raise AssertionError(f"{work} was cancelled: none of these is late")

    def wait(self, timeout_s: float) -> list[tuple[Work, AttemptOutcome]]:
        loop_s, process_s = time.thread_time(), time.process_time()
        ended, self._ready = self._ready, []
        until = time.perf_counter() + timeout_s
        while not ended:
            now = time.perf_counter()
            while self._running and self._running[0][0] <= now:
                end_s, work = heapq.heappop(self._running)
                self._idle += 1
                self._start(end_s)
                ended.append((work, AttemptOutcome(Ending.DONE, self._parts[work.number])))
            self.first_end_s = self.first_end_s or (now if ended else 0.0)
            if now >= until:
                break
            if not ended:
                time.sleep(max(0.0, min(self._running[0][0] if self._running else until, until) - now))
        self._spent(loop_s, process_s)
        return ended

    def close(self) -> None:
        self._queue.clear()

    def _start(self, now: float) -> None:
        while self._idle and self._queue:
            self._idle -= 1
            self._started += 1
            share = min(1.0, self._started / self.workers)  # the first chunks end one after the other
            heapq.heappush(self._running, (now + share * self._chunk_s, self._queue.popleft()))

    def _spent(self, loop_s: float, process_s: float) -> None:
        self.loop_s += time.thread_time() - loop_s
        self.process_s += time.process_time() - process_s


def chunks_of(survey: Survey, count: int, rows: int, chunk_s: float) -> list[Chunk]:
    """So many chunks of `rows` simulations, the strategies in turn."""
    by_strategy = [np.flatnonzero(survey.strategies.codes == code) for code in range(len(survey.strategies.values))]
    chunks = []
    for number in range(count):
        turn, code = divmod(number, len(by_strategy))
        simulations = by_strategy[code][turn * rows : (turn + 1) * rows]
        name = digest(survey.ids[simulations].tobytes())
        chunks.append(Chunk(survey.strategies.values[code], simulations, name, chunk_s))
    return chunks


@cache
def result_of(strategy: str, rows: int) -> batch.Result:
    return made_up(strategy, rows)


def part_of(survey: Survey, chunk: Chunk) -> bytes:
    """The part of a chunk, as a worker makes it."""
    ids = survey.ids[chunk.simulations]
    about = {"format": schema.FORMAT, "chunk": chunk.digest, "document": survey.document_digest}
    about |= {"strategy": chunk.strategy, "code": {chunk.strategy: survey.code[chunk.strategy]}}
    about |= {"rows": len(ids), "packets": 1, "model_s": 1.0, "simulate_s": chunk.predicted_s, "compile_s": 0.0}
    about |= {"ended": time.time(), "node": "made-up", "pid": 1}
    names = [name.decode() for name in ids.tolist()]
    table = schema.part(chunk.strategy, names, result_of(chunk.strategy, len(ids)))
    return encode(table.replace_schema_metadata({METADATA: json.dumps(about)}))


def measure(folder: Path, workers: int, chunk_s: float, span_s: float, rows: int) -> Figures:
    """Run chunks that come at full rate for `span_s` seconds, in a run directory under `folder`.

    Raises SystemExit if a simulation is missing at the end, or there twice.
    """
    count = int((span_s + chunk_s) * workers / chunk_s)
    survey = planning.survey(config.load(sweep_file(folder, 4 * count * rows)))
    chunks = chunks_of(survey, count, rows, chunk_s)
    parts = [part_of(survey, chunk) for chunk in chunks]
    store = Store(folder / "run")
    with store.writing():
        driver = Driver(store, survey, chunks, watch=lambda progress: None)
        executor = MadeUpWorkers(workers, chunk_s, parts)
        loop_s, process_s = time.thread_time(), time.process_time()
        driver.run(executor)
        busy_s = time.perf_counter() - executor.first_end_s
        loop_s, process_s = time.thread_time() - loop_s, time.process_time() - process_s
        written = store.scan(set_aside=False)
        files = store.parts()
    there = np.concatenate([part.ids for part in written])
    wanted = np.concatenate([survey.ids[chunk.simulations] for chunk in chunks])
    if not np.array_equal(np.sort(there), np.sort(wanted)):
        raise SystemExit(f"{workers} workers: {len(there):,} rows were committed, {len(wanted):,} were simulated")
    outside = (loop_s - executor.loop_s, process_s - executor.process_s)
    return Figures(count, busy_s, *(1e3 * spent_s / count for spent_s in outside), files)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.driver", description="The driver with made-up workers.")
    parser.add_argument("--workers", type=int, help="only this many (default: 100, 1,000 and 10,000)")
    parser.add_argument("--span", type=float, default=SPAN_S, help="seconds of chunks at full rate (default 10)")
    parser.add_argument("--rows", type=int, default=ROWS, help=f"simulations of a chunk (default {ROWS})")
    parser.add_argument("--dir", action="append", type=Path, help="where run directories are made (default: both)")
    options = parser.parse_args(arguments)
    places = options.dir or [Path(tempfile.gettempdir()), *([MEMORY] if MEMORY.is_dir() else [])]
    for workers, chunk_s in LOADS:
        if options.workers not in (None, workers):
            continue
        for place in places:
            with tempfile.TemporaryDirectory(prefix="sweep-driver-", dir=place) as folder:
                found = measure(Path(folder), workers, chunk_s, options.span, options.rows)
            coming = workers / chunk_s
            per_s = found.outcomes / max(found.busy_s, 1e-9)
            met = "met" if found.loop_ms <= AIM_MS else "missed"
            print(
                f"{workers:,} workers, chunks of {chunk_s:g} s, in {place}: {per_s:,.0f} chunks/s committed of "
                f"{coming:,.0f} that come; loop {found.loop_ms:.3f} ms of CPU a chunk (aim {AIM_MS:g}: {met}), "
                f"process {found.process_ms:.3f} ms; {found.outcomes:,} chunks in {found.files:,} files",
                flush=True,
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
