# SPDX-License-Identifier: MIT
"""When a run is stopped because nothing works, and when it is not."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from sweep.jobs.driver import breaker
from sweep.jobs.driver.breaker import BEGINNINGS, DEATHS_S, STREAK, Breaker
from sweep.jobs.executors.work import Ending


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    made = SimpleNamespace(now=0.0, perf_counter=lambda: made.now)
    monkeypatch.setattr(breaker, "time", made)
    return made


@pytest.mark.parametrize("ending", [Ending.RAISED, Ending.ENVIRONMENT, Ending.MEMORY, Ending.SLOW])
def test_three_beginnings_without_a_success_are_enough(ending: Ending) -> None:
    found = Breaker()
    for _ in range(BEGINNINGS):
        assert not found.cause
        found.failed(ending, "Traceback\nOSError: planted", 2)
    assert "3 attempts of 3" in found.cause
    assert found.cause.endswith("OSError: planted")


def test_a_success_is_the_end_of_that() -> None:
    found = Breaker()
    found.failed(Ending.RAISED, "x", 2)
    found.failed(Ending.RAISED, "x", 2)
    assert found.doubtful
    found.succeeded()
    for _ in range(100):
        found.failed(Ending.RAISED, "x", 2)
    assert not found.cause
    assert not found.doubtful


def test_a_disk_that_fills_in_the_middle_stops_the_run() -> None:
    found = Breaker()
    found.succeeded()
    for _ in range(2 * STREAK):
        assert not found.cause
        found.failed(Ending.ENVIRONMENT, "OSError: No space left on device", 2)
    assert "any more" in found.cause


def test_a_killer_has_two_minutes(clock: SimpleNamespace) -> None:
    found = Breaker()
    while clock.now <= DEATHS_S:
        found.failed(Ending.CRASHED, "WorkerCrashedError", 2)
        assert not found.cause
        clock.now += 0.5
    found.failed(Ending.KILLED, "its process ended with SIGKILL", 2)
    assert "ended from outside again and again" in found.cause


def test_a_killer_who_lets_some_through_does_not_stop_the_run(clock: SimpleNamespace) -> None:
    found = Breaker()
    for number in range(1000):
        found.failed(Ending.KILLED, "its process ended with SIGKILL", 2)
        clock.now += 0.5
        if number % 100 == 0:
            found.succeeded()
    assert not found.cause


def test_crashes_that_were_seen_count(clock: SimpleNamespace) -> None:
    """As an illegal instruction in every kernel."""
    found = Breaker()
    for _ in range(BEGINNINGS):
        found.failed(Ending.CRASHED, "its process ended with SIGILL", 2, watched=True)
    assert "SIGILL" in found.cause


def test_where_only_one_strategy_raises_the_others_have_their_say() -> None:
    known = Breaker()
    for _ in range(4):
        known.failed(Ending.RAISED, "ValueError: planted", 2, strategy="page_pool")
    assert known.cause
    assert not known.stops(lambda: {"page_pool", "page_frag"})
    assert known.stops(lambda: {"page_pool"})
    known.failed(Ending.ENVIRONMENT, "OSError: planted", 2, strategy="page_frag")
    assert known.stops(lambda: {"page_pool", "page_frag"})
    known.succeeded()
    assert not known.stops(lambda: set())
