# SPDX-License-Identifier: MIT
"""Over many made-up sweeps, false decisions stay below 1 - confidence per series, wherever the search stops.

The rate itself is shown to be below what is promised: its upper confidence bound (Clopper and Pearson) is, so that a
rate of twice the promise, or a little more than it, cannot pass.  Replicates are normal here; losses that come in
clumps are not, and nothing is shown of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest
from synthetic_grid import bound, cube, noise, question, searched

from sweep.sizing.judge import State
from sweep.sizing.search import Search

QUICK = 60  # series; each mix is one
EACH, WITH_TWO = 168, 250  # of each metric and truth; of each truth with two objectives
BOUND = {"allocator_calls_per_packet": 0.01, "drop_ratio": 0.001, "cpu_busy_ratio": 0.5}

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


def wrong(search: Search, truth: str) -> int:
    """How many of the series have a false decision."""
    means = np.array(TRUTHS[truth])
    return sum(false(search, mix, (means < 0).tolist()) for mix in range(len(search.question.cube.mixes)))


def found(metrics: Sequence[str], truth: str, runs: int, confidence: float = 0.95, first_seed: int = 0) -> Search:
    """A search for made-up series of this truth in each metric; every metric has noise of its own."""
    asked = question(
        cube(mixes=runs), *(f"{each} < {BOUND[each]}" for each in metrics), replicates=8, confidence=confidence
    )
    means, values = np.array(TRUTHS[truth])[:, None, None], {}
    for seed, metric in enumerate(metrics, first_seed):
        values[metric] = BOUND[metric] * (1 + 0.1 * (means + noise(asked, seed, 1.0)))
    return searched(asked, values)


def test_false_decisions_are_fewer_than_was_said() -> None:
    """Over all truths together, where few series of each are quick."""
    searches = {truth: found(["drop_ratio"], truth, QUICK) for truth in TRUTHS}
    total = sum(wrong(search, truth) for truth, search in searches.items())
    assert bound(total, QUICK * len(TRUTHS)) <= 0.05, total
    steep = searches["steep"]  # silence is not the way to be right
    assert all(steep.series(mix, 0, 0).decided for mix in range(QUICK))
    assert steep.count.sum() < QUICK * 7 * 8 / 2


@pytest.mark.parametrize("runs", [EACH * len(BOUND), EACH * len(TRUTHS)])
def test_a_rate_above_the_promise_would_not_pass(runs: int) -> None:
    assert bound(round(0.05 * runs), runs) > 0.05
    assert bound(round(0.02 * runs), runs) < 0.05 < bound(round(0.04 * runs), runs)


def test_nor_would_it_with_two_objectives() -> None:
    assert bound(round(0.01 * WITH_TWO), WITH_TWO) < 0.05 < bound(round(0.04 * WITH_TWO), WITH_TWO)


@cache
def wrong_of(metric: str, truth: str) -> int:
    """How many of EACH series have a false decision; no two metrics and truths share their noise."""
    seed = 100 + len(BOUND) * list(TRUTHS).index(truth) + list(BOUND).index(metric)
    return wrong(found([metric], truth, EACH, first_seed=seed), truth)


@pytest.mark.slow
@pytest.mark.parametrize("truth", TRUTHS)
def test_false_decisions_of_a_truth(truth: str) -> None:
    """Over all metrics: what is hard is a truth."""
    assert bound(sum(wrong_of(metric, truth) for metric in BOUND), EACH * len(BOUND)) <= 0.05


@pytest.mark.slow
@pytest.mark.parametrize("metric", BOUND)
def test_false_decisions_of_a_metric(metric: str) -> None:
    """Over all truths: each metric has an estimator of its own."""
    assert bound(sum(wrong_of(metric, truth) for truth in TRUTHS), EACH * len(TRUTHS)) <= 0.05


@pytest.mark.slow
@pytest.mark.parametrize("truth", TRUTHS)
def test_false_decisions_with_two_objectives(truth: str) -> None:
    two = found(["allocator_calls_per_packet", "drop_ratio"], truth, WITH_TWO)
    assert bound(wrong(two, truth), WITH_TWO) <= 0.05


def test_who_wants_to_be_surer_takes_more_replicates() -> None:
    few, many = (found(["drop_ratio"], "steep", QUICK, confidence) for confidence in (0.6, 0.999))
    assert few.count.sum() < many.count.sum()
    assert wrong(many, "steep") == 0
    assert bound(wrong(few, "steep"), QUICK) <= 0.4
