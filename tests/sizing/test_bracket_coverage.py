# SPDX-License-Identifier: MIT
"""Over many made-up series, false enclosures of the highest load stay below 1 - confidence.

As in `test_search_coverage`: the upper confidence bound of the rate is below what was promised.  Noise is shared among
loads, entirely, mostly or not at all, because the proof in `bracket` is to hold whatever they have in common.
"""

from __future__ import annotations

import numpy as np
import pytest
from synthetic_grid import bound, cube, noise, question, searched_loads

LOADS = tuple(float(load) for load in np.geomspace(0.01, 1, 100))
BOUND = 0.001
# Means of the loads in deviations of a replicate from the bound, from the lowest: what is hard is what is near it.
TRUTHS = {
    "all fail by nothing": np.zeros(100),
    "all meet by a hair": np.full(100, -0.01),
    "gentle": np.linspace(-2, 2, 100),
    "a step": np.where(np.arange(100) < 37, -1.0, 1.0),
    "knee": np.where(np.arange(100) < 60, -0.3, np.arange(100) - 59.0),
}
SHARED = (0.0, 0.7, 1.0)


def wrong(truth: str, shared: float, runs: int, seed: int) -> int:
    """How many of the series have a load that meets but is said to fail, or the other way round."""
    asked = question(cube(mixes=runs, loads=LOADS, rings=(256,)), f"drop_ratio < {BOUND}", replicates=8)
    means = TRUTHS[truth][:, None, None, None]
    common = noise(asked, seed, 1.0, shared=1.0)[:, :, 50:51]  # the same at every load
    own = noise(asked, seed + 1, 1.0, shared=0.0)
    values = BOUND * (1 + 0.1 * (means + np.sqrt(shared) * common + np.sqrt(1 - shared) * own))
    search, found = searched_loads(asked, {"drop_ratio": values}), 0
    meets = TRUTHS[truth] < 0
    for place in search.places:
        enclosing = search.series(place).bracket
        above = enclosing.meets is not None and not meets[enclosing.meets]
        below = enclosing.fails is not None and meets[enclosing.fails]
        found += bool(above or below)
    return found


def test_false_enclosures_are_fewer_than_was_said() -> None:
    """Over all truths together, where few series of each are quick."""
    total = sum(wrong(truth, 0.7, 40, 10 * number) for number, truth in enumerate(TRUTHS))
    assert bound(total, 40 * len(TRUTHS)) <= 0.05, total


@pytest.mark.slow
@pytest.mark.parametrize("truth", TRUTHS)
@pytest.mark.parametrize("shared", SHARED)
def test_false_enclosures_of_a_truth(truth: str, shared: float) -> None:
    number = 1000 + 100 * list(TRUTHS).index(truth) + 10 * SHARED.index(shared)
    assert bound(wrong(truth, shared, 500, number), 500) <= 0.05
