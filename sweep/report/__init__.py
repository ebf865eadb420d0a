# SPDX-License-Identifier: MIT
"""Verdicts, tables and charts from a published table: `write` for a run directory, `text` for a terminal.

Everything comes from the Arrow file alone, years later too: no simulation code is imported.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from .. import storage
from ..errors import IncompleteError, RunError, SweepError, did_you_mean
from ..storage import resume, snapshot

if TYPE_CHECKING:
    from sweep.report.projection.document import ProjectionRequest
    from sweep.results.analysis import Analysis
    from sweep.results.dataset import Dataset

    from .verdict import ShortVerdict

TABLE = "results.arrow"
SERIES = "series.arrow"
FORMATS = ("txt", "md", "html")


class Published:
    """The report of the run published in a run directory, a path or URI; read and analysed once, when it is needed."""

    def __init__(self, location: str | Path) -> None:
        self.files = storage.open(location)
        self._location = str(location)

    @cached_property
    def _compared(self) -> tuple[Dataset, Analysis | None]:
        from . import contents

        return contents.compared(read(self.files, series=True))

    def write(self, *, formats: Sequence[str] = FORMATS, force: bool = False) -> dict[str, str]:
        """See `report.write`."""
        for name in formats:
            if name not in FORMATS:
                raise SweepError(
                    f'report format "{name}" is not known.{did_you_mean(name, FORMATS)}\n  known: {", ".join(FORMATS)}'
                )
        from . import unchanged

        wanted = {f"report.{form}": form for form in dict.fromkeys(formats)}
        digest = unchanged.made_of(self.files, self._location)
        kept = unchanged.as_written(self.files, digest, [f"report.{form}" for form in FORMATS])
        missing = {name: form for name, form in wanted.items() if force or name not in kept}
        if missing:
            written = {name: data.encode() for name, data in self._rendered(missing).items()}
            for name, data in written.items():
                self.files.put(name, data)
            unchanged.note(self.files, digest, written, kept)
        return {form: self.files.at(name) for name, form in wanted.items()}

    def _rendered(self, names: Mapping[str, str]) -> dict[str, str]:
        """By file name; `names` are those to render, with their formats."""
        from sweep.document import markdown, plain_text

        from . import contents
        from .page import page

        data, analysis = self._compared
        document = contents.of(data, analysis, self._location)
        render = {
            "txt": lambda: plain_text.render(document),
            "md": lambda: markdown.render(document),
            "html": lambda: page.render(document, analysis, self._location),
        }
        return {name: render[form]() for name, form in names.items()}

    def text(self, width: int = 100, *, full: bool = False) -> str:
        """See `report.text`."""
        from sweep.document import plain_text

        from . import brief, contents

        return plain_text.render((contents if full else brief).of(*self._compared, self._location), width)

    def verdict(self, width: int) -> ShortVerdict:
        """The verdict in ten lines at most, none longer than `width` characters."""
        from . import verdict

        return verdict.of(self._compared[1], width)


def write(location: str | Path, *, formats: Sequence[str] = FORMATS, force: bool = False) -> dict[str, str]:
    """Write report.txt, report.md and report.html into a run directory (path or URI); returns format -> path or URI.

    Each file is replaced atomically, so a reader never sees half of one.  What would be the same again is left as it
    is, unless `force`.
    Raises SweepError if there is no published table, it cannot be read, or a format is not known.
    """
    return Published(location).write(formats=formats, force=force)


def text(table: pa.Table, width: int = 100, *, full: bool = False, location: str = "") -> str:
    """The terminal form: about a screen, or all that report.txt has if `full`; commands in it name `location`."""
    from sweep.document import plain_text

    from . import brief, contents

    return plain_text.render((contents if full else brief).document(table, location), width)


def render(
    table: pa.Table,
    kind: str,
    request: ProjectionRequest | None = None,
    *,
    width: int = 100,
    mail: bool = False,
    full: bool = False,
    location: str = "",
) -> str:
    """A projection, or without a request the report, as "txt", "md", "csv" or "html".

    Text is `width` columns wide, and Markdown too if it is for a `mail`.  Of the report, text is the short form unless
    `full`, and CSV is the projection that its main tables show.
    Raises SweepError if the request names what is not in the table.
    """
    from sweep.document import markdown, plain_text

    from . import brief, contents
    from .page import html, page
    from .projection import document as projection
    from .projection import tidy

    wanted = request or projection.ProjectionRequest()
    if kind == "csv":
        return tidy.csv_text(projection.project(table, projection.whole(table) if wanted.empty else wanted))
    if kind == "html" and wanted.empty:
        return page.render(*contents.analysed(table, location), location)
    if not wanted.empty:
        document = projection.document(projection.project(table, wanted), location)
    else:
        document = (brief if kind == "txt" and not full else contents).document(table, location)
    if kind == "html":
        return html.render(document)
    if kind == "md":
        return markdown.render(document, width if mail else None)
    return plain_text.render(document, width)


def read(
    location: str | Path | storage.Files, *, histograms: bool | Sequence[str] = True, series: bool = False
) -> pa.Table:
    """The published table of a run directory (path or URI), mapped, not copied where it is not compressed.

    Histograms are two thirds of its bytes: `histograms` are those to read, all, none or by name; the others stay on
    disk.  With `series` each row has its time series too, as lists in columns called "series_...", if the run has
    published them.
    Raises SweepError if there is no such directory, IncompleteError if nothing is published, RunError if it is damaged.
    """
    from sweep.results import earlier, soundness

    files, name = storage.open(location), TABLE
    manifest = snapshot.manifest(files) if series else None
    wanted_files = (TABLE, SERIES) if manifest and SERIES in manifest.files else (TABLE,)
    snapshot_files = snapshot.read(files, *wanted_files)
    try:
        data = (
            snapshot_files[1][TABLE] if snapshot_files else files.view(TABLE)
        )  # of an earlier version, or copied without its manifest
    except FileNotFoundError:
        raise _unpublished(files) from None
    try:
        schema = pa.ipc.open_file(pa.BufferReader(data)).schema
        wanted = set(schema.names if histograms is True else histograms or ())
        chosen = [
            index for index, field in enumerate(schema) if field.name in wanted or not pa.types.is_nested(field.type)
        ]
        options = pa.ipc.IpcReadOptions(included_fields=chosen)
        table = earlier.as_of_today(
            soundness.table(pa.ipc.open_file(pa.BufferReader(data), options=options).read_all())
        )
        if snapshot_files and SERIES in snapshot_files[1]:
            name = SERIES
            table = _with_series(table, snapshot_files[1][SERIES])
        return table
    except (pa.ArrowException, OSError, MemoryError) as error:
        first = (str(error).splitlines() or [type(error).__name__])[0]
        why = f"it cannot be read as an Arrow file: {first}"
    except soundness.UnsoundError as error:
        why = str(error)
    raise RunError(
        f'"{files.at(name)}" is damaged: {why}; the next run publishes it anew\n  next: {resume.command(files)}'
    )


def _with_series(table: pa.Table, file: pa.Buffer) -> pa.Table:
    """The table with the columns of its time series that a report uses.  Errors: UnsoundError."""
    from sweep.results import soundness

    from ..evidence.halves import NEEDED
    from ..fields.series import PREFIX

    names = pa.ipc.open_file(pa.BufferReader(file)).schema.names
    chosen = [index for index, name in enumerate(names) if name in ("id", *NEEDED)]
    options = pa.ipc.IpcReadOptions(included_fields=chosen)
    lists = soundness.table(pa.ipc.open_file(pa.BufferReader(file), options=options).read_all(), ["id"])
    if "id" not in table.column_names or not lists.column("id").equals(table.column("id")):
        raise soundness.UnsoundError(f'its rows are not those of "{TABLE}"')
    for field in lists.schema:
        if field.name != "id":
            table = table.append_column(field.with_name(PREFIX + field.name), lists.column(field.name))
    return table


def _unpublished(files: storage.Files) -> SweepError:
    if files.path is not None and not files.path.is_dir():
        return resume.absent_error(files)
    state = "has parts, but they are not published yet" if files.names("parts") else "has no results yet"
    return IncompleteError(
        f'run directory "{files}" {state}: no {TABLE} in it; the next run does only what is missing, then publishes\n'
        f"  next: {resume.command(files)}"
    )
