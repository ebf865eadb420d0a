# SPDX-License-Identifier: MIT
"""First-order shares of a sample against functions whose shares are known in closed form."""

import numpy as np
import pytest

from sweep.grid.design import BITS, METHODS
from sweep.stats.first_order import SampledAxis, first_order, points_needed

POINTS, NOISE = 128, 0.3
# y = 3 u0 + 2 u1 (a step of 4 values) + (u0 - 1/2)(u2 - 1/2) * 4 + 0.5 s + noise, s: strategy -1 or 1; u3 does nothing
VARIANCES = {"u0": 9 / 12, "u1": 4 * 5 / 64, "u2": 0.0, "u3": 0.0, "strategy": 0.25}
TOTAL = sum(VARIANCES.values()) + 16 / 144 + NOISE**2


def sample(method: str, seed: int, replicates: int = 3) -> tuple[np.ndarray, list[SampledAxis]]:
    """Responses (strategies, points, replicates) of the function above, and its axes."""
    u = METHODS[method](POINTS, 4, seed) / 2**BITS
    step = (u[:, 1] * 4).astype(np.int64)
    mean = 3 * u[:, 0] + step / 2 + 4 * (u[:, 0] - 0.5) * (u[:, 2] - 0.5)
    rng = np.random.default_rng(seed)
    cells = np.stack([mean - 0.5, mean + 0.5])[..., None]
    axes = [SampledAxis(np.argsort(np.argsort(u[:, place])), True) for place in range(4)]
    axes[1] = SampledAxis(step, False)
    return cells + NOISE * rng.standard_normal((2, POINTS, replicates)), axes


@pytest.mark.parametrize("method", METHODS)
def test_shares_are_right_and_intervals_cover(method):
    found = []
    for seed in range(60):
        shares = first_order(*sample(method, seed))
        assert shares is not None
        assert shares.strategy is not None
        found.append([*(shares.alone[place] for place in range(4)), shares.strategy])
    truth = np.array([*VARIANCES.values()]) / TOTAL
    centers = np.array([[float(share.center) for share in row] for row in found])
    covered = np.array(
        [[share.low <= true <= share.high for share, true in zip(row, truth, strict=True)] for row in found]
    )
    assert np.abs(centers.mean(axis=0) - truth).max() < 0.015
    assert covered.mean(axis=0).min() >= 0.9
    assert np.median([float(row[0].high - row[0].low) for row in found]) < 0.3  # an interval that says something


def test_chance_and_interactions_of_strategies_are_told_apart():
    response, axes = sample("sobol", 1, replicates=30)
    plain = first_order(response, axes)
    assert plain.replicates == pytest.approx(NOISE**2 / TOTAL, rel=0.05)
    assert float(plain.strategy_with_others.center) == pytest.approx(float(plain.strategy.center), abs=0.003)
    crossed = response + np.array([-1, 1])[:, None, None] * (axes[0].codes / POINTS - 0.5)[:, None]
    found = first_order(crossed, axes)
    interaction = float(found.strategy_with_others.center - found.strategy.center) * found.variance
    assert interaction == pytest.approx(1 / 12, rel=0.05)


def test_one_strategy_one_replicate_and_missing_replicates():
    response, axes = sample("latin_hypercube", 2)
    alone = first_order(response[:1, :, :1], axes)
    assert alone.strategy is None
    assert np.isnan(alone.replicates)
    holes = response.copy()
    holes[0, ::3, 1:] = np.nan
    whole, partial = first_order(response, axes), first_order(holes, axes)
    assert partial.alone.center == pytest.approx(whole.alone.center, abs=0.02)
    assert float(partial.strategy_with_others.center) == pytest.approx(
        float(whole.strategy_with_others.center), abs=0.02
    )


def test_a_response_that_does_not_vary_has_no_shares():
    _, axes = sample("sobol", 3)
    assert first_order(np.ones((2, POINTS, 3)), axes) is None


def test_points_needed_grow_with_the_axes_and_the_names_on_them():
    number, names = SampledAxis(np.arange(64), True), SampledAxis(np.arange(64) % 7, False)
    assert points_needed([number]) == 4 * 4
    assert points_needed([number, names]) == 4 * 10
    assert points_needed([number] * 6) == 4 * 19
