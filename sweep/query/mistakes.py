# SPDX-License-Identifier: MIT
"""DuckDB's errors about a wrong query as messages for users: position, reason, closest known name, next command.

DuckDB reports errors as JSON with the position in bytes (`errors_as_json`); of one that is no JSON, or has no message,
the first line is shown.
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
from .published import QueryTable

LONGEST_BYTES = 1 << 17  # of a query: the longest command-line argument of Linux
DEEPEST = 200  # brackets; the time and memory of DuckDB's parser grow with the third power: 20,000 take 23 GB
QUOTED = re.compile(r"""'[^']*'|"[^"]*"|--[^\n]*|/\*.*?\*/""", re.DOTALL)
DOTTED = re.compile(r"\w+(?:\.\w+)+")
KINDS = ("Scalar Function", "Table Function", "Aggregate Function")


@contextmanager
def translating_errors(
    sql: str, tables: Sequence[QueryTable], location: str, memory_bytes: int | None = None, seconds: float | None = None
) -> Iterator[None]:
    """Translate DuckDB's errors and timeouts in the block into SweepErrors about `sql`."""
    advice = f"ask for fewer columns or rows, or {_export(location)} and ask that file"
    try:
        yield
    except (duckdb.OutOfMemoryException, MemoryError) as error:
        limit_text = f"the {_gibibytes(memory_bytes)} that --memory allows" if memory_bytes else "there is"
        more = f', or allow more: --memory "{_gibibytes(2 * memory_bytes)}"' if memory_bytes else ""
        reason = _first(_parsed(str(error)).get("exception_message") or str(error))
        raise RunError(f"the query needs more memory than {limit_text}: {reason}\n  next: {advice}{more}") from error
    except TimeoutError as error:
        raise RunError(
            f"the query takes more time than the {seconds or 0:g} s that --seconds allows, and was stopped\n"
            f"  next: {advice}, or allow more: --seconds {10 * (seconds or 1):g}"
        ) from error
    except duckdb.InterruptException as error:
        raise KeyboardInterrupt from error
    except duckdb.Error as error:
        raise SweepError(message(str(error), sql, tables, location)) from error


def message(said: str, sql: str, tables: Sequence[QueryTable], location: str) -> str:
    """The message for DuckDB's error `said`: a line with position and reason, the marked SQL, the next command."""
    error_fields = _parsed(said)
    text = _first(error_fields.get("exception_message") or said)
    position_text = error_fields.get("position", "")
    start = int(position_text) if str(position_text).isdigit() else None
    lines = [f"SQL{_where(sql, start)}: {_reason(error_fields, text, sql, tables)}"]
    if start is not None:
        lines += _marked(sql, start, _length(error_fields))
    return "\n".join([*lines, _next(location)])


def check_size(sql: str, location: str) -> None:
    """Raises SweepError for a query too large to parse: DuckDB's limits do not apply to its parser."""
    if len(sql.encode(errors="replace")) > LONGEST_BYTES:
        raise SweepError(f"SQL: it is longer than {LONGEST_BYTES:,} bytes\n{_next(location)}")
    depth = 0
    for letter in QUOTED.sub("", sql):
        depth += (letter in "([{") - (letter in ")]}")
        if depth > DEEPEST:
            raise SweepError(f"SQL: its brackets are nested more than {DEEPEST} levels deep\n{_next(location)}")


def not_one(statements: int, location: str) -> SweepError:
    """The error for no statement, or several."""
    statements_text = f"there are {statements} statements in it" if statements else "there is no statement in it"
    return SweepError(f"SQL: {statements_text}: give one SELECT\n{_next(location)}")


def not_reading(sql: str, location: str) -> SweepError:
    """The error for a statement that does not only read."""
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


def _reason(about: dict[str, Any], text: str, sql: str, tables: Sequence[QueryTable]) -> str:
    """The first line of the reason, with a suggestion for an unknown name."""
    kind, name = about.get("error_subtype"), str(about.get("name", ""))
    if kind == "COLUMN_NOT_FOUND" or "does not have a column named" in text:
        name = name or text.rpartition(" named ")[2].strip('"')
        columns = {column.name: table.name for table in tables for column in table.columns}
        return f'column "{name}" is not known.{did_you_mean(name, columns)}'
    if unquoted := _unquoted(sql, tables):
        return f'{unquoted} is a column with a dot in its name: SQL needs it in double quotes, "{unquoted}"'
    if kind == "MISSING_ENTRY" and about.get("type") == "Table":
        known = [table.name for table in tables]
        return f'table "{name}" is not known.{did_you_mean(name, known)} Known: {", ".join(known)}'
    if kind == "MISSING_ENTRY" and about.get("type") in KINDS:
        candidates = str(about.get("candidates", "")).split(",")
        return f'function "{name}" is not known.{did_you_mean(name, candidates)}'
    if "file system operations are disabled" in text:
        return f"{text.partition(' - ')[0]}: SQL here reaches no file and no network"
    return text


def _unquoted(sql: str, tables: Sequence[QueryTable]) -> str:
    """The first column with a dot in its name, such as nic.link, that stands in the SQL without quotes; "" if none."""
    words = DOTTED.findall(QUOTED.sub(" ", sql))
    dotted = {column.name for table in tables for column in table.columns if "." in column.name}
    return next((name for word in words for name in dotted if word == name or word.endswith(f".{name}")), "")


def _parsed(said: str) -> dict[str, Any]:
    try:
        fields = json.loads(said[said.index("{") :])
    except ValueError:
        return {}
    return fields if isinstance(fields, dict) else {}


def _first(text: str) -> str:
    return (text.strip().splitlines() or ["no reason was given"])[0]


def _length(about: dict[str, Any]) -> int:
    """Length of the marked SQL in bytes; 1 if unknown."""
    try:
        return max(int(json.loads(about["location"])[1]), 1)
    except (KeyError, ValueError, TypeError, IndexError):
        return 1


def _where(sql: str, start: int | None) -> str:
    """Position in the SQL as ":line:column", both from 1; "" if unknown."""
    if start is None:
        return ""
    before = sql.encode()[:start].decode(errors="replace")
    return f":{before.count(chr(10)) + 1}:{len(before) - (before.rfind(chr(10)) + 1) + 1}"


def _marked(sql: str, start: int, length: int) -> list[str]:
    """The line of SQL with the error, and a line that marks it."""
    data = sql.encode()
    before, inside = data[:start].decode(errors="replace"), data[start : start + length].decode(errors="replace")
    line_start = before.rpartition("\n")[2]
    line = (line_start + data[start:].decode(errors="replace")).partition("\n")[0]
    blanks = "".join("\t" if letter == "\t" else " " for letter in line_start)
    return [f"  {line}", f"  {blanks}{'^' * max(len(inside.partition(chr(10))[0]), 1)}"]
