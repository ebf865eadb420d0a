# SPDX-License-Identifier: MIT
"""Reading histograms: the bucket rule as written in the file format, quantiles, merged replicates."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sweep.results import histogram
from tests.report.synthetic_sweep import bucket


def counts_of(values) -> np.ndarray:
    return np.bincount([bucket(int(value)) for value in values], minlength=256)


@given(st.integers(0, 2**34))
@settings(max_examples=300, deadline=None)
def test_every_value_lies_between_the_edges_of_its_bucket(value):
    edges = histogram.edges()
    place = bucket(value)
    assert edges[place] <= value
    assert value < edges[place + 1] or place == 255


def test_small_values_are_exact():
    assert list(histogram.edges()[:17]) == list(range(17))
    assert histogram.edges()[17] == 18  # from 16 on a bucket is two wide


@pytest.mark.parametrize("q", [0.01, 0.5, 0.9, 0.99])
def test_quantiles_are_within_a_bucket_of_the_true_ones(q):
    values = np.random.default_rng(4).lognormal(10, 1, 50_000)
    assert histogram.quantile(counts_of(values), q) == pytest.approx(np.quantile(values, q), rel=0.125)


def test_one_value_is_every_quantile_within_its_bucket():
    counts = counts_of([5])
    assert 5 <= histogram.quantile(counts, 0.0) <= histogram.quantile(counts, 1.0) <= 6


def test_merged_quantiles_are_not_means_of_quantiles():
    fast, slow = counts_of([10] * 99), counts_of([1000] * 99)
    assert histogram.quantile(fast + slow, 0.75) == pytest.approx(1000, rel=0.125)
    assert histogram.quantile(fast + slow, 0.25) == pytest.approx(10, abs=1)


def test_share_below():
    counts = counts_of([4, 4, 100, 100])
    assert histogram.share_below(counts, 50) == 0.5
    assert histogram.share_below(counts, 4) == 0.0
    assert histogram.share_below(counts, 1e6) == 1.0


def test_nothing_is_nan():
    empty = np.zeros(256, dtype=np.int64)
    assert np.isnan(histogram.quantile(empty, 0.5))
    assert np.isnan(histogram.share_below(empty, 5))
    assert not histogram.reaches(empty, 0.5)


def test_a_tail_needs_ten_observations_beyond_it():
    assert histogram.reaches(counts_of([1] * 1000), 0.99)
    assert not histogram.reaches(counts_of([1] * 999), 0.99)
