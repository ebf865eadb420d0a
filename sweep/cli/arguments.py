# SPDX-License-Identifier: MIT
"""What several verbs take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

File = Annotated[Path, typer.Argument(help="sweep file (YAML)", metavar="FILE", show_default=False)]
Location = Annotated[str, typer.Argument(metavar="LOCATION", help="run directory, a path or URI", show_default=False)]
Out = Annotated[
    str | None,
    typer.Option("--out", metavar="LOCATION", help="run directory: a path, s3://..., gs://...; default: runs/<name>"),
]
Sets = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="override a value of the file; repeatable")
]
Executor = Annotated[str, typer.Option("--executor", metavar="ray|inline", help="where chunks run")]
Workers = Annotated[int | None, typer.Option("--workers", metavar="N", help="cores to use; default: all")]
ChunkSeconds = Annotated[
    float, typer.Option("--chunk-seconds", metavar="S", min=0.001, help="core time that a chunk should take")
]
Only = Annotated[str | None, typer.Option("--only", metavar="ID", help="only simulations whose id starts with this")]
RetryFailed = Annotated[bool, typer.Option("--retry-failed", help="try again what failed in earlier runs")]
