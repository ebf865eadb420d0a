# SPDX-License-Identifier: MIT
"""page_pool: allocating a whole page, from the cache, the ring or the page allocator.

Each successful allocation raises exactly one of alloc_fast, alloc_refill, alloc_slow, alloc_slow_high_order.
Costs: see `pool`.

Source: net/core/page_pool.c [linux 6.12.117] (`__page_pool_get_cached`, `page_pool_refill_alloc_cache`,
`__page_pool_alloc_pages_slow`); tests/golden/page_pool/SEMANTICS.md section 3.
"""

from __future__ import annotations

from sweep.model.compiler.jit import device
from sweep.model.lane.sim import NAPI, Sim, pay_recycle
from sweep.model.pages import bulk_page, page_bulk

from .pool import NO_PAGE, Pool, enter, give_back, wanted_node
from .ptr_ring import ring_take


@device
def cache_pop(sim: Sim, pool: Pool, lane: int) -> int:
    """Take the newest page of the cache, which must not be empty."""
    st = sim.state[lane]
    st.pool_cache_pages -= 1
    pay_recycle(sim, lane, sim.params[lane].cost_pool_fast)
    page: int = pool.cache[lane, st.pool_cache_pages]
    return page


@device
def refill_cache(sim: Sim, pool: Pool, lane: int) -> bool:
    """Move pages from the ring to the empty cache, oldest first; returns whether the cache has any now.

    A page of another node ends the refill: at most one is given up per allocation.
    """
    st, c = sim.state[lane], sim.counters[lane]
    if st.pool_ring_pages == 0:
        c.alloc_empty += 1
        return False
    node = wanted_node(pool, lane)
    moved_pages = 0
    while moved_pages < pool.s[lane].refill_pages:
        page = ring_take(pool.ring, lane)
        if page < 0:
            break
        if pool.page[lane, page].node != node:
            give_back(sim, pool, lane, page, NAPI)
            c.alloc_waive += 1
            break
        pool.cache[lane, moved_pages] = page
        moved_pages += 1
    st.pool_ring_pages = pool.ring.s[lane].count
    st.pool_cache_pages = moved_pages
    if moved_pages == 0:
        return False
    pay_recycle(sim, lane, sim.params[lane].cost_pool_refill_page * moved_pages)
    c.alloc_refill += 1
    return True


@device
def fresh_pages(sim: Sim, pool: Pool, lane: int, want: int) -> int:
    """Put up to `want` fresh pages from the page allocator into the empty cache; returns how many."""
    new_pages = page_bulk(sim, lane, want)
    for i in range(new_pages):
        page = bulk_page(sim, lane)
        enter(sim, pool, lane, page)
        pool.cache[lane, i] = page
    return new_pages


@device
def provider_alloc(sim: Sim, pool: Pool, lane: int) -> int:
    """Hole: put fresh pages into the empty cache; returns how many.  Left out, they are the page allocator's."""
    return fresh_pages(sim, pool, lane, pool.s[lane].bulk_pages)


@device
def bulk_alloc(sim: Sim, pool: Pool, lane: int) -> bool:
    """Fill the empty cache with fresh pages; returns whether it has any now."""
    new_pages = provider_alloc(sim, pool, lane)
    if new_pages == 0:
        return False
    sim.state[lane].pool_cache_pages = new_pages
    sim.counters[lane].alloc_slow += 1
    return True


@device
def only_page(sim: Sim, pool: Pool, lane: int) -> int:
    """The one page of a slow path without bulk requests: in the kernel it goes to the caller past the cache."""
    sim.state[lane].pool_cache_pages = 0
    page: int = pool.cache[lane, 0]
    return page


@device
def order_alloc(sim: Sim, lane: int, order: int) -> int:
    """Hole: one request for a page of `order` > 0: its number, or -1.  The sweep's pools are of order 0."""
    return NO_PAGE


@device
def high_order_alloc(sim: Sim, pool: Pool, lane: int) -> int:
    """Ask the page allocator for one page of the pool's order, for the caller: its number, or NO_PAGE."""
    page = order_alloc(sim, lane, pool.s[lane].order)
    if page < 0:
        return NO_PAGE
    enter(sim, pool, lane, page)
    sim.counters[lane].alloc_slow_high_order += 1
    return page


@device
def alloc_page(sim: Sim, pool: Pool, lane: int) -> int:
    """One whole page from cache, ring or page allocator: its number, or NO_PAGE."""
    if sim.state[lane].pool_cache_pages > 0:
        sim.counters[lane].alloc_fast += 1
    elif not refill_cache(sim, pool, lane):
        if pool.s[lane].order > 0:
            return high_order_alloc(sim, pool, lane)
        if not bulk_alloc(sim, pool, lane):
            return NO_PAGE
        if sim.params[lane].pool_bulk == 0:
            return only_page(sim, pool, lane)
    return cache_pop(sim, pool, lane)
