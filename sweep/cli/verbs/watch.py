# SPDX-License-Identifier: MIT
"""`sweep watch`: show a run while it goes on, from its run directory alone."""

from __future__ import annotations

import shlex
import sys
import time
from typing import TYPE_CHECKING, Annotated

import typer

from sweep.cli.arguments import Location
from sweep.cli.exits import INCOMPLETE
from sweep.cli.fitting import columns, fitted, say
from sweep.cli.numbers import clock, count
from sweep.format import count as plural
from sweep.safe_text import visible
from sweep.storage import resume

if TYPE_CHECKING:
    from sweep.watch import Observer, View

BAR = 30  # characters
CELLS_SHOWN, FAILURES_SHOWN = 5, 3
TRIES = 5  # consecutive failed looks after which watching ends


def watch(
    directory: Location,
    once: Annotated[bool, typer.Option("--once", help="look once and exit")] = False,
    interval: Annotated[float, typer.Option("--interval", metavar="S", min=0.2, help="seconds between looks")] = 2.0,
) -> None:
    """Show how far a run is, and what is still undecided.

    From its run directory alone.  Ends with the run: exit 0 if all is there, else 3.  Ctrl-C ends the watching, never
    the run.
    """
    from sweep.watch import Observer

    try:
        observer = Observer(directory)
        view = observer.look()
        if not once and not view.over:
            view = _follow(observer, view, directory, interval)
        elif sys.stdout.isatty() or once or view.over:
            say(_text(view, directory))
    except KeyboardInterrupt:
        command = shlex.join(["sweep", "watch", directory])
        say(f"\nno longer watching; the run goes on. Watch it again with\n  {command}", error=True)
        raise typer.Exit(INCOMPLETE) from None
    if not view.complete:
        raise typer.Exit(INCOMPLETE)


def _follow(observer: Observer, view: View, directory: str, interval_s: float) -> View:
    """Look, and show what is there, until no process writes any more; returns the last view."""
    if sys.stdout.isatty():
        from rich.live import Live
        from rich.text import Text

        from sweep.cli.screen import console

        def drawn() -> Text:
            return Text(visible(fitted(_text(view, directory), columns(sys.stdout))))

        with Live(drawn(), console=console(), auto_refresh=False, redirect_stdout=False, redirect_stderr=False) as live:
            while not view.over:
                view = _next(observer, view, interval_s)
                live.update(drawn(), refresh=True)
        return view
    last_line = ""
    while not view.over:
        line = _line(view)
        if line != last_line:
            print(line, flush=True)
            last_line = line
        view = _next(observer, view, interval_s)
    say(_text(view, directory))
    return view


def _next(observer: Observer, view: View, interval_s: float) -> View:
    """The next view; while the store does not answer, tries again, at most TRIES times."""
    from sweep.errors import RunError

    for tries_left in reversed(range(TRIES)):
        time.sleep(interval_s)
        try:
            return observer.look()
        except RunError:
            if not tries_left:
                raise
    return view


def _line(view: View) -> str:
    """One line: "smoke: 40/64 simulations · 62.1 % of the cost · 0:16 left · 3 cells decided, 1 undecided"."""
    parts = [f"{view.name}: {_there(view)}", *_left(view)]
    if view.cells:
        parts.append(f"{plural(view.cells.decided, 'cell')} decided, {count(len(view.cells.undecided))} undecided")
    return " · ".join(parts)


def _there(view: View) -> str:
    parts = [f"look {view.look[0]} of {view.look[1]}"] if view.look else []
    parts.append(f"{count(view.done)}/{plural(view.simulations, 'simulation')}")
    if view.failed:
        parts.append(f"{count(view.failed)} failed")
    parts.append(f"{100 * view.share:.1f} % of the predicted cost")
    return " · ".join(parts)


def _left(view: View) -> list[str]:
    return [f"{clock(view.left_s)} left"] if view.left_s is not None and view.missing else []


def _text(view: View, directory: str) -> str:
    """The whole view as a few lines of text."""
    filled_width = int(BAR * view.share)
    lines = [
        " · ".join([f"{view.name}  {'━' * filled_width}{'╌' * (BAR - filled_width)}  {_there(view)}", *_left(view)])
    ]
    lines.append(f"  {_who(view)}")
    if view.stale and view.missing:
        lines.append(f"  not counted: {plural(view.stale, 'row')} of other sources, or of another variant of the sweep")
    if view.cells:
        cells = view.cells
        lines.append(
            f"  {plural(cells.decided, 'cell')} decided · {count(len(cells.undecided))} undecided · "
            f"{count(cells.waiting)} waiting for simulations"
        )
        for cell in cells.undecided[:CELLS_SHOWN]:
            lines.append(f"    {cell.where}: {' or '.join(cell.between)}; {cell.why}")
        if len(cells.undecided) > CELLS_SHOWN:
            lines.append(f"    and {plural(len(cells.undecided) - CELLS_SHOWN, 'cell')} more")
    for failure in view.failures[:FAILURES_SHOWN]:
        lines.append(f"  failed: {failure.strategy}, {plural(len(failure.ids), 'simulation')}: {failure.reason}")
        lines.append(f"    {directory}/failed/{failure.name}.json")
    if len(view.failures) > FAILURES_SHOWN:
        lines.append(f"  and {plural(len(view.failures) - FAILURES_SHOWN, 'record')} of failures more")
    if view.over:
        lines.append(_next_step(view, directory))
    return "\n".join(lines)


def _who(view: View) -> str:
    """A line about the process that writes now, or about how the last run ended."""
    if view.holder:
        return f"being written by {view.holder}"
    last = view.last
    if "exit_code" not in last:
        return f"nobody writes: the run of {last['started']} ended without a word (killed?)"
    return f"nobody writes: the run of {last['started']} ended with exit {last['exit_code']} at {last['ended']}"


def _next_step(view: View, directory: str) -> str:
    if view.complete and view.published:
        return f"next: sweep report {shlex.quote(directory)}"
    retry = " --retry-failed" if view.failed and not view.missing else ""
    return f"next: {resume.at(view.last['command'], directory, view.name)}{retry}"
