# SPDX-License-Identifier: MIT
"""The page allocator: two CPUs' lists in front of a zone, and DMA mapping.  docs/model.md, section 9."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .simulation import Simulation

BLOCK_PAGES = 8  # order 3
LIST_OF = {
    "napi": 0,
    "softirq": 0,
    "softirq_idle": 0,
    "xdp_frame": 0,
    "process_local": 0,
    "process": 1,
}  # context -> whose list


class Page:
    """A page or a block, by identity only; a strategy notes on it what it needs."""

    def __init__(self, number: int, pages: int = 1) -> None:
        self.number = number
        self.pages = pages  # 8 for a block of order 3
        self.references = 0


class Allocator:
    """Free pages: only how many there are matters; those in use have numbers."""

    def __init__(self, sim: Simulation) -> None:
        self.sim = sim
        self.zone = sim.params.memory_pages
        self.lists = [0, 0]  # single pages on the list of each CPU
        self.block_lists = [0, 0]  # blocks of order 3
        self.takes = [0, 0]  # of the zone lock, by each CPU
        self.moved = 0  # pages or blocks under it
        self.held = 0
        self.peak = 0
        self.numbers_back: list[int] = []  # the last one is the next one taken
        self.numbers_used = 0

    def listed_pages(self) -> int:
        """Free pages on all lists."""
        return sum(self.lists) + BLOCK_PAGES * sum(self.block_lists)

    def move(self, moved: int, cpu: int = 0) -> None:
        """Pay for moving `moved` pages or blocks between zone and a list."""
        self.sim.count["zone_lock_takes"] += 1
        self.takes[cpu] += 1
        self.moved += moved
        self.sim.pay("lock", self.sim.params.cost_zone_lock + self.sim.shared.lock_wait_ps)
        self.sim.pay("allocate", moved * self.sim.params.cost_buddy_page)

    def take(self) -> bool:
        """One page off the list of the NAPI CPU, or from the zone."""
        if self.sim.params.pcp_process_only:
            found = self.zone > 0
            if found:
                self.zone -= 1
                self.move(1)
            return found
        if self.lists[0] == 0:
            moved = min(self.sim.params.pcp_batch, self.zone)
            if moved == 0:
                return False
            self.zone -= moved
            self.lists[0] += moved
            self.move(moved)
        self.lists[0] -= 1
        return True

    def number(self) -> int:
        """The number of the page or block that is taken now."""
        if self.numbers_back:
            return self.numbers_back.pop()
        self.numbers_used += 1
        return self.numbers_used - 1

    def taken(self, pages: int) -> None:
        self.sim.count["pages_taken"] += pages
        self.held += pages
        self.peak = max(self.peak, self.held)

    def given(self, pages: int) -> None:
        self.sim.count["pages_given"] += pages
        self.held -= pages

    def page_alloc(self) -> Page | None:
        self.sim.count["allocator_calls"] += 1
        if not self.take():
            self.sim.count["allocator_failures"] += 1
            return None
        self.sim.pay("allocate", self.sim.params.cost_page_alloc)
        self.taken(1)
        return Page(self.number())

    def page_bulk(self, wanted: int) -> list[Page]:
        self.sim.count["allocator_calls"] += 1
        pages: list[Page] = []
        while len(pages) < wanted and self.take():
            pages.append(Page(self.number()))
        if not pages:
            self.sim.count["allocator_failures"] += 1
        else:
            self.sim.pay("allocate", self.sim.params.cost_pool_bulk_call)
        self.sim.pay("allocate", len(pages) * self.sim.params.cost_pool_bulk_page)
        self.taken(len(pages))
        return pages

    def page_free(self, page: Page, context: str) -> None:
        cpu = LIST_OF[context]
        self.given(1)
        self.numbers_back.append(page.number)
        self.sim.pay("allocate", self.sim.params.cost_page_free)
        if self.sim.params.pcp_process_only and not context.startswith("process"):
            self.zone += 1
            self.move(1)
            return
        self.lists[cpu] += 1
        if self.lists[cpu] >= self.sim.params.pcp_high:
            moved = self.sim.params.pcp_batch
            self.lists[cpu] -= moved
            self.zone += moved
            self.move(moved, cpu)

    def blocks_moved(self) -> int:
        """Blocks that move between zone and list at a time."""
        return self.sim.params.pcp_batch // BLOCK_PAGES if self.sim.params.pcp_order3 else 1

    def block_alloc(self) -> Page | None:
        self.sim.count["allocator_calls"] += 1
        if self.block_lists[0] == 0:
            moved = min(self.blocks_moved(), self.zone // BLOCK_PAGES)
            if moved == 0:
                self.sim.count["allocator_failures"] += 1
                return None
            self.zone -= moved * BLOCK_PAGES
            self.block_lists[0] += moved
            self.move(moved)
        self.block_lists[0] -= 1
        self.sim.pay("allocate", self.sim.params.cost_order3_alloc)
        self.taken(BLOCK_PAGES)
        return Page(self.number(), BLOCK_PAGES)

    def block_free(self, block: Page, context: str) -> None:
        cpu = LIST_OF[context]
        self.given(BLOCK_PAGES)
        self.numbers_back.append(block.number)
        self.block_lists[cpu] += 1
        self.sim.pay("allocate", self.sim.params.cost_order3_free)
        if not self.sim.params.pcp_order3 or self.block_lists[cpu] * BLOCK_PAGES >= self.sim.params.pcp_high:
            moved = self.blocks_moved()
            self.block_lists[cpu] -= moved
            self.zone += moved * BLOCK_PAGES
            self.move(moved, cpu)

    def area_alloc(self, pages: int) -> bool:
        """That many pages in one piece, if the zone has them."""
        self.sim.count["allocator_calls"] += 1
        if self.zone < pages:
            self.sim.count["allocator_failures"] += 1
            return False
        self.zone -= pages
        self.move(1)
        self.sim.pay("allocate", self.sim.params.cost_order3_alloc)
        self.taken(pages)
        return True

    def area_free(self, pages: int, context: str) -> None:
        self.given(pages)
        self.sim.pay("allocate", self.sim.params.cost_order3_free)
        self.zone += pages
        self.move(1, LIST_OF[context])

    def dma(self, what: str) -> None:
        """`what` is map, unmap or sync."""
        self.sim.count[f"dma_{what}s"] += 1
        self.sim.pay("dma", getattr(self.sim.params, f"cost_dma_{what}"))
