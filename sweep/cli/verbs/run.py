# SPDX-License-Identifier: MIT
"""`sweep run`: run what is missing, publish, report."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated

import typer

from sweep.cli.arguments import ChunkSeconds, Executor, File, Only, Out, ReplaceSweep, RetryFailed, Sets, Workers, count
from sweep.cli.fitting import say
from sweep.cli.numbers import size
from sweep.cli.slow_notice import notice_if_slow
from sweep.errors import IncompleteError, RunError, SweepError
from sweep.format import count as plural
from sweep.jobs.executors import DEFAULT

from .report import width

if TYPE_CHECKING:
    from sweep.jobs.inventory import Inventory
    from sweep.jobs.run import RunSummary


def run(
    file: File,
    out: Out = None,
    sets: Sets = None,
    executor: Executor = DEFAULT,
    address: Annotated[
        str | None,
        typer.Option("--address", metavar="auto|HOST:PORT", help="Ray cluster to join; default: a private local one"),
    ] = None,
    nodes: Annotated[
        int, typer.Option("--nodes", metavar="N", min=0, help="with --address: wait until N nodes have CPUs")
    ] = 0,
    workers: Workers = None,
    chunk_seconds: ChunkSeconds = None,
    only: Only = None,
    deadline_seconds: Annotated[
        float,
        typer.Option(
            "--deadline-seconds", metavar="S", min=0.1, help="least time that a chunk has before a second copy"
        ),
    ] = 60.0,
    fail_fast: Annotated[bool, typer.Option("--fail-fast", help="stop at the first simulation that fails")] = False,
    max_failures: Annotated[
        int | None,
        typer.Option("--max-failures", metavar="N", parser=count(0), help="stop when more than N simulations failed"),
    ] = None,
    retry_failed: RetryFailed = False,
    replace_sweep: ReplaceSweep = False,
    no_report: Annotated[bool, typer.Option("--no-report", help="leave the report out")] = False,
    open_page: Annotated[bool, typer.Option("--open", help="show the report in a browser at the end")] = False,
    shuffle: Annotated[int | None, typer.Option("--shuffle", hidden=True)] = None,
) -> None:
    """Run what is missing of a sweep; write results and report.

    Ends with the verdict in ten lines and where the report's page is.  As many chunks at a time as there are cores.
    With --only, show the simulation; a table that is published already is left as it is.
    """
    from sweep import config, storage
    from sweep.cli import browser
    from sweep.cli.ending import ending, problems_text, stop_message_printer
    from sweep.cli.progress import Display
    from sweep.jobs.executors.choice import joined
    from sweep.jobs.origin import Origin, options, run_directory
    from sweep.jobs.request import RunRequest
    from sweep.jobs.run import run as run_sweep
    from sweep.storage import snapshot

    if open_page and no_report:
        raise SweepError("--open shows the report, and --no-report leaves it out\n  next: leave one of them out")
    started = time.perf_counter()
    join = joined(address, nodes, executor)
    sweep = config.load(file, sets or [])
    options_given = options(
        {
            "--executor": (executor, DEFAULT),
            "--address": (address, None),
            "--nodes": (nodes, 0),
            "--workers": (workers, None),
            "--chunk-seconds": (chunk_seconds, None),
            "--only": (only, None),
            "--deadline-seconds": (deadline_seconds, 60.0),
            "--fail-fast": (fail_fast, False),
            "--max-failures": (max_failures, None),
            "--no-report": (no_report, False),
        }
    )
    location, origin = run_directory(sweep, out), Origin.of(file, sets or [], out, options_given)
    request = RunRequest(
        sweep=sweep,
        directory=location,
        origin=origin,
        executor=executor,
        join=join,
        workers=workers,
        chunk_s=chunk_seconds,
        only=only,
        deadline_s=deadline_seconds,
        max_failures=0 if fail_fast else max_failures,
        retry_failed=retry_failed,
        replace_sweep=replace_sweep,
        shuffle=shuffle,
    )
    try:
        with Display() as display, ExitStack() as waiting:
            waiting.enter_context(notice_if_slow(f"laying out {plural(sweep.simulations, 'simulation')}"))
            summary = run_sweep(
                request, display.update, _announcing(waiting, location), stop_message_printer(origin.resume)
            )
    except (RunError, IncompleteError) as error:
        raise type(error)(f"{error}\n  what was finished is kept. Go on with\n    {origin.resume}") from error
    say(ending(summary, time.perf_counter() - started))
    if only:
        print(_chosen(summary))
    if summary.published:
        files = storage.open(location)
        manifest = snapshot.manifest(files)
        sizes = {name: size(entry[0]) for name, entry in (manifest.files if manifest else {}).items()}
        paths = [
            snapshot.at(files, "results.arrow"),
            *(f"{name} ({sizes[name]})" for name in ("results.parquet", "series.parquet") if name in sizes),
        ]
        reported = not no_report and summary.done > summary.invalid
        if reported:
            from sweep import report
            from sweep.cli.verdict import show_verdict

            published = report.Published(location)
            written = published.write()
            paths += [f"report.{name}" for name in written if name != "html"]
        say(" · ".join(paths))
        if reported:
            show_verdict(published.verdict(width()), written["html"], location)
    if summary.exit_code:
        say(problems_text(summary, origin.resume))
    if open_page:
        if summary.published and reported:
            browser.open_page(location)
        else:
            say("--open: there is no report to show", error=True)
    if summary.exit_code:
        raise typer.Exit(summary.exit_code)


def _announcing(waiting: ExitStack, location: str) -> Callable[[Inventory], None]:
    """A function that prints the plan, and stops the notice about the wait for it."""
    from sweep.cli.episodes import warnings

    from .plan import text

    def announce(inventory: Inventory) -> None:
        waiting.close()
        say(text(inventory, warnings(inventory.survey.sweep), location))

    return announce


def _chosen(summary: RunSummary) -> str:
    """The text for --only: the row if it is only one, and where it is kept if no table was published."""
    from sweep import storage
    from sweep.cli.row import text

    row_text = (
        text(summary.table) if summary.rows == 1 else f"{plural(summary.rows, 'simulation')}; a longer id shows one"
    )
    if summary.published:
        return row_text
    return (
        f"{row_text}\nkept in {storage.open(summary.directory).at('parts')}; the published table stays as it is: "
        "the same command without --only renews it"
    )
