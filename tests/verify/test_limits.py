# SPDX-License-Identifier: MIT
"""Identities and limits that follow from the mechanisms alone, whatever the costs: expectations made by hand.

Frames of 80 bytes take 100 ns on the wire and one starts every microsecond, unless a test says otherwise.
Source: laws 12.1, 12.2, 12.5, 12.9 of docs/theory.md; mm/page_alloc.c [linux 6.12.117]; the lap rule.
"""

from __future__ import annotations

import numpy as np
import pytest

from sweep.model.counting import laws
from sweep.model.lane.sim import Sim
from sweep.model.strategies import strategy

from ..model.scenes import FORWARD, LOCAL, NS, US, constant, knobs, run, scenario
from ..reference.comparison import prepare, run_engine
from .checks import exactly, within
from .replicates import replicates

OVERLOAD = {"load_ppm": 1_000_000, "ring": 256, "packets": 4000, "warmup": 500}
HELD = {**LOCAL, "wakeup_ps": constant(1000 * US * 1000), "rcvbuf_bytes": 1 << 30}  # nobody reads in the window


@pytest.mark.parametrize("name", ["page_allocator", "refcount_recycle"])
def test_overloaded_polls_use_their_whole_budget(name: str) -> None:
    """Law 12.9: polls x 64 = packets; what the NIC took = what the driver took + what found no descriptor.

    A packet needs 400 ns of CPU and one comes every 100 ns.
    """
    c = run(scenario({"stack_drop": 400 * NS}, strategy=name, **OVERLOAD)).counters[0]
    assert c.polls > 10
    assert c.interrupts == 0
    assert c.polls == c.full_polls
    exactly("Packets per poll under overload", 64, c.rx_packets / c.polls)
    taken = c.rx_packets + c.inside_end_packets - c.inside_start_packets
    assert c.offered_packets == taken + c.drop_no_descriptor_packets
    assert c.drop_no_descriptor_packets > 2 * c.rx_packets


def test_a_pool_whose_pages_never_come_back() -> None:
    """Laws 12.1 and 12.5: every 64th allocation is slow and brings 64 pages, so fast : slow = 63 : 1.

    A ring of 64 and 3,200 packets, each of which stays in the socket until the end.
    """
    settings = {"strategy": "page_pool", "knobs": (("pool_size", 64),), "ring": 64, "packets": 3200}
    c = replicates(None, 1, **HELD, **settings).counters[0]
    assert c.delivered_packets == c.released_buffers == 0
    assert c.posted_buffers == 3200  # a descriptor is filled again by the time that the last packet has come
    assert (c.alloc_fast, c.alloc_slow, c.alloc_refill) == (3150, 50, 0)
    exactly("fast : slow, no page comes back", 63, c.alloc_fast / c.alloc_slow)
    assert c.alloc_empty == c.alloc_slow == c.allocator_calls
    assert c.pages_taken == 64 * c.alloc_slow
    assert c.pages_held_end == 64 * (c.alloc_slow + 1)  # and the bulk that filled the ring before time began


def test_a_pool_whose_pages_come_back_through_its_ring() -> None:
    """Law 12.2: not recycled directly, one allocation in 64 refills the cache, so fast : refill = 63 : 1.

    The reader wakes after 300 packets and catches up by one in ten: in the window at least 64 pages wait in the ring
    whenever the cache is empty, and it ends on the last page of a refill.
    """
    settings = {**LOCAL, "wakeup_ps": constant(300 * US), "read_ps": 900 * NS, "packets": 2919, "warmup": 1000}
    settings |= {"strategy": "page_pool", "kernel": "5.14", "knobs": (("pool_size", 1024),), "ring": 64}
    c = replicates(None, 1, **settings).counters[0]
    assert c.alloc_slow == c.recycle_cached == c.recycle_ring_full == c.alloc_waive == 0
    assert c.pool_cache_start_pages == c.pool_cache_end_pages
    exactly("fast : refill, no direct recycling", 63, c.alloc_fast / c.alloc_refill)


