# SPDX-License-Identifier: MIT
"""Identities and limits that follow from the mechanisms alone, whatever the costs: each expectation is made by hand.

Frames of 80 bytes take 100 ns on the wire and one starts every microsecond, unless a test says otherwise.
Source: fidelity A1, A12.1, A12.5, A12.9 and the ring-lap rule of section 0.
"""

from __future__ import annotations

import pytest

from ..model.scenes import LOCAL, NS, US, constant, run, scenario

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
