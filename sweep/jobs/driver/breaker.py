# SPDX-License-Identifier: MIT
"""When to stop a run: what fails everywhere is not the fault of any one simulation.

Three attempts (or compilations) that have ended badly, without one in the run that ended well, are enough.  Later on it
takes STREAK of them in a row for each worker: a node that is broken has many attempts before others have one.  Deaths
of workers are timed, not counted: somebody who kills them may stop, and then the run goes on.

Where the only errors so far come from the code of some strategies, the run stops only once the others have been tried.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from pathlib import Path

from sweep.errors import RunError
from sweep.jobs.executors.work import Ending

BEGINNINGS = 3
STREAK = 12  # a worker, three times the tries that a piece has
DEATHS_S = 120.0  # without anything that ends well
TELLING = (Ending.RAISED, Ending.ENVIRONMENT, Ending.MEMORY, Ending.SLOW)
DEATHS = (Ending.CRASHED, Ending.KILLED, Ending.PRESSED)


class Breaker:
    """Counts what ended well and badly in one run, and says when to stop it."""

    def __init__(self) -> None:
        self.successes = 0
        self.cause = ""  # why the run is to be stopped, for people; "" while it is not
        self._row = 0  # telling failures since the last success
        self._raised: set[str] = set()  # strategies whose own code raised, before anything had ended well
        self._elsewhere = False  # whether anything else went wrong meanwhile
        self._deaths, self._since = 0, 0.0

    def succeeded(self) -> None:
        """Note that an attempt gave at least one row."""
        self.successes += 1
        self._row = self._deaths = 0
        self.cause = ""

    @property
    def doubtful(self) -> bool:
        """Whether one more failure stops the run, and nothing has ended well in it yet."""
        return not self.successes and self._row >= BEGINNINGS - 1

    def stops(self, coming: Callable[[], Collection[str]]) -> bool:
        """Whether the run is to be stopped; `coming`: strategies of which an attempt is still to end."""
        return bool(self.cause) and (self.successes > 0 or self._elsewhere or set(coming()) <= self._raised)

    def failed(
        self, ending: Ending, error: str, workers: int, *, watched: bool = False, strategy: str | None = None
    ) -> None:
        """Note that an attempt ended badly, or a kernel did not compile; `strategy`: whose code raised, if it did."""
        if strategy is not None and ending is Ending.RAISED:
            self._raised.add(strategy)
        else:
            self._elsewhere = True
        reason = (error.strip().splitlines() or [str(ending)])[-1]
        if ending in TELLING or (ending is Ending.CRASHED and watched):
            self._row += 1
            if not self.successes and self._row >= BEGINNINGS:
                self.cause = f"nothing can be simulated here: {self._row} attempts of {self._row} ended with: {reason}"
            elif self.successes and ending is Ending.ENVIRONMENT and self._row >= STREAK * max(workers, 1):
                self.cause = (
                    f"nothing can be simulated here any more: {self._row} attempts in a row ended with: {reason}"
                )
        elif ending in DEATHS:
            self._since = self._since if self._deaths else time.perf_counter()
            self._deaths += 1
            spent_s = time.perf_counter() - self._since
            if self._deaths >= BEGINNINGS and spent_s > DEATHS_S:
                self.cause = (
                    f"workers are ended from outside again and again: {self._deaths} in {spent_s:.0f} s, and nothing "
                    f"was simulated meanwhile; the last: {reason}"
                )


def nothing_works(cause: str, journal: Path) -> RunError:
    """The error that ends a run stopped for `cause`; `journal` is the file that lists every attempt."""
    return RunError(
        f"{cause}\n  nothing is recorded against any simulation; every attempt: {journal}\n"
        "  next: mend the cause; if it is in the strategy's source, the error says where"
    )