def test_fragments_of_a_whole_page_are_the_page_pool() -> None:
    """A fragment as large as a page, a ring whose last page is not back before the next: every counter they share."""
    changes = {**LOCAL, "wakeup_ps": constant(2500 * NS), "kernel": "6.18", "ring": 64, "packets": 1500, "warmup": 300}
    pages = run(scenario({"poll": 50 * NS}, strategy="page_pool", **changes))
    knobs = (("frag_bytes", 4096),)
    fragments = run(scenario({"poll": 50 * NS}, strategy="page_pool_frag", knobs=knobs, **changes))
    a, b = pages.counters[0], fragments.counters[0]
    assert b.frag_restarts == b.frag_puts == 0
    assert a.recycle_cached > 1000
    names = set(a.dtype.names) & set(b.dtype.names)
    assert {name: int(b[name]) for name in names} == {name: int(a[name]) for name in names}
    assert np.array_equal(pages.latency, fragments.latency)


def test_regions_that_are_never_given_up_are_a_page_pool_with_fewer_calls() -> None:
    """Regions: while the pool keeps its pages, where they came from shows in maps and allocator calls alone."""
    changes = {**LOCAL, "wakeup_ps": constant(2500 * NS), "kernel": "6.12", "ring": 512, "packets": 1500, "warmup": 0}
    pages = run(scenario({"poll": 50 * NS}, strategy="page_pool", **changes)).counters[0]
    regions = run(scenario({"poll": 50 * NS}, strategy="hugepage_pool", **changes)).counters[0]
    books = {name for name in pages.dtype.names if name.startswith(("alloc_", "recycle_"))}
    assert pages.recycle_cached + pages.recycle_ring > 1000
    assert {name: int(regions[name]) for name in books} == {name: int(pages[name]) for name in books}
    assert regions.dma_syncs == pages.dma_syncs
    for made in (pages, regions):
        assert made.pages_given == 0
        in_pool = made.pool_cache_end_pages + made.pool_ring_end_pages + made.provider_end_pages
        assert made.pages_held_end == in_pool + made.rx_ring_end_buffers + made.socket_end_buffers
    assert regions.pages_held_end == 512 * -(-pages.pages_held_end // 512)


V02 = {"fast": 18_041_186, "slow": 286_369, "released_refcnt": 18_327_555}


def test_the_published_pool_without_recycling_adds_up() -> None:
    """V02 and law 12.1: 286,369 requests of 64 pages serve 18,327,555 allocations; 61 pages are left in the cache."""
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
    """Two CPUs: the one refills its list every 63 pages, the other gives 63 back every 63: two takes for 63 pages.

    5.14 frees a page on the CPU of its reader, which keeps 586 to 648 of them once its list has filled.
    """
    batch = 63
    c = replicates(None, 1, **LOCAL, kernel="5.14", packets=40_000, warmup=1000, ring=64).counters[0]
    pages = c.pages_taken
    assert pages >= 39_000
    assert c.allocator_calls == pages
    within("Zone-lock takes per page, another CPU frees", 2 / batch, c.zone_lock_takes / pages, 2 / pages)


def test_zone_lock_with_a_reader_on_the_same_cpu() -> None:
    """The other limit, one CPU: what a CPU frees it allocates again, so its list never runs empty nor full."""
    c = replicates(None, 1, **LOCAL, kernel="5.14", packets=40_000, warmup=1000, ring=64, same_cpu=True).counters[0]
    assert c.pages_taken >= 39_000
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


@pytest.mark.parametrize(
    ("delay", "reused", "busy"),
    [(LAP // 2, 301, 0), (LAP - SERVICE - NS, 301, 0), (LAP - SERVICE + NS, 157, 144), (2 * LAP, 157, 144)],
)
def test_the_lap_rule_of_half_pages(delay: int, reused: int, busy: int) -> None:
    """A half that is not back within a lap loses both: its page is received twice, kept the first time only.

    Laps are of 16 packets, all pages are new in lap 0: every page is kept in even laps and lost in odd ones.  The
    window is packets 99 to 399: 13 of lap 6, then laps 7 to 24, nine of them odd.
    """
    settings = {"strategy": "page_flip", "knobs": knobs("page_flip"), "ring": RING, "packets": 400, "warmup": 100}
    c = run(scenario(**LOCAL, wakeup_ps=constant(delay), read_ps=SERVICE, **settings)).counters[0]
    assert c.wakeups == 0
    assert c.rx_packets == 301
    assert (c.page_reuse, c.page_busy, c.allocator_calls) == (reused, busy, busy)


def counted(sim: Sim, but: set[str]) -> dict[str, int]:
    """The common counters of a row."""
    names = set(run(scenario(packets=1)).counters.dtype.names) - but
    return {name: int(sim.counters[name][0]) for name in names}


WORK = {"stack_local": 300 * NS, "stack_forward_kernel": 400 * NS, "stack_drop": 100 * NS, "poll": 50 * NS}
WORK |= {"page_alloc": 30 * NS, "page_free": 20 * NS, "zone_lock": 10 * NS, "buddy_page": 8 * NS, "dma_map": 5 * NS}
MIXED = {"local_ppm": 400_000, "forward_ppm": 400_000, "drop_ppm": 200_000, "wakeup_ps": constant(2500 * NS)}


@pytest.mark.parametrize("driver_bias", [0, 1])
def test_page_flip_that_never_reuses_is_the_page_allocator(driver_bias: int) -> None:
    """Every counter but those of what it does besides: it syncs what it posts and unmaps before the last user frees.

    A socket is charged half a page; its buffer is large enough not to matter.
    """
    settings = {**MIXED, "ring": 16, "packets": 900, "warmup": 100}
    own = knobs("page_flip", reuse=0, driver_bias=driver_bias)
    besides = {"dma_syncs", "dma_unmaps", "socket_truesize_peak"}
    flip = counted(run(scenario(WORK, strategy="page_flip", knobs=own, **settings)), besides)
    assert flip["pages_taken"] == flip["posted_buffers"] > 700
    assert flip == counted(run(scenario(WORK, **settings)), besides)


def test_a_cache_that_all_pages_bypass_is_the_page_allocator() -> None:
    """V14's redirect: empty = packets; every counter but the unmaps, which come when the frame is queued."""
    settings = {**FORWARD, "forward_path": "xdp", "ring": 16, "packets": 900, "warmup": 100}
    sim = run(scenario(WORK, strategy="fifo_cache", knobs=knobs("fifo_cache", bypass=1), **settings))
    assert sim.counters.cache_empty[0] == sim.counters.rx_packets[0] == sim.counters.posted_buffers[0] > 700
    assert counted(sim, {"dma_unmaps"}) == counted(run(scenario(WORK, **settings)), {"dma_unmaps"})


HOLD = 40  # packets that come while one is held: it is free again when the 40th after it is received
SLOTS = 32


@pytest.mark.parametrize(
    ("changes", "reuse", "busy", "full"),
    [({"cache_size": SLOTS}, 31, 10, 10), ({"cache_size": 256}, 41, 0, 0), ({"on_busy_head": 1}, 0, 41, 0)],
)
def test_head_of_line_blocking(changes: dict[str, int], reuse: int, busy: int, full: int) -> None:
    """A FIFO cache whose pages come back late, per 41 packets, if a page is put and one asked for with each packet.

    31 slots: packets 0 to 30 fill it, 31 to 39 find it full, and its head busy.  Packet 40 finds it full but its head
    free, packets 41 to 70 put their page and get that of 40 packets before; the head then is the page of packet 41,
    which blocks packets 71 to 80 (72 to 80 find the cache full again), and packet 81 does as 40 did: 31 pages reused
    of 41.  A cache with room for the 40 pages that are held never asks the page allocator, and one that throws a busy
    head away throws away each page with the packet that it came with.
    """
    settings = {**LOCAL, "wakeup_ps": constant(HOLD * US - SERVICE - 500 * NS), "read_ps": SERVICE, "ring": RING}
    made = scenario(**settings, strategy="fifo_cache", knobs=knobs("fifo_cache", **changes), packets=509, warmup=100)
    c = run(made).counters[0]
    assert c.rx_packets == c.posted_buffers == 410
    assert (c.cache_reuse, c.cache_busy, c.cache_full) == (10 * reuse, 10 * busy, 10 * full)
    assert c.cache_empty == 0
    assert c.allocator_calls == 10 * busy
