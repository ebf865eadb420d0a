# SPDX-License-Identifier: MIT
"""What an executor is given and what it gives back: words that go between processes, so plain and small."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Warm(NamedTuple):
    """Work: have the kernel of a strategy compiled wherever chunks may run."""

    strategy: str


class Run(NamedTuple):
    """Work: simulate a chunk of the plan, or a slice of it."""

    number: int  # of the chunk
    start: int = 0  # of its simulations, [start:stop]
    stop: int | None = None
    attempt: int = 0  # tells attempts at the same simulations apart
    alone: bool = False  # with a node to itself, and all of its memory


Work = Warm | Run


class Ending(StrEnum):
    """How an attempt ended."""

    DONE = "done"
    RAISED = "exception"  # in Python, outside any one lane
    CRASHED = "crash"  # the worker's process died
    MEMORY = "memory"  # the worker's process was ended for the memory that its node had left
    SLOW = "too_slow"  # past its deadline; the driver says so, no executor does
    LOST = "lost"  # node, object or the executor itself went: not the work's fault


class Outcome(NamedTuple):
    """What became of an attempt."""

    ending: Ending
    data: bytes | None = None  # the part, an Arrow IPC file; None if it has no row
    error: str = ""  # the traceback, or what the executor knows
    seconds: float = 0.0  # compile time of a `Warm`
    failed: tuple[tuple[int, str, str], ...] = ()  # simulations that raised: index in the slice, ending, traceback
    node: str = ""  # where it ran, if known
