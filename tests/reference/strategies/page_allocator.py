# SPDX-License-Identifier: MIT
"""A page per buffer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..allocator import Page

if TYPE_CHECKING:
    from ..simulation import Simulation


class PageAllocator:
    def __init__(self, sim: Simulation) -> None:
        self.memory = sim.memory
        self.shared = sim.shared

    def alloc(self, slot: int) -> Page | None:
        page = self.memory.page_alloc()
        if page is not None:
            self.memory.dma("map")
            self.shared.open(page)
        return page

    def release(self, page: Page, context: str) -> None:
        self.memory.dma("unmap")
        self.memory.page_free(page, context)

    def ready_pages(self) -> int:
        return 0

    def ring_pages(self) -> int:
        return 0

    def provider_pages(self) -> int:
        return 0
