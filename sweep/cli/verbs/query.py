# SPDX-License-Identifier: MIT
"""`sweep query`: SQL over what a run directory has published."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import PurePath
from typing import TYPE_CHECKING, Annotated

import typer

from sweep import units
from sweep.cli.arguments import Location, count
from sweep.cli.fitting import say
from sweep.errors import SweepError, did_you_mean
from sweep.format import count as plural

if TYPE_CHECKING:
    from sweep.query import Answer, Database

FORMATS = {"txt": ".txt", "csv": ".csv", "json": ".json", "arrow": ".arrow", "md": ".md"}
ROWS = 40
LEAST_BYTES = 16 << 20  # DuckDB starts with less, and then does nothing


def query(
    directory: Location,
    sql: Annotated[str | None, typer.Argument(metavar="SQL", help='one SELECT; "-" reads it from stdin')] = None,
    tables: Annotated[bool, typer.Option("--tables", help="list tables and columns, with units")] = False,
    form: Annotated[
        str | None,
        typer.Option("--format", metavar="|".join(FORMATS), help="default: by the ending of --out, else txt"),
    ] = None,
    out: Annotated[str | None, typer.Option("--out", metavar="FILE", help="write it there; default: print it")] = None,
    rows: Annotated[
        int, typer.Option("--rows", metavar="N", parser=count(0), help="of a printed table; 0: all")
    ] = ROWS,
    memory: Annotated[
        str, typer.Option("--memory", metavar="SIZE", help="that the query may take, as 500 MB or 8 GiB")
    ] = "2 GiB",
    seconds: Annotated[
        float, typer.Option("--seconds", metavar="S", min=0.1, help="that the query may take; then it is stopped")
    ] = 60.0,
) -> None:
    """Ask the published tables in SQL (DuckDB).

    They are results, points, histograms, series, dictionary, failures.  Nothing is written there.
    """
    if bool(sql) == tables:
        raise SweepError(
            f"give one SELECT, or --tables\n  next: sweep query {shlex.quote(directory)} "
            '"select strategy, ring, ns_per_packet, ns_per_packet_half_width from points"'
        )
    if tables and (form or out):
        raise SweepError(
            "--tables is for reading; to keep what it lists, ask the table of it\n"
            f'  next: sweep query {shlex.quote(directory)} "from dictionary" --format {form or "csv"}'
        )
    form = _chosen(form, out)
    from sweep import query

    limits = query.Limits(_bytes(memory), seconds)
    try:
        with query.open(directory, limits) as database:
            if tables:
                print(_listing(database), end="")
                return
            answer = database.ask(sys.stdin.read(query.LONGEST_BYTES + 1) if sql == "-" else str(sql))
            _write(answer, form, out, rows or None)
    except SweepError as error:
        if query.is_left_behind():  # DuckDB does not stop in the midst of one function: the process has to end
            sys.stdout.flush()
            say(str(error), error=True)
            os._exit(error.exit_code)
        raise


def _bytes(memory: str) -> int:
    """Bytes given with --memory.  Raises SweepError."""
    try:
        number = units.size_bytes(memory)
    except units.UnitError as error:
        raise SweepError(f'--memory "{memory}" {error}\n  next: --memory "8 GiB", for example') from None
    if not LEAST_BYTES <= number < 1 << 50:
        raise SweepError(
            f'--memory "{memory}" is out of bounds: 16 MiB at least\n  next: --memory "8 GiB", for example'
        )
    return number


def _chosen(form: str | None, out: str | None) -> str:
    """The format asked for, or the one that the ending of the file means."""
    if form is not None and form not in FORMATS:
        raise SweepError(f'format "{form}" is not known.{did_you_mean(form, FORMATS)}\n  known: {", ".join(FORMATS)}')
    ending = PurePath(out or "").suffix.lower()
    chosen_form = form or next((name for name in FORMATS if FORMATS[name] == ending), None)
    if chosen_form is None and ending:
        raise SweepError(f'the ending of "{out}" says no format\n  next: give --format {"|".join(FORMATS)}')
    return chosen_form or "txt"


def _write(answer: Answer, form: str, out: str | None, most: int | None) -> None:
    """Write the answer to the file `out` or to stdout; a printed table has at most `most` rows, a file all."""
    from sweep.query import rows, text_table
    from sweep.storage import sink

    from .report import width

    if out is None and form == "arrow":
        if sys.stdout.isatty():
            raise SweepError(
                "arrow is not for terminals\n  next: --out FILE.arrow, or a pipe (which gets an IPC stream)"
            )
        rows.arrow_stream(answer.schema, answer, sys.stdout.buffer)
    elif form in ("txt", "md"):
        printed = text_table.shown(answer, most if out is None and form == "txt" else None)
        if printed.more and len(printed.rows) == text_table.MOST_ROWS:
            raise SweepError(
                f"the answer has more than {text_table.MOST_ROWS:,} rows, too many for a table of text\n"
                "  next: --format csv, json or arrow, which have no end"
            )
        text = text_table.table(printed, width()) if form == "txt" else text_table.markdown(printed)
        if out is None:
            print(text, end="")
        else:
            sink.text(out, text)
    else:
        write = {"csv": rows.csv, "json": rows.json_lines, "arrow": rows.arrow}[form]
        if out is None:
            sys.stdout.flush()
            write(answer.schema, answer, sys.stdout.buffer)
        else:
            with sink.file(out) as file:
                write(answer.schema, answer, file)
    if out is not None:
        print(out)


def _listing(database: Database) -> str:
    """A list of all tables with their columns: name, unit, meaning, grouped by role."""
    lines = []
    for table in database.tables:
        heading = f"{table.name}: {table.meaning}; {plural(database.rows(table.name), 'row')}"
        lines.append(f"{heading}, {plural(len(table.columns), 'column')}")
        name_width = max(len(column.name) for column in table.columns)
        unit_width = max(len(column.unit) for column in table.columns)
        role = ""
        for column in table.columns:
            if column.role != role:
                role = column.role
                lines.append(f"  {role}")
            unit = "" if column.unit == "1" else column.unit
            lines.append(f"    {column.name:{name_width}}  {unit:{unit_width}}  {column.meaning}".rstrip())
        lines.append("")
    return "\n".join(lines)
