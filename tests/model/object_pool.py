# SPDX-License-Identifier: MIT
"""page_pool as objects and lists, slow and readable: SEMANTICS.md written down section by section.

What differs between kernels is a set of rules, those of SEMANTICS.md section 11, and the size of a page.

Imports nothing from `sweep`.  `replay` runs the operations of a trace and gives what `FORMAT.md` calls snapshots.
"""

from __future__ import annotations

from collections import Counter

from .object_page import Page
from .object_ring import Ring

HUGE = 10**9
COLUMNS = """
    fast slow slow_high_order empty refill waive cached cache_full ring ring_full released_refcnt
    hold release inflight cache_count ring_count ring_stale bulk_calls bulk_pages single_calls single_pages
    freed dma_maps dma_unmaps dma_syncs dma_sync_bytes destroyed
"""


class Kernel:
    """One pool, the page allocator under it and the outsiders around it."""

    def __init__(self, params: dict[str, int], rules: frozenset[str], page: int) -> None:
        self.rules, self.page = rules, page
        self.refill = {4096: 64, 16384: 16, 65536: 4}[page] if "R6" in rules else 64
        asked = params["pool_size"]
        self.ring: Ring[Page] = Ring(1024 if asked == 0 else min(asked, 16384 if "R3" in rules else 32768))
        self.cache: list[Page] = []
        self.order, self.nid, self.cpu_node = params["order"], params["nid"], params["numa_node"]
        self.napi = bool(params["napi"])
        self.map, self.sync, self.max_len = bool(params["flags"] & 1), bool(params["flags"] & 2), params["max_len"]
        self.n: Counter[str] = Counter()
        self.pages: list[Page] = []
        self.handles: list[tuple[Page, int] | None] = []
        self.frag: Page | None = None
        self.offset = self.cuts = 0
        self.fail, self.short = 0, -1
        self.was_destroyed = self.pending = self.gone = False

    # The page allocator.

    def fails(self) -> bool:
        if self.fail == 0:
            return False
        self.fail -= 1
        self.n["allocator_failures"] += 1
        return True

    def fresh(self) -> Page:
        page = Page(len(self.pages), self.wanted())
        self.pages.append(page)
        return page

    def drop(self, page: Page) -> None:
        page.refs -= 1
        self.n["freed"] += page.refs == 0

    # Sections 3 and 7.

    def wanted(self) -> int:
        return self.cpu_node if self.nid == -1 else self.nid

    def do_sync(self) -> None:
        if self.sync:
            self.n["dma_syncs"] += 1
            self.n["dma_sync_bytes"] += self.max_len

    def enter(self, page: Page) -> None:
        if self.map:
            page.mapped = True
            self.n["dma_maps"] += 1
            self.do_sync()
        self.n["hold"] += 1

    def unmap(self, page: Page) -> None:
        self.n["dma_unmaps"] += page.mapped
        page.mapped = False

    def give_back(self, page: Page) -> None:
        self.unmap(page)
        self.n["release"] += 1
        self.drop(page)

    def alloc(self) -> Page | None:
        if self.cache:
            self.n["fast"] += 1
            return self.cache.pop()
        if self.ring.look() is None:
            self.n["empty"] += 1
            return self.slow()
        while len(self.cache) < self.refill and (page := self.ring.take()) is not None:
            if page.node != self.wanted():
                self.give_back(page)
                self.n["waive"] += 1
                break
            self.cache.append(page)
        if self.cache:
            self.n["refill"] += 1
            return self.cache.pop()
        return self.slow()

    def slow(self) -> Page | None:
        if self.order > 0 or "R7" in self.rules:
            self.n["single_calls"] += 1
            if self.fails():
                return None
            self.n["single_pages"] += 1
            page = self.fresh()
            self.enter(page)
            self.n["slow_high_order" if self.order > 0 else "slow"] += 1
            return page
        self.n["bulk_calls"] += 1
        if self.fails():
            return None
        got = self.refill if self.short < 0 else min(self.refill, self.short)
        self.short = -1
        self.n["bulk_pages"] += got
        for _ in range(got):
            page = self.fresh()
            self.enter(page)
            self.cache.append(page)
        if not self.cache:
            return None
        self.n["slow"] += 1
        return self.cache.pop()

    # Section 5.

    def last_share(self, page: Page) -> bool:
        page.users -= 1
        if page.users > 0:
            return False
        page.users = 1
        return True

    def recycle(self, page: Page, direct: bool) -> bool:
        """Whether the page wants to go to the ring."""
        if page.refs != 1 or page.reserve:
            self.n["released_refcnt"] += 1
            self.give_back(page)
            return False
        self.do_sync()
        if direct and len(self.cache) < 2 * self.refill:
            self.cache.append(page)
            self.n["cached"] += 1
            return False
        self.n["cache_full"] += direct
        return True

    def put(self, page: Page, direct: bool) -> None:
        if self.last_share(page) and self.recycle(page, direct):
            if self.ring.put(page):
                self.n["ring"] += 1
            else:
                self.n["ring_full"] += 1
                self.give_back(page)

    def local(self) -> bool:
        return self.napi and "R5" in self.rules

    def put_bulk(self, pages: list[Page], local: bool) -> None:
        left = [page for page in pages if self.last_share(page) and self.recycle(page, local)]
        for i, page in enumerate(left):
            if not self.ring.put(page):
                self.n["ring_full"] += 1
                for rest in left[i:]:
                    self.give_back(rest)
                return
            self.n["ring"] += 1

    # Section 6.

    def alloc_frag(self, size: int) -> tuple[Page, int] | None:
        room = self.page << self.order
        if size > room:
            return None
        size = -(-size // 8) * 8 if "R2" in self.rules else size
        if self.frag is not None and self.offset + size <= room:
            self.cuts += 1
            self.n["fast"] += "R1" not in self.rules
            at, self.offset = self.offset, self.offset + size
            return self.frag, at
        old, self.frag = self.frag, None
        if old is not None:
            old.users -= HUGE - self.cuts
            if old.users == 0:
                old.users = 1
                if old.refs == 1 and not old.reserve:
                    self.do_sync()
                    self.n["fast"] += 1
                    self.n["cached"] += "R1" in self.rules
                    self.frag = old
                else:
                    self.give_back(old)
        if self.frag is None:
            self.frag = self.alloc()
        if self.frag is None:
            return None
        self.frag.users = HUGE
        self.cuts, self.offset = 1, size
        return self.frag, 0

    # Section 8.

    def set_nid(self, nid: int) -> None:
        if nid != self.nid:
            self.nid = nid
            while self.cache:
                self.give_back(self.cache.pop())

    def scrub(self) -> None:
        while (page := self.ring.take()) is not None:
            self.give_back(page)
        self.gone = self.n["hold"] == self.n["release"]
        self.pending = not self.gone

    def destroy(self) -> None:
        if self.was_destroyed:
            return
        self.was_destroyed = True
        self.napi = False
        if self.frag is not None:
            self.frag.users -= HUGE - self.cuts
            if self.frag.users == 0:
                self.give_back(self.frag)
            self.frag = None
        while self.cache:
            self.give_back(self.cache.pop())
        if "R4" in self.rules:
            self.sync = False
            for page in self.pages:
                self.unmap(page)
        self.scrub()

    # FORMAT.md.

    def columns(self) -> list[int]:
        stale = self.ring.h - self.ring.t
        now = {
            "inflight": self.n["hold"] - self.n["release"],
            "cache_count": len(self.cache),
            "ring_count": self.ring.occupied() - stale,
            "ring_stale": stale,
            "destroyed": int(self.gone),
        }
        return [now.get(name, self.n[name]) for name in COLUMNS.split()]

    def span(self, text: str) -> list[Page]:
        first, _, last = text.partition("-")
        a, b = int(first), int(last or first)
        numbers = range(a, b + 1) if b >= a else range(a, b - 1, -1)
        return [handle[0] for handle in (self.handles[i] for i in numbers) if handle is not None]

    def token(self, op: str, rest: str) -> None:
        if op == "A":
            for _ in range(int(rest or 1)):
                page = None if self.gone else self.alloc()
                self.handles.append(None if page is None else (page, 0))
        elif op == "F":
            size, _, count = rest.partition("*")
            for _ in range(int(count or 1)):
                self.handles.append(None if self.gone else self.alloc_frag(int(size)))
        elif op in "DNRP":
            for page in self.span(rest):
                self.put(page, op == "D" or (op == "N" and self.local()))
        elif op in "BC":
            self.put_bulk(self.span(rest), op == "C" and self.local())
        elif op in "GUH":
            for page in self.span(rest):
                if op == "U":
                    self.drop(page)
                page.refs += op == "G"
                page.reserve |= op == "H"
        elif op in "VEL":
            setattr(self, {"V": "cpu_node", "E": "fail", "L": "short"}[op], int(rest))
        elif op == "M":
            self.set_nid(int(rest))
        elif op == "Z":
            self.destroy()
        elif op == "W" and self.pending:
            self.scrub()


def replay(
    params: dict[str, int], ops: str, rules: frozenset[str] = frozenset({"R2", "R3", "R4", "R5"}), page: int = 4096
) -> tuple[list[list[int]], list[list[int]]]:
    """Snapshots, the final state last, and serial and offset of each handle; the rules are those of 6.12.117."""
    kernel = Kernel(params, rules, page)
    shots = []
    for token in ops.split():
        if token == "!":
            shots.append(kernel.columns())
        else:
            kernel.token(token[0], token[1:])
    shots.append(kernel.columns())
    return shots, [[-1, 0] if h is None else [h[0].serial, h[1]] for h in kernel.handles]
