# SPDX-License-Identifier: MIT
"""`sweep init`: a commented sweep file for a question, to be edited and run."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Annotated

import typer

from sweep.cli.fitting import say
from sweep.errors import SweepError, did_you_mean
from sweep.standard_input import WRITTEN

from .report import width

SCHEMA = "sweep.schema.json"
SCHEMA_LINE = (
    f"# yaml-language-server: $schema={SCHEMA}\n"  # read by the YAML plug-ins of VS Code, Vim, Emacs and Helix
)

Question = Annotated[
    str | None, typer.Argument(metavar="QUESTION", help="which of those that --list shows", show_default=False)
]


def init(
    question: Question = None,
    out: Annotated[
        str | None,
        typer.Option("--out", metavar="FILE", help='write it there; "-": print it; default: QUESTION.yaml'),
    ] = None,
    listed: Annotated[bool, typer.Option("--list", help="show the questions that there are files for")] = False,
) -> None:
    """Write a commented sweep file for a question, to edit and run.

    Beside it goes the JSON Schema that editors complete and check it with.  What is there already is never replaced.
    """
    from sweep.show import questions
    from sweep.show.point import text

    if listed:
        print(text(questions.document(), width()), end="")
        return
    names = questions.names()
    if question not in names:
        said = (
            f'"{question}" is not one of the questions.{did_you_mean(question, names)}'
            if question
            else "which question?"
        )
        raise SweepError(f"{said}\n  there are: {', '.join(names)}\n  see: sweep init --list")
    sweep_file = SCHEMA_LINE + questions.text(question)
    if out == WRITTEN:
        print(sweep_file, end="")
        return
    path = Path(out or f"{question}.yaml")
    _create(path, sweep_file, question)
    typed = shlex.quote(str(path))
    say(f"{path}: {questions.about(question)}\n{_schema(path.parent / SCHEMA)}")
    say(f"next: edit it, then\n  sweep plan {typed}\n  sweep run {typed}")


def _create(path: Path, text: str, question: str) -> None:
    """Write a file that is not there yet.  Raises SweepError if it is, or cannot be written."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        other = shlex.quote(str(path.with_stem(f"{path.stem}-2")))
        raise SweepError(
            f'"{path}" is there already, and is not replaced\n  next: sweep init {question} --out {other}'
        ) from None
    except OSError as error:
        raise SweepError(
            f'--out "{path}" cannot be written: {error.strerror}\n  next: give --out another file'
        ) from None


def _schema(path: Path) -> str:
    """Write the JSON Schema, unless a file of its name is there; returns the line that says so."""
    from sweep import config

    schema = json.dumps(config.json_schema(), indent=2) + "\n"
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(schema)
    except FileExistsError:
        if path.is_file() and path.read_bytes() == schema.encode():
            return f"{path}: is there already; editors complete and check sweep files with it"
        return f"{path}: is there and is another one; to renew it: sweep schema --out {shlex.quote(str(path))}"
    return f"{path}: editors complete and check sweep files with it"
