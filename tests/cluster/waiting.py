# SPDX-License-Identifier: MIT
"""Waiting for something to become true, for so long and no longer."""

from __future__ import annotations

import time
from collections.abc import Callable

from namespaces import CommandError, Started

TICK_S = 0.1


def until(condition: Callable[[], bool], timeout_s: float, what: str, watched: Started | None = None) -> None:
    """Wait for `condition`.  Raises CommandError if it does not come, or if `watched` ends before that."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if watched and watched.ended():
            done = watched.wait(1)
            raise CommandError(f"{watched} ended with {done.exit_code} before {what}\n{done.output[-4000:]}")
        if time.monotonic() > deadline:
            said = f"\n{watched.log.read_text()[-4000:]}" if watched else ""
            raise CommandError(f"after {timeout_s:g} s: not yet {what}{said}")
        time.sleep(TICK_S)
