# SPDX-License-Identifier: MIT
"""`sweep list`: the runs that there are, newest first."""

from __future__ import annotations

import builtins
from datetime import datetime
from typing import Annotated

import typer

from sweep.cli.arguments import TextFormat, known_format
from sweep.cli.fitting import say
from sweep.cli.numbers import count

from .report import width

Folders = Annotated[
    builtins.list[str] | None, typer.Argument(metavar="DIR...", help="folders with runs in them; default: . and runs")
]


def list(
    folders: Folders = None,
    form: TextFormat = "txt",
) -> None:
    """List runs: name, when, done, failed, state, path.

    Newest first, from their notes alone: `sweep status` looks at what a run directory really has.
    """
    from sweep.storage.listing import USUAL, runs

    known_format(form)
    found = runs(folders or ())
    if form == "json":
        from sweep.cli.state_records import list_record
        from sweep.safe_text import json_text

        print(json_text(list_record(found), indent=2))
        return
    if not found:
        say(f"no run in {' or '.join(folders or USUAL)}\n  next: sweep run smoke")
        return
    from sweep.document.blocks import Cell, Table
    from sweep.document.plain_text import table

    header = ("name", "when", "done", "failed", "state", "path")
    rows = [
        (
            run.name or "?",
            _when(run.started),
            "?" if run.done is None else f"{count(run.done)} of {count(run.simulations or 0)}",
            "?" if run.failed is None else count(run.failed),
            run.state,
            run.path,
        )
        for run in found
    ]
    print(table(Table("", header, tuple(tuple(map(Cell, row)) for row in rows), prose=True), width()))


def _when(started: str | None) -> str:
    """The time of a run in the local time zone: "2026-11-30 20:15"."""
    return datetime.fromisoformat(started).astimezone().strftime("%Y-%m-%d %H:%M") if started else "?"
