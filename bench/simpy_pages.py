# SPDX-License-Identifier: MIT
"""Page allocator, page_allocator and page_pool of the SimPy version: lists, and a purse that pays.

Nothing here takes simulated time by itself: what an operation costs is owed to `purse`, and the process that
asked for it spends what it owes before anybody else can see a result of it.

Not modelled: an allocator that runs out of pages, other contexts than the queue's own softirq.
Source: docs/model.md sections 9 and 10; the rules of the pool are in sweep/model/pool*.py.
"""

from __future__ import annotations

from collections import deque
from types import SimpleNamespace
from typing import Any, Protocol

CACHE_PAGES, REFILL_PAGES, STALE_SLOTS = 128, 64, 16


class Purse:
    """The NAPI CPU's time that is used and not yet spent, and what it was used for."""

    def __init__(self, counters: SimpleNamespace) -> None:
        self.counters, self.owed_ps = counters, 0

    def pay(self, heading: str, ps: int) -> None:
        """Use `ps` of CPU time under a heading of the split."""
        self.owed_ps += ps
        self.counters.__dict__[f"{heading}_ps"] += ps


class Strategy(Protocol):
    """What the ring asks for: pages, and somebody to take them back."""

    cache: list[int]
    ring: deque[int]

    def alloc(self) -> int: ...
    def release(self, page: int, direct: bool, is_polling: bool) -> None: ...


class Zone:
    """The page allocator of the queue's CPU: its list, in front of a zone that never runs out."""

    def __init__(self, params: Any, purse: Purse) -> None:
        self.params, self.purse, self.counters = params, purse, purse.counters
        self.listed = self.held = self.fresh = 0
        self.given: list[int] = []

    def take(self) -> int:
        """A page off the list."""
        if self.listed == 0:
            self.move(self.params.pcp_batch)
        self.listed -= 1
        self.held += 1
        self.counters.pages_taken += 1
        self.counters.pages_held_peak = max(self.counters.pages_held_peak, self.held)
        if self.given:
            return self.given.pop()
        self.fresh += 1
        return self.fresh

    def move(self, pages: int) -> None:
        """Pages go from the zone to the list, or back, under the zone's lock."""
        self.listed += pages
        self.counters.zone_lock_takes += 1
        self.purse.pay("lock", self.params.cost_zone_lock)
        self.purse.pay("allocate", self.params.cost_buddy_page * abs(pages))

    def alloc(self) -> int:
        """One page."""
        self.counters.allocator_calls += 1
        self.purse.pay("allocate", self.params.cost_page_alloc)
        return self.take()

    def bulk(self, want: int) -> list[int]:
        """Many pages in one call."""
        self.counters.allocator_calls += 1
        self.purse.pay("allocate", self.params.cost_pool_bulk_call + self.params.cost_pool_bulk_page * want)
        return [self.take() for _ in range(want)]

    def free(self, page: int) -> None:
        """Take a page back."""
        self.given.append(page)
        self.held -= 1
        self.listed += 1
        self.counters.pages_given += 1
        self.purse.pay("allocate", self.params.cost_page_free)
        if self.listed >= self.params.pcp_high:
            self.move(-self.params.pcp_batch)

    def dma(self, what: str) -> None:
        """DMA map, unmap or sync of one page."""
        self.counters.__dict__[f"dma_{what}s"] += 1
        self.purse.pay("dma", getattr(self.params, f"cost_dma_{what}"))


class PageAllocator:
    """A page per buffer, allocated and freed."""

    def __init__(self, zone: Zone) -> None:
        self.zone = zone
        self.cache: list[int] = []
        self.ring: deque[int] = deque()

    def alloc(self) -> int:
        """A fresh page, mapped."""
        page = self.zone.alloc()
        self.zone.dma("map")
        return page

    def release(self, page: int, direct: bool, is_polling: bool) -> None:
        """Unmap and free."""
        self.zone.dma("unmap")
        self.zone.free(page)


class PagePool:
    """The kernel's page_pool: a stack of pages in front of a ring in front of the page allocator."""

    def __init__(self, zone: Zone) -> None:
        self.zone, self.params, self.counters, self.pay = zone, zone.params, zone.counters, zone.purse.pay
        self.size: int = self.params.pool_size
        self.batch = 1 if self.size // 2 < STALE_SLOTS else STALE_SLOTS
        self.cache: list[int] = []
        self.ring: deque[int] = deque()
        self.head = self.tail = 0  # slots taken, and slots given back to the producer

    def alloc(self) -> int:
        """A page from the cache, which the ring or the page allocator fills."""
        c = self.counters
        if self.cache:
            c.alloc_fast += 1
        elif self.ring:
            c.alloc_refill += 1
            self.cache = [self.ring_take() for _ in range(min(REFILL_PAGES, len(self.ring)))]
            self.pay("recycle", self.params.cost_pool_refill_page * len(self.cache))
        else:
            c.alloc_empty += 1
            c.alloc_slow += 1
            self.cache = self.zone.bulk(REFILL_PAGES)
            for _ in self.cache:
                self.zone.dma("map")
                self.zone.dma("sync")
        self.pay("recycle", self.params.cost_pool_fast)
        return self.cache.pop()

    def ring_take(self) -> int:
        """The oldest page of the ring; its slot is free again when a batch of slots is."""
        self.head += 1
        if self.head == self.size:
            self.head = self.tail = 0
        elif self.head - self.tail >= self.batch:
            self.tail = self.head
        return self.ring.popleft()

    def release(self, page: int, direct: bool, is_polling: bool) -> None:
        """Put a page into the cache if that is allowed and has room, else into the ring, else give it up.

        `direct`: the caller allows it; `is_polling`: the pool's NAPI is on its CPU's list.
        """
        c, p = self.counters, self.params
        if not direct and p.pool_locality:
            self.pay("recycle", p.cost_pool_locality_check)
            direct = is_polling
        self.zone.dma("sync")
        if direct and len(self.cache) < CACHE_PAGES:
            c.recycle_cached += 1
            self.pay("recycle", p.cost_pool_put_direct)
            self.cache.append(page)
            return
        c.recycle_cache_full += direct
        if len(self.ring) + self.head - self.tail < self.size:
            c.recycle_ring += 1
            self.pay("recycle", p.cost_pool_put_ring)
            self.ring.append(page)
            return
        c.recycle_ring_full += 1
        self.pay("recycle", p.cost_pool_put_failed)
        self.zone.dma("unmap")
        self.zone.free(page)


STRATEGIES = {"page_allocator": PageAllocator, "page_pool": PagePool}
