# SPDX-License-Identifier: MIT
"""`sweep list`: the runs that there are, newest first."""

from __future__ import annotations

import builtins
from dataclasses import asdict
from datetime import datetime
from typing import Annotated

import typer

from sweep.cli.fitting import say
from sweep.cli.numbers import count
from sweep.errors import SweepError, did_you_mean

from .report import width

FORMATS = ("txt", "json")
Folders = Annotated[
    builtins.list[str] | None, typer.Argument(metavar="DIR...", help="folders with runs in them; default: . and runs")
]


def list(
    folders: Folders = None,
    form: Annotated[str, typer.Option("--format", metavar="|".join(FORMATS), help="json: for programs")] = "txt",
) -> None:
    """List runs: name, when, done, failed, state, path.

    Newest first, from their notes alone: `sweep status` looks at what a run directory really has.
    """
    from sweep.storage.listing import USUAL, runs

    if form not in FORMATS:
        raise SweepError(f'format "{form}" is not known.{did_you_mean(form, FORMATS)}\n  known: {", ".join(FORMATS)}')
    found = runs(folders or ())
    if form == "json":
        from sweep.safe_text import json_text

        print(json_text([asdict(run) for run in found], indent=2))
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
