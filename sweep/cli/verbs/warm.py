# SPDX-License-Identifier: MIT
"""`sweep warm`: compile kernels in advance, for example when a node is set up."""

from __future__ import annotations

from typing import Annotated

import typer

from sweep.cli.arguments import Workers
from sweep.cli.fitting import say
from sweep.cli.numbers import seconds
from sweep.format import count as plural

Strategies = Annotated[list[str] | None, typer.Argument(metavar="[STRATEGY...]", help="default: all")]


def warm(names: Strategies = None, workers: Workers = None) -> None:
    """Compile the kernels of strategies on this machine.

    No run on it waits for a compiler then.
    """
    from sweep.jobs.executors import warm as kernels
    from sweep.jobs.executors.choice import worker_count

    chosen = kernels.chosen(names or [])
    if kernels.disabled():
        say("SWEEP_PLAIN_PYTHON is set: kernels run as plain Python, nothing is compiled")
        return
    compiled = 0
    for name, seconds_taken in kernels.warm(chosen, worker_count(workers)):
        compiled += seconds_taken is not None
        say(f"{name}: {'is there' if seconds_taken is None else f'compiled in {seconds(seconds_taken)}'}")
    say(f"{plural(len(chosen), 'kernel')} in {kernels.folder()}, {compiled} compiled now")
