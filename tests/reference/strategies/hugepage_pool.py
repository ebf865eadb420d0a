# SPDX-License-Identifier: MIT
"""A page_pool whose pages are those of large regions, each mapped once and returned when it is whole again."""

from __future__ import annotations

from ..allocator import Page
from .page_pool import PagePool


class RegionPage(Page):
    def __init__(self, number: int, region: list[RegionPage]) -> None:
        super().__init__(number)
        self.region = region  # the free pages of its region, the next one last


class HugepagePool(PagePool):
    """A region is the list of its free pages; `regions` has them by number, None where a number is not in use."""

    def fresh_pages(self, wanted: int) -> list[Page]:
        if self.first_with_room() is None:
            self.new_region()
        pages: list[Page] = []
        while len(pages) < wanted and (region := self.first_with_room()) is not None:
            pages.append(region.pop())
            self.sim.pay("recycle", self.sim.params.cost_frag_alloc)
            self.memory.dma("sync")
        return pages

    @property
    def regions(self) -> list[list[RegionPage] | None]:
        if not hasattr(self, "_regions"):
            self._regions: list[list[RegionPage] | None] = []
        return self._regions

    def first_with_room(self) -> list[RegionPage] | None:
        return next((region for region in self.regions if region), None)

    def new_region(self) -> None:
        size = self.sim.params.region_pages
        if not self.memory.area_alloc(size):
            return
        self.sim.count["regions_taken"] += 1
        self.memory.dma("map")
        if None not in self.regions:
            self.regions.append(None)
        place = self.regions.index(None)
        region: list[RegionPage] = []
        region.extend(RegionPage(number, region) for number in reversed(range(place * size, (place + 1) * size)))
        self.regions[place] = region

    def release(self, page: Page, context: str) -> None:
        self.came_back(page, context)

    def give_back(self, page: Page, context: str) -> None:
        assert isinstance(page, RegionPage)
        self.sim.pay("recycle", self.sim.params.cost_atomic)
        page.region.append(page)
        if len(page.region) == self.sim.params.region_pages:
            self.memory.dma("unmap")
            self.memory.area_free(self.sim.params.region_pages, context)
            self.sim.count["regions_given"] += 1
            self.regions[next(n for n, region in enumerate(self.regions) if region is page.region)] = None

    def provider_pages(self) -> int:
        return sum(map(len, filter(None, self.regions)))
