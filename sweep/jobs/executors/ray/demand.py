# SPDX-License-Identifier: MIT
"""For how much work a joined cluster's autoscaler is told there is some: one CPU for every chunk that is not done.

It adds machines by that, and remembers it until it is told something else; so the last word is 0, and nothing is said
after it.

Not modelled: demand that others have announced to the same cluster.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

MOST_CPUS = 1024  # announced: the autoscaler packs them one by one
STEP = 0.9  # a demand that shrinks by less is not worth a message


class Demand:
    """Of one run.  `tell` gets a number of CPUs to Ray; that may take long, so it is done in threads of its own."""

    def __init__(self, chunks: int, tell: Callable[[int], None]) -> None:
        self._chunks, self._tell = chunks, tell
        self._ended: set[int] = set()
        self._announced = 0
        self._telling = threading.Lock()

    def submitted(self, chunk: int) -> None:
        """There is work in `chunk`: it is new, or part of it was lost or has failed."""
        self._ended.discard(chunk)

    def ended(self, chunk: int) -> None:
        """An attempt at `chunk` has ended."""
        self._ended.add(chunk)

    def announce(self) -> None:
        """If it is worth it."""
        cpus = min(MOST_CPUS, self._chunks - len(self._ended))
        if not STEP * self._announced < cpus <= self._announced:
            with self._telling:
                self._tell(cpus)
            self._announced = cpus

    def take_back(self) -> None:
        """Once, at the end."""
        self._telling.acquire()  # and keep it: nothing is announced after this
        self._tell(0)
