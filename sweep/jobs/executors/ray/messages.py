# SPDX-License-Identifier: MIT
"""What a run and its Ray process say to each other, as pickles over a pair of sockets that nobody else holds."""

from __future__ import annotations

from typing import NamedTuple

from sweep.errors import SweepError
from sweep.jobs.executors.protocol import Join
from sweep.jobs.executors.work import Outcome, Work


class Setup(NamedTuple):
    """What the Ray process is to do; it reads this from its standard input."""

    plan: bytes
    chunks: int  # of it
    workers: int  # of local Ray
    join: Join | None  # None: local Ray
    directory: str  # private; local Ray keeps its files there
    objects: str  # folder; local Ray keeps what chunks give there
    log: str  # where all that is printed goes
    again: int  # how often Ray had to be started again


class Submit(NamedTuple):
    """To the Ray process: take this work."""

    work: Work


class Cancel(NamedTuple):
    """To the Ray process: end this work by force."""

    work: Work


class Status(NamedTuple):
    """To the run: what there is to work with."""

    workers: int
    name: str


class Ended(NamedTuple):
    """To the run: work that has ended."""

    outcomes: list[tuple[Work, Outcome]]


class Failed(NamedTuple):
    """To the run: nothing can be done here, and trying again would not help."""

    error: SweepError
