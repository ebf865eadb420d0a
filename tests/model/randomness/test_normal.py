# SPDX-License-Identifier: MIT
"""The normal quantiles that are data, every one of them against the distribution function."""

from __future__ import annotations

from decimal import Decimal
from math import gcd

from sweep.model.randomness import normal

from .high_precision import below, density, precise


def off(value: int, p: Decimal) -> Decimal:
    """How far a quantile is from the exact one, in its last place."""
    z = Decimal(value) / 2**normal.BITS
    return (below(z) - p) / density(z) * 2**normal.BITS


@precise()
def test_every_quantile_is_the_nearest_to_the_exact_one() -> None:
    """By a step of Newton's method, whose own error is the square of what it says."""
    assert len(normal.LOWER) == 639
    far = {n for n, value in normal.LOWER.items() if abs(off(value, Decimal(n) / 2**26)) > Decimal("0.5")}
    assert far == set()
    assert abs(off(normal.P99, Decimal("0.99"))) <= Decimal("0.5")


def test_no_ratio_of_two_quantiles_is_a_simple_one() -> None:
    """So no entry of a lognormal table can be half a whole number, which has no nearest one, but for the median."""
    assert normal.LOWER[1 << 25] == 0
    denominators = [normal.P99 // gcd(normal.P99, value) for value in normal.LOWER.values() if value]
    assert min(denominators) > 1 << 64
