# SPDX-License-Identifier: MIT
"""Looking early is honest: the risk is not exceeded, and would be with the levels of normal theory."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri, stdtrit

from sweep.stats import looks

GRID = np.linspace(-9, 9, 3001)  # of a Brownian motion


def normal_levels(numbers: tuple[int, ...], risk: float) -> list[float]:
    """Lan and DeMets' own next step: levels that normal statistics first cross with the chance that is spent."""
    times = np.array(numbers) / numbers[-1]
    density, found, step = None, [], GRID[1] - GRID[0]
    for number, time in enumerate(times):
        spend = looks.levels(numbers, risk)[number]
        if density is None:
            crossing = -ndtri(spend)
            density = np.exp(-(GRID**2) / (2 * time)) / np.sqrt(2 * np.pi * time)
        else:
            gap = time - times[number - 1]

            crossing = brentq(excess, 0, 8, (time, gap, density * step, spend))
            kernel = np.exp(-((GRID[:, None] - GRID) ** 2) / (2 * gap)) / np.sqrt(2 * np.pi * gap)
            density = kernel @ density * step
        density = np.where(crossing * np.sqrt(time) < GRID, 0, density)
        found.append(float(ndtr(-crossing)))
    return found


def excess(z: float, time: float, gap: float, before: np.ndarray, spend: float) -> float:
    """By how much the chance of a first crossing of z at this time exceeds what may be spent."""
    return float((before * ndtr((GRID - z * np.sqrt(time)) / np.sqrt(gap))).sum() - spend)


def errs(numbers: tuple[int, ...], levels: list[float] | tuple[float, ...], runs: int = 200_000) -> float:
    """Share of runs in which a one-sided t test of a mean that is zero finds it positive at some look."""
    samples = np.random.default_rng(1).standard_normal((runs, numbers[-1]))
    wrong = np.zeros(runs, np.bool_)
    for number, level in zip(numbers, levels, strict=True):
        seen = samples[:, :number]
        statistic = seen.mean(axis=1) / (seen.std(axis=1, ddof=1) / np.sqrt(number))
        wrong |= statistic > stdtrit(number - 1, 1 - level)
    return float(wrong.mean())


def test_the_schedule() -> None:
    assert looks.schedule(2) == (2,)
    assert looks.schedule(3) == (2, 3)
    assert looks.schedule(4) == (2, 3, 4)
    assert looks.schedule(8) == (2, 3, 5, 8)
    assert looks.schedule(20) == (2, 3, 5, 8, 13, 20)


@pytest.mark.parametrize("most", [2, 3, 5, 8, 40])
def test_the_levels_add_up_to_the_risk(most: int) -> None:
    levels = looks.levels(looks.schedule(most), 0.05)
    assert sum(levels) == pytest.approx(0.05)
    assert min(levels) > 0


def test_the_spending_function_is_the_published_one() -> None:
    """Pocock-type bounds of 5 equal looks, one-sided 2.5 %, as programs for Lan and DeMets' method print them."""
    bounds = -ndtri(normal_levels((1, 2, 3, 4, 5), 0.025))
    assert bounds[0] == pytest.approx(2.4380, abs=2e-4)
    assert bounds[1:] == pytest.approx([2.4268, 2.4101, 2.3966, 2.3859], abs=2e-3)


@pytest.mark.parametrize("numbers", [(2, 3, 5), (2, 3, 5, 8)])
def test_the_risk_is_not_exceeded_and_normal_theory_would(numbers: tuple[int, ...]) -> None:
    risk = 0.05
    assert 0.75 * risk < errs(numbers, looks.levels(numbers, risk)) < risk
    assert 1.1 * risk < errs(numbers, normal_levels(numbers, risk)) < 1.25 * risk


def test_looking_without_dividing_the_risk_would_exceed_it() -> None:
    assert errs((2, 3, 5, 8), (0.05,) * 4) > 0.09
