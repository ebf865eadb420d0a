# SPDX-License-Identifier: MIT
"""The time left, by hand: parts of known cost that ended at known times."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from sweep.watch.pace import WINDOW_S, seconds_left

BEGAN = 1_800_000_000.0
STARTED = datetime.fromtimestamp(BEGAN, UTC).isoformat()


def part(ended_s: float, model_s: float = 1.0, simulate_s: float = 2.0, strategy: str = "page_pool") -> Any:
    """A part that ended `ended_s` after the run began."""
    about = {"ended": BEGAN + ended_s, "model_s": model_s, "simulate_s": simulate_s, "strategy": strategy}
    return SimpleNamespace(chunks=(about,))


def left(cost_s: float, parts: list[Any], now_s: float, **factors: float) -> float | None:
    return seconds_left(cost_s, parts, factors, STARTED, BEGAN + now_s)


def test_nothing_is_known_before_the_first_part() -> None:
    assert left(100, [], 30) is None


def test_two_workers_do_two_core_seconds_a_second() -> None:
    """Both began at 10 s (Ray took ten to start, which is no part of the pace) and took 2 s a part."""
    parts = [part(12), part(12), part(14), part(14)]
    assert left(100, parts, 14, page_pool=2.0) == pytest.approx(100 / ((4 * 2.0) / (14 - 10)))


def test_parts_of_earlier_runs_say_nothing_of_the_pace() -> None:
    assert left(100, [part(-500), part(-1)], 30) is None
    assert left(100, [part(-500, 900), part(4)], 4, page_pool=2.0) == pytest.approx(100 / (2.0 / 2.0))


def test_a_part_without_a_time_is_one_of_an_earlier_version() -> None:
    old = part(4)
    del old.chunks[0]["ended"]
    assert left(100, [old], 30) is None


def test_the_pace_is_that_of_the_last_minutes() -> None:
    """Four workers for a long time, then one: the last minutes count."""
    fast = [part(t, 4.0, 4.0) for t in range(4, 1000)]
    slow = [part(t, 1.0, 1.0) for t in range(1001, 1001 + int(WINDOW_S))]
    assert left(100, fast + slow, 1000 + WINDOW_S) == pytest.approx(100, rel=0.02)


def test_a_run_that_stands_still_takes_longer_and_longer() -> None:
    parts = [part(t) for t in (2, 4, 6, 8)]
    times = [left(100, parts, now) for now in (8, 20, 100, 1000)]
    assert times == sorted(times)
    assert times[-1] > 10 * times[0]


def test_a_clock_that_is_behind_does_not_turn_time_around() -> None:
    assert left(100, [part(2), part(4)], -50) == left(100, [part(2), part(4)], 4)


def test_an_unknown_strategy_costs_what_was_predicted() -> None:
    assert left(100, [part(2, strategy="new")], 2) == pytest.approx(100 / (1.0 / 2.0))
