# SPDX-License-Identifier: MIT
"""Fragments of order-3 blocks, cut downwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..allocator import BLOCK_PAGES, Page
from ..random_streams import draw

if TYPE_CHECKING:
    from ..simulation import Simulation

PAGE_BYTES = 4096
MILLION = 1_000_000


class PageFrag:
    """`references` of a block: its fragments that are out."""

    def __init__(self, sim: Simulation) -> None:
        self.sim = sim
        self.memory = sim.memory
        self.block: Page | None = None
        self.offset = 0
        self.tries = 0

    def alloc(self, slot: int) -> Page | None:
        p = self.sim.params
        if self.block is None or self.offset < p.frag_bytes:
            self.exhausted()
        if self.block is None:
            return None
        self.offset -= p.frag_bytes
        self.block.references += 1
        self.sim.pay("recycle", p.cost_frag_alloc)
        self.memory.dma("map")
        return self.block

    def exhausted(self) -> None:
        """No room, or no block: the same block again, or a new one."""
        again = False
        if self.block is not None:
            self.sim.pay("recycle", self.sim.params.cost_atomic)
            again = self.block.references == 0
        if again:
            self.sim.count["block_reuses"] += 1
        else:
            self.block = self.new_block()
        if self.block is not None:
            self.offset = self.block.pages * PAGE_BYTES
            self.sim.shared.open(self.block)

    def new_block(self) -> Page | None:
        p = self.sim.params
        block = None
        fragmented = draw(p.key_order3, self.tries) % MILLION < p.order3_fail_ppm
        self.tries += 1
        if not fragmented:
            block = self.memory.block_alloc()
        if block is not None:
            self.sim.count["block_allocs"] += 1
            return block
        page = self.memory.page_alloc()
        if page is not None:
            self.sim.count["block_fallbacks"] += 1
        return page

    def release(self, block: Page, context: str) -> None:
        self.memory.dma("unmap")
        self.sim.pay("recycle", self.sim.params.cost_atomic)
        block.references -= 1
        if block.references == 0 and block is not self.block:
            if block.pages == BLOCK_PAGES:
                self.memory.block_free(block, context)
            else:
                self.memory.page_free(block, context)

    def ready_pages(self) -> int:
        return 0 if self.block is None else self.block.pages

    def ring_pages(self) -> int:
        return 0

    def provider_pages(self) -> int:
        return 0
