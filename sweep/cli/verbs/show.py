# SPDX-License-Identifier: MIT
"""`sweep show`: print one simulation in full, run it again, trace it; or list strategies, mixes, metrics, ..."""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sweep.cli.arguments import count as counted
from sweep.cli.fitting import say
from sweep.cli.numbers import clock, count, seconds
from sweep.cli.slow_notice import notice_if_slow
from sweep.errors import IncompleteError, SweepError
from sweep.format import count as plural

from .report import width

if TYPE_CHECKING:
    import pyarrow

    from sweep.show.choose import Chosen

DIFFERENCES_SHOWN = 10
LINE_S = 5.0  # between plain lines of progress


def show(
    what: Annotated[
        str,
        typer.Argument(
            metavar="LOCATION|LIST",
            help="run directory, a path or URI; or strategies, mixes, hosts, nics, kernels, metrics, counters, "
            "parameters, configs",
            show_default=False,
        ),
    ],
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[POINT...]",
            help="which one: the start of an id, or strategy=page_pool traffic=router ring=512 load=0.3 replicate=0; "
            "of a list: a name",
            show_default=False,
        ),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="run it again here and compare every counter; exit 1 if any differs")
    ] = False,
    trace: Annotated[
        Path | None,
        typer.Option("--trace", metavar="FILE", help="run it as plain Python and write every event to an Arrow file"),
    ] = None,
    packets: Annotated[
        int | None,
        typer.Option("--packets", metavar="N", parser=counted(1), help="with --trace: the first N packets only"),
    ] = None,
    html: Annotated[
        str | None, typer.Option("--html", metavar="FILE", help="write what is shown, with charts, as an HTML file")
    ] = None,
) -> None:
    """Show one simulation in full; run it again; trace its events.

    Parameters, counters, time and pages, bin by bin, histograms, laws, how to see it again.
    """
    from sweep.show import catalogue
    from sweep.show.point import text

    if packets is not None and trace is None:
        raise SweepError(f'--packets "{packets}" is for --trace FILE\n  see: sweep show --help')
    topic = catalogue.topic(what)
    if topic is not None:
        if check or trace or html or len(words or ()) > 1:
            raise SweepError(f'"{topic}" is a list: it takes a name and no option\n  next: sweep show {topic}')
        name = words[0] if words else None
        print(catalogue.file(topic, name) or text(catalogue.show(topic, name), width()), end="")
        return
    _point(what, words or [], check, trace, packets, html)


def _point(what: str, words: list[str], check: bool, trace: Path | None, packets: int | None, html: str | None) -> None:
    from sweep import report
    from sweep.results.dataset import published
    from sweep.show import catalogue, point, timeline
    from sweep.show.choose import choose
    from sweep.storage import sink

    try:
        table = report.read(what, series=True)
    except SweepError as error:
        if error.exit_code == 2 and not any(c in what for c in "/."):
            raise SweepError(f"{error}{catalogue.hint(what)}") from error
        raise
    metadata = published(table.schema)
    try:
        chosen = choose(table, words, what)
    except SweepError as error:
        raise _failed(what, words) or error from error
    ends_well, over_time = True, None
    if check or trace is not None:
        say(f"{point.title(chosen)}\nid {chosen.id}")
    if check:
        ends_well = _check(chosen, metadata)
    if trace is not None:
        ends_well &= _trace(chosen, metadata, trace, packets)
        over_time = timeline.read(trace)
        print(f"\n{timeline.text(over_time, width())}")
    if html is not None:
        from sweep.report.page.html import render

        extra = [timeline.section(over_time)] if over_time else []
        sink.text(html, render(point.document(chosen, metadata, extra)), "--html")
        print(html)
    elif not check and trace is None:
        print(point.text(point.document(chosen, metadata), width()), end="")
    if not ends_well:
        raise typer.Exit(1)


def _failed(what: str, words: list[str]) -> SweepError | None:
    """The error for a simulation, given by id, that failed and so has no row; None if it did not fail."""
    from sweep.jobs.store.failure import recorded
    from sweep.jobs.store.parts import Store

    if len(words) != 1 or "=" in words[0]:
        return None
    store = Store(what)
    failure = next(
        (
            candidate
            for candidate in recorded(store)
            if any(failed_id.startswith(words[0]) for failed_id in candidate.ids)
        ),
        None,
    )
    if failure is None:
        return None
    record = store.files.at(f"failed/{failure.name}.json")
    return IncompleteError(
        f'simulation "{words[0]}" failed and has no row: {failure.reason}\n  see: {record}\n'
        f"  next: sweep status {shlex.quote(what)}"
    )


