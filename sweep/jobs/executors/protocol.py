# SPDX-License-Identifier: MIT
"""What every executor does: it takes work, and gives outcomes in any order.

It knows chunks by number and strategies by name; it neither retries (see `driver.policy`) nor writes a file.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from .work import Outcome, Work


class Join(NamedTuple):
    """A cluster that is there already."""

    address: str  # "auto" or host:port
    nodes: int = 0  # with CPUs; wait until as many are there
    patience_s: float = 900.0  # for so long


class Executor(Protocol):
    """Runs the work of one plan."""

    workers: int  # chunks that run at the same time; may change while it runs, and is 0 until it has started
    name: str  # for people: "local Ray, 2 workers"

    def submit(self, work: Work) -> None:
        """Take `work`; returns at once."""

    def cancel(self, work: Work) -> None:
        """End `work` by force; no outcome of it will come."""

    def wait(self, timeout_s: float) -> list[tuple[Work, Outcome]]:
        """What has ended: all that is ready, or after at most `timeout_s` nothing.  Raises SweepError."""

    def close(self) -> None:
        """Give up what is not done and leave nothing behind, within two seconds."""
