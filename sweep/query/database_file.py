# SPDX-License-Identifier: MIT
"""A snapshot as a DuckDB database: tables results, series, dictionary and failures, views points and histograms.

Comments on tables and columns carry meanings and units; DuckDB shows them in duckdb_tables() and duckdb_columns().
It is made in a temporary directory, then copied to its destination.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import duckdb

from sweep.fields.column import Column, dictionary
from sweep.fields.column import columns as described
from sweep.fields.field import Role

from .. import report, storage
from ..errors import RunError
from ..storage.sink import file
from . import histograms, points, series
from .points import quoted
from .published import Published, damaged
from .waiting import interruptible

STORAGE_VERSION = "v1.0.0"  # of the file: what DuckDB 1.0 and all later versions read, command line included


def write(published: Published, columns: Sequence[Column], out: str) -> None:
    """Write the database file `out` with these columns of the results; with `points` if all parameters are included."""
    with file(out) as sink, tempfile.TemporaryDirectory(prefix="sweep-export-") as scratch:
        scratch_file = Path(scratch) / "export.duckdb"
        with duckdb.connect(":memory:", config={"temp_directory": scratch}) as connection:
            connection.execute(f"attach {_text(str(scratch_file))} as exported (storage_version '{STORAGE_VERSION}')")
            connection.execute("use exported")
            try:
                interruptible(connection, lambda: _fill(connection, published, columns))
            except (duckdb.ProgrammingError, duckdb.DataError) as error:
                raise damaged(storage.open(published.location), report.TABLE, error) from error
            except (duckdb.Error, OSError) as error:  # no room
                raise RunError(
                    f'"{scratch_file}" cannot be written: {str(error).splitlines()[0]}\n'
                    "  next: set TMPDIR to a folder with more room"
                ) from error
        with scratch_file.open("rb") as source:
            shutil.copyfileobj(source, sink, 1 << 20)


def _fill(connection: duckdb.DuckDBPyConnection, published: Published, columns: Sequence[Column]) -> None:
    run = {column.name: value for column, value in published.run.items()}
    names = ", ".join(_literal(run[each.name], each) if each.name in run else quoted(each.name) for each in columns)
    known = dictionary(columns)
    connection.register("_results", published.results)
    connection.register("_dictionary", known)
    connection.register("_failures", published.failures)
    connection.execute(f"create table results as select {names} from _results")
    connection.execute("create table dictionary as select * from _dictionary")
    _comment(connection, "results", "a row per simulation", columns)
    failures = described(published.failures.schema)
    if failures:
        connection.execute("create table failures as select * from _failures")
        _comment(connection, "failures", "a row per simulation that has no result", failures)
    if published.series is not None:
        connection.register("_series", published.series)
        connection.execute(f"create table series as {series.view(published.series.schema, '_series')}")
        _comment(connection, "series", series.MEANING, series.columns(published.series.schema))
    tidy = histograms.view(columns, "results")
    if tidy:
        connection.execute(f"create view histograms as {tidy}")
        connection.execute(f"comment on view histograms is {_text(histograms.MEANING)}")
    if all(column in columns for column in published.columns if column.role == Role.PARAMETER):
        view = points.view(columns, [column.name for column in failures], published.confidence)
        connection.execute(f"create view points as {view}")
        connection.execute(f"comment on view points is {_text(points.MEANING)}")


def _comment(connection: duckdb.DuckDBPyConnection, table: str, meaning: str, columns: Sequence[Column]) -> None:
    connection.execute(f"comment on table {table} is {_text(meaning)}")
    for column in columns:
        comment = f"{column.meaning} [{column.unit}]" if column.unit not in ("", "1") else column.meaning
        connection.execute(f"comment on column {table}.{quoted(column.name)} is {_text(comment)}")


def _literal(value: str | datetime | None, column: Column) -> str:
    """A value that is the same in all rows, as a column of a SELECT."""
    kind = "timestamp" if column.name == "run_time" else "varchar"
    return f"{'null' if value is None else _text(str(value))}::{kind} as {quoted(column.name)}"


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
