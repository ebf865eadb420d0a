# SPDX-License-Identifier: MIT
"""page_pool: the kernel's page_pool, a page per buffer, mapped once, exact to the kernel's counters.

How a sweep sets it up, and what an older kernel does differently: `accounting`.  Every cost is listed in `pool`.
`shared`: somebody else (for one, an XDP program's copy on a veth) has a reference on every page when it is put, so
that the pool must give it up; that reference is dropped right after the put, in the same context, at no cost here.

Not modelled: more than one NUMA node; the other holder's own work.
Source: net/core/page_pool.c [linux 6.12.117]; prices [lab page_pool07] and of the locality check
[tatulea-2025-11-07]; a pool that recycles nothing [chen-2023-08-01] [lab page_pool06].
"""

from __future__ import annotations

from collections.abc import Iterator

from sweep.fields.constants import PAGE_BYTES
from sweep.fields.field import Knob
from sweep.model.compiler.jit import device
from sweep.model.counting.laws import Law, census
from sweep.model.lane.capacity import NO_LIMIT_PAGES, Capacity
from sweep.model.lane.sim import Sim
from sweep.model.page_pool.common import (
    BULK,
    LEFT,
    POOL_COUNTERS,
    POOL_SIZE,
    allocations,
    buffers_out,
    bulk,
    hand_out,
    put,
    stock,
    sweep_pools,
    take_back,
)
from sweep.model.page_pool.pool import Pool, drop_reference

from ..pages import PAGE_BUFFER_BYTES

DEFERRED_FREE = True
COUNTERS = (*POOL_COUNTERS, LEFT)
KNOBS = (POOL_SIZE, BULK, Knob("shared", "1", 0, 0, 1, "1: somebody else has a reference on a page when it is put"))


def accounting(sim: Sim) -> Iterator[Law]:
    """Each buffer posted raises one of fast, refill, slow; each put ends in one place; laws 12.1 to 12.3."""
    c, p = sim.counters, sim.params
    out, back = allocations(c), put(c) + c.left_with_skb
    yield Law("fast + refill + slow + slow_high_order = buffers posted", out, "=", c.posted_buffers)
    yield Law("cached + ring + ring_full + released_refcnt + left = puts", back, "=", c.released_buffers)
    yield Law("12.3: handed out - put back = change of pages outside", out - back, "=", buffers_out(c))
    yield Law("nothing recycled if shared", p.shared * (c.recycle_cached + c.recycle_ring), "=", 0 * out)
    syncs = c.pages_taken + put(c) - c.recycle_released_refcnt
    yield Law("one sync per new page and per recyclable put", c.dma_syncs, "=", syncs)
    ample, waived = p.memory_pages == NO_LIMIT_PAGES, c.alloc_waive != 0
    kept = c.pool_cache_end_pages + c.pool_ring_end_pages - c.pool_cache_start_pages - c.pool_ring_start_pages
    quiet = ample & ~waived
    parked = c.recycle_ring + c.recycle_cached - (c.alloc_fast + c.alloc_refill - (p.bulk - 1) * c.alloc_slow)
    yield Law("12.2: parked pages = change of cache + ring", parked * quiet, "=", kept * quiet)
    none_recycled = quiet & (c.recycle_cached + c.recycle_ring + c.pool_ring_start_pages == 0)
    expected_fast = (p.bulk - 1) * c.alloc_slow - kept
    yield Law(
        "12.1: fast = (bulk - 1) * slow less kept, none recycled",
        c.alloc_fast * none_recycled,
        "=",
        expected_fast * none_recycled,
    )
    yield from stock(sim, out, c.pages_taken)


LAWS = (census, accounting, bulk)


def empty(capacity: Capacity) -> Pool:
    """Empty pools for a batch."""
    pool = sweep_pools(capacity, capacity.pages)
    pool.s.shared = capacity.params.shared
    return pool


def truesize_bytes(knobs: dict[str, int]) -> int:
    """Bytes charged to a socket per buffer: the whole page."""
    return PAGE_BYTES


def buffer_bytes(knobs: dict[str, int]) -> int:
    """Largest frame that a buffer holds, bytes."""
    return PAGE_BUFFER_BYTES


def mapped_pages(knobs: dict[str, int]) -> int:
    """Pages under one DMA mapping: each page is mapped by itself."""
    return 1


@device
def alloc(sim: Sim, pool: Pool, lane: int, slot: int) -> int:
    """Allocate a page of the pool, mapped; returns its number, or -1."""
    return hand_out(sim, pool, lane)


@device
def release(sim: Sim, pool: Pool, lane: int, buffer: int, context: int) -> None:
    """Take back a page from its user; if it is shared, the other holder drops its reference right after."""
    sim.counters[lane].released_buffers += 1
    shared = pool.s[lane].shared
    pool.page[lane, buffer].refs += shared
    take_back(sim, pool, lane, buffer, context)
    if shared == 1:
        drop_reference(sim, pool, lane, buffer, context)
