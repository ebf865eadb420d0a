# SPDX-License-Identifier: MIT
"""`sweep run`: run what is missing, publish, report."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .arguments import ChunkSeconds, Executor, File, Only, Out, Sets, Workers
from .patience import patience
from .words import count, of, seconds

if TYPE_CHECKING:
    from sweep.jobs.run import Prospect, Summary

FAILURES_SHOWN = 5


def run(
    file: File,
    out: Out = None,
    sets: Sets = None,
    executor: Executor = "ray",
    address: Annotated[
        str | None, typer.Option("--address", metavar="ADDR", help="Ray cluster to join; default: a private local one")
    ] = None,
    workers: Workers = None,
    chunk_seconds: ChunkSeconds = 1.0,
    only: Only = None,
    no_report: Annotated[bool, typer.Option("--no-report", help="leave the report out")] = False,
    shuffle: Annotated[int | None, typer.Option("--shuffle", hidden=True)] = None,
) -> None:
    """Run what is missing, as many chunks at a time as there are cores, and write the results and the report.

    With --only, show the simulation; a table that is published already is left as it is.
    """
    from sweep import config
    from sweep.jobs.origin import Origin, run_directory
    from sweep.jobs.run import Request
    from sweep.jobs.run import run as run_sweep

    from .progress import Display

    started = time.perf_counter()
    sweep = config.load(file, sets or [])
    where, origin = run_directory(sweep, out), Origin.of(file, sets or [], out)
    request = Request(sweep, where, origin, executor, address, workers, chunk_seconds, only, shuffle)
    with Display() as display, ExitStack() as waiting:
        waiting.enter_context(patience(f"laying out {of(sweep.simulations, 'simulation')}"))
        summary = run_sweep(request, display.update, _announcing(waiting))
    print(_ending(summary, time.perf_counter() - started))
    if summary.interrupted:
        print(f"interrupted; what was finished is kept. Go on with\n  {origin.again}")
        raise typer.Exit(summary.exit_code)
    if only:
        print(_chosen(summary))
    if summary.published:
        paths, hint = [where / "results.arrow", Path("results.parquet")], ""
        if not no_report and summary.done > summary.invalid:
            from sweep import report

            paths += [Path(path.name) for path in report.write(where).values()]
            hint = f"\nverdicts: sweep report {shlex.quote(str(where))}"
        print(" · ".join(map(str, paths)) + hint)
    if summary.exit_code:
        print(_trouble(summary, origin.again))
        raise typer.Exit(summary.exit_code)


def _announcing(waiting: ExitStack) -> Callable[[Prospect], None]:
    """Say what is to do, and that the wait for it is over."""
    from .plan import text

    def announce(prospect: Prospect) -> None:
        waiting.close()
        print(text(prospect), flush=True)

    return announce


def _chosen(summary: Summary) -> str:
    """What --only asked for: the row if it is one, and where it is if no table was published with it."""
    from .row import text

    rows = 0 if summary.table is None else len(summary.table)
    shown = text(summary.table) if rows == 1 else f"{of(rows, 'simulation')}; a longer id shows one"
    if summary.published:
        return shown
    return (
        f"{shown}\nkept in {summary.directory / 'parts'}; the published table stays as it is: "
        "the same command without --only renews it"
    )


def _ending(summary: Summary, wall_s: float) -> str:
    """done 11,880 · failed 0 · 47 s · 97 % of core time simulated (compile 0.4 s, dispatch 0.9 s)"""
    progress = summary.progress
    parts = [f"done {count(summary.done)}", f"failed {count(summary.failed)}"]
    if summary.invalid:
        parts.append(f"invalid {count(summary.invalid)}")
    parts.append(seconds(wall_s))
    if progress.simulate_s:
        start_s = max(0.0, wall_s - progress.elapsed_s)
        parts.append(
            f"{progress.simulated_share:.0%} of core time simulated".replace("%", " %")
            + f" (compile {seconds(progress.compile_s)}, dispatch {seconds(progress.dispatch_s)};"
            + f" start and end {seconds(start_s)})"
        )
    return " · ".join(parts)


def _trouble(summary: Summary, again: str) -> str:
    lines = []
    for failure in summary.failures[:FAILURES_SHOWN]:
        lines.append(
            f"  {failure.chunk.strategy}, {of(len(failure.chunk.simulations), 'simulation')}: {failure.reason}"
        )
        lines.append(f"    {failure.log}")
    if len(summary.failures) > FAILURES_SHOWN:
        lines.append(f"  and {of(len(summary.failures) - FAILURES_SHOWN, 'chunk')} more")
    if summary.failures:
        chunks, simulations = of(len(summary.failures), "chunk"), of(summary.failed, "simulation")
        lines.insert(0, f"{chunks} failed, {simulations} without a result")
        lines.append(f"next: mend the cause, then `{again}` runs only what is missing")
    if summary.invalid:
        lines.append(
            f"{of(summary.invalid, 'row')} broke a conservation law: left out of the report; column violation of "
            f"{summary.directory / 'results.arrow'} says which and how to see it again"
        )
    return "\n".join(lines)
