# SPDX-License-Identifier: MIT
"""Page allocator, page_allocator and page_pool of the lock-step version: one array operation for many lanes.

Pages have no numbers here: with these two strategies no counter depends on which page it is, only on how many
there are.  `who` is an array of lane numbers, each once.

Not modelled: an allocator that runs out of pages, other contexts than the queue's own softirq.
Source: docs/model.md sections 9 and 10; the rules of the pool are in sweep/model/pool*.py.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]

CACHE_PAGES, REFILL_PAGES, STALE_SLOTS = 128, 64, 16


class Strategy(Protocol):
    """What the ring asks for, for many lanes at once."""

    cached: Ints  # (L,) pages ready at once
    in_ring: Ints  # (L,) pages in the pool's ring

    def alloc(self, who: Ints, count: Ints) -> None: ...
    def release(self, who: Ints, direct: bool) -> None: ...


class Zone:
    """Clocks, counters and page allocators of L lanes; the per-CPU list stands before a zone that never runs out."""

    def __init__(self, params: Any, counters: SimpleNamespace) -> None:
        lanes = len(params.ring)
        self.params, self.counters = params, counters
        self.now_ps = np.zeros(lanes, np.int64)
        self.listed, self.held = np.zeros(lanes, np.int64), np.zeros(lanes, np.int64)

    def pay(self, who: Ints, heading: str, ps: Ints) -> None:
        """CPU time passes, under a heading of the split."""
        self.now_ps[who] += ps
        self.counters.__dict__[f"{heading}_ps"][who] += ps

    def take(self, who: Ints, count: Ints) -> None:
        """`count` pages off the list of each lane."""
        self.held[who] += count
        self.counters.pages_taken[who] += count
        self.counters.pages_held_peak[who] = np.maximum(self.counters.pages_held_peak[who], self.held[who])
        self.listed[who] -= count
        dry = who[self.listed[who] < 0]
        while dry.size:
            self.move(dry, self.params.pcp_batch[dry])
            dry = dry[self.listed[dry] < 0]

    def move(self, who: Ints, pages: Ints) -> None:
        """Pages go from the zone to the list, or back, under the zone's lock."""
        self.listed[who] += pages
        self.counters.zone_lock_takes[who] += 1
        self.pay(who, "lock", self.params.cost_zone_lock[who])
        self.pay(who, "allocate", self.params.cost_buddy_page[who] * abs(pages))

    def alloc(self, who: Ints, count: Ints) -> None:
        """Pages, a call for each."""
        self.counters.allocator_calls[who] += count
        self.pay(who, "allocate", self.params.cost_page_alloc[who] * count)
        self.take(who, count)

    def bulk(self, who: Ints, count: Ints) -> None:
        """Pages, all in one call."""
        self.counters.allocator_calls[who] += 1
        self.pay(who, "allocate", self.params.cost_pool_bulk_call[who] + self.params.cost_pool_bulk_page[who] * count)
        self.take(who, count)

    def free(self, who: Ints) -> None:
        """Take a page back."""
        self.held[who] -= 1
        self.listed[who] += 1
        self.counters.pages_given[who] += 1
        self.pay(who, "allocate", self.params.cost_page_free[who])
        high = who[self.listed[who] >= self.params.pcp_high[who]]
        if high.size:
            self.move(high, -self.params.pcp_batch[high])

    def dma(self, who: Ints, what: str, pages: int | Ints = 1) -> None:
        """DMA map, unmap or sync of each page."""
        self.counters.__dict__[f"dma_{what}s"][who] += pages
        self.pay(who, "dma", self.params.__dict__[f"cost_dma_{what}"][who] * pages)


class PageAllocator:
    """A page per buffer, allocated and freed."""

    def __init__(self, zone: Zone) -> None:
        self.zone = zone
        self.cached = self.in_ring = np.zeros(len(zone.params.ring), np.int64)

    def alloc(self, who: Ints, count: Ints) -> None:
        """Fresh pages, mapped."""
        self.zone.alloc(who, count)
        self.zone.dma(who, "map", count)

    def release(self, who: Ints, direct: bool) -> None:
        """Unmap and free."""
        self.zone.dma(who, "unmap")
        self.zone.free(who)


