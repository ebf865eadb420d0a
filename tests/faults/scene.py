# SPDX-License-Identifier: MIT
"""Typing `sweep ...` where everything that it starts and leaves can be found: a mark and a TMPDIR of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
from marked import Mark

from sweep.model.compiler.kernel_cache import VARIABLE, root

REPOSITORY = Path(__file__).resolve().parents[2]
PLANTED = Path(__file__).parent / "planted"
LEFT_ALONE = ("SWEEP_DEBUG", "SWEEP_PLAIN_PYTHON")


class Said(NamedTuple):
    """What a process has printed so far, and its exit code, None while it runs."""

    code: int | None
    out: str
    error: str

    def __str__(self) -> str:
        return f"exit {self.code}\n--- stdout\n{self.out[-3000:]}\n--- stderr\n{self.error[-3000:]}"


@dataclass
class Typed:
    """A `sweep` that was started; its output goes to files, so that no orphan holds a pipe."""

    process: subprocess.Popen[bytes]
    out: Path
    error: Path

    def said(self) -> Said:
        return Said(self.process.poll(), self.out.read_text(), self.error.read_text())

    def end(self, timeout_s: float) -> Said:
        """What it has said once it has ended.  Raises TimeoutExpired."""
        self.process.wait(timeout_s)
        return self.said()


@dataclass
class Scene:
    """A directory to type in."""

    here: Path
    temp: Path  # TMPDIR of all that is started: short, as Ray's sockets want it
    sources: Path = REPOSITORY  # where the package sweep is
    environment: dict[str, str] = field(default_factory=dict)  # besides that of the tests
    within: list[str] = field(default_factory=list)  # a command that all others are typed after: nsenter
    _number: count[int] = field(default_factory=count)

    def __post_init__(self) -> None:
        self.mark = Mark(at=self.here)

    def surroundings(self, environment: Mapping[str, str] = {}) -> dict[str, str]:
        """The environment of what is started."""
        given = {name: value for name, value in os.environ.items() if name not in LEFT_ALONE}
        path = os.pathsep.join([str(PLANTED), str(self.sources)])
        given |= {"PYTHONPATH": path, VARIABLE: str(root()), "TMPDIR": str(self.temp)}
        return given | self.mark.environment | self.environment | environment

    def start(self, *words: str, environment: Mapping[str, str] = {}) -> Typed:
        """Start `sweep` with these words."""
        number = next(self._number)
        out, error = self.here / f"out-{number}.txt", self.here / f"error-{number}.txt"
        with open(out, "wb") as to, open(error, "wb") as complaints:
            process = subprocess.Popen(
                [*self.within, sys.executable, "-m", "sweep", *words],
                cwd=self.here,
                env=self.surroundings(environment),
                stdin=subprocess.DEVNULL,
                stdout=to,
                stderr=complaints,
                start_new_session=True,
            )
        return Typed(process, out, error)

    def sweep(self, *words: str, code: int = 0, timeout_s: float = 300, environment: Mapping[str, str] = {}) -> Said:
        """What `sweep` with these words says; it must exit with `code` in time, without a word on stderr."""
        said = self.start(*words, environment=environment).end(timeout_s)
        assert said.code == code, said
        assert said.error == "" or code == 2, said
        return said

    def end(self) -> None:
        """Kill whatever is left."""
        self.mark.end()


def read(directory: Path) -> pa.Table:
    """The published table of a run directory; its data only."""
    with pa.memory_map(str(directory / "results.arrow")) as source:
        return pa.ipc.open_file(source).read_all().replace_schema_metadata(None)


def rows_in_part(path: Path) -> int:
    """How many rows a part has."""
    with pa.memory_map(str(path)) as source:
        return pa.ipc.open_file(source).read_all().num_rows


def ids_in_parts(directory: Path) -> list[str]:
    """Ids of the rows of all parts."""
    found: list[str] = []
    for path in sorted((directory / "parts").glob("*.arrow")):
        with pa.memory_map(str(path)) as source:
            found += pa.ipc.open_file(source).read_all().column("id").to_pylist()
    return found
