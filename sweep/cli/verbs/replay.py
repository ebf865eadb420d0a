# SPDX-License-Identifier: MIT
"""`sweep replay`: run recorded kernel traces through the page_pool code that sweeps use."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sweep import standard_input
from sweep.cli.fitting import say
from sweep.errors import SweepError
from sweep.format import count as plural

if TYPE_CHECKING:
    from sweep.replay.trace import Trace

Files = Annotated[
    list[Path],
    typer.Argument(help='trace files (JSON lines); "-": standard input', metavar="FILE...", show_default=False),
]


def replay(files: Files) -> None:
    """Replay kernel traces of page_pool; say where they differ.

    Per trace "equal" or the first difference.  Exit 1 on any.
    """
    from sweep.replay.run import differences, run

    traces = [trace for file in files for trace in read_file(file)]
    equal = 0
    for trace in traces:
        found = differences(trace, run(trace))
        equal += not found
        if found:
            first, more = found[0], len(found) - 1
            verdict = "differs"
            rest = f" (and {plural(more, 'more value')})" if more else ""
            text = f"{first.where}: {first.column} expected {first.expected}, got {first.got}{rest}"
        else:
            verdict = "equal"
            text = f"{plural(trace.operations, 'operation')}, {plural(trace.snapshots, 'snapshot')}"
        say(f"{trace.id}  {verdict}  {text}")
    say(f"{equal} of {len(traces)} equal")
    if equal < len(traces):
        raise typer.Exit(1)


def read_file(file: Path) -> list[Trace]:
    """The traces of one file; blank lines are skipped.  Raises SweepError if it is unreadable, empty or not traces."""
    from sweep.replay.trace import TraceError, read_trace

    traces, place = [], standard_input.name(file)
    try:
        lines = standard_input.data(file).splitlines()
    except OSError as error:
        raise SweepError(f'"{place}" cannot be read: {error.strerror}\n  next: sweep replay FILE...') from None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            traces.append(read_trace(line.decode("utf-8")))
        except UnicodeDecodeError as error:
            raise SweepError(f"{place}:{number}:{error.start + 1}: not UTF-8 text") from None
        except TraceError as error:
            column = "" if error.column is None else f":{error.column}"
            raise SweepError(f"{place}:{number}{column}: {error}") from None
    if not traces:
        raise SweepError(f'"{place}" has no traces: one JSON object a line is expected')
    return traces
