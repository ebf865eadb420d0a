# SPDX-License-Identifier: MIT
"""Over many made-up sweeps, false decisions stay below 1 - confidence per series, wherever the search stops."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from synthetic_grid import cube, noise, question, searched

from sweep.sizing.judge import State
from sweep.sizing.search import COST, Search

QUICK, MANY = 60, 1000  # series or contests; each mix is one
BOUND = {"allocator_calls_per_packet": 0.01, "drop_ratio": 0.001, "latency_p99_ns": 1000.0}

# Means of the rings in deviations of a replicate from the bound: what is hard is what is near it.
TRUTHS = {
    "all fail by nothing": [0.0] * 7,
    "all meet by a hair": [-0.01] * 7,
    "all meet by a deviation": [-1.0] * 7,
    "near on both sides": [0.5, 0.4, 0.2, -0.2, -0.4, -0.5, -0.6],
    "steep": [30, 10, 4, -4, -8, -8, -8],
    "meets late": [8, 4, 2, 1, 0.5, 0.2, -1.5],
}


def false(search: Search, mix: int, meets: list[bool]) -> bool:
    """Whether a series says of any ring what is not so."""
    series = search.series(mix, 0, 0)
    if series.answer is not None and not meets[series.answer]:
        return True
    return any(series.high[ring] == State.FAILS for ring, does in enumerate(meets[: series.answer]) if does)


def most(risk: float, runs: int) -> float:
    """A share that is exceeded once in a hundred times if `risk` is the true one."""
    return risk + 2.33 * np.sqrt(risk * (1 - risk) / runs)


def wrong(search: Search, truth: str) -> float:
    """Share of the series with a false decision."""
    means = np.array(TRUTHS[truth])
    runs = len(search.question.cube.mixes)
    return sum(false(search, mix, (means < 0).tolist()) for mix in range(runs)) / runs


def found(metrics: Sequence[str], truth: str, runs: int, confidence: float = 0.95) -> Search:
    """A search for made-up series of this truth in each metric."""
    asked = question(
        cube(mixes=runs), *(f"{each} < {BOUND[each]}" for each in metrics), replicates=8, confidence=confidence
    )
    means, values = np.array(TRUTHS[truth])[:, None, None], {}
    for seed, metric in enumerate(metrics):
        values[metric] = BOUND[metric] * (1 + 0.1 * (means + noise(asked, seed, 1.0)))
    return searched(asked, values)


@pytest.mark.parametrize("truth", TRUTHS)
def test_false_decisions_are_fewer_than_was_said(truth: str) -> None:
    search = found(["drop_ratio"], truth, QUICK)
    assert wrong(search, truth) <= most(0.05, QUICK)
    if truth == "steep":  # silence is not the way to be right
        assert all(search.series(mix, 0, 0).decided for mix in range(QUICK))
        assert search.count.sum() < QUICK * 7 * 8 / 2


@pytest.mark.slow
@pytest.mark.parametrize("metric", BOUND)
@pytest.mark.parametrize("truth", TRUTHS)
def test_false_decisions_among_many(metric: str, truth: str) -> None:
    assert wrong(found([metric], truth, MANY), truth) <= most(0.05, MANY)


@pytest.mark.slow
@pytest.mark.parametrize("truth", TRUTHS)
def test_false_decisions_with_two_objectives(truth: str) -> None:
    assert wrong(found(["allocator_calls_per_packet", "drop_ratio"], truth, MANY), truth) <= most(0.05, MANY)


def test_who_wants_to_be_surer_takes_more_replicates() -> None:
    few, many = (found(["drop_ratio"], "steep", QUICK, confidence) for confidence in (0.6, 0.999))
    assert few.count.sum() < many.count.sum()
    assert wrong(many, "steep") == 0
    assert wrong(few, "steep") <= most(0.4, QUICK)


def told_apart(contenders: int, runs: int) -> float:
    """Share of the contests among strategies of equal cost in which one is said to be worse."""
    asked = question(
        cube(mixes=runs, columns=tuple("abcdefgh"[:contenders]), rings=(64, 128)), "drop_ratio < 0.001", replicates=8
    )
    search = searched(asked, {COST: 500 * np.exp(noise(asked, 5, 0.02))})
    standings = [search.standing(mix, 0) for mix in range(runs)]
    return sum(bool(each and each.beaten) for each in standings) / runs


def test_equal_strategies_are_seldom_told_apart() -> None:
    assert told_apart(3, QUICK) <= most(0.05, QUICK)


@pytest.mark.slow
@pytest.mark.parametrize("contenders", [2, 5])
def test_equal_strategies_among_many(contenders: int) -> None:
    assert told_apart(contenders, 400) <= most(0.05, 400)


def test_a_better_strategy_is_found_early() -> None:
    asked = question(cube(mixes=100, columns=("a", "b")), "drop_ratio < 0.001", replicates=8)
    cost = np.array([500.0, 530.0])[None, :, None, None, None, None] * np.exp(noise(asked, 5, 0.005))
    search = searched(asked, {COST: cost})
    standings = [search.standing(mix, 0) for mix in range(100)]
    assert sum(each is not None and (each.best, each.beaten) == (0, (1,)) for each in standings) > 95
    assert search.count.sum() < 0.1 * 100 * 2 * 7 * 8
