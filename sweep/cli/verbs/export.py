# SPDX-License-Identifier: MIT
"""`sweep export`: the results of a run directory as a file for other programs."""

from __future__ import annotations

from typing import Annotated

import typer

from sweep.cli.arguments import Location
from sweep.cli.fitting import say
from sweep.format import count as plural


def export(
    directory: Location,
    out: Annotated[
        str,
        typer.Option("--out", metavar="FILE", help="file (folder, with --partition-by) to write", show_default=False),
    ],
    form: Annotated[
        str | None,
        typer.Option("--format", metavar="csv|parquet|arrow|duckdb", help="default: by the ending of FILE"),
    ] = None,
    columns: Annotated[
        list[str] | None,
        typer.Option("--columns", metavar="NAMES", help="names, or roles such as metric, by comma; repeatable"),
    ] = None,
    partition_by: Annotated[
        str | None,
        typer.Option("--partition-by", metavar="COLUMNS", help="Hive folders of Parquet, by these columns, by comma"),
    ] = None,
    compression: Annotated[
        str | None,
        typer.Option(
            "--compression",
            metavar="zstd|lz4|none",
            help="of parquet (default: zstd) and arrow (lz4; none can be mapped into memory)",
        ),
    ] = None,
) -> None:
    """Write the results as CSV, Parquet, Arrow or DuckDB.

    Units and meanings go along.
    """
    from sweep.query.export import export

    names = [name.strip() for comma_separated in columns or [] for name in comma_separated.split(",")]
    by = [name.strip() for name in partition_by.split(",")] if partition_by is not None else []
    exported = export(directory, out, form, names, compression=compression, partition_by=by)
    say(f"{' · '.join(exported.paths)}: {plural(exported.rows, 'row')}, {plural(exported.columns, 'column')}")
    if exported.left_out:
        say(
            f"left out: {', '.join(exported.left_out)}: lists, which CSV has not; "
            "named in --columns they are JSON texts; parquet, arrow and duckdb keep them"
        )
