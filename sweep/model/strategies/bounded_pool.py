# SPDX-License-Identifier: MIT
"""bounded_pool: a page_pool that never has more than pool_size pages, as it was proposed in 2016.

The proposal: a pool of RX ring and frames outstanding on TX needs no page from elsewhere.  The answer: sockets hold
pages for as long as a reader likes, so that pool is starved.  Here the pool takes fresh pages until it has `pool_size`
of them; after that an allocation that finds cache and ring empty fails, descriptors stay empty and packets drop in the
NIC, until somebody gives a page back.  So no reader can make the host run out of memory, and a slow one stops the
queue's traffic for all others.

Every page comes back to the pool whoever frees it, also in kernels whose sk_buffs did not know about pools: that is
what the proposal asked of put_page().  Cache, ring, their counters and costs are the page_pool's.  The ring has room
for all pages; one that a put finds no slot for (slots are cleared in batches) is unmapped, freed and may be replaced.

Not modelled: a reserve for other users of the pool, or a threshold at which the driver copies small packets.
Source: [brouer-2016-04-07], [dumazet-2016-04-07]; net/core/page_pool.c [linux 6.12.117] for all but the bound.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sweep.fields.constants import PAGE_BYTES
from sweep.fields.field import Field, Knob
from sweep.model.compiler.jit import device
from sweep.model.counting.laws import Law, census
from sweep.model.lane.capacity import Capacity
from sweep.model.lane.sim import NAPI, Sim
from sweep.model.page_pool.alloc import fresh_pages
from sweep.model.page_pool.common import (
    BULK,
    POOL_COUNTERS,
    allocations,
    buffers_out,
    fresh,
    hand_out,
    put,
    stock,
    sweep_pools,
)
from sweep.model.page_pool.pool import Pool, drop_reference, unmap
from sweep.model.page_pool.put import put_page

from ..pages import PAGE_BUFFER_BYTES

DEFERRED_FREE = True
KNOBS = (
    Knob("pool_size", "pages", "2*ring", 1, 32768, "pages that the pool may have; slots of its ring, as page_pool"),
    BULK,
)
COUNTERS = (*POOL_COUNTERS, Field("pool_exhausted", "1", "allocations that failed because all pages were out"))


def bounded(sim: Sim) -> Iterator[Law]:
    """As page_pool, but no more pages than the bound, and what failed for it is counted apart from the allocator's."""
    c, p = sim.counters, sim.params
    out, back = allocations(c), put(c)
    yield Law("fast + refill + slow + slow_high_order = buffers posted", out, "=", c.posted_buffers)
    yield Law("cached + ring + ring_full + released_refcnt = puts", back, "=", c.released_buffers)
    yield Law("12.3: handed out - put back = change of pages outside", out - back, "=", buffers_out(c))
    yield Law("pages held <= pool_size", c.pages_held_peak, "<=", p.pool_size)
    yield Law(
        "the allocator is asked only below the bound", c.allocator_calls, "<=", c.alloc_slow + c.allocator_failures
    )
    yield Law("one sync per new page and per put", c.dma_syncs, "=", c.pages_taken + back)
    yield from stock(sim, out, c.pages_taken, refused=c.pool_exhausted)


LAWS = (census, bounded, fresh)


def empty(capacity: Capacity) -> Pool:
    """Empty pools for a batch.

    Errors: ValueError if a poll takes no time: polling for a page that nobody gives back would never end.
    """
    if (capacity.params.cost_poll < 1).any():
        raise ValueError("a poll takes no time: polling for a page that nobody gives back would never end")
    return sweep_pools(capacity, capacity.pages)


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
def provider_alloc(sim: Sim, pool: Pool, lane: int) -> int:
    """Put fresh pages into the empty cache, no more than the bound leaves; returns how many."""
    room = sim.params[lane].pool_size - sim.state[lane].pages_held
    if room <= 0:
        sim.counters[lane].pool_exhausted += 1
        return 0
    return fresh_pages(sim, pool, lane, min(pool.s[lane].bulk_pages, room))


@device
def provider_release(sim: Sim, pool: Pool, lane: int, page: int, context: int) -> None:
    """Return a page that the pool gives up to the page allocator: the bound leaves room for another."""
    unmap(sim, pool, lane, page)
    drop_reference(sim, pool, lane, page, context)


@device
def alloc(sim: Sim, pool: Any, lane: int, slot: int) -> int:
    """Allocate a page of the pool, mapped; returns its number, or -1."""
    return hand_out(sim, pool, lane)


@device
def release(sim: Sim, pool: Any, lane: int, buffer: int, context: int) -> None:
    """Take back a page from its user, whoever that is."""
    sim.counters[lane].released_buffers += 1
    put_page(sim, pool, lane, buffer, context, context == NAPI)
