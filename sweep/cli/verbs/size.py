# SPDX-License-Identifier: MIT
"""`sweep size`: the smallest ring that meets objectives, by search, and the best strategy at it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated

import typer

from sweep.cli.arguments import Executor, File, Out, ReplaceSweep, RetryFailed, Sets, Workers
from sweep.cli.ending import failed, giving_up, undecided
from sweep.cli.patience import patience
from sweep.cli.progress import Display
from sweep.cli.words import count, of, seconds
from sweep.errors import IncompleteError, RunError, SweepError, did_you_mean
from sweep.foreign import json_text
from sweep.jobs.executors import DEFAULT
from sweep.standard_input import typed

from .plan import changed, kernels

if TYPE_CHECKING:
    from sweep.jobs.prospect import Prospect
    from sweep.jobs.rounds import Ran
    from sweep.sizing.answer import Answer
    from sweep.sizing.search import Question

FORMATS = ("txt", "md", "json")
KEPT = "size.json"  # the answer, kept in the run directory


def size(
    file: File,
    objective: Annotated[
        list[str] | None,
        typer.Option(
            "--objective",
            metavar='"METRIC < VALUE"',
            help='repeatable, in place of those of the file; as in claims: "latency_p99_ns[page_pool] < 50 us"',
            show_default=False,
        ),
    ] = None,
    confidence: Annotated[
        float, typer.Option("--confidence", metavar="PERCENT", help="that the answer of a series is right")
    ] = 95.0,
    replicates: Annotated[
        int | None, typer.Option("--replicates", metavar="N", help="at most, where it is close; default: the file's")
    ] = None,
    out: Out = None,
    executor: Executor = DEFAULT,
    workers: Workers = None,
    sets: Sets = None,
    retry_failed: RetryFailed = False,
    replace_sweep: ReplaceSweep = False,
    format: Annotated[str, typer.Option("--format", metavar="txt|md|json", help="how the answer is printed")] = "txt",
) -> None:
    """Find the smallest ring that meets objectives, and who is best.

    For each mix, load and strategy.  Simulates what the answer needs and no more; what it has simulated, `sweep run`
    finds.
    """
    if format not in FORMATS:
        raise SweepError(
            f'format "{format}" is not known.{did_you_mean(format, FORMATS)}\n  known: {", ".join(FORMATS)}'
        )
    from sweep import config, storage
    from sweep.jobs.origin import Origin, options, run_directory
    from sweep.jobs.request import Request
    from sweep.sizing import record
    from sweep.sizing.run import question
    from sweep.sizing.run import size as find

    started, again = time.perf_counter(), typed(sys.argv[1:])
    overrides = [*(sets or []), *([f"replicates={replicates}"] if replicates is not None else [])]
    sweep = config.load(file, [*overrides, "precision=null"])  # a search has looks of its own
    asked = question(sweep, objective or [], confidence / 100)
    where = run_directory(sweep, out)
    how = options({"--executor": (executor, DEFAULT), "--workers": (workers, None)})
    origin = Origin.of(file, overrides, out, how)
    request = Request(
        sweep, where, origin, executor, workers=workers, retry_failed=retry_failed, replace_sweep=replace_sweep
    )
    shows = format == "txt"
    try:
        with ExitStack() as stack:
            watch = stack.enter_context(Display()).update if shows else lambda progress: None
            waiting = stack.enter_context(ExitStack())
            waiting.enter_context(patience(f"laying out {of(sweep.simulations, 'simulation')}"))
            ran, answer = find(request, asked, watch, _announcing(waiting, asked, shows), giving_up(again))
    except (RunError, IncompleteError) as error:
        raise type(error)(f"{error}\n  what was finished is kept. Go on with\n    {again}") from error
    if ran.interrupted:
        raise IncompleteError(f"interrupted; what was finished is kept. Go on with\n  {again}")
    kept = json_text(record.record(answer), indent=1)
    files = storage.open(where)
    files.put(KEPT, kept.encode())
    print(_text(answer, format) if format != "json" else kept)
    if shows:
        print(f"{_took(ran, time.perf_counter() - started)} · {files.at(KEPT)}")
        if answer.deciding is not None:
            print(f"to decide what is open: {_with_replicates(answer.deciding)}")
        print(f"all of the grid: {origin.resume}")
    if ran.exit_code:
        print(_trouble(ran, again), file=sys.stderr)
        raise typer.Exit(ran.exit_code)


def _with_replicates(number: int) -> str:
    """The command that was typed, with so many replicates."""
    words, left = [], iter(sys.argv[1:])
    for word in left:
        if word == "--replicates":
            next(left, None)
        elif not word.startswith("--replicates="):
            words.append(word)
    return typed([*words, "--replicates", str(number)])


def _announcing(waiting: ExitStack, asked: Question, shows: bool) -> Callable[[Prospect], None]:
    """Say what is searched, and that the wait for it is over."""

    def announce(prospect: Prospect) -> None:
        waiting.close()
        if shows:
            print(f"{_search(asked, prospect)}{changed(prospect)}", flush=True)

    return announce


def _search(asked: Question, prospect: Prospect) -> str:
    """What the search goes through, in a line, and one for each kernel without rules of its own."""
    there = asked.cube.there
    series, points = int(there.any(axis=(3, 4)).sum()), int(there.sum())
    survey = prospect.survey
    head = (
        f"{survey.sweep.name}: {count(series)} series of {of(len(asked.cube.rings), 'ring')}, at most "
        f"{of(asked.replicates, 'replicate')}: {of(points * asked.replicates, 'simulation')} if all were run"
    )
    return "\n  ".join([head, *kernels(survey.sweep)])


def _took(ran: Ran, wall_s: float) -> str:
    """simulated 612, 75 were there · 8.3 s"""
    were = int(ran.there.sum()) - ran.simulated
    parts = [f"simulated {count(ran.simulated)}", *([f"{count(were)} were there"] if were else [])]
    return f"{', '.join(parts)} · {seconds(wall_s)}"


def _trouble(ran: Ran, again: str) -> str:
    """Which of the simulations that were wanted have no result or none that counts, and what to type."""
    lines, missing = [], int((ran.wanted & ~ran.there).sum())
    if missing:
        not_decided = sum(len(failure.ids) for failure in ran.open)
        what = "are not decided" if not_decided == missing else f"failed and {_have(missing)} no result"
        lines.append(f"{of(missing, 'simulation')} that the answer needs {what}")
        lines += failed(ran.failures, ran.directory) + undecided(ran.open)
        retry = "" if "--retry-failed" in again or not_decided == missing else " --retry-failed"
        lines.append(f"next: mend the cause, then\n  {again}{retry}")
    if ran.invalid:
        lines.append(
            f"{of(ran.invalid, 'row')} that the answer needs broke a conservation law and {_have(ran.invalid)} no say "
            f"in it; `sweep run` publishes {'it' if ran.invalid == 1 else 'them'} with the name of the law"
        )
    return "\n".join(lines)


def _have(number: int) -> str:
    return "has" if number == 1 else "have"


def _text(answer: Answer, format: str) -> str:
    from sweep.document import markdown, plain
    from sweep.sizing.document import document

    from .report import width

    found = document(answer)
    return (markdown.render(found) if format == "md" else plain.render(found, width())).rstrip("\n")
