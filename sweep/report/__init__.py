# SPDX-License-Identifier: MIT
"""Verdicts, tables and charts from a published table: `write` for a run directory, `text` for a terminal.

Everything comes from the Arrow file alone, years later too: no simulation code is imported.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa

from ..errors import IncompleteError, RunError, SweepError, did_you_mean
from .document import Document

TABLE = "results.arrow"
FORMATS = ("txt", "md", "html")


def write(directory: Path, *, formats: Sequence[str] = FORMATS) -> dict[str, Path]:
    """Write report.txt, report.md and report.html into a run directory; format -> path.

    Each file is written aside and renamed, so a reader never sees half of one.
    Raises SweepError if there is no published table, it cannot be read, or a format is not known.
    """
    for name in formats:
        if name not in FORMATS:
            raise SweepError(
                f'report format "{name}" is not known.{did_you_mean(name, FORMATS)}\n  known: {", ".join(FORMATS)}'
            )
    from .contents import document as contents

    document = contents(read(directory))
    paths = {}
    for name in dict.fromkeys(formats):
        path = directory / f"report.{name}"
        aside = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            aside.write_text(_writer(name)(document), encoding="utf-8")
            os.replace(aside, path)
        finally:
            aside.unlink(missing_ok=True)
        paths[name] = path
    return paths


def text(table: pa.Table, width: int = 100, *, full: bool = False) -> str:
    """The terminal form: verdicts, claims, comparisons, quality; `full` adds what report.txt has beyond."""
    from .contents import document
    from .plain import render

    return render(document(table), width, full=full)


def read(directory: Path) -> pa.Table:
    """The published table of a run directory, mapped, not copied where it is not compressed."""
    path = directory / TABLE
    if not directory.is_dir():
        raise SweepError(f'run directory "{directory}" does not exist; `sweep run FILE --out {directory}` makes it')
    if not path.is_file():
        parts = directory / "parts"
        done = parts.is_dir() and any(parts.iterdir())
        state = "has parts, but they are not published yet" if done else "has no results yet"
        raise IncompleteError(
            f'run directory "{directory}" {state}: no {TABLE} in it\n'
            "  next: `sweep run` with the same file and directory; it runs only what is missing, then publishes"
        )
    try:
        with pa.memory_map(str(path)) as source:
            return pa.ipc.open_file(source).read_all()
    except (pa.ArrowInvalid, OSError) as error:
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise RunError(
            f'"{path}" is damaged: it cannot be read as an Arrow file: {first}\n'
            "  next: run `sweep run` again with the same file and directory: it publishes the table anew"
        ) from error


def _writer(name: str) -> Callable[[Document], str]:
    from . import html, markdown, plain

    return {"txt": plain.render, "md": markdown.render, "html": html.render}[name]
