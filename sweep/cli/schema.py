# SPDX-License-Identifier: MIT
"""`sweep schema`: the JSON Schema of sweep files, for editors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer


def schema(
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="write it there; default: print it")] = None,
) -> None:
    """Print the JSON Schema of sweep files, for completion and checks in editors."""
    from sweep import config
    from sweep.errors import RunError

    text = json.dumps(config.json_schema(), indent=2) + "\n"
    if out is None:
        print(text, end="")
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise RunError(f'"{out}" cannot be written: {error.strerror}') from error
