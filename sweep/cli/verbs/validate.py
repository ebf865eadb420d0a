# SPDX-License-Identifier: MIT
"""`sweep validate`: predict published experiments and compare with what was measured."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from sweep.cli.arguments import Workers
from sweep.cli.fitting import say
from sweep.format import count as plural

Paths = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="[PATHS...]", help='experiment files or folders of them, "-": standard input; default: the shipped ones'
    ),
]
Out = Annotated[
    Path | None, typer.Option("--out", metavar="DIR", help="write validation.md, .html, .json and .arrow there")
]


def validate(paths: Paths = None, out: Out = None, workers: Workers = None) -> None:
    """Predict published measurements; show the error of each.

    Exit 1 on a miss that no file explains.
    """
    from sweep.document.plain_text import render
    from sweep.errors import IncompleteError, SweepError
    from sweep.validate import find, judge, read_all
    from sweep.validate.outcome.document import document
    from sweep.validate.outcome.files import make_room, write
    from sweep.validate.outcome.summary import summarise

    from .report import width

    if workers is not None and workers < 1:
        raise SweepError(f'workers "{workers}" is too small: at least 1\n  see: sweep validate --help')
    experiments = read_all(find(paths or []))
    if out is not None:
        make_room(out)
    try:
        outcomes = judge(experiments, workers, _announce)
    except KeyboardInterrupt:
        raise IncompleteError("interrupted; nothing is kept of a validation\n  see: sweep validate --help") from None
    summary = summarise(outcomes)
    print(render(document(outcomes, summary).short(), width()), end="")
    if out is not None:
        say("\n" + " · ".join(map(str, write(outcomes, summary, out))))
    unexplained = [
        f"{outcome.experiment.name} {prediction.id}" for outcome in outcomes for prediction in outcome.unexplained
    ]
    if unexplained:
        misses = plural(len(unexplained), "miss", "misses")
        say(f"\n{misses} without a reason: {', '.join(unexplained)}")
        raise typer.Exit(1)


def _announce(doing: str) -> None:
    """Print what is being done, if stderr is a terminal."""
    if sys.stderr.isatty():
        say(doing, error=True)
