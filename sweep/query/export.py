# SPDX-License-Identifier: MIT
"""A published snapshot as a file for other programs: CSV, Parquet, Arrow, or a DuckDB database.

| format | units and meanings | histograms |
|---|---|---|
| csv | in a dictionary beside it, x.dictionary.csv | left out, and said so; those asked for by name: JSON texts |
| parquet, arrow | metadata of each column; the run's own under `sweep` | lists of fixed length |
| duckdb | comments on tables and columns, and a table `dictionary` | arrays |

A file is whole under its name or not there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from sweep.fields.column import Column, dictionary

from ..errors import SweepError, did_you_mean
from ..storage.home import expanded
from ..storage.sink import beside, file, name, passes_on
from . import database_file, rows
from .published import Published, batches, read

WRITERS: dict[str, Callable[..., None]] = {"csv": rows.csv, "parquet": rows.parquet, "arrow": rows.arrow}
FORMATS = (*WRITERS, "duckdb")
ENDINGS = {f".{name}": name for name in FORMATS} | {".ipc": "arrow", ".feather": "arrow", ".db": "duckdb"}


@dataclass(frozen=True)
class Exported:
    """What came of it."""

    paths: tuple[str, ...]
    rows: int
    columns: int
    left_out: tuple[str, ...]  # histograms, which a CSV does not have


def export(location: str | Path, out: str, form: str | None = None, columns: Sequence[str] = ()) -> Exported:
    """Write the results of a run directory to the file `out`, with these columns (names, or roles such as "metric").

    Without `form` the ending of `out` says what it is.  Raises SweepError, with the choices, for what is not known.
    """
    out = expanded(out)
    form = chosen(form, out)
    published = read(location)
    some = published.chosen(columns)
    left_out: list[Column] = []
    if form == "csv":
        left_out = [each for each in some if pa.types.is_nested(each.type) and each.name not in columns]
        some = [each for each in some if each not in left_out]
        if not some:
            names = ",".join(each.name for each in left_out)
            raise SweepError(f"nothing is left: a CSV has no lists, which histograms are\n  next: --columns {names}")
    if form == "duckdb":
        database_file.write(published, some, out)
        paths = [out]
    else:
        paths = [out]
        _file(published, some, out, WRITERS[form])
        if form == "csv" and not passes_on(out):
            paths.append(_dictionary(some, out))
    return Exported(tuple(paths), published.results.count_rows(), len(some), tuple(each.name for each in left_out))


def chosen(form: str | None, out: str) -> str:
    """The format asked for, or the one that the ending of `out` means."""
    if form is not None and form not in FORMATS:
        raise SweepError(f'format "{form}" is not known.{did_you_mean(form, FORMATS)}\n  known: {", ".join(FORMATS)}')
    found = form or ENDINGS.get(Path(name(out)).suffix.lower())
    if found is None:
        raise SweepError(f'the ending of "{out}" says no format\n  next: give --format {"|".join(FORMATS)}')
    return found


def _file(published: Published, columns: Sequence[Column], out: str, write: Callable[..., None]) -> None:
    names = [column.name for column in columns]
    every = published.results.schema
    schema = pa.schema([every.field(name) for name in names], every.metadata)
    with file(out) as sink:
        write(schema, batches(published, names), sink)


def _dictionary(columns: Sequence[Column], out: str) -> str:
    """Beside x.csv: x.dictionary.csv."""
    own = name(out)
    other = beside(out, f"{own.removesuffix(Path(own).suffix)}.dictionary.csv")
    table = dictionary(columns)
    with file(other) as sink:
        rows.csv(table.schema, table.to_batches(), sink)
    return other
