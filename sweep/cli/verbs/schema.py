# SPDX-License-Identifier: MIT
"""`sweep schema`: the JSON Schema of sweep files, and of what verbs print with `--format json`."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from sweep.cli.json_schemas import NAMES, SWEEP_FILE, json_schema


def schema(
    what: Annotated[
        str, typer.Argument(metavar="[NAME]", help=f"{', '.join(NAMES)}; default: {SWEEP_FILE}", show_default=False)
    ] = SWEEP_FILE,
    out: Annotated[str | None, typer.Option("--out", metavar="FILE", help="write it there; default: print it")] = None,
) -> None:
    """Print the JSON Schema of sweep files, or of a verb's JSON.

    Editors complete and check sweep files with it.  NAME is a verb with `--format json`.
    """
    from sweep.storage import sink

    text = json.dumps(json_schema(what), indent=2) + "\n"
    if out is None:
        print(text, end="")
    else:
        sink.text(out, text)
