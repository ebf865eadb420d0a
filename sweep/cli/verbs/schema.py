# SPDX-License-Identifier: MIT
"""`sweep schema`: the JSON Schema of sweep files, for editors."""

from __future__ import annotations

import json
from typing import Annotated

import typer


def schema(
    out: Annotated[str | None, typer.Option("--out", metavar="FILE", help="write it there; default: print it")] = None,
) -> None:
    """Print the JSON Schema of sweep files, for editors.

    Their completion and checks are made from it.
    """
    from sweep import config
    from sweep.storage import sink

    text = json.dumps(config.json_schema(), indent=2) + "\n"
    if out is None:
        print(text, end="")
    else:
        sink.text(out, text)
