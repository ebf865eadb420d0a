# SPDX-License-Identifier: MIT
"""Sweeps of NIC receive rings and page recycling strategies, exact to the kernel's counters.

    import sweep
    run = sweep.run("smoke")                        # simulates what is missing; or sweep.open("runs/smoke")
    run.table()                                     # the Arrow table: a row per simulation
    run.query("select strategy, ring, ns_per_packet from points")

Columns carry units and meanings in their metadata.  In a notebook, `run` shows the verdicts.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .runs import Run

__version__ = "0.1.0"
__all__ = ["Run", "open", "run"]


def __getattr__(name: str) -> Any:
    """`Run`, imported when it is used: no verb of the command line needs it."""
    if name != "Run":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from .runs import Run

    return Run


def open(location: str | Path) -> Run:
    """The run in the run directory at a path or URI.  Raises SweepError if it is not one."""
    from sweep import storage
    from sweep.storage import resume

    from .runs import Run

    files = storage.open(location)
    if not any(files.exists(name) for name in resume.RUN_FILES):
        raise resume.absent_error(files)
    return Run(location)


def run(
    file: str | Path,
    *,
    sets: str | Sequence[str] = (),
    out: str | Path | None = None,
    executor: str | None = None,
    address: str | None = None,
    nodes: int = 0,
    workers: int | None = None,
    max_failures: int | None = None,
    retry_failed: bool = False,
    replace_sweep: bool = False,
) -> Run:
    """Run what is missing of the sweep in `file` and publish its results, as `sweep run` does.

    `sets` are overrides, one or several ("replicates=10"); the run directory is `out`, a path or a URI
    (s3://bucket/folder, gs://...), or runs/<name>; `executor` is one of `sweep run --help`, or its default; `address`
    and `nodes` are for a cluster that is there; more than `max_failures` failed simulations stop it; `retry_failed`
    tries again what failed before; `replace_sweep` lets it publish in a run directory of another sweep.  Nothing is
    printed: `sweep watch` shows how far it is.

    Raises SweepError; a simulation that fails or an interruption does not raise: see `failed` and `done`.
    """
    from sweep import config
    from sweep.jobs.executors import DEFAULT
    from sweep.jobs.executors.choice import joined
    from sweep.jobs.origin import Origin, options, run_directory
    from sweep.jobs.request import RunRequest
    from sweep.jobs.run import run as run_sweep

    from .runs import Run

    executor = executor or DEFAULT
    join = joined(address, nodes, executor)
    sets = [sets] if isinstance(sets, str) else sets
    loaded = config.load(file, sets)
    directory = run_directory(loaded, out)
    options_given = options({"--executor": (executor, DEFAULT), "--address": (address, None), "--nodes": (nodes, 0)})
    request = RunRequest(
        sweep=loaded,
        directory=directory,
        origin=Origin.of(file, sets, out, options_given),
        executor=executor,
        join=join,
        workers=workers,
        max_failures=max_failures,
        retry_failed=retry_failed,
        replace_sweep=replace_sweep,
    )
    summary = run_sweep(request)
    return Run(directory, (summary.done, summary.failed, summary.invalid))
