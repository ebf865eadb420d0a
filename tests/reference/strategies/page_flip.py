# SPDX-License-Identifier: MIT
"""Half pages: the other half is posted while one is out, if that is the only one."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from ..allocator import Page
from ..arrivals import Packet

if TYPE_CHECKING:
    from ..simulation import Simulation

MOST_REFERENCES = 65535


class PageFlip:
    """`references` of a page: all there are, those that the driver can still hand out (its bias) included."""

    def __init__(self, sim: Simulation) -> None:
        self.sim = sim
        self.memory = sim.memory
        self.fifo: deque[Page] = deque()
        self.bias: dict[Page, int] = {}  # of the pages that the driver has
        self.in_bulk = sim.params.driver_bias == 1

    def atomic(self) -> None:
        self.sim.pay("recycle", self.sim.params.cost_atomic)

    def alloc(self, slot: int) -> Page | None:
        page = self.fifo.popleft() if self.fifo else self.new_page()
        if page is not None:
            self.memory.dma("sync")
            self.sim.shared.open(page)
        return page

    def new_page(self) -> Page | None:
        page = self.memory.page_alloc()
        if page is not None:
            self.sim.count["page_new"] += 1
            self.memory.dma("map")
            page.references = 1
            if self.in_bulk:
                self.atomic()
                page.references = MOST_REFERENCES
            self.bias[page] = page.references
        return page

    def received(self, packet: Packet, context: str | None) -> None:
        page, handed_out = packet.buffer, context != "napi"
        half_is_held = page.references > self.bias[page]
        self.bias[page] -= handed_out  # one of the driver's references is the packet's now
        if self.sim.params.reuse and page.references - self.bias[page] <= 1:
            self.sim.count["page_reuse"] += 1
            self.restock(page)
            self.fifo.append(page)
            return
        self.sim.count["page_busy"] += half_is_held
        self.memory.dma("unmap")
        rest = self.bias.pop(page)
        if rest:
            self.atomic()
            page.references -= rest
            if page.references == 0:
                self.memory.page_free(page, "napi")

    def restock(self, page: Page) -> None:
        """Take references when there is one left to hand out; one at a time, when there is none."""
        left, most = (1, MOST_REFERENCES) if self.in_bulk else (0, 1)
        if self.bias[page] == left:
            self.atomic()
            page.references += most - left
            self.bias[page] = most

    def release(self, page: Page, context: str) -> None:
        if context == "napi":
            return  # the driver has had it all the time
        self.atomic()
        page.references -= 1
        if page.references == 0:
            self.memory.page_free(page, context)

    def ready_pages(self) -> int:
        return len(self.fifo)

    def ring_pages(self) -> int:
        return 0

    def provider_pages(self) -> int:
        """Pages that a provider of the pool keeps."""
        return 0
