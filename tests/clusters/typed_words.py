# SPDX-License-Identifier: MIT
"""Command lines in files and documents: whether bash, `ray start` and sweep understand them; pinned versions."""

from __future__ import annotations

import re
import shlex
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from sweep.cli import app

ROOT = Path(__file__).parents[2]
END = re.compile(r"\s*(?:[|;&)`'#]|$)")


def version() -> str:
    """Of this package."""
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"])


def pinned(package: str = "python") -> str:
    """The version of a package in constraints.txt; "python": that of the nodes, in cluster.yaml."""
    if package == "python":
        (found,) = re.findall(r"^  - bash ~/sweep/node\.sh (\S+)", (ROOT / "cluster.yaml").read_text(), re.M)
    else:
        (found,) = re.findall(rf"^{package}==(\S+)$", (ROOT / "constraints.txt").read_text(), re.M)
    return str(found)


def environment(script: Path) -> dict[str, str]:
    """The variables that a script exports when it is sourced."""
    run = ["env", "-i", "HOME=/home/x", "PATH=/usr/bin:/bin", "bash", "-c", f". {shlex.quote(str(script))} && env -0"]
    done = subprocess.run(run, capture_output=True, text=True, check=True, timeout=10)
    return dict(line.split("=", 1) for line in done.stdout.split("\0") if line)


def mistake(command: str, start: Any) -> Iterator[str]:
    """What is wrong with a command of a cluster file; `start`: the click command of `ray start`."""
    done = subprocess.run(["bash", "-n", "-c", command], capture_output=True, text=True, timeout=10)
    if done.returncode:
        yield f"bash does not understand: {command}"
        return
    for words in _calls(re.sub(r"\$\([^)]*\)", "X", command), "ray start"):
        yield from _refused(start, words, command)
    yield from sweep_mistakes(command)


def sweep_mistakes(text: str) -> Iterator[str]:
    """What `sweep` does not understand of the calls of it in a text."""
    verbs = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    for verb, command in verbs.items():
        for words in _calls(text, f"sweep {verb}"):
            yield from _refused(command, words, f"sweep {verb} {' '.join(words)}")
    for word in re.findall(r"(?<![\w/.-])sweep ([a-z]+) +(?:[\w./]*\.yaml|--|[A-Z]{2,}|s3:)", text):
        if word not in verbs:
            yield f'sweep has no verb "{word}"'


def _calls(text: str, name: str) -> Iterator[list[str]]:
    """The arguments of each call of `name`, up to what ends a command."""
    text = text.replace("\\\n", " ")
    for match in re.finditer(
        rf"(?<![\w/.-]){name}(?= |$)(?P<rest>[^\n|;&`#']*(?:'[^'\n]*=[^'\n]*'[^\n|;&`#']*)*)", text
    ):
        yield shlex.split(match["rest"].replace("$", ""))


def _refused(command: Any, words: list[str], shown: str) -> Iterator[str]:
    try:
        command.make_context(command.name, list(words))
    except Exception as error:
        if not hasattr(error, "format_message"):
            raise
        yield f"{error.format_message()} In: {shown}"
