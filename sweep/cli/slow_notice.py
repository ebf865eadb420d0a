# SPDX-License-Identifier: MIT
"""Print what is going on if it takes longer than a user expects; only to a terminal, on stderr."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

SILENCE_S = 2.0


@contextmanager
def notice_if_slow(doing: str) -> Iterator[None]:
    """Print `doing` to stderr, if that is a terminal, unless the block ends within SILENCE_S."""
    if not sys.stderr.isatty():
        yield
        return
    timer = threading.Timer(SILENCE_S, lambda: print(f"{doing} …", file=sys.stderr, flush=True))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
