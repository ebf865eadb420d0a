# SPDX-License-Identifier: MIT
"""`sweep report`: read a run directory, print the report, write its files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def report(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="run directory of `sweep run`", show_default=False)],
) -> None:
    """Print the report of a run directory and write it there as text, Markdown and HTML."""
    from sweep import report

    written = report.write(directory)
    print(written["txt"].read_text(encoding="utf-8"))
    print(" · ".join(map(str, written.values())))
