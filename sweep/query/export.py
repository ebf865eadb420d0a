# SPDX-License-Identifier: MIT
"""A published snapshot as a file for other programs: CSV, Parquet, Arrow, or a DuckDB database.

| format | units and meanings | histograms |
|---|---|---|
| csv | in a dictionary beside it, x.dictionary.csv | left out, which is reported; requested by name: JSON texts |
| parquet, arrow | metadata of each column; the run's own under `sweep` | lists of fixed length |
| duckdb | comments on tables and columns, and a table `dictionary` | arrays |

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
from . import database_file, rows
from .published import Published, batches, read

WRITERS: dict[str, Callable[..., None]] = {"csv": rows.csv, "parquet": rows.parquet, "arrow": rows.arrow}
FORMATS = (*WRITERS, "duckdb")
ENDINGS = {f".{name}": name for name in FORMATS} | {".ipc": "arrow", ".feather": "arrow", ".db": "duckdb"}


@dataclass(frozen=True)
class Exported:
    """The files that were written, and what they contain."""

    paths: tuple[str, ...]
    rows: int
    columns: int
    left_out: tuple[str, ...]  # histograms, which a CSV does not have


def export(location: str | Path, out: str, form: str | None = None, columns: Sequence[str] = ()) -> Exported:
    """Write columns (names, or roles such as "metric") of a run directory's results to the file `out`.

    Without `form` the suffix of `out` decides the format.  Raises SweepError, with the choices, for unknown names.
    """
    out = expanded(out)
    form = chosen(form, out)
    published = read(location)
    selected = published.chosen(columns)
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
        _file(published, selected, out, WRITERS[form])
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


def _file(published: Published, columns: Sequence[Column], out: str, write: Callable[..., None]) -> None:
    names = [column.name for column in columns]
    full_schema = published.results.schema
    schema = pa.schema([full_schema.field(name) for name in names], full_schema.metadata)
    with file(out) as sink:
        write(schema, batches(published, names), sink)


def _dictionary(columns: Sequence[Column], out: str) -> str:
    """Write the dictionary x.dictionary.csv beside x.csv; returns its path."""
    file_name = name(out)
    dictionary_file = beside(out, f"{file_name.removesuffix(Path(file_name).suffix)}.dictionary.csv")
    table = dictionary(columns)
    with file(dictionary_file) as sink:
        rows.csv(table.schema, table.to_batches(), sink)
    return dictionary_file
