# SPDX-License-Identifier: MIT
"""Arguments and options that several verbs share, and "~" in paths on the command line."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, ParamSpec, get_type_hints

import typer

from sweep import units
from sweep.errors import SweepError, did_you_mean
from sweep.jobs.executors import NAMES
from sweep.storage.home import expanded


def count(least: int) -> Callable[[str | int], int]:
    """A parser of whole numbers from `least`, as sweep files spell them: 20_000, 20k."""

    def number(given: str | int) -> int:
        try:
            value = units.whole(str(given))
        except units.UnitError as error:
            raise typer.BadParameter(f'"{given}" {error}.') from None
        if value < least:
            raise typer.BadParameter(f'"{given}" is too small: at least {least}.')
        return value

    return number


File = Annotated[
    Path, typer.Argument(help='sweep file (YAML); "-": standard input', metavar="FILE", show_default=False)
]
Location = Annotated[str, typer.Argument(metavar="LOCATION", help="run directory, a path or URI", show_default=False)]
Out = Annotated[
    str | None,
    typer.Option("--out", metavar="LOCATION", help="run directory: a path, s3://..., gs://...; default: runs/<name>"),
]
Sets = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="override a value of the file; repeatable")
]
Executor = Annotated[str, typer.Option("--executor", metavar="|".join(NAMES), help="where chunks run")]
Workers = Annotated[int | None, typer.Option("--workers", metavar="N", help="cores to use; default: all")]
ChunkSeconds = Annotated[
    float | None,
    typer.Option(
        "--chunk-seconds",
        metavar="S",
        min=0.001,
        help="core time that a chunk should take; default: 1, or more as the last run here or 1,000 workers advise",
    ),
]
Only = Annotated[str | None, typer.Option("--only", metavar="ID", help="only simulations whose id starts with this")]
RetryFailed = Annotated[bool, typer.Option("--retry-failed", help="try again what failed in earlier runs")]
ReplaceSweep = Annotated[
    bool, typer.Option("--replace-sweep", help="publish in the place of another sweep, whose run directory it is")
]

TEXT_FORMATS = ("txt", "json")
TextFormat = Annotated[str, typer.Option("--format", metavar="|".join(TEXT_FORMATS), help="json: for programs")]


def known_format(form: str, formats: Sequence[str] = TEXT_FORMATS) -> str:
    """`form`, if it is one of `formats`.  Raises SweepError if not."""
    if form not in formats:
        raise SweepError(f'format "{form}" is not known.{did_you_mean(form, formats)}\n  known: {", ".join(formats)}')
    return form


PATHS = {"FILE", "LOCATION", "DIR", "BASE", "NEW", "PATHS"}  # metavars of parameters that are paths
P = ParamSpec("P")


def at_home(verb: Callable[P, None]) -> Callable[P, None]:
    """`verb` with "~" and "~user" expanded in its paths, also in `--out=~/x`, which no shell expands."""

    @functools.wraps(verb)
    def call(*arguments: P.args, **options: P.kwargs) -> None:
        for name, hint in get_type_hints(verb, include_extras=True).items():
            metavars = {word for metadata in getattr(hint, "__metadata__", ()) for word in _words(metadata)}
            if metavars & PATHS and options.get(name) is not None:
                options[name] = _at_home(options[name])
        verb(*arguments, **options)

    return call


def _words(about: Any) -> list[str]:
    return re.findall("[A-Z]+", str(getattr(about, "metavar", None) or ""))


def _at_home(given: Any) -> Any:
    return [expanded(path) for path in given] if isinstance(given, list) else expanded(given)
