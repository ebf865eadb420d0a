# SPDX-License-Identifier: MIT
"""Sweeps of NIC receive rings and page recycling strategies, exact to the kernel's counters.

    import sweep
    run = sweep.run("configs/smoke.yaml")
    run.table()

gives the Arrow table: a row per simulation, with units and meanings in the metadata of its columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow

__version__ = "0.1.0"
__all__ = ["FinishedRun", "run"]


@dataclass(frozen=True)
class FinishedRun:
    """A run directory after `run`."""

    location: str  # path or URI
    done: int  # simulations with a result
    failed: int  # simulations without one
    invalid: int  # of the done ones, rows that break a conservation law

    def table(self) -> pyarrow.Table:
        """The published table: mapped into memory where it is on a disk, fetched from an object store."""
        from sweep import report

        return report.read(self.location)

    def report(self) -> str:
        """The report as text; also written to the run directory as text, Markdown and HTML."""
        from sweep import report, storage

        report.write(self.location)
        return storage.open(self.location).get("report.txt").decode()


def run(
    file: str | Path,
    *,
    sets: Sequence[str] = (),
    out: str | Path | None = None,
    executor: str = "ray",
    address: str | None = None,
    nodes: int = 0,
    workers: int | None = None,
    max_failures: int | None = None,
    retry_failed: bool = False,
) -> FinishedRun:
    """Run what is missing of the sweep in `file` and publish its results, as `sweep run` does.

    `sets` are overrides ("replicates=10"); the run directory is `out`, a path or a URI (s3://bucket/folder, gs://...),
    or runs/<name>; `executor` is "ray" or "inline"; `address` and `nodes` are for a Ray cluster that is there.  Raises
    SweepError; a simulation that fails or an interruption does not raise: see `failed` and `done`.
    """
    from sweep import config
    from sweep.jobs.executor import joined
    from sweep.jobs.origin import Origin, options, run_directory
    from sweep.jobs.request import Request
    from sweep.jobs.run import run as run_sweep

    join = joined(address, nodes, executor)
    loaded = config.load(file, sets)
    directory = run_directory(loaded, out)
    how = options({"--executor": (executor, "ray"), "--address": (address, None), "--nodes": (nodes, 0)})
    request = Request(
        sweep=loaded,
        directory=directory,
        origin=Origin.of(file, sets, out, how),
        executor=executor,
        join=join,
        workers=workers,
        max_failures=max_failures,
        retry_failed=retry_failed,
    )
    summary = run_sweep(request)
    return FinishedRun(directory, summary.done, summary.failed, summary.invalid)
