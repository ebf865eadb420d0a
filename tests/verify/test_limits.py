# SPDX-License-Identifier: MIT
"""Identities and limits that follow from the mechanisms alone, whatever the costs: each expectation is made by hand.

Frames of 80 bytes take 100 ns on the wire and one starts every microsecond, unless a test says otherwise.
Source: fidelity A1, A12.1, A12.5, A12.9 and the ring-lap rule of section 0.
"""

from __future__ import annotations

import numpy as np
import pytest

from sweep.model import laws
from sweep.model.strategies import strategy

from ..model.scenes import LOCAL, NS, US, constant, run, scenario
from ..reference.comparison import prepare, run_engine

OVERLOAD = {"load_ppm": 1_000_000, "ring": 256, "packets": 4000, "warmup": 500}
HELD = {**LOCAL, "wakeup_ps": constant(1000 * US * 1000), "rcvbuf_bytes": 1 << 30}  # nobody reads in the window


@pytest.mark.parametrize("name", ["page_allocator", "refcount_recycle"])
def test_overloaded_polls_use_their_whole_budget(name: str) -> None:
    """A12.9: polls x 64 = packets; what the NIC took = what the driver took + what found no descriptor.

    A packet needs 400 ns of CPU and one comes every 100 ns.
    """
    c = run(scenario({"stack_drop": 400 * NS}, strategy=name, **OVERLOAD)).counters[0]
    assert c.polls > 10
    assert c.interrupts == 0
    assert c.polls == c.full_polls
    assert c.rx_packets == 64 * c.polls
    taken = c.rx_packets + c.inside_end_packets - c.inside_start_packets
    assert c.offered_packets == taken + c.drop_no_descriptor_packets
    assert c.drop_no_descriptor_packets > 2 * c.rx_packets


def test_a_pool_whose_pages_never_come_back() -> None:
    """A12.1 and A12.5: every 64th allocation is slow and brings 64 pages, so fast : slow = 63 : 1.

    A ring of 64 and 3,200 packets, each of which stays in the socket until the end.
    """
    settings = {"strategy": "page_pool", "knobs": (("pool_size", 64),), "ring": 64, "packets": 3200}
    c = run(scenario(**HELD, **settings)).counters[0]
    assert c.delivered_packets == c.released_buffers == 0
    assert c.posted_buffers == 3200  # a descriptor is filled again by the time that the last packet has come
    assert (c.alloc_fast, c.alloc_slow, c.alloc_refill) == (3150, 50, 0)
    assert c.alloc_fast == 63 * c.alloc_slow
    assert c.alloc_empty == c.alloc_slow == c.allocator_calls
    assert c.pages_taken == 64 * c.alloc_slow
    assert c.pages_held_end == 64 * (c.alloc_slow + 1)  # and the bulk that filled the ring before time began


V02 = {"fast": 18_041_186, "slow": 286_369, "released_refcnt": 18_327_555}


