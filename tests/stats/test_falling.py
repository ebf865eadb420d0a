# SPDX-License-Identifier: MIT
"""Means that fall where they should rise: held against SciPy, and seldom found where they do not."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy.stats import ttest_ind

from sweep import stats

SERIES, REPLICATES = 4_000, 5


@pytest.mark.parametrize("seed", range(3))
def test_it_is_welch_s_test_of_every_pair_with_bonferroni(seed: int) -> None:
    samples = np.random.default_rng(seed).normal(size=(20, 4, REPLICATES)) * np.array([1.0, 3.0, 0.2, 1.0])[:, None]
    found = stats.fall(samples)
    for row, series in enumerate(samples):
        tests = {
            (i, j): ttest_ind(series[i], series[j], equal_var=False, alternative="greater").pvalue
            for i, j in combinations(range(4), 2)
        }
        surest = min(tests, key=tests.__getitem__)
        assert found.p[row] == pytest.approx(min(6 * tests[surest], 1.0), rel=1e-9)
        assert (found.first[row], found.last[row]) == surest or found.p[row] == 1


def test_equal_means_are_hardly_ever_called_falling() -> None:
    samples = np.random.default_rng(9).normal(size=(SERIES, 3, REPLICATES))
    assert (stats.fall(samples).p < stats.RISK).mean() <= stats.RISK + 3 * np.sqrt(stats.RISK / SERIES)


def test_a_fall_is_found_wherever_it_is_and_a_rise_never() -> None:
    draw = np.random.default_rng(1).normal(size=(200, 3, REPLICATES))
    falling = stats.fall(draw + np.array([0.0, 20.0, 5.0])[:, None])
    assert (falling.p < stats.RISK).mean() > 0.95
    assert ((falling.first == 1) & (falling.last == 2)).mean() > 0.95
    assert not (stats.fall(draw + np.array([0.0, 20.0, 40.0])[:, None]).p < stats.RISK).any()


def test_equal_samples_are_exact_and_missing_ones_say_nothing() -> None:
    assert stats.fall(np.array([[2.0, 2.0], [1.0, 1.0]])).p == 0
    assert stats.fall(np.array([[1.0, 1.0], [1.0, 1.0]])).p == 1
    assert stats.fall(np.array([[2.0, np.nan], [1.0, 1.0]])).p == 1
    skipped = stats.fall(np.array([[2.0, 2.0], [np.nan, np.nan], [1.0, 1.0]]))
    assert (skipped.p, skipped.first, skipped.last) == (0, 0, 2)
