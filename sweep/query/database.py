# SPDX-License-Identifier: MIT
"""SQL over a published snapshot: DuckDB in this process, on Arrow data, without access to anything else.

    with query.open("runs/smoke") as database:
        answer = database.ask("select strategy, avg(ns_per_packet) from results group by all")
        answer.read()                   # a pyarrow.Table

SQL cannot reach files, the network, extensions, Python variables or settings, and nothing is written: data that does
not fit into memory is an error, not spilled to disk.  Only a single statement that reads is accepted.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa

from sweep.fields.column import DICTIONARY, columns, dictionary

from .. import report, storage
from . import histograms, mistakes, points, series
from .published import SERIES, Published, QueryTable, damaged, read
from .waiting import interruptible, is_left_behind

BATCH_ROWS = 8192
CONFINED = {
    "enable_external_access": "false",  # no file, no URL, no ATTACH, COPY or EXPORT
    "python_enable_replacements": "false",  # no variable of the caller taken for a table
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "temp_directory": "",
}
READING = (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN, duckdb.StatementType.MULTI)  # MULTI: PIVOT


class Limits(NamedTuple):
    """Limits of one query; None for no limit."""

    memory_bytes: int | None = 2 << 30  # for DuckDB's sorts, joins and groups
    seconds: float | None = 60.0  # of DuckDB's work, without the time that the reader of the answer takes


UNLIMITED = Limits(None, None)


class Answer:
    """The rows of an answer, streamed; columns that a query passes through unchanged keep unit and meaning."""

    def __init__(self, schema: pa.Schema, batches: Iterator[pa.RecordBatch]) -> None:
        self.schema = schema
        self._batches = batches

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        """The batches of the answer; they can be read only once."""
        return self._batches

    def read(self) -> pa.Table:
        """The rest of the answer as a table."""
        return pa.Table.from_batches(self._batches, self.schema)


class Database:
    """The tables of one snapshot."""

    def __init__(self, published: Published, limits: Limits = UNLIMITED) -> None:
        self.published, self.limits = published, limits
        memory = {} if limits.memory_bytes is None else {"memory_limit": f"{limits.memory_bytes}B"}
        self._connection = duckdb.connect(":memory:", config={**CONFINED, **memory})
        failures = published.failures
        self._connection.register("results", published.results)
        self._connection.register("dictionary", dictionary(published.columns))
        if failures.column_names:
            self._connection.register("failures", failures)
        view = points.view(published.columns, failures.column_names, published.confidence)
        try:
            self._connection.execute(f"create view points as {view}")
        except duckdb.Error as error:  # names of columns that SQL does not take, or does not tell apart
            raise damaged(storage.open(published.location), report.TABLE, error) from error
        if tidy := histograms.view(published.columns, "results"):
            self._connection.execute(f"create view histograms as {tidy}")
        if published.series is not None:
            self._connection.register("_series", published.series)
            try:
                self._connection.execute(f"create view series as {series.view(published.series.schema, '_series')}")
            except duckdb.Error as error:
                raise damaged(storage.open(published.location), SERIES, error) from error
        self._connection.execute("set errors_as_json = true")
        self._connection.execute("set lock_configuration = true")

    def __enter__(self) -> Database:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if not is_left_behind():  # which closing would wait for
            self._connection.close()

    @property
    def tables(self) -> list[QueryTable]:
        """The tables that can be queried, the most useful first."""
        published = self.published
        tables_found = [
            QueryTable("results", "a row per simulation", published.columns),
            QueryTable("points", points.MEANING, points.columns(published.columns)),
            QueryTable("dictionary", "a row per column of results", list(DICTIONARY)),
        ]
        if published.series is not None:
            tables_found.append(QueryTable("series", series.MEANING, series.columns(published.series.schema)))
        if histograms.view(published.columns, "results"):
            tables_found.append(QueryTable("histograms", histograms.MEANING, histograms.columns(published.columns)))
        if published.failures.column_names:
            known = columns(published.failures.schema)
            tables_found.append(QueryTable("failures", "a row per simulation that has no result", known))
        return tables_found

    def rows(self, table: str) -> int:
        """Number of rows of one of `tables`."""
        return int(self.ask(f"select count(*) from {points.quoted(table)}").read()[0][0].as_py())

    def ask(self, sql: str) -> Answer:
        """The answer to one statement.  Raises SweepError if it is wrong, or would write."""
        mistakes.check_size(sql, self.published.location)
        with self._telling(sql):
            statements = self._connection.extract_statements(sql)
            if len(statements) != 1:
                raise mistakes.not_one(len(statements), self.published.location)
            if statements[0].type not in READING:
                raise mistakes.not_reading(statements[0].query, self.published.location)
            clock = _Clock(self.limits.seconds)
            reader = clock.time(self._connection, lambda: self._start(statements[0]))
        return Answer(self._labelled(reader.schema), self._batches(reader, sql, clock))

    def _telling(self, sql: str) -> AbstractContextManager[None]:
        return mistakes.translating_errors(
            sql, self.tables, self.published.location, self.limits.memory_bytes, self.limits.seconds
        )

    def _start(self, statement: Any) -> pa.RecordBatchReader:
        try:
            relation = self._connection.sql(statement)  # nothing runs yet
        except duckdb.Error:
            self._connection.execute(statement)  # fails in the same way, but says where
            raise
        return relation.to_arrow_reader(BATCH_ROWS)

    def _batches(self, reader: pa.RecordBatchReader, sql: str, clock: _Clock) -> Iterator[pa.RecordBatch]:
        schema = self._labelled(reader.schema)
        while True:
            with self._telling(sql):
                batch = clock.time(self._connection, lambda: next(iter(reader), None))
            if batch is None:
                return
            yield pa.RecordBatch.from_arrays(batch.columns, schema=schema)

    def _labelled(self, schema: pa.Schema) -> pa.Schema:
        """The schema with the metadata of known columns of equal name and type."""
        known = {(column.name, column.type): column for table in reversed(self.tables) for column in table.columns}
        fields = []
        for field in schema:
            column = known.get((field.name, field.type))
            fields.append(column.field().with_nullable(True) if column else field)
        return pa.schema(fields)


class _Clock:
    """The time that one query has left."""

    def __init__(self, seconds: float | None) -> None:
        self._left_s = seconds

    def time(self, connection: duckdb.DuckDBPyConnection, call: Callable[[], Any]) -> Any:
        """`call()` within the time left, which it uses up.  Raises TimeoutError."""
        began = time.monotonic()
        try:
            return interruptible(connection, call, self._left_s)
        finally:
            if self._left_s is not None:
                self._left_s = max(0.0, self._left_s - (time.monotonic() - began))


def open(location: str | Path, limits: Limits = UNLIMITED) -> Database:
    """Open the tables of a run directory, a path or URI; a query that exceeds `limits` raises RunError.

    Raises SweepError if there is no such directory, IncompleteError if nothing is published, RunError if it is damaged.
    """
    return Database(read(location), limits)
