# SPDX-License-Identifier: MIT
"""Drawing progress: a bar on a terminal, else a plain line every few seconds."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Any

from .words import clock, count, scaled

if TYPE_CHECKING:
    from sweep.jobs.progress import Progress

PLAIN_LINE_S = 5.0


class Display:
    """Shows a run's progress on stdout while it is open."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._task: Any = None
        self._last = time.perf_counter()

    def __enter__(self) -> Display:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._bar is not None:
            self._bar.stop()

    def update(self, progress: Progress) -> None:
        """Show where the run stands."""
        if sys.stdout.isatty():
            self._draw(progress)
        elif time.perf_counter() - self._last >= PLAIN_LINE_S:
            self._last = time.perf_counter()
            print(f"{_head(progress)}: {_tail(progress)}", flush=True)

    def _draw(self, progress: Progress) -> None:
        if self._bar is None:
            from rich.progress import BarColumn, TextColumn
            from rich.progress import Progress as Bar

            columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[tail]}"))
            self._bar = Bar(*columns, transient=True)
            self._task = self._bar.add_task("", total=1.0, tail="")
            self._bar.start()
        share = progress.ended_predicted_s / max(progress.predicted_s, 1e-9)
        self._bar.update(self._task, description=_head(progress), completed=share, tail=_tail(progress))


def _head(progress: Progress) -> str:
    return progress.executor


def _tail(progress: Progress) -> str:
    """62/96 chunks · 54.1 M packets/s · 0:16 left"""
    parts = [f"{count(progress.ended_chunks)}/{count(progress.chunks)} chunks"]
    if progress.failed_chunks:
        parts.append(f"{count(progress.failed_chunks)} failed")
    if progress.compiling:
        parts.append(f"compiling {', '.join(progress.compiling)}")
    if progress.packets:
        parts.append(f"{scaled(progress.packets_per_s)}packets/s")
    if progress.stopping:
        parts.append("stopping")
    elif progress.left_s is not None:
        parts.append(f"{clock(progress.left_s)} left")
    return " · ".join(parts)
