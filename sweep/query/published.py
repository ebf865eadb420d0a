# SPDX-License-Identifier: MIT
"""The published tables of a run directory, opened for queries without reading them.

`results` is a dataset over the mapped file: a query of three columns decompresses only these, some thousand rows at a
time, so a table of gigabytes is never in memory as a whole.  The bytes are checked with the manifest's digest first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.dataset as ds

from sweep.fields.column import Column, columns
from sweep.results import earlier, soundness
from sweep.results.dataset import published as said

from .. import report, stats, storage
from ..errors import RunError, SweepError, did_you_mean
from ..storage import resume, snapshot
from . import run_columns

FAILURES = "failures.arrow"
SERIES = "series.arrow"
DAMAGE = (pa.ArrowException, OSError, MemoryError, soundness.UnsoundError)


class QueryTable(NamedTuple):
    """A table that can be queried."""

    name: str
    meaning: str
    columns: list[Column]


@dataclass(frozen=True)
class Published:
    """One snapshot of a run directory."""

    location: str  # as the user typed it
    results: ds.Dataset
    failures: pa.Table  # empty, without columns, if the snapshot has none
    series: ds.Dataset | None = None  # lists, a row per simulation; None in a snapshot of an earlier version
    manifest: Mapping[str, Any] = field(default_factory=dict)  # of the snapshot; empty if it has none

    @property
    def columns(self) -> list[Column]:
        """The columns of the results."""
        return columns(self.results.schema)

    @property
    def run(self) -> dict[Column, str | datetime | None]:
        """Columns that say which run the rows are from, for exports, and the value of each."""
        taken, known = self.results.schema.names, run_columns.values(self.manifest)
        return {column: known[column.name] for column in run_columns.COLUMNS if column.name not in taken}

    @property
    def confidence(self) -> float:
        """Confidence of each interval, so that it holds at 95 % after all looks."""
        return stats.confidence_of(said(self.results.schema))

    def chosen(self, asked: Sequence[str]) -> list[Column]:
        """The columns with these names or roles ("metric"), each once; all of results and run if none are given.

        Raises SweepError for a word that is neither a name nor a role.
        """
        column_by_name: dict[str, Column] = {}
        exported = [*self.columns, *self.run]
        roles = dict.fromkeys(column.role for column in exported if column.role)
        known = {column.name: column for column in exported}
        for word in asked:
            matching = [known[word]] if word in known else [column for column in exported if column.role == word]
            if not matching or not word:
                raise SweepError(
                    f'column "{word}" is not known.{did_you_mean(word, [*known, *roles])}\n'
                    f"  known: the columns of the results, and all of a role: {', '.join(roles)}\n"
                    f"  see: sweep query {self.location} --tables"
                )
            column_by_name |= {column.name: column for column in matching}
        return list((column_by_name or known).values())


def read(location: str | Path | storage.Files) -> Published:
    """Open the current snapshot of a run directory.

    Raises SweepError if there is no such directory, IncompleteError if nothing is published, RunError if it is damaged.
    """
    files = storage.open(location)
    manifest = snapshot.manifest(files)
    names = [report.TABLE, *(name for name in (FAILURES, SERIES) if manifest and name in manifest.files)]
    snapshot_files = snapshot.read(files, *names)
    if snapshot_files is None:  # of an earlier version, or copied without its manifest, or nothing: `report` says which
        return Published(str(files), ds.dataset(report.read(files)), pa.table({}))
    failures, series, name = pa.table({}), None, FAILURES
    try:
        if FAILURES in snapshot_files[1]:
            file = pa.BufferReader(snapshot_files[1][FAILURES])
            failures = earlier.as_of_today(soundness.table(pa.ipc.open_file(file).read_all()))
        name = SERIES
        if SERIES in snapshot_files[1]:
            series = _dataset(snapshot_files[1][SERIES])
        name = report.TABLE
        results = _dataset(snapshot_files[1][report.TABLE])
        return Published(str(files), results, failures, series, snapshot_files[0].about)
    except DAMAGE as error:
        raise damaged(files, name, error) from error


def batches(published: Published, names: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """These columns of the results and of the run, some thousand rows at a time.  Raises RunError if damaged."""
    run = {column.name: (column, value) for column, value in published.run.items() if column.name in names}
    stored = [name for name in names if name not in run]
    record_batches = published.results.scanner(columns=stored).to_batches()
    while True:
        try:
            batch = next(record_batches, None)
            if batch is None:
                return
            soundness.whole(batch)
        except DAMAGE as error:
            raise damaged(storage.open(published.location), report.TABLE, error) from error
        if batch.num_rows:
            yield _with_run(batch, names, run) if run else batch


def _with_run(
    batch: pa.RecordBatch, names: Sequence[str], run: Mapping[str, tuple[Column, str | datetime | None]]
) -> pa.RecordBatch:
    """The batch with the columns of the run, in the order of `names`."""
    arrays = [run_columns.array(*run[name], batch.num_rows) if name in run else batch.column(name) for name in names]
    fields = [run[name][0].field() if name in run else batch.schema.field(name) for name in names]
    return pa.RecordBatch.from_arrays(arrays, schema=pa.schema(fields, batch.schema.metadata))


def damaged(files: storage.Files, name: str, error: Exception) -> RunError:
    """The error about a damaged published file, with the command that publishes it again."""
    reason = (str(error).splitlines() or [type(error).__name__])[0]
    return RunError(
        f'"{files.at(name)}" is damaged: {reason}; the next run publishes it anew\n  next: {resume.command(files)}'
    )


def _dataset(file: pa.Buffer) -> ds.Dataset:
    """A file as a dataset; only columns of variable width are read, since invalid offsets would crash the process.

    One of an earlier version, whose columns are called otherwise today, is read whole.
    """
    form = ds.IpcFileFormat()
    schema = soundness.schema(pa.ipc.open_file(pa.BufferReader(file)).schema)
    if earlier.is_earlier(schema):
        table = pa.ipc.open_file(pa.BufferReader(file)).read_all()
        return ds.dataset(earlier.as_of_today(soundness.table(table)))
    variable_width = [index for index, field in enumerate(schema) if not soundness.is_fixed(field.type)]
    soundness.texts(
        pa.ipc.open_file(pa.BufferReader(file), options=pa.ipc.IpcReadOptions(included_fields=variable_width))
    )
    return ds.FileSystemDataset([form.make_fragment(file)], schema, form)
