# SPDX-License-Identifier: MIT
"""What the autoscaler is told."""

from __future__ import annotations

import threading

from sweep.jobs.executors.ray.demand import MOST_CPUS, Demand


def test_every_chunk_that_is_not_done_is_worth_a_cpu() -> None:
    told: list[int] = []
    demand = Demand(10, told.append)
    demand.announce()
    demand.announce()
    assert told == [10], "said once"
    demand.ended(0)
    demand.announce()
    assert told == [10, 9]
    demand.submitted(0)  # it was lost
    demand.announce()
    assert told == [10, 9, 10]
    for chunk in range(10):
        demand.ended(chunk)
    demand.submitted(9)
    demand.announce()
    assert told[-1] == 1, "the last chunk may be lost like any other"
    demand.take_back()
    assert told[-1] == 0


def test_a_demand_that_hardly_shrinks_is_not_repeated_and_none_is_beyond_what_can_be_packed() -> None:
    told: list[int] = []
    demand = Demand(MOST_CPUS + 100, told.append)
    for chunk in range(150):
        demand.ended(chunk)
        demand.announce()
    assert told == [MOST_CPUS]
    for chunk in range(150, 400):
        demand.ended(chunk)
        demand.announce()
    assert len(told) == 4
    assert told == sorted(told, reverse=True)


def test_nothing_is_said_after_the_last_word() -> None:
    told: list[int] = []
    demand = Demand(3, told.append)
    demand.take_back()
    late = threading.Thread(target=demand.announce, daemon=True)
    late.start()
    late.join(0.2)
    assert told == [0]
