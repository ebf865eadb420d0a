# SPDX-License-Identifier: MIT
"""ptr_ring as the kernel does it, section 4 of SEMANTICS.md: slots that hold a pointer or nothing, and no count.

Consumed slots keep their pointer, and look occupied to the producer, until a batch of them is cleared.
"""

from __future__ import annotations

from typing import Generic, TypeVar

T = TypeVar("T")


class Ring(Generic[T]):
    """p: where the producer writes; h, t: head and tail of the consumer."""

    def __init__(self, size: int) -> None:
        self.slots: list[T | None] = [None] * size
        self.batch = 16 if size >= 32 else 1
        self.p = self.h = self.t = 0

    def put(self, item: T) -> bool:
        if self.slots[self.p] is not None:
            return False
        self.slots[self.p] = item
        self.p = (self.p + 1) % len(self.slots)
        return True

    def look(self) -> T | None:
        return self.slots[self.h]

    def take(self) -> T | None:
        item = self.slots[self.h]
        if item is None:
            return None
        h = self.h + 1
        if h - self.t >= self.batch or h >= len(self.slots):
            self.slots[self.t : h] = [None] * (h - self.t)
            self.t = h
        if h >= len(self.slots):
            h = self.t = 0
        self.h = h
        return item

    def occupied(self) -> int:
        return sum(slot is not None for slot in self.slots)
