# SPDX-License-Identifier: MIT
"""Pages of the documentation, and a directory in which what they say is typed.

In a ```console block a line that begins with "$ " is a command, which goes on as long as a quote is open; the rest is
what it prints, where a line "..." stands for any lines.  A comment "# exits with N" promises that exit code.  A ```yaml
or ```py block that follows "Save this as `NAME`" is that file.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from sweep.model.compiler.kernel_cache import VARIABLE, root

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 300  # for one command, kernels compiled
COLUMNS = "100"


class Command(NamedTuple):
    """A command of a page, what is shown beneath it ("" if nothing is), and how it ends."""

    text: str
    output: str
    exit_code: int


def blocks(text: str, language: str) -> list[str]:
    """The fenced blocks in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.S | re.M)


def commands(text: str) -> list[Command]:
    """All commands of a page."""
    found = []
    for block in blocks(text, "console"):
        for example in re.split(r"^\$ ", block, flags=re.M)[1:]:
            lines = example.splitlines(keepends=True)
            end = next(i for i in range(1, len(lines) + 1) if _is_whole("".join(lines[:i])))
            command = "".join(lines[:end]).rstrip("\n")
            promised = re.search(r"# exits with (\d)", command)
            found.append(Command(command, "".join(lines[end:]), int(promised[1]) if promised else 0))
    return found


def _is_whole(command: str) -> bool:
    """Whether no quote is open, and the line does not go on."""
    try:
        shlex.split(command, comments=True)
    except ValueError:
        return False
    return not command.endswith("\\\n")


def files(text: str) -> dict[str, str]:
    """The files that the reader is asked to save."""
    return dict(re.findall(r"Save this as `([\w.]+)`[^`]*```(?:yaml|py)\n(.*?)^```", text, re.S | re.M))


def is_shown(output: str, printed: str) -> bool:
    """Whether `output` is what was printed, but for what "..." stands for."""
    pattern = "".join(".*" if line == "...\n" else re.escape(line) for line in output.splitlines(keepends=True))
    return re.fullmatch(pattern, printed, re.S) is not None


class Place:
    """A directory with configs/ and tests/ of this checkout, and `sweep` and `.venv` as after `make`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        for name in ("configs", "tests", "docs"):
            (path / name).symlink_to(ROOT / name)
        for bin_ in (path / "bin", path / ".venv/bin"):
            bin_.mkdir(parents=True)
            (bin_ / "python").symlink_to(sys.executable)
            (bin_ / "sweep").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m sweep "$@"\n')
            (bin_ / "sweep").chmod(0o755)

    def save(self, text: str) -> None:
        """The files of a page, and none of pages before it; runs stay."""
        for old in (path for path in self.path.glob("*.yaml") if not path.is_symlink()):
            old.unlink()
        for name, content in files(text).items():
            (self.path / name).write_text(content)

    def type(self, command: str) -> subprocess.CompletedProcess[str]:
        """What a shell makes of a command."""
        environment = {**os.environ, "PYTHONPATH": str(ROOT), VARIABLE: str(root()), "COLUMNS": COLUMNS}
        environment["BROWSER"] = "true"  # a program that shows nothing
        environment["PATH"] = f"{self.path}/bin:{os.environ['PATH']}"
        return subprocess.run(
            ["bash", "-c", command], cwd=self.path, env=environment, capture_output=True, text=True,
            timeout=SECONDS, check=False,
        )  # fmt: skip

    def python(self, program: str) -> subprocess.CompletedProcess[str]:
        """What Python makes of a program."""
        (self.path / "program.py").write_text(program)
        return self.type(f'"{sys.executable}" program.py')
