# SPDX-License-Identifier: MIT
"""A published snapshot as a file for other programs: CSV, Parquet, Arrow, a DuckDB database; or folders of Parquet.

| format | units and meanings | histograms |
|---|---|---|
| csv | in a dictionary beside it, x.dictionary.csv | left out, which is reported; requested by name: JSON texts |
| parquet, arrow | metadata of each column; the run's own under `sweep` | lists of fixed length |
| duckdb | comments on tables and columns, and a table `dictionary` | arrays |

Columns of the run (`run_columns`) are added, so that exports of several runs can be united.

A file appears under its name only when it is complete.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from sweep.fields.column import Column, dictionary

from ..errors import SweepError, did_you_mean
from ..storage.home import expanded
from ..storage.sink import beside, file, is_stream, name
from . import database_file, folders, rows
from .published import Published, batches, read

WRITERS: dict[str, Callable[..., None]] = {"csv": rows.csv, "parquet": rows.parquet, "arrow": rows.arrow}
FORMATS = (*WRITERS, "duckdb")
COMPRESSIONS = ("zstd", "lz4", "none")
ENDINGS = {f".{name}": name for name in FORMATS} | {".ipc": "arrow", ".feather": "arrow", ".db": "duckdb"}


@dataclass(frozen=True)
class Exported:
    """The files that were written, and what they contain."""

    paths: tuple[str, ...]
    rows: int
    columns: int
    left_out: tuple[str, ...]  # histograms, which a CSV does not have


def export(
    location: str | Path,
    out: str,
    form: str | None = None,
    columns: Sequence[str] = (),
    *,
    compression: str | None = None,
    partition_by: Sequence[str] = (),
) -> Exported:
    """Write columns (names, or roles such as "metric") of a run directory's results to the file `out`.

    Without `form` the suffix of `out` decides the format.  compression: one of COMPRESSIONS, of parquet and arrow.
    partition_by: columns that divide the rows into Hive folders of Parquet below `out`.  Raises SweepError, with the
    choices, for unknown names.
    """
    out = expanded(out)
    form = chosen("parquet" if partition_by and form is None else form, out)
    _check(form, compression, partition_by)
    published = read(location)
    selected = published.chosen(columns)
    if partition_by:
        schema = _schema(published, selected)
        folders.check(partition_by, schema)
        run = str(published.manifest.get("snapshot") or "rows")
        folders.write(schema, batches(published, schema.names), partition_by, out, run)
        return Exported((out,), published.results.count_rows(), len(selected), ())
    left_out: list[Column] = []
    if form == "csv":
        left_out = [each for each in selected if pa.types.is_nested(each.type) and each.name not in columns]
        selected = [each for each in selected if each not in left_out]
        if not selected:
            names = ",".join(each.name for each in left_out)
            raise SweepError(f"nothing is left: a CSV has no lists, which histograms are\n  next: --columns {names}")
    if form == "duckdb":
        database_file.write(published, selected, out)
        paths = [out]
    else:
        paths = [out]
        _file(published, selected, out, WRITERS[form], *([compression] if compression else []))
        if form == "csv" and not is_stream(out):
            paths.append(_dictionary(selected, out))
    return Exported(tuple(paths), published.results.count_rows(), len(selected), tuple(each.name for each in left_out))


def chosen(form: str | None, out: str) -> str:
    """The format `form` or, if None, the one of the suffix of `out`.  Raises SweepError if there is none."""
    if form is not None and form not in FORMATS:
        raise SweepError(f'format "{form}" is not known.{did_you_mean(form, FORMATS)}\n  known: {", ".join(FORMATS)}')
    file_format = form or ENDINGS.get(Path(name(out)).suffix.lower())
    if file_format is None:
        raise SweepError(f'the ending of "{out}" says no format\n  next: give --format {"|".join(FORMATS)}')
    return file_format


def _check(form: str, compression: str | None, partition_by: Sequence[str]) -> None:
    """Raises SweepError if the format `form` does not go with the other options."""
    if compression is not None and compression not in COMPRESSIONS:
        raise SweepError(
            f'compression "{compression}" is not known.{did_you_mean(compression, COMPRESSIONS)}\n'
            f"  known: {', '.join(COMPRESSIONS)}"
        )
    if compression is not None and (form not in ("parquet", "arrow") or partition_by):
        raise SweepError(f"--compression is for a file of parquet or arrow, not {'folders' if partition_by else form}")
    if partition_by and form != "parquet":
        raise SweepError(f"--partition-by makes folders of parquet, not {form}\n  next: leave --format out")


def _schema(published: Published, columns: Sequence[Column]) -> pa.Schema:
    full = published.results.schema
    fields = [column.field() if column in published.run else full.field(column.name) for column in columns]
    return pa.schema(fields, full.metadata)


def _file(published: Published, columns: Sequence[Column], out: str, write: Callable[..., None], *options: str) -> None:
    schema = _schema(published, columns)
    with file(out) as sink:
        write(schema, batches(published, schema.names), sink, *options)


def _dictionary(columns: Sequence[Column], out: str) -> str:
    """Write the dictionary x.dictionary.csv beside x.csv; returns its path."""
    file_name = name(out)
    dictionary_file = beside(out, f"{file_name.removesuffix(Path(file_name).suffix)}.dictionary.csv")
    table = dictionary(columns)
    with file(dictionary_file) as sink:
        rows.csv(table.schema, table.to_batches(), sink)
    return dictionary_file
