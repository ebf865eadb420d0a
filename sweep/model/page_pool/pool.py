# SPDX-License-Identifier: MIT
"""The kernel's page_pool, exact to the counter: its state, and pages entering and leaving it.

A stack of up to 128 pages (the allocation cache, consumer only; smaller where pages are large) before a ptr_ring (any
context) before the page allocator.  `alloc` takes pages, `put` puts them back, `fragments` cuts fragments,
`lifecycle` moves between NUMA nodes and destroys.  The sweep and the replay of kernel traces run the
same functions; only what is under them differs (holes of `bind`: page_bulk, bulk_page, page_free, order_alloc,
dma_map, dma_unmap, dma_sync).  A strategy may have a memory provider of its own in place of the page allocator
(holes provider_alloc, provider_release; the kernel's memory_provider_ops).

Costs, where each is charged (`pay_recycle` unless said otherwise; nothing else costs anything here):
* a page popped from the cache (hit, after a refill, after a bulk allocation): pool_fast; without bulk requests (before
  5.13) the page of a slow path goes to the caller past the cache;
* a refill: pool_refill_page for each page moved from ring to cache; a waived page is given back without it;
* a bulk allocation: what page_bulk charges; then per page dma_map, and dma_sync if the pool syncs;
* a request of order > 0: what order_alloc charges, dma_map, dma_sync; no pool_fast;
* a put that is not of the page's last share: atomic, and nothing more;
* a put whose caller does not allow direct, if the kernel checks the locality of such a put (rules skb_locality,
  pool_locality, bulk_locality): pool_locality_check, in any context, also for a page that is then given up; once for
  a bulk put;
* a put of a recyclable page, if the pool syncs: dma_sync (before it is known where the page goes);
* then either pool_put_direct (cache), or pool_put_ring (ring), or pool_put_failed (ring full, or page not
  recyclable) before it is given back;
* a page given back, by whatever way: dma_unmap if mapped, and page_free if that was its last reference.
What a fragment costs: see `fragments`.  NUMA moves and destruction: each page given back, as above.

Not modelled: memory of user space (net_iov), DMA mappings that fail, hold and release
counts wrapping at 32 bits, the ring's lock.
Source: net/core/page_pool.c [linux 6.12.117]; tests/golden/page_pool/SEMANTICS.md 1 to 5 and 7.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sweep.fields.constants import BULK_PAGES, PAGE_BYTES
from sweep.fields.field import Field
from sweep.model.compiler.jit import device
from sweep.model.lane.sim import Sim
from sweep.model.pages import dma_map, dma_sync, dma_unmap, page_free
from sweep.model.record import zeros

from .ptr_ring import Ring, rings

CACHE_REFILLS = 2  # PP_ALLOC_CACHE_SIZE is two PP_ALLOC_CACHE_REFILL
CACHE_PAGES = CACHE_REFILLS * BULK_PAGES  # where a page has 4 KiB: the most there are
NO_PAGE = -1
ANY_NODE = -1  # NUMA_NO_NODE
_STRUCT = "include/net/page_pool/types.h: struct page_pool"
_PAGE = "include/linux/mm_types.h: struct page"

POOL = (
    Field("order", "1", "a page of the pool is 2^order pages of the machine"),
    Field("nid", "node", "NUMA node that the driver asked for; ANY_NODE: that of the allocating CPU"),
    Field("cpu_node", "node", "NUMA node of the allocating CPU"),
    Field("napi", "1", "1: tied to a NAPI, which runs on the queue's CPU"),
    Field("own_cpu", "1", "1: a system pool of the queue's CPU: local there in any softirq", "cpuid", defined=_STRUCT),
    Field("maps", "1", "1: maps its pages for DMA (PP_FLAG_DMA_MAP)"),
    Field("syncs", "1", "1: syncs them for the device (PP_FLAG_DMA_SYNC_DEV)"),
    Field("max_len", "bytes", "length of a sync"),
    Field("page_bytes", "bytes", "page of the machine"),
    Field("cache_pages", "pages", "room of the allocation cache"),
    Field("refill_pages", "pages", "pages that a refill moves from the ring to the cache, at most"),
    Field("bulk_pages", "pages", "pages that a slow path asks the page allocator for"),
    Field("shared", "1", "1: somebody else has a reference on each page that is put"),
    Field(
        "hold_count",
        "pages",
        "pages entered in the pool's books since its creation",
        "pages_state_hold_cnt",
        defined=_STRUCT,
    ),
    Field("release_count", "pages", "pages struck off since its creation", "pages_state_release_cnt", defined=_STRUCT),
    Field("frag_page", "page", "page that fragments are cut from, or NO_PAGE"),
    Field("frag_offset", "bytes", "where its next fragment begins"),
    Field("frag_users", "1", "fragments cut from it so far"),
    Field("destroys", "1", "times the destruction was attempted", "destroy_cnt", defined=_STRUCT),
    Field("retry", "1", "1: destruction is to be retried, pages are still out"),
    Field("destroyed", "1", "1: the pool is gone"),
)

MAPPED, PFMEMALLOC = 1, 2  # bits of a page's marks

PAGE = (
    Field("users", "1", "shares of the pool's users in the page", "pp_ref_count", defined=_PAGE),
    Field("refs", "1", "references on the page; the pool and its users have one together", "_refcount", defined=_PAGE),
    Field("node", "node", "NUMA node"),
    Field("marks", "1", "MAPPED: for DMA; PFMEMALLOC: from the emergency reserve"),
)


class Pool(NamedTuple):
    """A page_pool per lane.  Number of pages in cache and ring: `sim.state[lane].pool_{cache,ring}_pages`."""

    s: np.recarray  # (L,) record of POOL
    cache: np.ndarray  # (L, CACHE_PAGES) int64: the stack, newest last
    ring: Ring
    page: np.recarray  # (L, P) record of PAGE, by page number


def pools(slots: Sequence[int], pages: int) -> Pool:
    """Empty pools: lane `i` has a ring of `slots[i]`, page numbers are below `pages`.

    Order 0, node 0, tied to a NAPI, neither mapping nor syncing, bulk requests of 64.
    """
    lanes = len(slots)
    page = zeros(PAGE, lanes, pages)
    pool = Pool(zeros(POOL, lanes), np.zeros((lanes, CACHE_PAGES), np.int64), rings(slots), page)
    pool.s.napi = 1
    pool.s.max_len = PAGE_BYTES
    pool.s.page_bytes = PAGE_BYTES
    pool.s.cache_pages = CACHE_PAGES
    pool.s.refill_pages = BULK_PAGES
    pool.s.bulk_pages = BULK_PAGES
    pool.s.frag_page = NO_PAGE
    return pool


@device
def wanted_node(pool: Pool, lane: int) -> int:
    """NUMA node that an allocation prefers now."""
    s = pool.s[lane]
    node: int = s.cpu_node if s.nid == ANY_NODE else s.nid
    return node


@device
def enter(sim: Sim, pool: Pool, lane: int, page: int) -> None:
    """Add a fresh page, on the preferred node, to the pool: count it, map it, sync it."""
    s, p = pool.s[lane], pool.page[lane, page]
    p.users = 1
    p.refs = 1
    p.node = wanted_node(pool, lane)
    p.marks = 0
    if s.maps == 1:
        p.marks = MAPPED
        dma_map(sim, lane)
        if s.syncs == 1:
            dma_sync(sim, lane, s.max_len)
    s.hold_count += 1


@device
def drop_reference(sim: Sim, pool: Pool, lane: int, page: int, context: int) -> None:
    """Drop one reference on a page; the last one gives it to the page allocator."""
    p = pool.page[lane, page]
    p.refs -= 1
    if p.refs == 0:
        page_free(sim, lane, page, context)


@device
def unmap(sim: Sim, pool: Pool, lane: int, page: int) -> None:
    """Remove the page's DMA mapping, if it has one."""
    p = pool.page[lane, page]
    if p.marks & MAPPED:
        p.marks ^= MAPPED
        dma_unmap(sim, lane)


@device
def provider_release(sim: Sim, pool: Pool, lane: int, page: int, context: int) -> None:
    """Hole: return a page that has left the pool: unmap it and drop its last reference, to the page allocator."""
    unmap(sim, pool, lane, page)
    drop_reference(sim, pool, lane, page, context)


@device
def give_back(sim: Sim, pool: Pool, lane: int, page: int, context: int) -> None:
    """Remove a page from the pool and return it to where it came from (page_pool_return_page)."""
    pool.s[lane].release_count += 1
    provider_release(sim, pool, lane, page, context)