class PagePool:
    """The kernel's page_pool by its counts: cache, ring, slots that the consumer has not given back."""

    def __init__(self, zone: Zone) -> None:
        lanes = len(zone.params.ring)
        self.zone, self.params, self.counters = zone, zone.params, zone.counters
        self.size: Any = zone.params.pool_size
        self.batch = np.where(self.size // 2 < STALE_SLOTS, 1, STALE_SLOTS)
        self.cached, self.in_ring, self.head, self.tail = (np.zeros(lanes, np.int64) for _ in range(4))

    def alloc(self, who: Ints, count: Ints) -> None:
        """Pages from the cache, which the ring or the page allocator fills when it is empty."""
        c, p = self.counters, self.params
        self.zone.pay(who, "recycle", p.cost_pool_fast[who] * count)
        while True:
            hits = np.minimum(self.cached[who], count)
            c.alloc_fast[who] += hits
            self.cached[who] -= hits
            short = hits < count
            if not short.any():
                return
            who, count = who[short], (count - hits)[short] - 1
            has_ring = self.in_ring[who] > 0
            self.refill(who[has_ring])
            self.bulk(who[~has_ring])
            self.cached[who] -= 1

    def refill(self, who: Ints) -> None:
        """Move pages from the ring to the empty cache; a ring slot is free again when a batch of slots is."""
        moved = np.minimum(self.in_ring[who], REFILL_PAGES)
        self.counters.alloc_refill[who] += 1
        self.zone.pay(who, "recycle", self.params.cost_pool_refill_page[who] * moved)
        self.cached[who] = moved
        self.in_ring[who] -= moved
        head, size, batch = self.head[who] + moved, self.size[who], self.batch[who]
        is_round = head >= size  # past the end of the array, where all slots taken are given back
        head = np.where(is_round, head - size, head)
        tail = np.where(is_round, 0, self.tail[who])
        self.head[who], self.tail[who] = head, tail + (head - tail) // batch * batch

    def bulk(self, who: Ints) -> None:
        """Fill the empty cache from the page allocator."""
        self.counters.alloc_empty[who] += 1
        self.counters.alloc_slow[who] += 1
        self.zone.bulk(who, np.full(who.size, REFILL_PAGES))
        self.zone.dma(who, "map", REFILL_PAGES)
        self.zone.dma(who, "sync", REFILL_PAGES)
        self.cached[who] = REFILL_PAGES

    def release(self, who: Ints, direct: bool) -> None:
        """Put a page into the cache if that is allowed and has room, else into the ring, else give it up."""
        c, p, pay = self.counters, self.params, self.zone.pay
        allowed = np.full(who.size, direct)
        if not direct:
            allowed = p.pool_locality[who] == 1
            pay(who, "recycle", p.cost_pool_locality_check[who] * allowed)
        self.zone.dma(who, "sync")
        room = self.cached[who] < CACHE_PAGES
        c.recycle_cache_full[who] += allowed & ~room
        put = who[allowed & room]
        c.recycle_cached[put] += 1
        pay(put, "recycle", p.cost_pool_put_direct[put])
        self.cached[put] += 1
        if put.size < who.size:
            self.put_ring(who[~(allowed & room)])

    def put_ring(self, who: Ints) -> None:
        """Put a page into the ring; if it is full, give it up."""
        c, p, pay = self.counters, self.params, self.zone.pay
        room = self.in_ring[who] + self.head[who] - self.tail[who] < self.size[who]
        put, lost = who[room], who[~room]
        c.recycle_ring[put] += 1
        pay(put, "recycle", p.cost_pool_put_ring[put])
        self.in_ring[put] += 1
        if lost.size:
            c.recycle_ring_full[lost] += 1
            pay(lost, "recycle", p.cost_pool_put_failed[lost])
            self.zone.dma(lost, "unmap")
            self.zone.free(lost)


STRATEGIES = {"page_allocator": PageAllocator, "page_pool": PagePool}
