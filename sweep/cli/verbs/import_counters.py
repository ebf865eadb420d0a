# SPDX-License-Identifier: MIT
"""`sweep import counters`: read the counters of a real host, check them, say what follows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sweep.cli.fitting import say

Json = Annotated[bool, typer.Option("--json", help="print JSON instead")]


def counters(
    before: Annotated[
        Path,
        typer.Argument(
            metavar="BEFORE", help='folder or file of what ethtool, ynl, ip, ss and /proc printed; "-": standard input'
        ),
    ],
    after: Annotated[
        Path | None,
        typer.Argument(metavar="[AFTER]", help="the same, later; default: by before and after in the names of files"),
    ] = None,
    as_json: Json = False,
) -> None:
    """Read counters of a host; check them; say what follows.

    Changes between two moments, identities of the kernel that hold or not, recycling, drops by cause.
    """
    from sweep.host_counters import wording
    from sweep.host_counters.result import read

    result = read([before], [] if after is None else [after])
    if as_json:
        from sweep.safe_text import json_text

        print(json_text(result.record(), indent=1))
    else:
        for line in wording.lines(result):
            say(line)
