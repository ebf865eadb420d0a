# SPDX-License-Identifier: MIT
"""`sweep size`: the smallest ring, or the highest load, that meets objectives, by search, and the best strategy."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated

import typer

from sweep.cli.arguments import Executor, File, Out, ReplaceSweep, RetryFailed, Sets, Workers, known_format
from sweep.cli.ending import failed, stop_message_printer, undecided
from sweep.cli.fitting import say
from sweep.cli.numbers import count, seconds
from sweep.cli.progress import Display
from sweep.cli.slow_notice import notice_if_slow
from sweep.errors import IncompleteError, RunError, SweepError, did_you_mean
from sweep.format import count as plural
from sweep.jobs.executors import DEFAULT
from sweep.safe_text import json_text
from sweep.standard_input import typed

from .plan import changed, kernels

if TYPE_CHECKING:
    from sweep.document.blocks import Document
    from sweep.jobs.inventory import Inventory
    from sweep.jobs.rounds import RoundsResult
    from sweep.sizing.answer import SizingAnswer
    from sweep.sizing.load_answer import LoadAnswer
    from sweep.sizing.search import Question

FORMATS = ("txt", "md", "html", "json")
KEPT = {"ring": "size.json", "load": "size_load.json"}  # what is found -> the file of the answer in the run directory


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
    find: Annotated[
        str, typer.Option("--find", metavar="|".join(KEPT), help="the smallest ring, or the highest load")
    ] = "ring",
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
    format: Annotated[
        str, typer.Option("--format", metavar="txt|md|html|json", help="how the answer is printed")
    ] = "txt",
) -> None:
    """Find the smallest ring, or the highest load, that meets objectives, and who is best.

    The ring for each mix, load and strategy; the load for each mix, ring and strategy.  Simulates what the answer needs
    and no more; what it has simulated, `sweep run` finds.
    """
    known_format(format, FORMATS)
    if find not in KEPT:
        raise SweepError(f'find "{find}" is not known.{did_you_mean(find, KEPT)}\n  known: {", ".join(KEPT)}')
    from sweep import config, storage
    from sweep.jobs.origin import Origin, options, run_directory
    from sweep.jobs.request import RunRequest
    from sweep.sizing import loads, run

    started, command = time.perf_counter(), typed(sys.argv[1:])
    overrides = [*(sets or []), *([f"replicates={replicates}"] if replicates is not None else [])]
    fixed = ["precision=null"]  # a search has looks of its own
    sweep = config.load(file, [*overrides, *fixed])
    if find == "load":
        overrides += loads.override(sweep, overrides)
        sweep = config.load(file, [*overrides, *fixed])
    search_question = run.question(sweep, objective or [], confidence / 100, find)
    location = run_directory(sweep, out)
    options_given = options({"--executor": (executor, DEFAULT), "--workers": (workers, None)})
    origin = Origin.of(file, overrides, out, options_given)
    request = RunRequest(
        sweep, location, origin, executor, workers=workers, retry_failed=retry_failed, replace_sweep=replace_sweep
    )
    shows_progress = format == "txt"
    try:
        with ExitStack() as stack:
            watch = stack.enter_context(Display()).update if shows_progress else lambda progress: None
            waiting = stack.enter_context(ExitStack())
            waiting.enter_context(notice_if_slow(f"laying out {plural(sweep.simulations, 'simulation')}"))
            search = run.size if find == "ring" else run.highest_loads
            rounds_result, answer = search(
                request,
                search_question,
                watch,
                _announcing(waiting, search_question, find, shows_progress),
                stop_message_printer(command),
            )
    except (RunError, IncompleteError) as error:
        raise type(error)(f"{error}\n  what was finished is kept. Go on with\n    {command}") from error
    if rounds_result.interrupted:
        raise IncompleteError(f"interrupted; what was finished is kept. Go on with\n  {command}")
    answer_document, answer_record = _written(answer)
    answer_json = json_text(answer_record, indent=1)
    files = storage.open(location)
    files.put(KEPT[find], answer_json.encode())
    print(_text(answer_document, format) if format != "json" else answer_json)
    if shows_progress:
        say(f"{_took(rounds_result, time.perf_counter() - started)} · {files.at(KEPT[find])}")
        if answer.deciding is not None:
            say(f"to decide what is open: {_with_replicates(answer.deciding)}")
        if find == "ring":
            say(f"all of the grid: {origin.resume}")
    if rounds_result.exit_code:
        say(_problems_text(rounds_result, command), error=True)
        raise typer.Exit(rounds_result.exit_code)


def _with_replicates(number: int) -> str:
    """The command that was typed, with `--replicates number`."""
    arguments, remaining = [], iter(sys.argv[1:])
    for argument in remaining:
        if argument == "--replicates":
            next(remaining, None)
        elif not argument.startswith("--replicates="):
            arguments.append(argument)
    return typed([*arguments, "--replicates", str(number)])


def _announcing(waiting: ExitStack, asked: Question, find: str, shows: bool) -> Callable[[Inventory], None]:
    """A function that prints what is searched, and stops the notice about the wait for it."""

    def announce(inventory: Inventory) -> None:
        waiting.close()
        if shows:
            say(f"{_search(asked, find, inventory)}{changed(inventory)}")

    return announce


def _search(asked: Question, find: str, inventory: Inventory) -> str:
    """A line about the series and what is searched in them, and one for each kernel without rules of its own."""
    points_of_series = asked.cube.there
    searched, values = ((3, 4), asked.cube.rings) if find == "ring" else (2, asked.cube.loads)
    series, points = int(points_of_series.any(axis=searched).sum()), int(points_of_series.sum())
    survey = inventory.survey
    first_line = (
        f"{survey.sweep.name}: {count(series)} series of {plural(len(values), find)}, at most "
        f"{plural(asked.replicates, 'replicate')}: {plural(points * asked.replicates, 'simulation')} if all were run"
    )
    return "\n  ".join([first_line, *kernels(survey.sweep)])


def _took(ran: RoundsResult, wall_s: float) -> str:
    """What the search took: "simulated 612, 75 were there · 8.3 s"."""
    reused = int(ran.there.sum()) - ran.simulated
    parts = [f"simulated {count(ran.simulated)}", *([f"{count(reused)} were there"] if reused else [])]
    return f"{', '.join(parts)} · {seconds(wall_s)}"


def _problems_text(ran: RoundsResult, again: str) -> str:
    """The message about simulations that the answer needs and that have no valid result, with the next command."""
    lines, missing = [], int((ran.wanted & ~ran.there).sum())
    if missing:
        not_decided = sum(len(failure.ids) for failure in ran.open)
        outcome_text = "are not decided" if not_decided == missing else f"failed and {_have(missing)} no result"
        lines.append(f"{plural(missing, 'simulation')} that the answer needs {outcome_text}")
        lines += failed(ran.failures, ran.directory) + undecided(ran.open)
        retry = "" if "--retry-failed" in again or not_decided == missing else " --retry-failed"
        lines.append(f"next: mend the cause, then\n  {again}{retry}")
    if ran.invalid:
        lines.append(
            f"{plural(ran.invalid, 'row')} that the answer needs broke a conservation law and {_have(ran.invalid)} no "
            f"say in it; `sweep run` publishes {'it' if ran.invalid == 1 else 'them'} with the name of the law"
        )
    return "\n".join(lines)


def _have(number: int) -> str:
    return "has" if number == 1 else "have"


def _written(answer: SizingAnswer | LoadAnswer) -> tuple[Document, Mapping[str, object]]:
    """The answer as a document and as values for JSON."""
    from sweep.sizing.answer import SizingAnswer

    if isinstance(answer, SizingAnswer):
        from sweep.sizing.document import document
        from sweep.sizing.record import record

        return document(answer), record(answer)
    from sweep.sizing.load_document import load_document
    from sweep.sizing.load_record import load_record

    return load_document(answer), load_record(answer)


def _text(document: Document, format: str) -> str:
    from sweep.document import markdown, plain_text

    from .report import width

    if format == "html":
        from sweep.report.page import html

        return html.render(document).rstrip("\n")
    return (markdown.render(document) if format == "md" else plain_text.render(document, width())).rstrip("\n")
