# SPDX-License-Identifier: MIT
"""What the strategies based on the kernel's page_pool share: knobs, counters, laws, and how pages come back.

In a sweep a pool is one per RX queue, created with PP_FLAG_DMA_MAP | PP_FLAG_DMA_SYNC_DEV, max_len 4096, order 0, node
0.  The poll itself allows direct recycling; in any other context rules of the kernel (skb_locality, pool_locality,
bulk_locality) decide whether the kernel asks where the put runs.  It is local with softirqs off on the queue's CPU, if
the pool is that CPU's own (`nic.system_pool`), or names the queue's NAPI (`nic.pool_napi`) and this is on that CPU's
list, as it is from the interrupt to the end of the last poll.

Before 5.14 (no skb_recycle) an sk_buff did not know about pools: the driver took a page that went up the stack
out of the pool, unmapped it, and its last user freed it.  XDP frames always came back.

Not modelled: more than one NUMA node; that pools of veth and the system map nothing for DMA; before 5.14 the driver
unmaps the page when it goes up, here its last user does when it comes back; a packet that a full TX ring drops counts
as not gone up.
Source: net/core/page_pool.c [linux 6.12.117] and, for page_pool_release_page, [linux 5.13]; laws 12.1 to 12.7 are
those of docs/theory.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from sweep.fields.constants import BULK_PAGES
from sweep.fields.field import Field, Knob
from sweep.model.compiler.jit import device
from sweep.model.counting.laws import Law
from sweep.model.hardware.llc import opened
from sweep.model.lane.capacity import NO_LIMIT_PAGES, Capacity
from sweep.model.lane.sim import NAPI, XDP_FRAME, Sim

from .alloc import alloc_page
from .pool import CACHE_PAGES, Pool, give_back, pools
from .put import put_page

POOL_SIZE = Knob("pool_size", "pages", "ring", 1, 32768, "slots of the pool's ring; pool_size_clamp: at most 16,384")
BULK = Knob("bulk", "pages", BULK_PAGES, 1, BULK_PAGES, "pages of a slow-path request; 1 without pool_bulk")


def _statistic(name: str, meaning: str, kernel: str, function: str) -> Field:
    """A counter of the kernel's page_pool statistics (CONFIG_PAGE_POOL_STATS) and the function that counts it."""
    return Field(name, "1", meaning, kernel, defined=f"net/core/page_pool.c: {function}")


# struct page_pool_alloc_stats and page_pool_recycle_stats, include/net/page_pool/types.h of Linux 6.12, in their order.
POOL_COUNTERS = (
    _statistic("alloc_fast", "allocations from the cache", "page_pool_alloc_stats.fast", "__page_pool_get_cached"),
    _statistic(
        "alloc_slow", "bulk allocations that gave a page", "page_pool_alloc_stats.slow", "__page_pool_alloc_pages_slow"
    ),
    _statistic(
        "alloc_slow_high_order",
        "allocations of order > 0",
        "page_pool_alloc_stats.slow_high_order",
        "__page_pool_alloc_page_order",
    ),
    _statistic(
        "alloc_empty",
        "allocations that found cache and ring empty",
        "page_pool_alloc_stats.empty",
        "page_pool_refill_alloc_cache",
    ),
    _statistic(
        "alloc_refill",
        "refills of the cache from the ring",
        "page_pool_alloc_stats.refill",
        "page_pool_refill_alloc_cache",
    ),
    _statistic(
        "alloc_waive",
        "ring pages given up for their NUMA node",
        "page_pool_alloc_stats.waive",
        "page_pool_refill_alloc_cache",
    ),
    _statistic("recycle_cached", "puts into the cache", "page_pool_recycle_stats.cached", "page_pool_recycle_in_cache"),
    _statistic(
        "recycle_cache_full",
        "direct puts that found the cache full",
        "page_pool_recycle_stats.cache_full",
        "page_pool_recycle_in_cache",
    ),
    _statistic("recycle_ring", "puts into the ring", "page_pool_recycle_stats.ring", "page_pool_recycle_in_ring"),
    _statistic(
        "recycle_ring_full",
        "puts that found the ring full",
        "page_pool_recycle_stats.ring_full",
        "page_pool_put_unrefed_netmem",
    ),
    _statistic(
        "recycle_released_refcnt",
        "puts of unrecyclable pages",
        "page_pool_recycle_stats.released_refcnt",
        "__page_pool_put_page",
    ),
)
LEFT = Field("left_with_skb", "pages", "pages that left the pool with their sk_buff (before 5.14)")


