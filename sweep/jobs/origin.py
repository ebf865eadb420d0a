# SPDX-License-Identifier: MIT
"""How a sweep was asked for: where its run directory is, and what to type to run it, or one row of it, again."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sweep import storage
from sweep.config import Sweep
from sweep.errors import ConfigError


@dataclass(frozen=True)
class Origin:
    """The command behind a run."""

    command: str  # "sweep run configs/x.yaml --set replicates=10"
    again: str  # the same with its run directory

    @classmethod
    def of(cls, file: str | Path, sets: Sequence[str], out: str | Path | None) -> Origin:
        """Sweep file, overrides and run directory as the user gave them."""
        words = ["sweep", "run", str(file), *(word for each in sets for word in ("--set", each))]
        return cls(shlex.join(words), shlex.join(words + (["--out", str(out)] if out else [])))

    def reproduce(self, simulation: str) -> str:
        """The command that runs one simulation again, in a directory of its own."""
        start = simulation[:16]
        return f"{self.command} --executor inline --no-report --only {start} --out runs/{start}"


def run_directory(sweep: Sweep, out: str | Path | None) -> str:
    """The run directory: `out`, a path or a URI, or runs/<name>.

    Raises ConfigError if the sweep's name is none for a directory, SweepError if `out` can be no location.
    """
    if out is not None:
        storage.open(out)
        return str(out)
    if not re.fullmatch(r"\w[\w.+-]*", sweep.name):
        raise ConfigError(
            f'name "{sweep.name}" is not the name of a directory: letters, digits, "_", "-", "+" and "."\n'
            "  next: change the name, or give --out LOCATION"
        )
    return f"runs/{sweep.name}"
