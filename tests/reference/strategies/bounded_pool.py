# SPDX-License-Identifier: MIT
"""A page_pool that owns `pool_size` pages at most and gets every page back, whoever frees it."""

from __future__ import annotations

from ..allocator import Page
from .page_pool import PagePool


class BoundedPool(PagePool):
    def fresh_pages(self, wanted: int) -> list[Page]:
        left = self.sim.params.pool_size - self.memory.held
        if left > 0:
            return super().fresh_pages(min(wanted, left))
        self.sim.count["pool_exhausted"] += 1
        return []

    def release(self, page: Page, context: str) -> None:
        self.put(page, context)
