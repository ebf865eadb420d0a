# SPDX-License-Identifier: MIT
"""The kernel's page_pool as a sweep uses it: whole pages, mapped and synced, one NUMA node.

Written from the rules of the kernel's state machine: a stack of 128 pages before a ring whose slots come back
to the producer in batches, before bulk requests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..allocator import Page

if TYPE_CHECKING:
    from ..simulation import Simulation

CACHE_PAGES = 128
REFILL_PAGES = 64
SLOTS_PER_BATCH = 16  # two cache lines of pointers


class PtrRing:
    """Slots with a page, stale (taken, but still occupied for the producer) or free."""

    def __init__(self, size: int) -> None:
        self.slots: list[Page | None] = [None] * size
        self.batch = SLOTS_PER_BATCH if size // 2 >= SLOTS_PER_BATCH else 1
        self.producer = self.head = self.tail = 0
        self.entries = 0

    def put(self, page: Page) -> bool:
        if self.slots[self.producer] is not None:
            return False
        self.slots[self.producer] = page
        self.producer = (self.producer + 1) % len(self.slots)
        self.entries += 1
        return True

    def take(self) -> Page | None:
        """The oldest page; consumed slots are cleared when a batch or the end of the array is reached."""
        if self.entries == 0:
            return None
        page = self.slots[self.head]
        self.head += 1
        self.entries -= 1
        end = self.head == len(self.slots)
        if end or self.head - self.tail >= self.batch:
            for slot in range(self.tail, self.head):
                self.slots[slot] = None
            self.tail = self.head
        if end:
            self.head = self.tail = 0
        return page


class PagePool:
    def __init__(self, sim: Simulation) -> None:
        self.sim = sim
        self.memory = sim.memory
        self.cache: list[Page] = []
        self.ring = PtrRing(sim.params.pool_size)

    def pop(self) -> Page:
        self.sim.pay("recycle", self.sim.params.cost_pool_fast)
        return self.cache.pop()

    def alloc(self, slot: int) -> Page | None:
        page = self.whole_page()
        if page is not None:
            self.sim.shared.open(page)
        return page

    def whole_page(self) -> Page | None:
        if self.cache:
            self.sim.count["alloc_fast"] += 1
            return self.pop()
        while len(self.cache) < REFILL_PAGES and (page := self.ring.take()) is not None:
            self.sim.pay("recycle", self.sim.params.cost_pool_refill_page)
            self.cache.append(page)
        if self.cache:
            self.sim.count["alloc_refill"] += 1
            return self.pop()
        self.sim.count["alloc_empty"] += 1
        self.cache = self.fresh_pages(self.sim.params.bulk)
        if not self.cache:
            return None
        self.sim.count["alloc_slow"] += 1
        return self.pop() if self.sim.params.pool_bulk else self.cache.pop()

    def fresh_pages(self, wanted: int) -> list[Page]:
        pages = self.memory.page_bulk(wanted)
        for _ in pages:
            self.memory.dma("map")
            self.memory.dma("sync")
        return pages

    def give_back(self, page: Page, context: str) -> None:
        """The page is the pool's no more."""
        self.memory.dma("unmap")
        self.memory.page_free(page, context)

    def release(self, page: Page, context: str) -> None:
        self.came_back(page, context, alone=not self.sim.params.shared)

    def came_back(self, page: Page, context: str, alone: bool = True) -> None:
        """Its last user is done; `alone`: nobody else holds the page."""
        if not self.sim.params.skb_recycle and context not in ("napi", "xdp_frame"):
            self.sim.count["left_with_skb"] += 1
            self.give_back(page, context)
        else:
            self.put(page, context, alone)

    def put(self, page: Page, context: str, alone: bool = True) -> None:
        """Recycle the page, or give it up."""
        p, count = self.sim.params, self.sim.count
        direct = context == "napi"  # the poll itself allows it
        asks = p.bulk_locality if context == "xdp_frame" else p.skb_locality or p.pool_locality
        if not direct and asks:
            self.sim.pay("recycle", p.cost_pool_locality_check)
            polled = p.pool_napi and context != "softirq_idle"  # its NAPI is on the list of the CPU
            direct = context in ("softirq", "xdp_frame", "softirq_idle") and bool(polled or p.system_pool)
        if not alone:
            count["recycle_released_refcnt"] += 1
            self.sim.pay("recycle", p.cost_pool_put_failed)
            self.give_back(page, context)
            return
        self.memory.dma("sync")
        if direct and len(self.cache) < CACHE_PAGES:
            count["recycle_cached"] += 1
            self.sim.pay("recycle", p.cost_pool_put_direct)
            self.cache.append(page)
            return
        if direct:
            count["recycle_cache_full"] += 1
        if self.ring.put(page):
            count["recycle_ring"] += 1
            self.sim.pay("recycle", p.cost_pool_put_ring)
            return
        count["recycle_ring_full"] += 1
        self.sim.pay("recycle", p.cost_pool_put_failed)
        self.give_back(page, context)

    def ready_pages(self) -> int:
        return len(self.cache)

    def ring_pages(self) -> int:
        return self.ring.entries

    def provider_pages(self) -> int:
        return 0
