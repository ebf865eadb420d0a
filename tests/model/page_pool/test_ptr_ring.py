# SPDX-License-Identifier: MIT
"""ptr_ring, which counts, against the kernel's own way of doing it: slots that hold a pointer or nothing."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sweep.model.page_pool.ptr_ring import NOTHING, ring_batch, ring_put, ring_stale, ring_take, rings
from tests.model.object_ring import Ring


@pytest.mark.parametrize(("size", "batch"), [(1, 1), (2, 1), (16, 1), (31, 1), (32, 16), (33, 16), (16384, 16)])
def test_batch(size: int, batch: int) -> None:
    assert ring_batch(size) == batch


# Runs of puts and takes: single operations would hardly ever fill a ring.
RUNS = st.lists(st.tuples(st.booleans(), st.integers(1, 120)), max_size=40)


@given(size=st.integers(1, 100), runs=RUNS)
@settings(max_examples=150, deadline=None)
def test_equals_a_ring_of_slots(size: int, runs: list[tuple[bool, int]]) -> None:
    ring, slots = rings([size]), Ring[int](size)
    item = 0
    for is_put, count in runs:
        for _ in range(count):
            if is_put:
                assert ring_put(ring, 0, item) == slots.put(item)
                item += 1
            else:
                want = slots.take()
                assert ring_take(ring, 0) == (NOTHING if want is None else want)
            stale = slots.h - slots.t
            assert ring_stale(ring, 0) == stale
            assert ring.s[0].count == slots.occupied() - stale


def test_stale_slots_refuse_a_put() -> None:
    """15 of 32 slots taken and not cleared: only 17 are free for the producer, one more take frees 16."""
    ring = rings([32])
    for item in range(32):
        assert ring_put(ring, 0, item)
    assert [ring_take(ring, 0) for _ in range(15)] == list(range(15))
    assert not ring_put(ring, 0, 99)
    assert ring_take(ring, 0) == 15
    assert [ring_put(ring, 0, 100 + i) for i in range(17)] == [True] * 16 + [False]


def test_lanes_are_apart() -> None:
    ring = rings([2, 3])
    assert [ring_put(ring, 0, 1) for _ in range(3)] == [True, True, False]
    assert [ring_put(ring, 1, 2) for _ in range(4)] == [True, True, True, False]
    assert [ring_take(ring, 0) for _ in range(3)] == [1, 1, NOTHING]
    assert ring.s[1].count == 3
