# SPDX-License-Identifier: MIT
"""Whose clock goes: an attempt that cannot run yet is not late."""

from __future__ import annotations

import pytest

from sweep.jobs.driver.attempts import KEPT, Attempts
from sweep.jobs.driver.policy import Piece
from sweep.jobs.executors.work import RunSlice


def runs(attempts: Attempts, *alone: bool) -> list[RunSlice]:
    """An attempt for each of these, in this order."""
    made = []
    for number, each in enumerate(alone):
        work = RunSlice(number, 0, 1, attempt=number, alone=each)
        attempts.add(work, Piece(number, 0, 1, alone=each))
        made.append(work)
    return made


def started(attempts: Attempts) -> list[int]:
    return [attempt.piece.number for attempt in attempts.due(lambda attempt: 1e-9)]


def test_the_oldest_run_and_the_others_wait() -> None:
    attempts = Attempts()
    first, *_ = runs(attempts, False, False, False)
    attempts.start(2)
    assert started(attempts) == [0, 1]
    assert attempts.end(first).took_s > 0
    attempts.start(2)
    assert started(attempts) == [1, 2]


@pytest.mark.parametrize("workers", [2, 16])
def test_what_is_to_be_alone_waits_for_those_before_it_and_is_waited_for(workers: int) -> None:
    """Several that want all memory, one after the other, each as long as its deadline: none of them is late."""
    attempts = Attempts()
    works = runs(attempts, False, True, True, False)
    for number, work in enumerate(works):
        attempts.start(workers)
        assert started(attempts) == [number]
        attempts.end(work)


def test_clocks_that_go_are_not_stopped_by_one_that_is_to_be_alone() -> None:
    attempts = Attempts()
    runs(attempts, False, False)
    attempts.start(2)
    runs(attempts, True, False)
    attempts.start(4)
    assert started(attempts) == [0, 1]


def test_an_attempt_is_looked_at_when_it_may_be_late_and_not_before() -> None:
    attempts = Attempts(first_look_s=60.0)
    first, second = runs(attempts, False, False)
    attempts.start(2)
    assert started(attempts) == []
    attempts.end(first)
    assert len(attempts) == 1
    assert second in attempts


def test_attempts_that_have_ended_are_not_kept_until_somebody_would_have_looked_at_them() -> None:
    attempts = Attempts(first_look_s=60.0)
    for work in runs(attempts, *[False] * (3 * KEPT)):
        attempts.start(1)
        assert len(attempts._watched) <= KEPT + 2 * len(attempts)
        attempts.end(work)
