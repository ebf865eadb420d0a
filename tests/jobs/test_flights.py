# SPDX-License-Identifier: MIT
"""Whose clock goes: an attempt that cannot run yet is not late."""

from __future__ import annotations

import pytest

from sweep.jobs.driver.attempts import Flights
from sweep.jobs.driver.policy import Piece
from sweep.jobs.executors.work import Run


def runs(flights: Flights, *alone: bool) -> list[Run]:
    """An attempt for each of these, in this order."""
    made = []
    for number, each in enumerate(alone):
        work = Run(number, 0, 1, attempt=number, alone=each)
        flights.take_off(work, Piece(number, 0, 1, alone=each))
        made.append(work)
    return made


def started(flights: Flights) -> list[int]:
    return [flight.piece.number for flight in flights.started()]


def test_the_oldest_run_and_the_others_wait() -> None:
    flights = Flights()
    first, *_ = runs(flights, False, False, False)
    flights.start(2)
    assert started(flights) == [0, 1]
    assert flights.land(first).took_s > 0
    flights.start(2)
    assert started(flights) == [1, 2]


@pytest.mark.parametrize("workers", [2, 16])
def test_what_is_to_be_alone_waits_for_those_before_it_and_is_waited_for(workers: int) -> None:
    """Several that want all memory, one after the other, each as long as its deadline: none of them is late."""
    flights = Flights()
    works = runs(flights, False, True, True, False)
    for number, work in enumerate(works):
        flights.start(workers)
        assert started(flights) == [number]
        flights.land(work)


def test_clocks_that_go_are_not_stopped_by_one_that_is_to_be_alone() -> None:
    flights = Flights()
    runs(flights, False, False)
    flights.start(2)
    runs(flights, True, False)
    flights.start(4)
    assert started(flights) == [0, 1]
