# SPDX-License-Identifier: MIT
"""The page of the slot is posted again if nobody else holds it one lap later."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..allocator import Page

if TYPE_CHECKING:
    from ..simulation import Simulation


class Slot:
    """The page posted or received last, and that of the lap before."""

    def __init__(self) -> None:
        self.posted: Page | None = None
        self.kept: Page | None = None


class RefcountRecycle:
    def __init__(self, sim: Simulation) -> None:
        self.sim = sim
        self.memory = sim.memory
        self.slots = [Slot() for _ in range(sim.params.ring)]
        self.kept_only: set[Page] = set()  # pages whose one reference is their slot's

    def alloc(self, slot: int) -> Page | None:
        place = self.slots[slot]
        page, place.kept, place.posted = place.kept, place.posted, None
        if page is not None and page.references == 1:
            self.sim.count["slot_reuse"] += 1
            self.kept_only.remove(page)
            self.sim.pay("recycle", self.sim.params.cost_atomic)
            self.memory.dma("sync")
        else:
            if page is not None:
                self.sim.count["slot_busy"] += 1
                self.memory.dma("unmap")
                self.put(page, "napi")
            page = self.memory.page_alloc()
            if page is None:
                return None
            self.memory.dma("map")
        page.references = 2
        place.posted = page
        self.sim.shared.open(page)
        return page

    def put(self, page: Page, context: str) -> None:
        self.sim.pay("recycle", self.sim.params.cost_atomic)
        page.references -= 1
        if page.references == 0:
            self.memory.page_free(page, context)

    def release(self, page: Page, context: str) -> None:
        self.put(page, context)
        if page.references == 1:
            self.kept_only.add(page)

    def ready_pages(self) -> int:
        return len(self.kept_only)

    def ring_pages(self) -> int:
        return 0

    def provider_pages(self) -> int:
        return 0
