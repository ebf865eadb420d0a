# SPDX-License-Identifier: MIT
"""What an executor is given and what it returns.  Both are sent between processes, so they are plain and small."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class WarmKernel(NamedTuple):
    """Work: have the kernel of a strategy compiled wherever chunks may run."""

    strategy: str


class RunSlice(NamedTuple):
    """Work: simulate a chunk of the plan, or a slice of it."""

    number: int  # of the chunk
    start: int = 0  # of its simulations, [start:stop]
    stop: int | None = None
    attempt: int = 0  # tells attempts at the same simulations apart
    alone: bool = False  # with a node to itself, and all of its memory
    watched: bool = False  # in a process of its own, whose end is seen (`trial`)


Work = WarmKernel | RunSlice


class Ending(StrEnum):
    """How an attempt ended."""

    DONE = "done"
    RAISED = "exception"  # the model raised it
    ENVIRONMENT = "surroundings"  # an exception that may not be the model's doing: files, imports, the compiler
    CRASHED = "crash"  # its process died; of work that is watched: by itself
    KILLED = "killed"  # its process was ended from outside
    MEMORY = "memory"  # it wanted more memory than it may have
    PRESSED = "node_memory"  # its process was ended because its node had no memory left, whoever took it
    SLOW = "too_slow"  # past its deadline; the driver says so, no executor does
    LOST = "lost"  # node, object or the executor itself went: not the work's fault


class AttemptOutcome(NamedTuple):
    """How an attempt ended, and its result."""

    ending: Ending
    data: bytes | None = None  # the part, an Arrow IPC file; None if it has no row
    error: str = ""  # the traceback, or what the executor knows
    seconds: float = 0.0  # compile time of a `WarmKernel`
    failed: tuple[tuple[int, str, str], ...] = ()  # simulations that raised: index in the slice, ending, traceback
    node: str = ""  # where it ran, if known
