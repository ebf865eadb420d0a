# SPDX-License-Identifier: MIT
"""hugepage_pool: a page_pool fed from 2 MB regions, each mapped once and returned all or nothing.

The pool's memory provider (the kernel's memory_provider_ops) takes a region from the page allocator and maps it with
one translation.  A slow path of the pool takes pages of the first region that has free ones, in the order of their
addresses; a page that the pool gives up goes back to its region, and the region to the page allocator only when all
its pages are back.  Taking the first region first lets the later ones empty.  Cache, ring and their counters are the
page_pool's.

Costs: those of `pool`, but for a fresh page frag_alloc (cutting it off the region) and dma_sync, for a page given up
atomic (the region's count is every CPU's); for a region order3_alloc and order3_free, the zone lock, one map, one
unmap.

Not modelled: an order-9 allocation costs more than the order-3 one that stands for it here, may need compaction, and
fails in fragmented memory; clearing the region; the region is never filled up by pages of other pools.
Source: mp_huge [kicinski-2023-07-07]; gains of regions [farshin-2023]; a region is 2^9 pages on x86-64.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from sweep.fields.constants import PAGE_BYTES
from sweep.fields.field import Field, Knob
from sweep.model.compiler.jit import device
from sweep.model.counting.laws import Law, census
from sweep.model.lane.capacity import Capacity
from sweep.model.lane.sim import Sim, pay_recycle
from sweep.model.page_pool.common import (
    BULK,
    LEFT,
    POOL_COUNTERS,
    POOL_SIZE,
    allocations,
    buffers_out,
    hand_out,
    put,
    stock,
    sweep_pools,
    take_back,
)
from sweep.model.page_pool.pool import enter
from sweep.model.page_pool.ptr_ring import Ring

from ..pages import PAGE_BUFFER_BYTES, area_alloc, area_free, dma_map, dma_sync, dma_unmap

DEFERRED_FREE = True
KNOBS = (POOL_SIZE, BULK, Knob("region_pages", "pages", 512, 1, 1 << 18, "pages of a region: 2 MB"))
COUNTERS = (
    *POOL_COUNTERS,
    LEFT,
    Field("regions_taken", "regions", "regions taken from the page allocator, and mapped"),
    Field("regions_given", "regions", "regions given back when all their pages were back"),
)
NOT_TAKEN = -1


class Pool(NamedTuple):
    """A page_pool (the first four fields, all that its code uses) and its regions.  P: page numbers; R: regions."""

    s: np.recarray
    cache: np.ndarray
    ring: Ring
    page: np.recarray
    free: np.ndarray  # (L, P) int64: region r's free pages, a stack from r * region_pages on
    free_count: np.ndarray  # (L, R) int64: how many; NOT_TAKEN if the region is not the pool's
    first: np.ndarray  # (L,) int64: no region before it has a free page


def books(sim: Sim) -> Iterator[Law]:
    """As page_pool; fresh pages come out of regions; a region comes and goes whole.  Laws 12.3, 12.5."""
    c, p = sim.counters, sim.params
    out, back = allocations(c), put(c) + c.left_with_skb
    yield Law("fast + refill + slow + slow_high_order = buffers posted", out, "=", c.posted_buffers)
    yield Law("cached + ring + ring_full + released_refcnt + left = puts", back, "=", c.released_buffers)
    yield Law("12.3: handed out - put back = change of pages outside", out - back, "=", buffers_out(c))
    given_up = c.recycle_ring_full + c.recycle_released_refcnt + c.left_with_skb
    freed = c.provider_end_pages - c.provider_start_pages
    fresh = c.pages_taken - c.pages_given + given_up - freed
    yield Law("12.5: fresh pages <= bulk * slow", fresh, "<=", p.bulk * c.alloc_slow)
    yield Law("slow <= fresh pages", c.alloc_slow, "<=", fresh)
    yield Law("one sync per fresh page and per put", c.dma_syncs, "=", fresh + put(c))
    yield from stock(sim, out, fresh)
    yield Law("pages taken are whole regions", c.pages_taken, "=", p.region_pages * c.regions_taken)
    yield Law("pages given are whole regions", c.pages_given, "=", p.region_pages * c.regions_given)
    yield Law("one map per region taken", c.dma_maps, "=", c.regions_taken)
    yield Law("one unmap per region given back", c.dma_unmaps, "=", c.regions_given)
    in_use = c.pages_held_end - c.provider_end_pages
    yield Law("no region is kept whole", c.pages_held_end // p.region_pages, "<=", in_use)


LAWS = (census, books)


def empty(capacity: Capacity) -> Pool:
    """Pools without a region.  A new one is taken when all pages of the others are out, so `pages` has room for it."""
    lanes, pages = capacity.lanes, capacity.pages
    pool = sweep_pools(capacity, pages)
    pool.s.maps = 0  # its pages lie in mapped regions
    regions = pages // int(capacity.params.region_pages.min(initial=1 << 18)) + 1
    return Pool(
        *pool,
        free=np.zeros((lanes, pages), np.int64),
        free_count=np.full((lanes, regions), NOT_TAKEN, np.int64),
        first=np.zeros(lanes, np.int64),
    )


def truesize_bytes(knobs: dict[str, int]) -> int:
    """Bytes charged to a socket per buffer: the whole page."""
    return PAGE_BYTES


def buffer_bytes(knobs: dict[str, int]) -> int:
    """Largest frame that a buffer holds, bytes."""
    return PAGE_BUFFER_BYTES


def mapped_pages(knobs: dict[str, int]) -> int:
    """Pages under one DMA mapping: a region is mapped as a whole."""
    return knobs["region_pages"]


@device
def new_region(sim: Sim, pool: Pool, lane: int) -> bool:
    """Take a region from the page allocator, its pages in order; returns False if there is none."""
    size = sim.params[lane].region_pages
    if not area_alloc(sim, lane, size):
        return False
    region = 0
    while pool.free_count[lane, region] != NOT_TAKEN:
        region += 1
    end = (region + 1) * size
    for i in range(size):
        pool.free[lane, region * size + i] = end - 1 - i
    pool.free_count[lane, region] = size
    pool.first[lane] = region
    sim.state[lane].provider_pages += size
    sim.counters[lane].regions_taken += 1
    dma_map(sim, lane)
    return True


@device
def find_first(pool: Pool, lane: int) -> bool:
    """Move `first` to the first region with a free page; returns whether there is one."""
    regions = pool.free_count.shape[1]
    first = pool.first[lane]
    while first < regions and pool.free_count[lane, first] <= 0:
        first += 1
    pool.first[lane] = first
    return first < regions


@device
def provider_alloc(sim: Sim, pool: Any, lane: int) -> int:
    """Put fresh pages into the empty cache, from a new region only if the others have none; returns how many."""
    size = sim.params[lane].region_pages
    if not find_first(pool, lane) and not new_region(sim, pool, lane):
        return 0
    new_pages = 0
    while new_pages < pool.s[lane].bulk_pages and find_first(pool, lane):
        region = pool.first[lane]
        pool.free_count[lane, region] -= 1
        page = pool.free[lane, region * size + pool.free_count[lane, region]]
        pay_recycle(sim, lane, sim.params[lane].cost_frag_alloc)
        enter(sim, pool, lane, page)
        dma_sync(sim, lane, PAGE_BYTES)
        pool.cache[lane, new_pages] = page
        new_pages += 1
    sim.state[lane].provider_pages -= new_pages
    return new_pages


@device
def provider_release(sim: Sim, pool: Pool, lane: int, page: int, context: int) -> None:
    """Take back a page that the pool gives up: it is free in its region again, and a whole region is given back."""
    st, size = sim.state[lane], sim.params[lane].region_pages
    region = page // size
    pool.free[lane, region * size + pool.free_count[lane, region]] = page
    pool.free_count[lane, region] += 1
    pool.first[lane] = min(pool.first[lane], region)
    st.provider_pages += 1
    pay_recycle(sim, lane, sim.params[lane].cost_atomic)
    if pool.free_count[lane, region] == size:
        pool.free_count[lane, region] = NOT_TAKEN
        st.provider_pages -= size
        sim.counters[lane].regions_given += 1
        dma_unmap(sim, lane)
        area_free(sim, lane, size, context)


@device
def alloc(sim: Sim, pool: Any, lane: int, slot: int) -> int:
    """Allocate a page of the pool; returns its number, or -1."""
    return hand_out(sim, pool, lane)


@device
def release(sim: Sim, pool: Any, lane: int, buffer: int, context: int) -> None:
    """Take back a page from its user."""
    sim.counters[lane].released_buffers += 1
    take_back(sim, pool, lane, buffer, context)
