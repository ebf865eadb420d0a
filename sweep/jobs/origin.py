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

from .executor import Join


@dataclass(frozen=True)
class Origin:
    """The command behind a run."""

    command: str  # "sweep run configs/x.yaml --set replicates=10"
    again: str  # the same with its run directory and where it runs

    @classmethod
    def of(
        cls,
        file: str | Path,
        sets: Sequence[str],
        out: str | Path | None,
        executor: str = "ray",
        join: Join | None = None,
    ) -> Origin:
        """Sweep file, overrides, run directory, executor and cluster as the user gave them."""
        words = ["sweep", "run", str(file), *(word for each in sets for word in ("--set", each))]
        again = [*words, *(["--out", str(out)] if out else [])]
        if join:
            again += ["--address", join.address, *(["--nodes", str(join.nodes)] if join.nodes else [])]
        elif executor != "ray":
            again += ["--executor", executor]
        return cls(shlex.join(words), shlex.join(again))

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
