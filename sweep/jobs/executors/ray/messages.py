# SPDX-License-Identifier: MIT
"""The messages between a run and its Ray process, sent as pickles over a socket pair that nobody else holds."""

from __future__ import annotations

from typing import NamedTuple

from sweep.errors import SweepError
from sweep.jobs.executors.protocol import Join
from sweep.jobs.executors.work import AttemptOutcome, Work


class Setup(NamedTuple):
    """What the Ray process needs to start; it reads this from its standard input."""

    plan: bytes
    chunks: int  # number of chunks in the plan
    workers: int  # of local Ray
    join: Join | None  # None: local Ray
    directory: str  # private; local Ray keeps its files there
    objects: str  # folder of local Ray's object store, which holds the results of chunks
    log: str  # file that takes all output
    again: int  # how often Ray had to be started again


class Submit(NamedTuple):
    """To the Ray process: take this work."""

    work: Work


class Cancel(NamedTuple):
    """To the Ray process: end this work by force."""

    work: Work


class WorkerStatus(NamedTuple):
    """To the run: how many workers there are, and what to call the executor."""

    workers: int
    name: str


class Ended(NamedTuple):
    """To the run: work that has ended."""

    outcomes: list[tuple[Work, AttemptOutcome]]


class Fatal(NamedTuple):
    """To the run: an error that ends it, because trying again would not help."""

    error: SweepError
