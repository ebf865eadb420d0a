# SPDX-License-Identifier: MIT
"""Hive folders of Parquet: FOLDER/traffic=router/ring=64/<run>-0.parquet, a folder per value of a column.

DuckDB, Polars, pandas, Arrow and Spark read the values off the folders' names.  Files are named after the publication
that they are from: several runs can be exported to one folder, and one that is exported again replaces its own files.
The files are made in a temporary directory; each appears under its name only when it is complete.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from urllib.parse import quote

import pyarrow as pa
import pyarrow.dataset as ds

from ..errors import RunError, SweepError, did_you_mean
from ..storage.sink import file
from ..storage.table_layout import parquet_layout

MOST_FOLDERS = 10_000


def check(by: Sequence[str], schema: pa.Schema) -> None:
    """Raises SweepError if files of `schema` cannot be divided by the columns `by`."""
    usable = [field.name for field in schema if not pa.types.is_nested(field.type)]
    for name in by:
        if name not in usable:
            reason = "is a list" if name in schema.names else "is not among the exported columns"
            raise SweepError(
                f'--partition-by: column "{name}" {reason}.{did_you_mean(name, usable)}\n'
                "  next: name columns with few values, such as traffic,strategy"
            )
    if len(set(by)) < len(by) or len(by) == len(schema.names):
        reason = "names a column twice" if len(set(by)) < len(by) else "leaves no column for the files"
        raise SweepError(f'--partition-by "{",".join(by)}" {reason}\n  next: name each column once, and not all')


def write(schema: pa.Schema, batches: Iterable[pa.RecordBatch], by: Sequence[str], out: str, run: str) -> None:
    """Write the rows into folders below `out`, a path or URI, by the columns `by`; `run` begins the files' names.

    Raises SweepError for a column with too many values, RunError if something cannot be written.
    """
    form = ds.ParquetFileFormat()
    with tempfile.TemporaryDirectory(prefix="sweep-export-") as scratch:
        try:
            ds.write_dataset(
                pa.RecordBatchReader.from_batches(schema, _few(batches, by)),
                scratch,
                format=form,
                file_options=form.make_write_options(
                    **parquet_layout(schema.field(name) for name in schema.names if name not in by)
                ),
                partitioning=ds.partitioning(pa.schema([schema.field(name) for name in by]), flavor="hive"),
                basename_template=f"{run}-{{i}}.parquet",
                max_partitions=MOST_FOLDERS,  # of a batch; `_few` counts those of all batches
            )
        except OSError as error:
            raise RunError(
                f'"{scratch}" cannot be written: {error.strerror or error}\n'
                "  next: set TMPDIR to a folder with more room"
            ) from error
        for made in sorted(Path(scratch).rglob("*.parquet")):
            with file(_below(out, made.relative_to(scratch).as_posix())) as sink, made.open("rb") as source:
                shutil.copyfileobj(source, sink, 1 << 20)


def _few(batches: Iterable[pa.RecordBatch], by: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """The batches, as long as they need at most MOST_FOLDERS folders.  Raises SweepError."""
    folders: set[tuple[object, ...]] = set()
    for batch in batches:
        distinct = pa.table(batch.select(by)).group_by(list(by)).aggregate([])
        folders.update(zip(*(column.to_pylist() for column in distinct.columns), strict=True))
        if len(folders) > MOST_FOLDERS:
            raise SweepError(
                f'--partition-by "{",".join(by)}" makes more than {MOST_FOLDERS:,} folders\n'
                "  next: name columns with few values, such as traffic,strategy"
            )
        yield batch


def _below(folder: str, name: str) -> str:
    """The location of a file below a folder; in a URI, "%" in its name is escaped."""
    if "://" not in folder:
        return f"{folder.rstrip('/') or '/'}/{name}"
    base, mark, options = folder.partition("?")
    return f"{base.rstrip('/')}/{quote(name, safe='/=')}{mark}{options}"
