# SPDX-License-Identifier: MIT
"""Failures of simulations: recorded only once a witness shows that the machine is not to blame.

A witness is another attempt that ended well, after the last attempt at the failed ones began.
"""

from __future__ import annotations

from collections.abc import Iterable

from sweep.jobs.executors.work import AttemptOutcome
from sweep.jobs.store.failure import Failure
from sweep.jobs.store.parts import Store

from .breaker import Breaker
from .pieces import Pieces
from .policy import Piece


class FailureRecords:
    """The failures of one run: recorded, waiting for a witness, or left open."""

    def __init__(self, store: Store, pieces: Pieces, breaker: Breaker, max_failures: int | None) -> None:
        """`max_failures`: once more simulations than this are recorded as failed, none is any more; None: no limit."""
        self.failures: list[Failure] = []  # recorded
        self.open: list[Failure] = []  # of simulations that have neither a row nor failed: not recorded
        self._store, self._pieces, self._breaker, self._max_failures = store, pieces, breaker, max_failures
        self._held: list[tuple[int, Failure]] = []  # to be recorded once more attempts than that have ended well

    @property
    def waiting(self) -> bool:
        """Whether failures wait for a witness."""
        return bool(self._held)

    @property
    def given_up(self) -> bool:
        """Whether more than `max_failures` simulations have failed."""
        failed = sum(len(failure.ids) for failure in self.failures)
        return self._max_failures is not None and failed > self._max_failures

    def hold(self, piece: Piece, indices: Iterable[int], outcome: AttemptOutcome, successes: int) -> None:
        """Hold a failure of these simulations of `piece` until another attempt has ended well.

        `successes`: attempts that had ended well when the last attempt at them began.
        """
        self._held.append((successes, self._failure(piece, indices, outcome)))

    def record(self) -> int:
        """Record the failures that have a witness; returns the number of their simulations."""
        waiting, self._held, recorded = self._held, [], 0
        for successes, failure in waiting:
            if successes < self._breaker.successes and not self.given_up:
                self._store.fail(failure.name, failure.record())
                self.failures.append(failure)
                recorded += len(failure.ids)
            else:
                self._held.append((successes, failure))
        return recorded

    def leave_open(self, piece: Piece, outcome: AttemptOutcome) -> None:
        """Record nothing against the simulations of `piece`, so that the next run tries them again."""
        self.open.append(self._failure(piece, range(piece.size), outcome))

    def close(self) -> None:
        """At the end of the run, leave open the failures that have no witness."""
        self.open += [failure for _, failure in self._held]
        self._held = []

    def _failure(self, piece: Piece, indices: Iterable[int], outcome: AttemptOutcome) -> Failure:
        return Failure(
            strategy=self._pieces.strategy(piece),
            ending=str(outcome.ending),
            error=outcome.error,
            ids=tuple(name.decode() for name in self._pieces.ids(piece)[list(indices)].tolist()),
            document=self._pieces.document,
            node=outcome.node,
        )
