# SPDX-License-Identifier: MIT
"""How a sweep was asked for: where its run directory is, and what to type to run it, or one row of it, again."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sweep import storage
from sweep.config import Sweep
from sweep.errors import ConfigError
from sweep.standard_input import NAME, typed
from sweep.storage.home import expanded


@dataclass(frozen=True)
class Origin:
    """The command behind a run."""

    command: str  # "sweep run configs/x.yaml --set replicates=10"
    again: str  # the same with its run directory
    how: tuple[str, ...] = ()  # words that decide how it runs, and no row: "--executor", "inline"

    @classmethod
    def of(cls, file: str | Path, sets: Sequence[str], out: str | Path | None, how: Sequence[str] = ()) -> Origin:
        """Sweep file, overrides, run directory and further options as the user gave them, but for a "~"."""
        file, out = expanded(file), expanded(out) if out else None
        words = ["run", str(file), *(word for each in sets for word in ("--set", each))]
        return cls(typed(words), typed(words + (["--out", str(out)] if out else [])), tuple(how))

    @property
    def resume(self) -> str:
        """The command that goes on with the run, in the way it was run."""
        return " ".join([self.again, *map(shlex.quote, self.how)])

    def reproduce(self, simulation: str) -> str:
        """The command that runs one simulation again, in a directory of its own."""
        start = simulation[:16]
        return f"{self.command} --executor inline --no-report --only {start} --out runs/{start}"


def options(values: Mapping[str, tuple[object, object]]) -> list[str]:
    """Options of a command (name -> value, usual value) as words: those that have another value than the usual one."""
    given = {name: value for name, (value, usual) in values.items() if value != usual}
    return [word for name, value in given.items() for word in ([name] if value is True else [name, f"{value}"])]


def run_directory(sweep: Sweep, out: str | Path | None) -> str:
    """The run directory: `out`, a path or a URI, or runs/<name>.

    Raises ConfigError if the sweep's name is none for a directory, SweepError if `out` can be no location.
    """
    if out is not None:
        storage.open(out)
        return str(expanded(out))
    if sweep.name == NAME:
        raise ConfigError(
            "a sweep from standard input has no file that its run directory could be called after\n"
            '  next: give it a "name:", or give --out LOCATION'
        )
    if not re.fullmatch(r"\w[\w.+-]*", sweep.name):
        raise ConfigError(
            f'name "{sweep.name}" is not the name of a directory: letters, digits, "_", "-", "+" and "."\n'
            "  next: change the name, or give --out LOCATION"
        )
    return f"runs/{sweep.name}"
