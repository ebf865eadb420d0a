# SPDX-License-Identifier: MIT
"""A fixed area of frames that the reader owns: a stack of the driver's, a ring of the reader's."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from ..allocator import Page

if TYPE_CHECKING:
    from ..simulation import Simulation

PAGE_BYTES = 4096


class ZeroCopy:
    def __init__(self, sim: Simulation) -> None:
        self.sim = sim
        self.memory = sim.memory
        self.made = False
        self.stack: list[int] = []
        self.flushed: deque[tuple[int, int]] = deque()  # frame, when it was posted; older than all of `ring`
        self.ring: deque[tuple[int, int]] = deque()

    def make_area(self) -> None:
        p = self.sim.params
        self.made = self.memory.area_alloc(-(-p.area_frames * p.chunk_bytes // PAGE_BYTES))
        if not self.made:
            return
        self.memory.dma("map")
        if p.zcrx:
            self.stack = list(reversed(range(p.area_frames)))
        else:
            self.ring.extend((frame, 0) for frame in range(p.area_frames))

    def alloc(self, slot: int) -> int | None:
        if not self.made:
            self.make_area()
        frame = self.stacked() if self.stack else self.posted()
        if frame is None:
            self.sim.count["fill_empty"] += 1
            return None
        self.sim.pay("recycle", self.sim.params.cost_pool_fast)
        self.memory.dma("sync")
        page, before = (number * self.sim.params.chunk_bytes // PAGE_BYTES for number in (frame, frame - 1))
        if page != before:
            self.sim.shared.open(Page(page))
        return frame

    def stacked(self) -> int:
        self.sim.count["free_taken"] += 1
        return self.stack.pop()

    def posted(self) -> int | None:
        entries = self.flushed or self.ring
        if not entries:
            return None
        frame, time = entries[0]
        if self.sim.params.zcrx and time > self.sim.poll_start:
            self.sim.count["fill_early"] += 1
            return None
        entries.popleft()
        self.sim.count["fill_taken"] += 1
        self.sim.pay("recycle", self.sim.params.cost_pool_refill_page)
        return frame

    def release(self, frame: int, context: str) -> None:
        p, count = self.sim.params, self.sim.count
        if context in ("napi", "softirq"):
            self.sim.pay("recycle", p.cost_pool_put_direct)
            count["free_put"] += 1
            self.stack.append(frame)
            return
        if p.zcrx and len(self.ring) == p.refill_ring:
            count["fill_flushes"] += 1
            self.sim.pay("recycle", p.call_ps)
            self.flushed.extend(self.ring)
            self.ring.clear()
        self.sim.pay("recycle", p.cost_pool_put_direct)
        if context == "process":
            self.sim.pay("remote", p.cost_remote_line // 4)
        count["fill_posted"] += 1
        self.ring.append((frame, self.sim.now))

    def ready_pages(self) -> int:
        return len(self.stack)

    def ring_pages(self) -> int:
        return len(self.flushed) + len(self.ring)

    def provider_pages(self) -> int:
        return 0
