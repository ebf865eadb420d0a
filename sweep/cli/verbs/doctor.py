# SPDX-License-Identifier: MIT
"""`sweep doctor`: a diagnosis of a real host from its counters, without any simulation."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sweep.cli.fitting import say


def doctor(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="PATH...",
            help='folders or files of what ethtool, ynl, ip, ss and /proc printed; "-": standard input',
        ),
    ],
) -> None:
    """Diagnose a host from its counters: drops, recycling, doubts.

    Says what stands out and what to ask next.  Of two files that count the same, the second is the later moment.
    """
    from sweep.host_counters import diagnosis
    from sweep.host_counters.result import read

    for line in diagnosis.lines(read(files)):
        say(line)
