# SPDX-License-Identifier: MIT
"""page_pool: the kernel's page_pool, a page per buffer, mapped once, exact to the kernel's counters.

One pool per RX queue, tied to the queue's NAPI, created with PP_FLAG_DMA_MAP | PP_FLAG_DMA_SYNC_DEV, max_len
4096, order 0, node 0.  The poll itself allows direct recycling; in any other context the kernel era decides
whether the pool finds out that it runs in its own NAPI's softirq.  Every cost is listed in `pool`.

Not modelled: more than one NUMA node.
Source: fidelity A6, C01-C03, C09; net/core/page_pool.c of Linux 6.12.117.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..capacity import NO_LIMIT_PAGES, Capacity
from ..fields import Field, Knob
from ..jit import device
from ..laws import Law, census
from ..llc import opened
from ..pages import PAGE_BUFFER_BYTES, PAGE_BYTES
from ..pool import CACHE_PAGES, Pool, pools
from ..pool_alloc import REFILL_PAGES, alloc_page
from ..pool_put import put_page
from ..sim import NAPI, Sim

__all__ = [
    "COUNTERS",
    "KNOBS",
    "LAWS",
    "Pool",
    "alloc",
    "buffer_bytes",
    "empty",
    "mapped_pages",
    "release",
    "truesize_bytes",
]

KNOBS = (Knob("pool_size", "pages", "ring", 1, 32768, "slots of the pool's ring; the kernel era clamps it"),)

COUNTERS = (
    Field("alloc_fast", "1", "allocations from the cache", "page_pool_alloc_stats.fast"),
    Field("alloc_slow", "1", "bulk allocations that gave a page", "page_pool_alloc_stats.slow"),
    Field("alloc_slow_high_order", "1", "allocations of order > 0", "page_pool_alloc_stats.slow_high_order"),
    Field("alloc_empty", "1", "allocations that found cache and ring empty", "page_pool_alloc_stats.empty"),
    Field("alloc_refill", "1", "refills of the cache from the ring", "page_pool_alloc_stats.refill"),
    Field("alloc_waive", "1", "ring pages given up for their NUMA node", "page_pool_alloc_stats.waive"),
    Field("recycle_cached", "1", "puts into the cache", "page_pool_recycle_stats.cached"),
    Field("recycle_cache_full", "1", "direct puts that found the cache full", "page_pool_recycle_stats.cache_full"),
    Field("recycle_ring", "1", "puts into the ring", "page_pool_recycle_stats.ring"),
    Field("recycle_ring_full", "1", "puts that found the ring full", "page_pool_recycle_stats.ring_full"),
    Field("recycle_released_refcnt", "1", "puts of unrecyclable pages", "page_pool_recycle_stats.released_refcnt"),
)


def books(sim: Sim) -> Iterator[Law]:
    """Each buffer posted raises one of fast, refill, slow; each put ends in one place (fidelity A12.2-5, 7)."""
    c = sim.counters
    handed = c.alloc_fast + c.alloc_refill + c.alloc_slow + c.alloc_slow_high_order
    yield Law("fast + refill + slow + slow_high_order = buffers posted", handed, "=", c.posted_buffers)
    put = c.recycle_cached + c.recycle_ring + c.recycle_ring_full + c.recycle_released_refcnt
    yield Law("cached + ring + ring_full + released_refcnt = puts", put, "=", c.released_buffers)
    yield Law("cache_full <= ring + ring_full", c.recycle_cache_full, "<=", c.recycle_ring + c.recycle_ring_full)
    yield Law("slow <= empty + waive", c.alloc_slow, "<=", c.alloc_empty + c.alloc_waive)
    yield Law("pages taken <= 64 * slow", c.pages_taken, "<=", REFILL_PAGES * c.alloc_slow)
    ample = sim.params.memory_pages == NO_LIMIT_PAGES
    yield Law("pages taken = 64 * slow, memory ample", c.pages_taken * ample, "=", REFILL_PAGES * c.alloc_slow * ample)
    cached = handed + c.pool_cache_end_pages - c.pool_cache_start_pages - c.recycle_cached - c.pages_taken
    rung = c.recycle_ring - c.pool_ring_end_pages + c.pool_ring_start_pages
    yield Law("pages that left the ring = pages refilled + waived", rung, "=", cached + c.alloc_waive)
    yield Law("pages in cache <= 128", c.pool_cache_end_pages, "<=", np.full_like(c.alloc_fast, CACHE_PAGES))
    yield Law("pages in ring <= pool_size", c.pool_ring_end_pages, "<=", sim.params.pool_size)
    yield Law("one map per page taken", c.dma_maps, "=", c.pages_taken)
    yield Law("one unmap per page given back", c.dma_unmaps, "=", c.pages_given)
    yield Law("one sync per new page and per put", c.dma_syncs, "=", c.pages_taken + put)


LAWS = (census, books)


def empty(capacity: Capacity) -> Pool:
    """Empty pools for a batch; `capacity.params.pool_size` is already clamped by the kernel era."""
    pool = pools(capacity.params.pool_size.tolist(), capacity.pages)
    pool.s.maps = 1
    pool.s.syncs = 1
    return pool


def truesize_bytes(knobs: dict[str, int]) -> int:
    """A socket is charged the whole page."""
    return PAGE_BYTES


def buffer_bytes(knobs: dict[str, int]) -> int:
    """Largest frame."""
    return PAGE_BUFFER_BYTES


def mapped_pages(knobs: dict[str, int]) -> int:
    """A page is mapped by itself."""
    return 1


@device
def alloc(sim: Sim, pool: Pool, lane: int, slot: int) -> int:
    """A page of the pool, mapped."""
    page = alloc_page(sim, pool, lane)
    if page >= 0:
        opened(sim, lane, page, 1)
    return page


@device
def release(sim: Sim, pool: Pool, lane: int, buffer: int, context: int) -> None:
    """Put the page; the queue's own poll allows direct recycling."""
    sim.counters[lane].released_buffers += 1
    put_page(sim, pool, lane, buffer, context, context == NAPI)