def sweep_pools(capacity: Capacity, pages: int) -> Pool:
    """Empty pools for a batch, page numbers below `pages`; `pool_size` and `bulk` are within the kernel's limits."""
    pool = pools(capacity.params.pool_size.tolist(), pages)
    pool.s.maps = 1
    pool.s.syncs = 1
    pool.s.napi = capacity.params.pool_napi
    pool.s.own_cpu = capacity.params.system_pool
    pool.s.bulk_pages = capacity.params.bulk
    return pool


@device
def hand_out(sim: Sim, pool: Pool, lane: int) -> int:
    """Allocate a page of the pool, mapped, for a new buffer; -1 if there is none."""
    page = alloc_page(sim, pool, lane)
    if page >= 0:
        opened(sim, lane, page, 1)
    return page


@device
def take_back(sim: Sim, pool: Pool, lane: int, page: int, context: int) -> None:
    """Take a page or fragment back from its last user: put it, or count it as having left the pool with its sk_buff."""
    if sim.params[lane].skb_recycle == 0 and context not in (NAPI, XDP_FRAME):
        sim.counters[lane].left_with_skb += 1
        give_back(sim, pool, lane, page, context)
    else:
        put_page(sim, pool, lane, page, context, context == NAPI)


def allocations(c: Any) -> Any:
    """Successful allocations, (L,): each raises exactly one of these counters."""
    return c.alloc_fast + c.alloc_refill + c.alloc_slow + c.alloc_slow_high_order


def put(c: Any) -> Any:
    """Puts of a page's last share, (L,): each raises exactly one of these counters."""
    return c.recycle_cached + c.recycle_ring + c.recycle_ring_full + c.recycle_released_refcnt


def buffers_out(c: Any) -> Any:
    """Change over the window of the number of buffers on the rings, in the socket and deferred, (L,)."""
    return c.rx_ring_end_buffers + c.tx_ring_end_buffers + c.socket_end_buffers - c.held_start_buffers


def stock(sim: Sim, whole: Any, new: Any, not_put: Any = 0, refused: Any = 0) -> Iterator[Law]:
    """Cache and ring: `whole` pages were taken from the pool as pages, `new` ones entered it; (L,) each.

    not_put: pages that count as put into the cache without having been there.
    refused: allocations that failed without asking the page allocator.

    The numbers are those of docs/theory.md.
    """
    c, p = sim.counters, sim.params
    yield Law("12.7: cache_full <= ring + ring_full", c.recycle_cache_full, "<=", c.recycle_ring + c.recycle_ring_full)
    yield Law("12.4: empty + waive >= slow", c.alloc_slow, "<=", c.alloc_empty + c.alloc_waive)
    certain = c.alloc_waive == 0
    tried = (c.alloc_slow + c.allocator_failures + refused) * certain
    yield Law("12.4: empty = slow + failures, nothing waived", c.alloc_empty * certain, "=", tried)
    cache, ring = c.pool_cache_end_pages - c.pool_cache_start_pages, c.pool_ring_end_pages - c.pool_ring_start_pages
    refilled = whole - (c.recycle_cached - not_put) - new + cache
    yield Law("12.2: left the ring = refilled + waived", c.recycle_ring - ring, "=", refilled + c.alloc_waive)
    yield Law("12.2: refilled <= 64 * refills", refilled, "<=", BULK_PAGES * c.alloc_refill)
    only_driver = (p.pool_napi == 0) & (p.system_pool == 0)
    by_driver = c.filtered_packets + c.copied_packets + c.drop_tx_ring_packets
    put = c.recycle_cached - not_put
    yield Law("puts into the cache <= the driver's, of a pool without NAPI", put * only_driver, "<=", by_driver)
    yield Law("pages in cache <= 128", c.pool_cache_end_pages, "<=", np.full_like(c.alloc_fast, CACHE_PAGES))
    yield Law("pages in ring <= pool_size", c.pool_ring_end_pages, "<=", p.pool_size)


def bulk(sim: Sim) -> Iterator[Law]:
    """Fresh pages come `bulk` at a time (law 12.5)."""
    c = sim.counters
    ample = sim.params.memory_pages == NO_LIMIT_PAGES
    asked = sim.params.bulk * c.alloc_slow
    yield Law("12.5: pages taken = bulk * slow, memory ample", c.pages_taken * ample, "=", asked * ample)
    yield from fresh(sim)


def fresh(sim: Sim) -> Iterator[Law]:
    """Fresh pages come up to `bulk` at a time, are mapped once, and unmapped when they are given back (law 12.5)."""
    c = sim.counters
    yield Law("12.5: pages taken <= bulk * slow", c.pages_taken, "<=", sim.params.bulk * c.alloc_slow)
    yield Law("one map per page taken", c.dma_maps, "=", c.pages_taken)
    yield Law("one unmap per page given back", c.dma_unmaps, "=", c.pages_given)
