# SPDX-License-Identifier: MIT
"""The demand announced to a joined cluster's autoscaler: one CPU for every chunk that is not done.

The autoscaler adds machines by it and remembers it until it gets another number; so the last announcement is 0.

Not modelled: demand that others have announced to the same cluster.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

MOST_CPUS = 1024  # announced: the autoscaler packs them one by one
STEP = 0.9  # a demand that shrinks by less is not worth a message


class Demand:
    """The demand of one run.  `tell` sends a number of CPUs to Ray; it may take long, so it is called in threads."""

    def __init__(self, chunks: int, tell: Callable[[int], None]) -> None:
        self._chunks, self._tell = chunks, tell
        self._ended: set[int] = set()
        self._announced = 0
        self._telling = threading.Lock()

    def submitted(self, chunk: int) -> None:
        """Note that there is work in `chunk`: it is new, or part of it was lost or failed."""
        self._ended.discard(chunk)

    def ended(self, chunk: int) -> None:
        """Note that an attempt at `chunk` has ended."""
        self._ended.add(chunk)

    def announce(self) -> None:
        """Tell Ray the demand, if it has grown or has shrunk by a tenth since Ray was last told of it."""
        cpus = min(MOST_CPUS, self._chunks - len(self._ended))
        if not STEP * self._announced < cpus <= self._announced:
            with self._telling:
                self._tell(cpus)
            self._announced = cpus

    def take_back(self) -> None:
        """Set the demand to 0, for good; called once, at the end of the run."""
        self._telling.acquire()  # and keep it: nothing is announced after this
        self._tell(0)
