# SPDX-License-Identifier: MIT
"""Logarithms and exponentials in integers against Python's correctly rounded decimals."""

from __future__ import annotations

from decimal import Decimal, localcontext

from hypothesis import given
from hypothesis import strategies as st

from sweep.model.randomness import fixed_point

BITS = st.sampled_from([64, 96, 192])


@given(st.integers(1, 10**40), st.integers(1, 10**40), BITS)
def test_logarithms_are_within_one(numerator: int, denominator: int, bits: int) -> None:
    with localcontext(prec=110):
        exact = (Decimal(numerator) / denominator).ln() * 2**bits
        assert abs(fixed_point.ln(numerator, denominator, bits) - exact) <= 1


@given(st.integers(1, 2**30), BITS)
def test_logarithms_of_neighbours_are_within_one(n: int, bits: int) -> None:
    with localcontext(prec=110):
        exact = (Decimal(n + 1) / n).ln() * 2**bits
        assert abs(fixed_point.ln_next(n, bits) - exact) <= 1


@given(st.fractions(-120, 240), BITS)
def test_exponentials_are_within_one(x: object, bits: int) -> None:
    with localcontext(prec=110):
        given_x = int(x * 2**bits)  # type: ignore[operator]
        m, k = fixed_point.exp(given_x, bits)
        exact = (Decimal(given_x) / 2**bits).exp() * Decimal(2) ** (bits - k)
        assert abs(m - exact) <= 1
        assert 2**bits <= m <= 2 ** (bits + 1)


def test_what_is_close_to_a_half_is_computed_with_more_bits() -> None:
    asked = []

    def just_above_a_half(bits: int) -> tuple[int, int, int]:
        asked.append(bits)
        value = (5 << bits - 1) + (1 << bits >> 300)  # 2.5, and 2**-300 more
        return value - 1, value + 1, bits

    assert fixed_point.rounded(just_above_a_half) == 3
    assert asked == [96, 192, 384]
