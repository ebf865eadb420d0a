# SPDX-License-Identifier: MIT
"""Quantile tables and their sampler against exact quantiles."""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist

import numpy as np
import pytest

from sweep.model.quantiles import LIMIT, SIZE, sample, table
from sweep.model.scenario import Distribution

NORMAL = NormalDist()
SIGMA = math.log(10) / NORMAL.inv_cdf(0.99)
KINDS: list[tuple[Distribution, Callable[[float], float]]] = [
    (Distribution("exponential", (10_000_000,)), lambda p: -10_000_000 * math.log1p(-p)),
    (Distribution("lognormal", (2_000_000, 20_000_000)), lambda p: 2_000_000 * math.exp(SIGMA * NORMAL.inv_cdf(p))),
    (Distribution("pareto", (1_000_000, 2500)), lambda p: 1_000_000 * (1 - p) ** -0.4),
    (Distribution("uniform", (1_000_000, 9_000_000)), lambda p: 1_000_000 + 8_000_000 * p),
    (Distribution("constant", (4321,)), lambda p: 4321.0),
]
BOTH_TAILS = (2e-7, 1e-5, 1e-4, 2e-3, 0.01, 0.1, 0.5, 0.9, 0.99, 0.998, 0.9999, 0.99999, 1 - 2e-7)


def at(entries: np.ndarray, probability: float) -> int:
    return int(sample(entries[None, :], 0, np.uint64(min(int(probability * 2**64), 2**64 - 1))))


@pytest.mark.parametrize(("distribution", "exact"), KINDS, ids=lambda value: getattr(value, "kind", ""))
@pytest.mark.parametrize("probability", BOTH_TAILS)
def test_sample_is_the_exact_quantile(
    distribution: Distribution, exact: Callable[[float], float], probability: float
) -> None:
    """Within the error of a straight line over one step of probability."""
    assert at(table(distribution), probability) == pytest.approx(exact(probability), rel=0.012, abs=2)


@pytest.mark.parametrize("distribution", [kind for kind, _ in KINDS], ids=lambda value: value.kind)
def test_sample_never_falls(distribution: Distribution) -> None:
    entries = table(distribution)
    edges = [level * 2**48 + step for level in range(0, 2**16, 97) for step in (0, 2**47)]
    samples = [int(sample(entries[None, :], 0, np.uint64(u))) for u in sorted((*edges, 2**64 - 1))]
    assert samples == sorted(samples)


def test_mean_of_many_samples() -> None:
    """Equidistant probabilities, which is a midpoint rule over the sampler: the mean of the exponential."""
    entries, count = table(Distribution("exponential", (10_000_000,))), 1 << 14
    step = 2**64 // count
    total = sum(int(sample(entries[None, :], 0, np.uint64(step * k + step // 2))) for k in range(count))
    assert total / count == pytest.approx(10_000_000, rel=1e-3)


def test_a_table_has_five_levels_of_257() -> None:
    assert SIZE == 5 * 257
    assert table(Distribution("constant", (0,))).shape == (SIZE,)


@pytest.mark.parametrize(
    "distribution", [Distribution("constant", (LIMIT + 1,)), Distribution("exponential", (LIMIT // 10,))]
)
def test_quantiles_beyond_the_limit_are_refused(distribution: Distribution) -> None:
    with pytest.raises(ValueError, match=distribution.kind):
        table(distribution)
