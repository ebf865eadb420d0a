# SPDX-License-Identifier: MIT
"""Verdicts, tables and charts from a published table: `write` for a run directory, `text` for a terminal.

Everything comes from the Arrow file alone, years later too: no simulation code is imported.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa

from .. import storage
from ..errors import IncompleteError, RunError, SweepError, did_you_mean
from ..storage import snapshot
from .document import Document

TABLE = "results.arrow"
FORMATS = ("txt", "md", "html")


def write(location: str | Path, *, formats: Sequence[str] = FORMATS) -> dict[str, str]:
    """Write report.txt, report.md and report.html into a run directory (path or URI); format -> where the file is.

    Each file is put whole, so a reader never sees half of one.
    Raises SweepError if there is no published table, it cannot be read, or a format is not known.
    """
    for name in formats:
        if name not in FORMATS:
            raise SweepError(
                f'report format "{name}" is not known.{did_you_mean(name, FORMATS)}\n  known: {", ".join(FORMATS)}'
            )
    from .contents import document as contents

    files = storage.open(location)
    document = contents(read(files))
    paths = {}
    for name in dict.fromkeys(formats):
        files.put(f"report.{name}", _writer(name)(document).encode())
        paths[name] = files.at(f"report.{name}")
    return paths


def text(table: pa.Table, width: int = 100, *, full: bool = False) -> str:
    """The terminal form: verdicts, claims, comparisons, quality; `full` adds what report.txt has beyond."""
    from .contents import document
    from .plain import render

    return render(document(table), width, full=full)


def read(location: str | Path | storage.Files, *, histograms: bool = True) -> pa.Table:
    """The published table of a run directory (path or URI), mapped, not copied where it is not compressed.

    Histograms are two thirds of its bytes; who does not look at them leaves them on the disk.
    Raises SweepError if there is no such directory, IncompleteError if nothing is published, RunError if it is damaged.
    """
    files = storage.open(location)
    found = snapshot.read(files, TABLE)
    try:
        data = found[1][TABLE] if found else files.view(TABLE)  # of an earlier version, or copied without its manifest
    except FileNotFoundError:
        raise _unpublished(files) from None
    try:
        schema = pa.ipc.open_file(pa.BufferReader(data)).schema
        chosen = [place for place, field in enumerate(schema) if histograms or not pa.types.is_nested(field.type)]
        options = pa.ipc.IpcReadOptions(included_fields=chosen)
        return pa.ipc.open_file(pa.BufferReader(data), options=options).read_all()
    except (pa.ArrowInvalid, OSError) as error:
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise RunError(
            f'"{files.at(TABLE)}" is damaged: it cannot be read as an Arrow file: {first}\n'
            "  next: run `sweep run` again with the same file and directory: it publishes the table anew"
        ) from error


def _unpublished(files: storage.Files) -> SweepError:
    if files.path is not None and not files.path.is_dir():
        return SweepError(f'run directory "{files}" does not exist; `sweep run FILE --out {files}` makes it')
    state = "has parts, but they are not published yet" if files.names("parts") else "has no results yet"
    return IncompleteError(
        f'run directory "{files}" {state}: no {TABLE} in it\n'
        "  next: `sweep run` with the same file and directory; it runs only what is missing, then publishes"
    )


def _writer(name: str) -> Callable[[Document], str]:
    from . import html, markdown, plain

    return {"txt": plain.render, "md": markdown.render, "html": html.render}[name]
