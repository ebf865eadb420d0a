# SPDX-License-Identifier: MIT
"""hugepage_pool by hand: pages out of regions, and regions that go back when they are whole."""

from __future__ import annotations

from typing import Any

from sweep.model import batch
from sweep.model.lane.sim import NAPI, PROCESS, Sim
from sweep.model.strategies import hugepage_pool
from tests.model.scenes import plain, scenario, world

FILLINGS = batch.fillings("hugepage_pool")
ALLOC, RELEASE = plain(hugepage_pool.alloc, **FILLINGS), plain(hugepage_pool.release, **FILLINGS)

COSTS = {"frag_alloc": 1, "pool_fast": 20, "atomic": 300, "pool_put_failed": 4000, "pool_put_ring": 50_000}
COSTS |= {"order3_alloc": 7, "order3_free": 80, "buddy_page": 900, "zone_lock": 5, "dma_map": 1, "dma_unmap": 20}


def made(region_pages: int, bulk: int = 4, pool_size: int = 1, memory_pages: int = 10_000) -> tuple[Sim, Any]:
    """Regions of so many pages, slow paths of `bulk`, a ring of one page; the kernel of 5.14."""
    knobs = (("bulk", bulk), ("pool_size", pool_size), ("region_pages", region_pages))
    settings = {"strategy": "hugepage_pool", "knobs": knobs, "ring": 64, "memory_pages": memory_pages}
    return world(scenario(COSTS | {"poll": 1}, **settings))


def take(sim: Sim, pool: Any, count: int) -> list[int]:
    return [int(ALLOC(sim, pool, 0, slot)) for slot in range(count)]


def put(sim: Sim, pool: Any, *pages: int, context: int = PROCESS) -> None:
    for page in pages:
        RELEASE(sim, pool, 0, page, context)


def state(sim: Sim) -> tuple[int, int, int]:
    """Pages held, free in regions, left in the zone."""
    st = sim.state[0]
    return int(st.pages_held), int(st.provider_pages), int(st.zone_free)


def test_a_slow_path_takes_pages_of_one_region_in_order() -> None:
    sim, pool = made(region_pages=16)
    assert take(sim, pool, 8) == [3, 2, 1, 0, 7, 6, 5, 4]  # bulks of four through the stack of the cache
    c = sim.counters[0]
    assert (c.alloc_slow, c.alloc_fast, c.regions_taken, c.allocator_calls, c.pages_taken) == (2, 6, 1, 1, 16)
    assert (c.dma_maps, c.dma_syncs, c.zone_lock_takes) == (1, 8, 1)
    assert state(sim) == (16, 8, 9984)
    assert c.recycle_ps == 8 * (1 + 20)
    assert (c.allocate_ps, c.lock_ps, c.dma_ps) == (7 + 900, 5, 1)


def test_a_slow_path_goes_on_in_the_next_region_but_takes_no_new_one_for_the_rest() -> None:
    sim, pool = made(region_pages=6)
    assert take(sim, pool, 6) == [3, 2, 1, 0, 5, 4]
    assert (sim.counters.alloc_slow[0], sim.counters.regions_taken[0]) == (2, 1)
    assert take(sim, pool, 4) == [9, 8, 7, 6]
    assert (sim.counters.alloc_slow[0], sim.counters.regions_taken[0]) == (3, 2)
    put(sim, pool, 0, 2, 8)  # page 0 stays in the pool's ring, 2 and 8 go back to their regions
    take(sim, pool, 1)  # page 0
    assert take(sim, pool, 4) == [11, 10, 8, 2]  # the first region first, the last one back first
    assert state(sim) == (12, 0, 9988)


def test_a_page_given_up_is_free_in_its_region_until_the_region_is_whole() -> None:
    sim, pool = made(region_pages=4)
    pages = take(sim, pool, 8)
    put(sim, pool, pages[7])  # fits into the pool's ring
    put(sim, pool, *pages[:3])
    c = sim.counters[0]
    assert (c.recycle_ring, c.recycle_ring_full, c.regions_given, c.pages_given, c.dma_unmaps) == (1, 3, 0, 0, 0)
    assert state(sim) == (8, 3, 9992)
    assert c.recycle_ps == 8 * (1 + 20) + 50_000 + 3 * (4000 + 300)
    put(sim, pool, pages[3])
    assert (c.recycle_ring_full, c.regions_given, c.pages_given, c.dma_unmaps) == (4, 1, 4, 1)
    assert state(sim) == (4, 0, 9996)
    assert (c.allocate_ps, c.lock_ps, c.dma_ps) == (2 * (7 + 900) + 80 + 900, 3 * 5, 2 * 1 + 20)


def test_one_page_pins_its_region() -> None:
    """A region is given back whole or not at all [kicinski-2023-07-07]."""
    sim, pool = made(region_pages=64, bulk=64)
    pages = take(sim, pool, 64)
    put(sim, pool, *pages[1:])
    assert sim.counters.pages_given[0] == 0
    assert state(sim) == (64, 62, 9936)  # one is held, one lies in the ring


def test_the_number_of_a_region_that_went_back_is_used_again() -> None:
    sim, pool = made(region_pages=2, bulk=2)
    first, second = sorted(take(sim, pool, 2)), sorted(take(sim, pool, 2))
    assert (first, second) == ([0, 1], [2, 3])
    put(sim, pool, 2)
    put(sim, pool, 0, 1)
    assert sim.counters.regions_given[0] == 1
    assert take(sim, pool, 1) == [2]
    assert sorted(take(sim, pool, 2)) == [0, 1]


def test_pages_left_in_the_zone_are_not_enough_for_a_region() -> None:
    sim, pool = made(region_pages=16, memory_pages=31)
    assert -1 not in take(sim, pool, 16)
    assert take(sim, pool, 1) == [-1]
    c = sim.counters[0]
    assert (c.allocator_failures, c.alloc_empty, c.alloc_slow) == (1, 5, 4)
    assert state(sim) == (16, 0, 15)


def test_the_poll_recycles_into_the_cache() -> None:
    sim, pool = made(region_pages=16)
    put(sim, pool, *take(sim, pool, 2), context=NAPI)
    assert (sim.counters.recycle_cached[0], sim.state.provider_pages[0]) == (2, 12)
    assert hugepage_pool.mapped_pages({"region_pages": 16}) == 16
