# SPDX-License-Identifier: MIT
"""Fragments of the pages of a page_pool, cut upwards."""

from __future__ import annotations

from ..allocator import Page
from .page_pool import PagePool

PAGE_BYTES = 4096


class PagePoolFrag(PagePool):
    """`references` of a page: its fragments that are out."""

    current: Page | None = None
    offset = 0

    def alloc(self, slot: int) -> Page | None:
        align, pages_only = self.sim.params.fragment_align_bytes, self.sim.params.fragment_statistics
        size = -(-self.sim.params.frag_bytes // align) * align
        if self.current is not None and self.offset + size <= PAGE_BYTES:
            self.sim.count["alloc_fast"] += not pages_only
        elif self.current is not None and self.current.references == 0:
            self.memory.dma("sync")
            self.sim.count["alloc_fast"] += 1
            self.sim.count["recycle_cached"] += bool(pages_only)
            self.sim.count["frag_restarts"] += 1
            self.offset = 0
            self.sim.shared.open(self.current)
        else:
            if self.current is not None:
                self.sim.pay("recycle", self.sim.params.cost_atomic)
            self.current = self.whole_page()
            if self.current is None:
                return None
            self.sim.count["frag_pages"] += 1
            self.offset = 0
            self.sim.shared.open(self.current)
        self.offset += size
        self.current.references += 1
        self.sim.pay("recycle", self.sim.params.cost_frag_alloc)
        return self.current

    def release(self, page: Page, context: str) -> None:
        page.references -= 1
        if page is self.current or page.references > 0:
            self.sim.count["frag_puts"] += 1
            self.sim.pay("recycle", self.sim.params.cost_atomic)
        else:
            self.put(page, context)
