# SPDX-License-Identifier: MIT
"""What a run directory publishes, as tables that can be asked: opened, not read.

`results` is a dataset over the mapped file: whoever asks for three columns has those three decompressed, some thousand
rows at a time, and a table of gigabytes never lies in memory.  The bytes are held against the manifest's digest first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.dataset as ds

from sweep.fields.column import Column, columns
from sweep.results import soundness
from sweep.results.dataset import published as said

from .. import report, stats, storage
from ..errors import RunError, SweepError, did_you_mean
from ..storage import resume, snapshot

FAILURES = "failures.arrow"
SERIES = "series.arrow"
DAMAGE = (pa.ArrowException, OSError, MemoryError, soundness.UnsoundError)


class Table(NamedTuple):
    """A table that can be asked."""

    name: str
    meaning: str
    columns: list[Column]


@dataclass(frozen=True)
class Published:
    """One snapshot of a run directory."""

    location: str  # as the user typed it
    results: ds.Dataset
    failures: pa.Table  # no rows and no columns where nothing is known of failures
    series: ds.Dataset | None = None  # lists, a row per simulation; None in a snapshot of an earlier version

    @property
    def columns(self) -> list[Column]:
        """Of the results."""
        return columns(self.results.schema)

    @property
    def confidence(self) -> float:
        """Of each interval of a mean, so that it holds at 95 %."""
        return stats.confidence_of(said(self.results.schema))

    def chosen(self, asked: Sequence[str]) -> list[Column]:
        """The columns that these words stand for, names or roles ("metric"), each once; all of them for no word.

        Raises SweepError for a word that is neither.
        """
        found: dict[str, Column] = {}
        roles = dict.fromkeys(column.role for column in self.columns if column.role)
        known = {column.name: column for column in self.columns}
        for word in asked:
            some = [known[word]] if word in known else [column for column in self.columns if column.role == word]
            if not some or not word:
                raise SweepError(
                    f'column "{word}" is not known.{did_you_mean(word, [*known, *roles])}\n'
                    f"  known: the columns of the results, and all of a role: {', '.join(roles)}\n"
                    f"  see: sweep query {self.location} --tables"
                )
            found |= {column.name: column for column in some}
        return list((found or known).values())


def read(location: str | Path | storage.Files) -> Published:
    """The snapshot that counts now.

    Raises SweepError if there is no such directory, IncompleteError if nothing is published, RunError if it is damaged.
    """
    files = storage.open(location)
    shown = snapshot.manifest(files)
    names = [report.TABLE, *(name for name in (FAILURES, SERIES) if shown and name in shown.files)]
    found = snapshot.read(files, *names)
    if found is None:  # of an earlier version, or copied without its manifest, or nothing: `report` says which
        return Published(str(files), ds.dataset(report.read(files)), pa.table({}))
    failures, series, name = pa.table({}), None, FAILURES
    try:
        if FAILURES in found[1]:
            failures = soundness.table(pa.ipc.open_file(pa.BufferReader(found[1][FAILURES])).read_all())
        name = SERIES
        if SERIES in found[1]:
            series = _dataset(found[1][SERIES])
        name = report.TABLE
        return Published(str(files), _dataset(found[1][report.TABLE]), failures, series)
    except DAMAGE as error:
        raise damaged(files, name, error) from error


def batches(published: Published, names: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """These columns of the results, some thousand rows at a time.  Raises RunError where they are damaged."""
    found = published.results.scanner(columns=list(names)).to_batches()
    while True:
        try:
            batch = next(found, None)
            if batch is None:
                return
            soundness.whole(batch)
        except DAMAGE as error:
            raise damaged(storage.open(published.location), report.TABLE, error) from error
        if batch.num_rows:
            yield batch


def damaged(files: storage.Files, name: str, error: Exception) -> RunError:
    """What is wrong with a published file, and how it becomes right again."""
    why = (str(error).splitlines() or [type(error).__name__])[0]
    return RunError(
        f'"{files.at(name)}" is damaged: {why}; the next run publishes it anew\n  next: {resume.command(files)}'
    )


def _dataset(file: pa.Buffer) -> ds.Dataset:
    """The table without reading it, but for its texts: one whose ends lie elsewhere would end the process."""
    form = ds.IpcFileFormat()
    schema = soundness.schema(pa.ipc.open_file(pa.BufferReader(file)).schema)
    loose = [place for place, field in enumerate(schema) if not soundness.is_fixed(field.type)]
    soundness.texts(pa.ipc.open_file(pa.BufferReader(file), options=pa.ipc.IpcReadOptions(included_fields=loose)))
    return ds.FileSystemDataset([form.make_fragment(file)], schema, form)
