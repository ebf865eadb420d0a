# SPDX-License-Identifier: MIT
"""The bucket rule against its definition by bit length."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sweep.fields.histogram import BUCKETS, bounds
from sweep.model.counting.histogram import bucket


def by_bit_length(value: int) -> int:
    """Eight buckets an octave: the octave, and the three bits after the leading one."""
    if value < 8:
        return value
    octave = value.bit_length() - 4
    return min(8 * (octave + 1) + (value >> octave) - 8, BUCKETS - 1)


@given(st.integers(0, 2**62))
def test_bucket(value: int) -> None:
    assert bucket(value) == by_bit_length(value)


def test_small_values_have_buckets_of_their_own() -> None:
    assert [bucket(value) for value in range(16)] == list(range(16))
    assert bucket(16) == bucket(17) == 16


def test_bounds_are_the_first_value_and_that_of_the_next_bucket() -> None:
    assert bounds(0)[0] == 0
    for index in range(BUCKETS - 1):
        low, high = bounds(index)
        assert bucket(low) == bucket(high - 1) == index
        assert bucket(high) == index + 1


def test_the_last_bucket_takes_everything_large() -> None:
    assert {bucket(value) for value in (15 << 30, 1 << 34, (1 << 34) + 1, 1 << 50)} == {BUCKETS - 1}
    assert bucket((15 << 30) - 1) == BUCKETS - 2
