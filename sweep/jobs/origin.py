# SPDX-License-Identifier: MIT
"""The command that a run was started with: its run directory, and what to type to run it, or one row of it, again."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sweep import storage
from sweep.config import Sweep
from sweep.errors import ConfigError
from sweep.jobs.executors import HERE
from sweep.standard_input import NAME, typed
from sweep.storage.home import expanded


@dataclass(frozen=True)
class Origin:
    """The command that started a run."""

    command: str  # "sweep run configs/x.yaml --set replicates=10"
    again: str  # the same command with its run directory
    how: tuple[str, ...] = ()  # options that change how it runs, but no row: "--workers", "2"

    @classmethod
    def of(cls, file: str | Path, sets: Sequence[str], out: str | Path | None, how: Sequence[str] = ()) -> Origin:
        """From sweep file, overrides (`sets`), run directory and further options (`how`) as typed; "~" is expanded."""
        file, out = expanded(file), expanded(out) if out else None
        arguments = ["run", str(file), *(argument for setting in sets for argument in ("--set", setting))]
        return cls(typed(arguments), typed(arguments + (["--out", str(out)] if out else [])), tuple(how))

    @property
    def resume(self) -> str:
        """The command that continues the run with the same options."""
        return " ".join([self.again, *map(shlex.quote, self.how)])

    def reproduce(self, simulation: str) -> str:
        """The command that runs one simulation again, in a directory of its own."""
        start = simulation[:16]
        return f"{self.command} --executor {HERE} --no-report --only {start} --out runs/{start}"


def options(values: Mapping[str, tuple[object, object]]) -> list[str]:
    """Command-line arguments for the options (name -> value, default) whose value is not the default."""
    changed = {name: value for name, (value, usual) in values.items() if value != usual}
    return [
        argument for name, value in changed.items() for argument in ([name] if value is True else [name, f"{value}"])
    ]


def run_directory(sweep: Sweep, out: str | Path | None) -> str:
    """The run directory: `out`, a path or a URI, or runs/<name> without it.

    Raises ConfigError if the sweep's name cannot name a directory, SweepError if `out` is not a valid location.
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
