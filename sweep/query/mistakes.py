# SPDX-License-Identifier: MIT
"""What DuckDB says of a wrong query, said to people: where, what, the closest name there is, and what to type next.

DuckDB gives its errors as JSON with the place in bytes (`errors_as_json`); one without, or that is no JSON, is told by
its first line.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import duckdb

from ..errors import RunError, SweepError, did_you_mean
from .published import Table

LONGEST_BYTES = 1 << 17  # of a query: what Linux takes as one word of a command line
DEEPEST = 200  # brackets; the time and memory of DuckDB's parser grow with the third power: 20,000 take 23 GB
QUOTED = re.compile(r"""'[^']*'|"[^"]*"|--[^\n]*|/\*.*?\*/""", re.DOTALL)
KINDS = ("Scalar Function", "Table Function", "Aggregate Function")


@contextmanager
def told(
    sql: str, tables: Sequence[Table], location: str, memory_bytes: int | None = None, seconds: float | None = None
) -> Iterator[None]:
    """Turn DuckDB's errors in the block, and the end of its time, into a SweepError about `sql`."""
    less = f"ask for fewer columns or rows, or {_export(location)} and ask that file"
    try:
        yield
    except (duckdb.OutOfMemoryException, MemoryError) as error:
        allowed = f"the {_gibibytes(memory_bytes)} that --memory allows" if memory_bytes else "there is"
        more = f', or allow more: --memory "{_gibibytes(2 * memory_bytes)}"' if memory_bytes else ""
        why = _first(_parsed(str(error)).get("exception_message") or str(error))
        raise RunError(f"the query needs more memory than {allowed}: {why}\n  next: {less}{more}") from error
    except TimeoutError as error:
        raise RunError(
            f"the query takes more time than the {seconds or 0:g} s that --seconds allows, and was stopped\n"
            f"  next: {less}, or allow more: --seconds {10 * (seconds or 1):g}"
        ) from error
    except duckdb.InterruptException as error:
        raise KeyboardInterrupt from error
    except duckdb.Error as error:
        raise SweepError(message(str(error), sql, tables, location)) from error


def message(said: str, sql: str, tables: Sequence[Table], location: str) -> str:
    """One line with place and reason, the line of SQL with the place marked, and the next command."""
    about = _parsed(said)
    text = _first(about.get("exception_message") or said)
    place = about.get("position", "")
    start = int(place) if str(place).isdigit() else None
    lines = [f"SQL{_where(sql, start)}: {_reason(about, text, tables)}"]
    if start is not None:
        lines += _marked(sql, start, _length(about))
    return "\n".join([*lines, _next(location)])


def see_size(sql: str, location: str) -> None:
    """Raises SweepError for what DuckDB would read without end: its limits hold for its work, not for reading."""
    if len(sql.encode(errors="replace")) > LONGEST_BYTES:
        raise SweepError(f"SQL: it is longer than {LONGEST_BYTES:,} bytes\n{_next(location)}")
    depth = 0
    for letter in QUOTED.sub("", sql):
        depth += (letter in "([{") - (letter in ")]}")
        if depth > DEEPEST:
            raise SweepError(f"SQL: its brackets are nested more than {DEEPEST} levels deep\n{_next(location)}")


def not_one(statements: int, location: str) -> SweepError:
    """For none, or several."""
    found = f"there are {statements} statements in it" if statements else "there is no statement in it"
    return SweepError(f"SQL: {found}: give one SELECT\n{_next(location)}")


def not_reading(sql: str, location: str) -> SweepError:
    """For a statement that would change something."""
    word = sql.split()[0].upper()
    return SweepError(
        f'SQL: "{word}" is not for reading, and a published snapshot is read only: '
        f"SELECT, WITH, FROM, PIVOT, DESCRIBE, SUMMARIZE or EXPLAIN\n"
        f"  next: {_export(location)}   (a database of your own)"
    )


def _gibibytes(number: int) -> str:
    return f"{number / (1 << 30):g} GiB" if number >= 1 << 28 else f"{number / (1 << 20):g} MiB"


def _next(location: str) -> str:
    return f"  next: sweep query {shlex.quote(location)} --tables   (tables and columns, with units)"


def _export(location: str) -> str:
    return f"sweep export {shlex.quote(location)} --out my.duckdb"


def _reason(about: dict[str, Any], text: str, tables: Sequence[Table]) -> str:
    """The first line of the reason, with the closest known name for one that is not known."""
    kind, name = about.get("error_subtype"), str(about.get("name", ""))
    if kind == "COLUMN_NOT_FOUND" or "does not have a column named" in text:
        name = name or text.rpartition(" named ")[2].strip('"')
        columns = {column.name: table.name for table in tables for column in table.columns}
        return f'column "{name}" is not known.{did_you_mean(name, columns)}'
    if kind == "MISSING_ENTRY" and about.get("type") == "Table":
        known = [table.name for table in tables]
        return f'table "{name}" is not known.{did_you_mean(name, known)} Known: {", ".join(known)}'
    if kind == "MISSING_ENTRY" and about.get("type") in KINDS:
        candidates = str(about.get("candidates", "")).split(",")
        return f'function "{name}" is not known.{did_you_mean(name, candidates)}'
    if "file system operations are disabled" in text:
        return f"{text.partition(' - ')[0]}: SQL here reaches no file and no network"
    return text


def _parsed(said: str) -> dict[str, Any]:
    try:
        found = json.loads(said[said.index("{") :])
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _first(text: str) -> str:
    return (text.strip().splitlines() or ["no reason was given"])[0]


def _length(about: dict[str, Any]) -> int:
    """Of the marked place, in bytes; 1 if it is not known."""
    try:
        return max(int(json.loads(about["location"])[1]), 1)
    except (KeyError, ValueError, TypeError, IndexError):
        return 1


def _where(sql: str, start: int | None) -> str:
    """:line:column, from 1, as editors count."""
    if start is None:
        return ""
    before = sql.encode()[:start].decode(errors="replace")
    return f":{before.count(chr(10)) + 1}:{len(before) - (before.rfind(chr(10)) + 1) + 1}"


def _marked(sql: str, start: int, length: int) -> list[str]:
    """The line of SQL that the place is in, and a mark below it."""
    data = sql.encode()
    before, inside = data[:start].decode(errors="replace"), data[start : start + length].decode(errors="replace")
    head = before.rpartition("\n")[2]
    line = (head + data[start:].decode(errors="replace")).partition("\n")[0]
    blanks = "".join("\t" if letter == "\t" else " " for letter in head)
    return [f"  {line}", f"  {blanks}{'^' * max(len(inside.partition(chr(10))[0]), 1)}"]
