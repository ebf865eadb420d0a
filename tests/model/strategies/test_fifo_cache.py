# SPDX-License-Identifier: MIT
"""fifo_cache by hand: what mlx5's page cache counts, request by request.

Source: docs/model.md, section 10; [kernel 4415a0319f92].
"""

from __future__ import annotations

from typing import Any

import pytest

from sweep.model.lane.sim import KEPT, NAPI, PROCESS, SOFTIRQ, Sim
from sweep.model.strategies import fifo_cache
from sweep.model.traffic import arrivals
from tests.model.scenes import FORWARD, LOCAL, NS, constant, knobs, run, scenario, world

ATOMIC = 7 * NS
XDP = {**FORWARD, "forward_path": "xdp"}


class Driver:
    """The strategy's own functions on a ring of eight slots, a page posted to each, called by hand."""

    def __init__(self, path: str = "kernel", **changes: int) -> None:
        self.sim: Sim
        self.pool: Any
        made = scenario(
            {"atomic": ATOMIC}, strategy="fifo_cache", knobs=knobs("fifo_cache", **changes), ring=8, forward_path=path
        )
        self.sim, self.pool = world(made)
        self.count = self.sim.counters[0]
        for slot in range(8):
            self.sim.rx[0, slot].buffer = self.alloc()
        self.sim.counters[0] = 0

    def alloc(self) -> int:
        return fifo_cache.alloc(self.sim, self.pool, 0, 0)

    def receive(self, slot: int, giver: int, fate: int = arrivals.LOCAL) -> None:
        self.sim.rx[0, slot].fate = fate
        fifo_cache.received(self.sim, self.pool, 0, slot, giver)
        if giver != KEPT:
            self.release(slot, giver)

    def release(self, page: int, context: int = PROCESS) -> None:
        fifo_cache.release(self.sim, self.pool, 0, page, context)

    def requests(self) -> tuple[int, int, int]:
        """Requests by what they found: a page, nothing, a busy head."""
        c = self.count
        return int(c.cache_reuse), int(c.cache_empty), int(c.cache_busy)


def test_a_held_head_blocks_the_free_pages_behind_it() -> None:
    driver = Driver(cache_size=16)
    driver.receive(0, KEPT)
    driver.receive(1, NAPI)
    driver.receive(2, NAPI)
    assert driver.sim.state.pool_cache_pages[0] == 2
    assert driver.alloc() == 8  # a new page: 0 is held
    assert driver.alloc() == 9
    assert driver.requests() == (0, 0, 2)
    driver.release(0)
    assert [driver.alloc() for _ in range(4)] == [0, 1, 2, 10]
    assert driver.requests() == (3, 1, 2)
    assert driver.count.dma_syncs == 3
    assert driver.count.dma_maps == driver.count.allocator_calls == 3
    assert driver.count.pages_given == driver.count.dma_unmaps == 0


def test_a_held_head_is_discarded_where_the_driver_does_so() -> None:
    """The page leaves the cache, unmapped; its user frees it."""
    driver = Driver(cache_size=16, on_busy_head=fifo_cache.DISCARD)
    driver.receive(0, KEPT)
    driver.receive(1, NAPI)
    assert [driver.alloc() for _ in range(3)] == [8, 1, 9]
    assert driver.requests() == (1, 1, 1)
    assert (driver.count.dma_unmaps, driver.count.pages_given) == (1, 0)
    driver.release(0)
    assert driver.count.pages_given == 1
    assert driver.sim.pcp_count[0, 1] == 1  # on the reader's CPU


def test_one_slot_is_never_used_and_a_full_cache_gives_pages_up() -> None:
    """Three of four slots; the page in use is freed by its user, the other at once."""
    driver = Driver(cache_size=4)
    for slot in range(3):
        driver.receive(slot, NAPI)
    assert driver.count.cache_full == 0
    driver.receive(3, NAPI)
    assert (driver.count.cache_full, driver.count.dma_unmaps, driver.count.pages_given) == (1, 1, 1)
    driver.receive(4, KEPT)
    assert (driver.count.cache_full, driver.count.dma_unmaps, driver.count.pages_given) == (2, 2, 1)
    driver.release(4)
    assert driver.count.pages_given == 2
    assert [driver.alloc() for _ in range(3)] == [0, 1, 2]


