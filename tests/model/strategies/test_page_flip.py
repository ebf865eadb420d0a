# SPDX-License-Identifier: MIT
"""page_flip by hand: what the driver counts, page by page and half by half.

Source: docs/model.md, section 10; ixgbe_main.c [linux 6.12.117].
"""

from __future__ import annotations

from typing import Any

import pytest

from sweep.model.lane.sim import KEPT, NAPI, PROCESS, SOFTIRQ, Sim
from sweep.model.strategies import page_flip
from tests.model.scenes import FORWARD, LOCAL, NS, US, constant, knobs, run, scenario, world

ATOMIC = 7 * NS


class Driver:
    """The strategy's own functions on a ring of four slots, called by hand."""

    def __init__(self, **changes: int) -> None:
        self.sim: Sim
        self.pool: Any
        made = scenario({"atomic": ATOMIC}, strategy="page_flip", knobs=knobs("page_flip", **changes))
        self.sim, self.pool = world(made)
        self.count = self.sim.counters[0]

    def post(self, slot: int = 0) -> int:
        page = page_flip.alloc(self.sim, self.pool, 0, slot)
        self.sim.rx[0, slot].buffer = page
        return page

    def receive(self, giver: int, slot: int = 0) -> None:
        page_flip.received(self.sim, self.pool, 0, slot, giver)
        if giver != KEPT:
            self.release(int(self.sim.rx[0, slot].buffer), giver)

    def release(self, page: int, context: int = PROCESS) -> None:
        page_flip.release(self.sim, self.pool, 0, page, context)

    def books(self) -> tuple[int, int, int, int]:
        """New, reused and busy pages; pages given back to the allocator."""
        c = self.count
        return int(c.page_new), int(c.page_reuse), int(c.page_busy), int(c.pages_given)


def test_the_other_half_is_posted_while_the_first_is_out() -> None:
    driver = Driver()
    page = driver.post()
    driver.receive(KEPT)
    assert driver.post() == page
    driver.release(page)  # back within the lap
    driver.receive(KEPT)
    assert driver.post() == page
    assert driver.books() == (1, 2, 0, 0)
    assert (driver.count.dma_maps, driver.count.dma_syncs, driver.count.dma_unmaps) == (1, 3, 0)


def test_a_half_that_is_late_costs_both() -> None:
    """Given up, the page is freed by the last of its two halves, on whose CPU that is."""
    driver = Driver()
    page = driver.post()
    driver.receive(KEPT)
    driver.post()
    driver.receive(KEPT)  # the first half is still out
    assert driver.books() == (1, 1, 1, 0)
    assert driver.count.dma_unmaps == 1
    assert driver.post() != page
    driver.release(page)
    assert driver.books() == (2, 1, 1, 0)
    driver.release(page)
    assert driver.books() == (2, 1, 1, 1)
    assert driver.sim.pcp_count[0, 1] == 1  # the reader's


def test_a_dropped_packet_needs_no_free_half() -> None:
    """XDP_DROP takes no reference: the same half is posted again, whoever holds the other."""
    driver = Driver()
    page = driver.post()
    driver.receive(KEPT)
    driver.post()
    driver.receive(NAPI)
    assert driver.post() == page
    driver.receive(NAPI)
    assert driver.post() == page
    driver.receive(KEPT)  # this one does
    assert driver.books() == (1, 3, 1, 0)


def test_a_packet_that_the_socket_drops_was_handed_out() -> None:
    """The count is read before: the half is free a moment later, and its page is reused at once."""
    driver = Driver()
    page = driver.post()
    driver.receive(SOFTIRQ)
    assert driver.pool.out[0, page] == 0
    assert driver.post() == page
    assert driver.books() == (1, 1, 0, 0)


