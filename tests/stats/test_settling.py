# SPDX-License-Identifier: MIT
"""MSER: cuts are those of the definition, a start that differs goes, and what never settles is said not to."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sweep.stats.settling import LAST, UNSETTLED, settled_after

BINS = 40


def by_definition(means: list[float]) -> int:
    """The cut with the smallest sum of squares of the rest, over the square of its length."""
    errors = []
    for start in range(len(means) - LAST):
        rest = [value for value in means[start:] if not math.isnan(value)]
        center = sum(rest) / max(len(rest), 1)
        error = sum((value - center) ** 2 for value in rest) / max(len(rest), 1) ** 2
        errors.append(error if len(rest) > LAST else math.inf)
    half = len(means) // 2
    cut = errors.index(min(errors[: half + 1]))
    later = min(errors[half + 1 :])
    return cut if cut < half and later >= 0.5 * errors[cut] else UNSETTLED


@pytest.mark.parametrize("shape", ["noise", "start", "trend", "walk", "holes"])
def test_cuts_are_those_of_the_definition(shape: str) -> None:
    chance = np.random.default_rng(5)
    series = chance.normal(100, 3, (60, BINS))
    place = np.arange(BINS)
    series += {"start": 20.0 * np.exp(-place / 5), "trend": 2.0 * place}.get(shape, 0 * place)
    if shape == "walk":
        series = series.cumsum(axis=-1)
    if shape == "holes":
        series[chance.random(series.shape) < 0.3] = np.nan
    assert settled_after(series).tolist() == [by_definition(each.tolist()) for each in series]


@pytest.mark.parametrize("length", [0, 3, 11, 16])
def test_a_start_at_another_level_is_cut_off_whole(length: int) -> None:
    chance = np.random.default_rng(1)
    series = chance.normal(100, 1, (500, BINS)) + 50 * (np.arange(BINS) < length)
    cuts = settled_after(series)
    known = cuts[cuts != UNSETTLED]
    assert len(known) >= 0.9 * len(cuts)
    assert (known >= length).all()
    assert np.median(known) - length <= 2


def test_what_does_not_settle_in_the_first_half_has_not_settled() -> None:
    chance = np.random.default_rng(2)
    series = chance.normal(100, 1, (200, BINS))
    assert (settled_after(series + 50 * (np.arange(BINS) < 26)) == UNSETTLED).all()
    assert (settled_after(series + 5.0 * np.arange(BINS)) == UNSETTLED).all()


def test_equal_values_have_settled_from_the_start() -> None:
    assert settled_after(np.full((3, BINS), 0.1)).tolist() == [0, 0, 0]
    assert settled_after(np.zeros(BINS)).tolist() == 0


def test_bins_without_a_measurement_count_for_none() -> None:
    series = np.r_[np.full(10, np.nan), np.full(5, 900.0), np.full(25, 100.0)]
    assert settled_after(series) == 15
    assert settled_after(np.full(BINS, np.nan)) == UNSETTLED


def test_means_of_replicates_are_cut_more_surely_than_each_of_them() -> None:
    """Why the series of replicates are averaged first."""
    chance = np.random.default_rng(3)
    series = chance.normal(100, 6, (400, 8, BINS)) + 8 * (np.arange(BINS) < 12)
    off = np.abs(settled_after(series.mean(axis=1)) - 12)
    each = np.abs(settled_after(series) - 12).mean(axis=1)
    assert np.median(off) <= 2
    assert off.mean() < 0.6 * each.mean()