def _check(chosen: Chosen, about: dict[str, Any]) -> bool:
    """Run the simulation again, compiled, and print whether all counters are equal; returns that."""
    from sweep.jobs.executors.kernels import uncompiled
    from sweep.trace import rerun

    strategy = str(chosen.value("strategy"))
    simulation = rerun.find(about, strategy, chosen.id)
    if uncompiled([strategy]):
        say(f"compiling the kernel of {strategy} (once, some seconds)", error=True)
    started = time.perf_counter()
    with notice_if_slow(f"simulating {plural(simulation.scenario.packets, 'packet')}"):
        row = rerun.simulate(simulation)
    return _compare("check", chosen, row, time.perf_counter() - started)


def _trace(chosen: Chosen, about: dict[str, Any], file: Path, packets: int | None) -> bool:
    """Trace the simulation, and print whether its counters equal the published ones; returns that."""
    from sweep.trace import rerun
    from sweep.trace.record import PACKET_S, record

    found = rerun.find(about, str(chosen.value("strategy")), chosen.id)
    wanted = min(packets or found.scenario.packets, found.scenario.packets)
    say(f"tracing {plural(wanted, 'packet')} as plain Python: about {seconds(wanted * PACKET_S)}")
    started = time.perf_counter()
    with _Progress(wanted) as progress:
        traced = record(found, file, packets, progress)
    took_s = time.perf_counter() - started
    size_mb = file.stat().st_size / 1e6
    say(f"{file}: {plural(traced.rows, 'event')}, {size_mb:.1f} MB, in {seconds(took_s)}")
    say("  " + " · ".join(f"{name} {count(number)}" for name, number in sorted(traced.events.items()) if number))
    if not traced.whole:
        say(f"not compared with the stored counters: the first {count(wanted)} packets are not the whole simulation")
        return True
    return _compare("the traced simulation", chosen, traced.row, None)


def _compare(name: str, chosen: Chosen, row: pyarrow.Table, took_s: float | None) -> bool:
    from sweep.trace.rerun import differences

    differing, compared = differences(chosen.row, row)
    if not differing:
        duration_text = f", in {seconds(took_s)}" if took_s is not None else ""
        say(f"{name}: equal, bit for bit: {plural(compared, 'counter')}, buckets and bins{duration_text}")
        return True
    say(f"{name}: {count(len(differing))} of {plural(compared, 'counter')}, buckets and bins differ")
    for difference in differing[:DIFFERENCES_SHOWN]:
        stored, counted_here = (
            "none" if value is None else count(value) for value in (difference.stored, difference.here)
        )
        say(f"  {difference.name}: {stored} in the table, {counted_here} here")
    if len(differing) > DIFFERENCES_SHOWN:
        say(f"  and {count(len(differing) - DIFFERENCES_SHOWN)} more")
    say(
        "  the sources are those of the table, so its file was changed, or one of the two machines counts wrongly\n"
        f"  next: sweep status {shlex.quote(chosen.place)}"
    )
    return False


class _Progress:
    """Shows on stderr how many packets have arrived: a bar on a terminal, else a plain line every few seconds."""

    def __init__(self, packets: int) -> None:
        self._packets, self._began = packets, time.perf_counter()
        self._last = self._began
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> Callable[[int], None]:
        if sys.stderr.isatty():
            from rich.progress import Progress

            from sweep.cli.screen import console

            self._bar = Progress(
                console=console(error=True), transient=True, redirect_stdout=False, redirect_stderr=False
            )
            self._task = self._bar.add_task("packets", total=self._packets)
            self._bar.start()
        return self._update

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def _update(self, arrived: int) -> None:
        if self._bar is not None:
            self._bar.update(self._task, completed=arrived)
        elif time.perf_counter() - self._last >= LINE_S:
            self._last = time.perf_counter()
            elapsed = clock(time.perf_counter() - self._began)
            print(f"{elapsed} · {count(arrived)} of {plural(self._packets, 'packet')}", file=sys.stderr, flush=True)
