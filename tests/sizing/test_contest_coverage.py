# SPDX-License-Identifier: MIT
"""Among many contests of made-up strategies, equal ones are told apart as seldom as was said, better ones are found."""

from __future__ import annotations

import numpy as np
import pytest
from synthetic_grid import bound, cube, noise, question, searched

from sweep.sizing.search import COST


def told_apart(contenders: int, runs: int) -> int:
    """In how many contests among strategies of equal cost one is said to be worse."""
    asked = question(
        cube(mixes=runs, columns=tuple("abcdefgh"[:contenders]), rings=(64, 128)), "drop_ratio < 0.001", replicates=8
    )
    search = searched(asked, {COST: 500 * np.exp(noise(asked, 5, 0.02))})
    standings = [search.standing(mix, 0) for mix in range(runs)]
    return sum(bool(each and each.beaten) for each in standings)


@pytest.mark.slow
@pytest.mark.parametrize(("contenders", "runs", "most"), [(2, 2000, 0.06), (3, 1000, 0.05), (5, 1000, 0.05)])
def test_equal_strategies_among_many(contenders: int, runs: int, most: float) -> None:
    """Between two the whole risk of 5 % is spent, so the rate can only be shown to be near it."""
    assert bound(told_apart(contenders, runs), runs) <= most


def test_a_better_strategy_is_found_early() -> None:
    asked = question(cube(mixes=100, columns=("a", "b")), "drop_ratio < 0.001", replicates=8)
    cost = np.array([500.0, 530.0])[None, :, None, None, None, None] * np.exp(noise(asked, 5, 0.005))
    search = searched(asked, {COST: cost})
    standings = [search.standing(mix, 0) for mix in range(100)]
    assert sum(each is not None and (each.best, each.beaten) == (0, (1,)) for each in standings) > 95
    assert search.count.sum() < 0.1 * 100 * 2 * 7 * 8