def test_the_published_pool_without_recycling_adds_up() -> None:
    """V02 and A12.1: 286,369 requests of 64 pages serve 18,327,555 allocations; 61 pages are left in the cache."""
    assert V02["fast"] + V02["slow"] == V02["released_refcnt"]
    assert V02["slow"] == -(-V02["released_refcnt"] // 64)
    assert 64 * V02["slow"] - V02["released_refcnt"] == 61


@pytest.mark.parametrize(
    ("packets", "fast", "slow"),
    [
        (64 * 20 + 3, 63 * 20 + 2, 21),
        pytest.param(V02["released_refcnt"], V02["fast"], V02["slow"], marks=pytest.mark.slow),
    ],
)
def test_a_pool_whose_pages_somebody_else_holds(packets: int, fast: int, slow: int) -> None:
    """V02: XDP on a veth turns pool pages into ordinary ones; nothing comes back, so every 64th allocation is slow.

    The window opens with a full ring of 64, one bulk; then each packet is an allocation and a put.
    """
    made = scenario(strategy="page_pool", knobs=(("shared", 1),), kernel="6.4", ring=64, packets=packets)
    sim = run_engine("page_pool", prepare([made]), plain=packets < 10_000)
    assert laws.violations(sim, strategy("page_pool").LAWS) == [""]
    c = sim.counters[0]
    assert c.posted_buffers == packets
    assert (c.alloc_fast, c.alloc_slow, c.recycle_released_refcnt) == (fast, slow, packets)
    assert c.recycle_cached == c.recycle_ring == c.recycle_ring_full == c.alloc_refill == 0


@pytest.mark.parametrize(("kernel", "bulk", "calls"), [("4.19", 64, 640), ("5.13", 64, 10), ("5.13", 16, 40)])
def test_bulk_requests_of_the_kernel_era(kernel: str, bulk: int, calls: int) -> None:
    """V13: 640 pages that never come back are 640 requests before 5.13, then a `bulk`-th of that."""
    settings = {"strategy": "page_pool", "knobs": (("bulk", bulk), ("shared", 1)), "ring": 64, "packets": 640}
    c = run(scenario(kernel=kernel, **settings)).counters[0]
    assert c.allocator_calls == c.alloc_slow == calls
    assert c.pages_taken == 640


@pytest.mark.parametrize("kernel", ["4.18", "6.12"])
def test_a_pool_that_recycles_nothing_is_the_page_allocator(kernel: str) -> None:
    """Pages leave with their sk_buff (before 5.14), or somebody else holds them: the allocator with bulk refill.

    Nothing costs anything, so that both see the same times; a bulk of 1 asks as often as the page allocator.
    """
    changes = {**LOCAL, "wakeup_ps": constant(2500 * NS), "kernel": kernel, "ring": 64, "packets": 1500, "warmup": 300}
    knobs = (("bulk", 1), ("shared", int(kernel == "6.12")))
    plain = run(scenario(strategy="page_allocator", **changes))
    pool = run(scenario(strategy="page_pool", knobs=knobs, **changes))
    a, b = plain.counters[0], pool.counters[0]
    assert a.posted_buffers >= 1000
    assert b.alloc_slow == b.alloc_empty == a.allocator_calls
    assert b.left_with_skb + b.recycle_released_refcnt == a.pages_given
    names = set(a.dtype.names) - {"dma_syncs"}  # a pool syncs what it maps
    assert {name: int(b[name]) for name in names} == {name: int(a[name]) for name in names}
    assert np.array_equal(plain.latency, pool.latency)


def test_zone_lock_with_a_reader_on_another_cpu() -> None:
    """A1: the one CPU refills its list every 63 pages, the other gives 63 back every 63: two takes for 63 pages.

    5.14 frees a page on the CPU of its reader, which keeps 586 to 648 of them once its list has filled.
    """
    batch = 63
    c = run(scenario(**LOCAL, kernel="5.14", packets=4000, warmup=1000, ring=64)).counters[0]
    pages = c.pages_taken
    assert pages >= 3000
    assert c.allocator_calls == pages
    assert 2 * pages / batch - 2 <= c.zone_lock_takes <= 2 * pages / batch + 2


def test_zone_lock_with_a_reader_on_the_same_cpu() -> None:
    """The other limit of A1: what a CPU frees it allocates again, so its list never runs empty nor full."""
    c = run(scenario(**LOCAL, kernel="5.14", packets=4000, warmup=1000, ring=64, same_cpu=True)).counters[0]
    assert c.pages_taken >= 3000
    assert c.zone_lock_takes == 0


RING = 16
LAP = RING * US  # a packet every microsecond, a page a packet
SERVICE = US  # of the reader: as fast as packets come, so that it never sleeps again


@pytest.mark.parametrize(
    ("delay", "reused"),
    [(LAP // 2, True), (LAP - SERVICE - NS, True), (LAP - SERVICE + NS, False), (2 * LAP, False)],
)
def test_the_lap_rule(delay: int, reused: bool) -> None:
    """A slot's page is reused if and only if the reader has given it back within a lap of the ring.

    The first packet wakes the reader, `delay` later; from then on it reads one packet while another comes.  So every
    page is held for delay + SERVICE, and its slot comes round again after LAP, to the picosecond: polls cost nothing.
    """
    settings = {"strategy": "refcount_recycle", "ring": RING, "packets": 400, "warmup": 100, "read_ps": SERVICE}
    c = run(scenario(**LOCAL, wakeup_ps=constant(delay), **settings)).counters[0]
    assert c.posted_buffers >= 300
    assert c.wakeups == 0
    assert (c.slot_reuse, c.slot_busy) == ((c.posted_buffers, 0) if reused else (0, c.posted_buffers))