@pytest.mark.parametrize(
    ("driver_bias", "paid"),
    [
        (1, [1, 0, 1, 0, 1, 1, 1]),  # bulk taken; -; half released; -; rest given up; two halves released
        (0, [0, 1, 1, 1, 0, 1, 1]),  # -; one more taken; released; taken; the driver's own goes up; released
    ],
)
def test_atomics(driver_bias: int, paid: list[int]) -> None:
    driver = Driver(driver_bias=driver_bias)
    seen = []

    def step(action: Any, *arguments: int) -> None:
        before = int(driver.count.recycle_ps)
        action(*arguments)
        seen.append((int(driver.count.recycle_ps) - before) // ATOMIC)

    step(driver.post)
    step(driver.receive, KEPT)
    step(driver.release, 0)
    driver.post()
    step(driver.receive, KEPT)
    driver.post()
    step(driver.receive, KEPT)  # busy
    step(driver.release, 0)
    step(driver.release, 0)
    assert seen == paid
    assert driver.books() == (1, 2, 1, 1)


def test_references_are_taken_again_when_one_is_left() -> None:
    """65,535 at first; after 65,534 packets one is left, and 65,534 more are taken in one atomic."""
    driver = Driver()
    page = driver.post()
    assert driver.pool.bias[0, page] == 65535
    driver.pool.bias[0, page] = 3
    paid = int(driver.count.recycle_ps)
    left = []
    for _ in range(2):
        driver.receive(KEPT)
        left.append(int(driver.pool.bias[0, page]))
        driver.pool.out[0, page] = 0  # the half is back, without its atomic
        driver.post()
    assert left == [2, 65535]
    assert driver.count.recycle_ps - paid == ATOMIC


def test_without_reuse_every_page_is_given_up() -> None:
    for driver_bias, atomics in ((1, 2), (0, 1)):  # taken and given up in bulk; the driver's one dropped
        driver = Driver(driver_bias=driver_bias, reuse=0)
        driver.post()
        driver.receive(NAPI)
        assert driver.books() == (1, 0, 0, 1)
        assert driver.count.dma_unmaps == 1
        assert driver.count.recycle_ps == atomics * ATOMIC


def test_kept_pages_are_posted_oldest_first() -> None:
    driver = Driver()
    pages = [driver.post(slot) for slot in range(4)]
    for slot in (2, 0, 3):
        driver.receive(KEPT, slot)
    assert driver.sim.state.pool_cache_pages[0] == 3
    assert [driver.post(slot) for slot in range(3)] == [pages[2], pages[0], pages[3]]
    assert driver.sim.state.pool_cache_pages[0] == 0


@pytest.mark.parametrize(("driver_bias", "atomics"), [(1, 9), (0, 19)])
def test_ten_packets_that_are_read_at_once(driver_bias: int, atomics: int) -> None:
    """Nine are read before the simulation ends: nine halves released; without bias ten references taken."""
    own = knobs("page_flip", driver_bias=driver_bias)
    c = run(scenario({"atomic": 7}, **LOCAL, strategy="page_flip", knobs=own, packets=10)).counters[0]
    assert (c.page_new, c.page_reuse, c.page_busy) == (0, 10, 0)
    assert c.delivered_packets == 9
    assert c.recycle_ps == atomics * 7


def test_a_page_is_kept_until_the_next_refill() -> None:
    """Every fourth descriptor refills: the pages of the last two of six packets wait."""
    c = run(scenario(strategy="page_flip", knobs=knobs("page_flip"), ring=8, packets=6, refill_batch=4)).counters[0]
    assert c.pool_cache_end_pages == 2
    assert c.rx_ring_end_buffers == 6
    assert c.pages_held_end == 8


def test_forwarded_halves_come_back_within_the_lap() -> None:
    c = run(scenario(**FORWARD, strategy="page_flip", knobs=knobs("page_flip"), packets=40)).counters[0]
    assert (c.page_reuse, c.page_busy, c.allocator_calls) == (40, 0, 0)


def test_a_small_packet_is_copied_and_its_half_posted_again() -> None:
    """Whatever the reader does: nobody but the driver has had the page."""
    late = {"wakeup_ps": constant(1000 * US), "copybreak_bytes": 128}
    c = run(scenario(**LOCAL, **late, strategy="page_flip", knobs=knobs("page_flip"), packets=40)).counters[0]
    assert c.copied_packets == c.page_reuse == 40
    assert c.allocator_calls == c.recycle_ps == 0
