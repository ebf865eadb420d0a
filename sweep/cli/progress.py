# SPDX-License-Identifier: MIT
"""Show the progress of a run: a bar on a terminal, else a plain line every few seconds."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any

from sweep.format import count as plural
from sweep.safe_text import visible_line

from .numbers import clock, count, with_prefix

if TYPE_CHECKING:
    from sweep.jobs.progress import Progress

PLAIN_LINE_S = 5.0


class Display:
    """Shows a run's progress on stdout while it is open."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._task: Any = None
        self._began = self._last = time.perf_counter()

    def __enter__(self) -> Display:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._bar is not None:
            self._bar.stop()

    def update(self, progress: Progress) -> None:
        """Show how far the run is."""
        if sys.stdout.isatty():
            self._draw(progress)
        elif time.perf_counter() - self._last >= PLAIN_LINE_S:
            self._last = time.perf_counter()
            elapsed = clock(self._last - self._began)
            print(f"{_head(progress)}: {_tail(progress)} · {elapsed} elapsed", flush=True)

    def _draw(self, progress: Progress) -> None:
        if self._bar is None:
            from rich.progress import BarColumn, ProgressColumn, Task
            from rich.progress import Progress as Bar
            from rich.table import Column
            from rich.text import Text

            from .screen import console

            class Said(ProgressColumn):
                """A column of text about the run, computed when it is drawn, so that "stopping" shows at once."""

                def __init__(self, words: Callable[[Progress], str]) -> None:
                    super().__init__(Column(no_wrap=True))
                    self._words = words

                def render(self, task: Task) -> Text:
                    return Text(visible_line(self._words(task.fields["progress"])))

            columns = (Said(_head), BarColumn(None), Said(_tail))  # the bar takes what the words leave
            # Nothing else is printed while it is drawn; stderr is the run's log.
            self._bar = Bar(
                *columns,
                console=console(),
                transient=True,
                expand=True,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._task = self._bar.add_task("", total=1.0, progress=progress)
            self._bar.start()
            self._bar.console.show_cursor(True)  # a run that is killed could not give it back
        share = progress.ended_predicted_s / max(progress.predicted_s, 1e-9)
        self._bar.update(self._task, completed=share, progress=progress)


def _head(progress: Progress) -> str:
    return progress.executor


def _tail(progress: Progress) -> str:
    """The text after the bar: "62/96 chunks · 54.1 M packets/s · 0:16 left"."""
    parts = [f"{count(progress.ended_chunks)}/{count(progress.chunks)} chunks"]
    if progress.look:
        parts.insert(0, f"look {progress.look[0]} of {progress.look[1]}")
    if progress.failed:
        parts.append(f"{count(progress.failed)} failed")
    if progress.compiling:
        parts.append(f"compiling {plural(len(progress.compiling), 'kernel')}")
    elif progress.packets:  # a rate, and a time left by it, mean nothing while kernels are missing
        parts.append(f"{with_prefix(progress.packets_per_s)}packets/s")
    if progress.stopping:
        parts.append("stopping")
    elif progress.left_s is not None and not progress.compiling:
        parts.append(f"{clock(progress.left_s)} left")
    return " · ".join(parts)
