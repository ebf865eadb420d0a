# SPDX-License-Identifier: MIT
"""What to run, and how: a sweep, its run directory, and the options of `sweep run`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sweep.config import Sweep
from sweep.jobs.executors import DEFAULT
from sweep.jobs.executors.protocol import Join

from .driver import policy
from .origin import Origin


@dataclass(frozen=True)
class RunRequest:
    """What the user asked to have run."""

    sweep: Sweep
    directory: str | Path  # or URI
    origin: Origin
    executor: str = DEFAULT
    join: Join | None = None  # a cluster that is there; a private local one otherwise
    workers: int | None = None  # all cores
    chunk_s: float | None = None  # core time of a chunk; None: as `plan.advised_s` says
    only: str | None = None  # ids that start with this
    deadline_s: float = policy.DEADLINE_S  # least, of an attempt at a chunk
    max_failures: int | None = None  # stop when more simulations than this have failed
    retry_failed: bool = False  # try again what has failed before
    replace_sweep: bool = False  # in a directory where another sweep was run
    shuffle: int | None = None  # hand out in random order, of this seed
