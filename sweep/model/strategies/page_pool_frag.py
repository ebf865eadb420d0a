# SPDX-License-Identifier: MIT
"""page_pool_frag: fragments of the pages of a page_pool, exact to the kernel's counters.

The pool cuts its current page into buffers of one size and gives out the next page when the rest is too small; the
last fragment that comes back recycles its page, and a current page whose fragments are all back starts over in
place.  A buffer is named by its page: fragments of a page are alike.

Costs: `pool` and `fragments`.  Until 6.12 every fragment cut from the current page and every restart counts `fast`;
with the rule fragment_statistics (6.13) the former counts nothing, the latter `cached` and `fast`.  With
fragment_alignment the size is rounded up to 8 bytes.

Not modelled: kernels before 5.15 had no fragments, so a page never leaves with its sk_buff here, whatever the kernel;
`page_pool_alloc`, which chooses the size by the frame; splitting of pages between queues.
Source: net/core/page_pool.c [linux 6.12.117]; fragments since 5.15 [kernel 53e0961da1c7]; half pages against full
ones [bianconi-2023-05-17].
"""

from __future__ import annotations

from collections.abc import Iterator

from sweep.fields.constants import PAGE_BYTES
from sweep.fields.field import Field, Knob
from sweep.model.compiler.jit import device
from sweep.model.counting.laws import Law
from sweep.model.hardware.llc import opened
from sweep.model.lane.capacity import Capacity
from sweep.model.lane.sim import NAPI, Sim
from sweep.model.page_pool.common import BULK, POOL_COUNTERS, POOL_SIZE, allocations, bulk, put, stock, sweep_pools
from sweep.model.page_pool.fragments import alloc_frag
from sweep.model.page_pool.pool import Pool
from sweep.model.page_pool.put import put_page

DEFERRED_FREE = True
KNOBS = (
    POOL_SIZE,
    BULK,
    Knob("frag_bytes", "bytes", 2048, 256, 4096, "size of a fragment: one receive buffer"),
)
COUNTERS = (
    *POOL_COUNTERS,
    Field("frag_pages", "pages", "pages opened for fragments"),
    Field("frag_restarts", "pages", "times the current page was used up with no fragment out, and started over"),
    Field("frag_puts", "1", "puts of fragments of a page that others still share"),
)


def books(sim: Sim) -> Iterator[Law]:
    """Each fragment is a `fast` or opens a page; a page is put with its last fragment; law 12.3.

    With the rule fragment_statistics (below, 1 of a lane that has it) fragments that open no page count nothing, and a
    restart counts as if its page had been put into the cache and taken from it.
    """
    c, p = sim.counters, sim.params
    pages = p.fragment_statistics
    not_put = pages * c.frag_restarts
    counted = pages * (c.frag_pages + c.frag_restarts) + (1 - pages) * c.posted_buffers
    pages_put = put(c) - not_put
    yield Law("fast + refill + slow + slow_high_order = buffers posted, or pages opened", allocations(c), "=", counted)
    puts = pages_put + c.frag_puts
    yield Law("cached + ring + ring_full + released_refcnt + frag_puts = puts", puts, "=", c.released_buffers)
    syncs = c.pages_taken + pages_put + c.frag_restarts
    yield Law("one sync per new page, put page and restart", c.dma_syncs, "=", syncs)
    at_end = c.pages_held_end - c.pool_cache_end_pages - c.pool_ring_end_pages
    at_start = c.pages_held_start - c.pool_cache_start_pages - c.pool_ring_start_pages
    yield Law("12.3: pages opened - put = change of pages outside", c.frag_pages - pages_put, "=", at_end - at_start)
    out = c.rx_ring_end_buffers + c.tx_ring_end_buffers + c.socket_end_buffers
    yield Law("pages outside <= fragments out + current page", at_end, "<=", out + 1)
    size = -(-p.frag_bytes // p.fragment_align_bytes) * p.fragment_align_bytes
    yield Law("fragments out fit the pages outside", out, "<=", at_end * (PAGE_BYTES // size))
    yield from stock(sim, c.frag_pages, c.pages_taken, not_put)


LAWS = (books, bulk)


def empty(capacity: Capacity) -> Pool:
    """Empty pools for a batch."""
    return sweep_pools(capacity, capacity.pages)


def truesize_bytes(knobs: dict[str, int]) -> int:
    """Bytes charged to a socket per buffer: the fragment that the driver asked for, though it may pin a page."""
    return knobs["frag_bytes"]


def buffer_bytes(knobs: dict[str, int]) -> int:
    """Largest frame: the fragment less NET_SKB_PAD (64, x86-64) and skb_shared_info (320)."""
    return knobs["frag_bytes"] - 64 - 320


def mapped_pages(knobs: dict[str, int]) -> int:
    """Pages under one DMA mapping: each page is mapped by itself."""
    return 1


@device
def alloc(sim: Sim, pool: Pool, lane: int, slot: int) -> int:
    """Cut the next fragment; returns the number of its page, or -1."""
    c = sim.counters[lane]
    previous_page = pool.s[lane].frag_page
    page, offset = alloc_frag(sim, pool, lane, sim.params[lane].frag_bytes)
    if page >= 0 and offset == 0:
        if page == previous_page:
            c.frag_restarts += 1
        else:
            c.frag_pages += 1
        opened(sim, lane, page, 1)
    return page


@device
def release(sim: Sim, pool: Pool, lane: int, buffer: int, context: int) -> None:
    """Take back a fragment from its user; the queue's own poll allows direct recycling."""
    c = sim.counters[lane]
    c.released_buffers += 1
    c.frag_puts += pool.page[lane, buffer].users > 1
    put_page(sim, pool, lane, buffer, context, context == NAPI)
