# SPDX-License-Identifier: MIT
"""A driver's own FIFO of pages, of which a refill sees the head only."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from ..allocator import Page
from ..arrivals import Packet

if TYPE_CHECKING:
    from ..simulation import Simulation


class FifoCache:
    def __init__(self, sim: Simulation) -> None:
        self.sim = sim
        self.memory = sim.memory
        self.fifo: deque[Page] = deque()
        self.shared: set[Page] = set()  # with a packet that has a reference of its own
        self.left: set[Page] = set()  # for good

    def alloc(self, slot: int) -> Page | None:
        page = self.next_page()
        if page is not None:
            self.sim.shared.open(page)
        return page

    def next_page(self) -> Page | None:
        count = self.sim.count
        if not self.fifo:
            count["cache_empty"] += 1
        elif self.fifo[0].references == 1:
            count["cache_reuse"] += 1
            self.sim.pay("recycle", self.sim.params.cost_pool_fast)
            self.memory.dma("sync")
            return self.fifo.popleft()
        else:
            count["cache_busy"] += 1
            if self.sim.params.on_busy_head:
                self.give_up(self.fifo.popleft())
        page = self.memory.page_alloc()
        if page is not None:
            self.memory.dma("map")
            page.references = 1
        return page

    def received(self, packet: Packet, context: str | None) -> None:
        p, page = self.sim.params, packet.buffer
        if context == "napi":
            return
        if packet.fate == "forward" and p.bypass:
            self.memory.dma("unmap")
            self.left.add(page)
        elif packet.fate != "forward" or not p.forward_xdp:
            self.sim.pay("recycle", p.cost_atomic)
            page.references += 1
            self.shared.add(page)
            self.put(page)

    def put(self, page: Page) -> None:
        if len(self.fifo) < self.sim.params.cache_size - 1:
            self.sim.pay("recycle", self.sim.params.cost_pool_put_direct)
            self.fifo.append(page)
        else:
            self.sim.count["cache_full"] += 1
            self.give_up(page)

    def give_up(self, page: Page) -> None:
        self.memory.dma("unmap")
        self.dereference(page, "napi")

    def dereference(self, page: Page, context: str) -> None:
        self.sim.pay("recycle", self.sim.params.cost_atomic)
        page.references -= 1
        if page.references == 0:
            self.memory.page_free(page, context)

    def release(self, page: Page, context: str) -> None:
        if page in self.left:
            self.left.remove(page)
            self.memory.page_free(page, context)
        elif page in self.shared:
            self.shared.remove(page)
            self.dereference(page, context)
        else:
            self.put(page)

    def ready_pages(self) -> int:
        return sum(page.references == 1 for page in self.fifo)

    def ring_pages(self) -> int:
        return 0

    def provider_pages(self) -> int:
        """Pages that a provider of the pool keeps."""
        return 0