def test_a_packet_that_the_socket_drops_is_in_the_cache_and_free() -> None:
    driver = Driver()
    driver.receive(0, SOFTIRQ)
    assert driver.sim.state.pool_cache_pages[0] == 1
    assert driver.alloc() == 0
    assert driver.requests() == (1, 0, 0)


@pytest.mark.parametrize(("path", "bypass", "found"), [("kernel", 0, "busy"), ("xdp", 0, "empty"), ("xdp", 1, "empty")])
def test_where_a_forwarded_page_is_until_its_frame_has_left(path: str, bypass: int, found: str) -> None:
    """An sk_buff shares it with the cache; XDP_TX gives it back to the cache, XDP_REDIRECT never."""
    driver = Driver(path, bypass=bypass)
    driver.receive(0, KEPT, arrivals.FORWARD)
    driver.alloc()
    assert driver.requests() == (0, found == "empty", found == "busy")
    driver.release(0, SOFTIRQ)
    assert driver.count.pages_given == driver.count.dma_unmaps == bypass
    driver.alloc()
    assert driver.count.cache_reuse == 1 - bypass


def test_atomics() -> None:
    """One for the reference of an sk_buff, one when it is dropped, one when the driver gives up its own."""
    driver = Driver("xdp", cache_size=3)
    paid = []
    for giver, fate in (
        (KEPT, arrivals.LOCAL),
        (NAPI, arrivals.LOCAL),
        (KEPT, arrivals.FORWARD),
        (KEPT, arrivals.LOCAL),
    ):
        before = int(driver.count.recycle_ps)
        driver.receive(len(paid), giver, fate)
        paid.append((int(driver.count.recycle_ps) - before) // ATOMIC)
    assert paid == [1, 0, 0, 2]  # the last one finds the cache full
    before = int(driver.count.recycle_ps)
    driver.release(0)
    assert int(driver.count.recycle_ps) - before == ATOMIC


def test_an_xdp_program_that_drops_or_sends_back_lives_on_its_cache() -> None:
    """V14: reuse = packets.  A frame has left by the time that the next packet comes."""
    for fates in ({}, XDP):
        c = run(scenario(**fates, strategy="fifo_cache", knobs=knobs("fifo_cache"), packets=50, warmup=10)).counters[0]
        assert c.cache_reuse == c.posted_buffers == c.rx_packets == 41
        assert c.allocator_calls == c.cache_full == c.cache_busy == c.cache_empty == 0


def test_a_router_s_cache_holds_one_page_more_than_is_out() -> None:
    """The page received last is shared with the TX ring; the one before it is back and is posted."""
    c = run(scenario(**FORWARD, strategy="fifo_cache", knobs=knobs("fifo_cache"), packets=50, warmup=10)).counters[0]
    assert c.cache_reuse == c.posted_buffers == 41
    assert c.allocator_calls == 0
    assert c.pages_held_end == 4 + 1


def test_pages_in_the_cache_that_somebody_holds_are_not_ready() -> None:
    """Nobody reads: the cache fills with pages of the socket, each request finds its head busy."""
    late = {"wakeup_ps": constant(10**12), "rcvbuf_bytes": 1 << 30}
    c = run(
        scenario(**LOCAL, **late, strategy="fifo_cache", knobs=knobs("fifo_cache", cache_size=8), packets=50)
    ).counters[0]
    assert c.cache_busy == c.allocator_calls == 50
    assert c.cache_full == c.dma_unmaps == 50 - 7
    assert c.pool_cache_end_pages == c.pages_given == 0
    assert c.pages_held_end == 50 + 4
