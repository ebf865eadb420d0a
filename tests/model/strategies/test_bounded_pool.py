# SPDX-License-Identifier: MIT
"""bounded_pool by hand: fresh pages up to the bound, then none until one comes back."""

from __future__ import annotations

from typing import Any

import pytest

from sweep.model import batch
from sweep.model.lane.sim import NAPI, PROCESS, REMOTE, Sim
from sweep.model.strategies import bounded_pool
from tests.model.scenes import plain, scenario, world

FILLINGS = batch.fillings("bounded_pool")
ALLOC, RELEASE = plain(bounded_pool.alloc, **FILLINGS), plain(bounded_pool.release, **FILLINGS)


def made(pool_size: int, bulk: int = 4, **more: Any) -> tuple[Sim, Any]:
    knobs = (("bulk", bulk), ("pool_size", pool_size))
    return world(scenario({"poll": 1}, strategy="bounded_pool", knobs=knobs, ring=64, **more))


def take(sim: Sim, pool: Any, count: int) -> list[int]:
    return [int(ALLOC(sim, pool, 0, slot)) for slot in range(count)]


def test_the_last_request_asks_for_what_the_bound_leaves() -> None:
    sim, pool = made(pool_size=6)
    assert -1 not in take(sim, pool, 6)
    c = sim.counters[0]
    assert (c.alloc_slow, c.alloc_fast, c.pages_taken, c.allocator_calls, c.pool_exhausted) == (2, 4, 6, 2, 0)


def test_beyond_the_bound_the_allocator_is_not_asked() -> None:
    sim, pool = made(pool_size=6)
    assert take(sim, pool, 8)[6:] == [-1, -1]
    c = sim.counters[0]
    assert (c.allocator_calls, c.allocator_failures, c.pool_exhausted, c.alloc_empty) == (2, 0, 2, 4)


def put(sim: Sim, pool: Any, *pages: int) -> None:
    for page in pages:
        RELEASE(sim, pool, 0, page, PROCESS)


@pytest.mark.parametrize("context", [NAPI, REMOTE, PROCESS])
@pytest.mark.parametrize("kernel", ["4.9", "6.12"])
def test_a_page_comes_back_whoever_frees_it(context: int, kernel: str) -> None:
    """Also in kernels whose sk_buffs did not know about pools."""
    sim, pool = made(pool_size=4, bulk=1, kernel=kernel)
    pages = take(sim, pool, 4)
    assert take(sim, pool, 1) == [-1]
    RELEASE(sim, pool, 0, pages[2], context)
    assert take(sim, pool, 2) == [pages[2], -1]
    assert sim.counters[0].pages_given == 0


def test_a_page_without_a_slot_in_the_ring_is_freed_and_replaced() -> None:
    """A slot that was taken from is the producer's again only when 16 were, so the ring refuses one of 64 pages."""
    sim, pool = made(pool_size=64, bulk=1)
    pages = take(sim, pool, 64)
    put(sim, pool, *pages[:10])
    assert take(sim, pool, 10) == pages[:10][::-1]
    put(sim, pool, *pages[10:], pages[0])
    c = sim.counters[0]
    assert (c.recycle_ring, c.recycle_ring_full, c.pages_given, c.dma_unmaps) == (64, 1, 1, 1)
    assert sim.state[0].pages_held == 63
    assert -1 not in take(sim, pool, 55)
    assert (c.pages_taken, take(sim, pool, 1)) == (65, [-1])


def test_a_poll_that_takes_no_time_is_refused() -> None:
    with pytest.raises(ValueError, match="would never end"):
        world(scenario({"poll": 0}, strategy="bounded_pool", knobs=(("bulk", 1), ("pool_size", 1)), ring=64))
