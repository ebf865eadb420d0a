# SPDX-License-Identifier: MIT
"""`make bench`: a sweep of a million points, planned and published on one machine.

The sweep file has many axes, a constraint and a zip.  `sweep plan` and `sweep run` are measured as their user meets
them: processes of their own, wall time, CPU time and peak memory from the kernel.  The rows are not simulated but made
up, a few hundred a part and in the form that simulations give them, so `sweep run` finds nothing missing and publishes.

Not modelled: parts as they differ in size, and values as they differ between parts; each strategy has one set of
made-up counters, so files compress better than real ones.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sweep import config, schema
from sweep import plan as planning
from sweep.fields.histogram import BUCKETS
from sweep.fields.series import BINS, SERIES
from sweep.jobs.executors.task import METADATA, encode
from sweep.jobs.store.parts import Store
from sweep.model import batch
from sweep.model.record import record
from sweep.plan import Survey, digest

POINTS_PER_LOAD = (3 * 7 + 6 + 2 * 7) * 2**5  # strategies and rings, times five axes of two
SWEEP = """\
name: scale
packets: 20_000
warmup: 2_000
axes:
  strategy: [page_allocator, refcount_recycle, page_frag, page_pool, fifo_cache]
  traffic: [router, host_slow_reader]
  ring: {{log2: [64, 4096]}}
  load: {{linspace: [0.01, 0.5, {loads}]}}
  queues: [1, 2]
  kernel: ["5.19", "6.12"]
  nic.tx_ring: [512, 1024]
  traffic.reader.rate: [1 Mpps, 2 Mpps]
zip:
  - {{strategy.pool_size: [ring, 2*ring], label: [pool=ring, pool=2x]}}
where: strategy != page_frag or ring <= 2048
"""
PART_ROWS = 300
PLAN_AIM, PUBLISH_AIM = (3.0, 500), (60.0, 1000)  # seconds, MB


@dataclass(frozen=True)
class Usage:
    """What a process took."""

    wall_s: float
    cpu_s: float
    peak_mb: float


def sweep_file(folder: Path, points: int) -> Path:
    """A sweep file of at least so many points."""
    path = folder / "scale.yaml"
    path.write_text(SWEEP.format(loads=max(2, -(-points // POINTS_PER_LOAD))))
    return path


def measured(words: Sequence[str], folder: Path) -> tuple[Usage, str]:
    """Run `sweep` in `folder`; what it took and what it said."""
    path = os.pathsep.join(filter(None, [str(Path(__file__).parent.parent), os.environ.get("PYTHONPATH")]))
    start = time.perf_counter()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "sweep", *words],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": path},
            stdout=said,
            stderr=subprocess.STDOUT,
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        text = said.read().decode()
    if process.returncode:
        raise SystemExit(f"sweep {' '.join(words)} ended with {process.returncode}:\n{text}")
    peak_kb = usage.ru_maxrss / (1024 if sys.platform == "darwin" else 1)
    return Usage(wall_s, usage.ru_utime + usage.ru_stime, peak_kb / 1024), text


def made_up_parts(survey: Survey) -> Iterator[tuple[str, bytes]]:
    """A part, by the digest of its ids, for every few hundred simulations."""
    for number, strategy in enumerate(survey.strategies.values):
        where = np.flatnonzero(survey.strategies.codes == number)
        result = made_up(strategy, PART_ROWS)
        for start in range(0, len(where), PART_ROWS):
            ids = survey.ids[where[start : start + PART_ROWS]]
            part = batch.Result(*(column[: len(ids)] for column in result))
            about = {"format": schema.FORMAT, "document": survey.document_digest, "strategy": strategy}
            about |= {"code": {strategy: survey.code[strategy]}}
            about |= {"rows": len(ids), "packets": 0, "model_s": 0.0, "simulate_s": 0.0, "compile_s": 0.0}
            table = schema.part(strategy, [name.decode() for name in ids.tolist()], part)
            yield digest(ids.tobytes()), encode(table.replace_schema_metadata({METADATA: json.dumps(about)}))


def made_up(strategy: str, rows: int) -> batch.Result:
    """Counters, histograms and time series as wide as those of simulations."""
    random = np.random.default_rng(1)
    names = [field.name for field in batch.counter_fields(strategy)]
    counters = np.zeros(rows, record(batch.counter_fields(strategy))).view(np.recarray)
    for name in names:
        counters[name] = random.integers(1, 1_000_000, rows)
    histograms = np.zeros((2, rows, BUCKETS), np.int64)
    histograms[:, :, 40:120] = random.poisson(200, (2, rows, 80))
    series = random.integers(1, 1_000_000, (rows, BINS, len(SERIES)))
    return batch.Result(counters, histograms[0], histograms[1], series, [""] * rows)


def verdict(what: str, usage: Usage, aim: tuple[float, float]) -> str:
    """The figures with their aim beside them."""
    met = "met" if usage.wall_s <= aim[0] and usage.peak_mb <= aim[1] else "missed"
    return (
        f"{what}: {usage.wall_s:.1f} s ({usage.cpu_s:.1f} s of CPU), {usage.peak_mb:,.0f} MB at the most; "
        f"aim: {aim[0]:g} s and {aim[1]:,} MB: {met}"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.scale", description="A sweep of a million points.")
    parser.add_argument("--points", type=int, default=1_000_000, help="points of the sweep, at least (default 1000000)")
    parser.add_argument("--plan-only", action="store_true", help="do not publish")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="sweep-scale-") as name:
        folder = Path(name)
        file = sweep_file(folder, options.points)
        usage, said = measured(["plan", file.name], folder)
        print(said.splitlines()[0])
        print(verdict("sweep plan", usage, PLAN_AIM), flush=True)
        if options.plan_only:
            return 0
        survey = planning.survey(config.load(file))
        store = Store(folder / "run")
        with store.writing():
            for chunk, data in made_up_parts(survey):
                store.commit(chunk, data)
        words = ["run", file.name, "--out", "run", "--executor", "inline", "--no-report"]
        usage, said = measured(words, folder)
        sizes = (f"{path.name} {path.stat().st_size / 1e6:,.0f} MB" for path in sorted(folder.glob("run/results.*")))
        print(verdict(f"publication of {survey.simulations:,} rows", usage, PUBLISH_AIM) + f" ({', '.join(sizes)})")
        known, _ = measured(["status", "run"], folder)
        print(f"sweep status of them: {known.wall_s:.1f} s ({known.cpu_s:.1f} s of CPU), {known.peak_mb:,.0f} MB")
        planned, _ = measured(["plan", file.name, "--out", "run"], folder)
        print(f"sweep plan with all of them done: {planned.wall_s:.1f} s, {planned.peak_mb:,.0f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
