# SPDX-License-Identifier: MIT
"""`sweep report`: read a run directory, write the report's files, print its short form or all of it."""

from __future__ import annotations

import shlex
import shutil
from typing import Annotated

import typer

NARROWEST, WIDEST = 60, 100  # characters


def report(
    directory: Annotated[
        str, typer.Argument(metavar="LOCATION", help="run directory of `sweep run`, a path or URI", show_default=False)
    ],
    full: Annotated[bool, typer.Option("--full", help="print all of it, not the verdicts alone")] = False,
) -> None:
    """Print the verdicts of a run directory and write the whole report there as text, Markdown and HTML."""
    from sweep import report

    written = report.write(directory)
    print(report.text(report.read(directory), width(), full=full))
    print(" · ".join(written.values()))
    if not full:
        print(f"all of it here: sweep report {shlex.quote(directory)} --full")


def width() -> int:
    """Columns to fill: COLUMNS or the terminal's, within what can be read; the widest where there is no terminal."""
    return max(NARROWEST, min(WIDEST, shutil.get_terminal_size((WIDEST, 24)).columns))
