# SPDX-License-Identifier: MIT
"""The poll loop by hand: one packet a microsecond, packet i arriving at i + 1.1 us."""

from __future__ import annotations

from collections import Counter

import pytest

from sweep.model import batch
from sweep.model.lane.sim import Sim

from .scenes import FORWARD, LOCAL, NS, US, constant, run, scenario

COSTS = {"interrupt_latency": 300 * NS, "interrupt": 50 * NS, "poll": 100 * NS, "stack_drop": 20 * NS}


def occupancy(sim: Sim) -> Counter[int]:
    """Polls by the number of waiting packets (exact below 16)."""
    return Counter({index: int(count) for index, count in enumerate(sim.occupancy[0]) if count})


def test_a_poll_for_each_packet() -> None:
    """Each starts 300 ns after the arrival and takes 50 + 100 + 20 ns."""
    c = run(scenario(COSTS)).counters[0]
    assert (c.polls, c.interrupts, c.full_polls, c.filtered_packets) == (4, 4, 0, 4)
    assert (c.start_ps, c.end_ps) == (1400 * NS, 4570 * NS)
    assert (c.busy_ps, c.poll_ps, c.stack_ps) == (4 * 170 * NS, 4 * 150 * NS, 4 * 20 * NS)


def test_the_window_opens_at_the_first_poll_after_warm_up() -> None:
    """The packet that opens it has arrived before: it is inside, not offered."""
    c = run(scenario(COSTS, warmup=2)).counters[0]
    assert (c.start_ps, c.inside_start_packets, c.offered_packets, c.filtered_packets) == (2400 * NS, 1, 2, 3)
    assert (c.polls, c.offered_bytes, c.pages_held_start) == (3, 160, 4)


def test_census() -> None:
    """Four buffers on the ring at each sample: the polls' starts from 1,400 ns on, and the end at 4,570."""
    c = run(scenario(COSTS)).counters[0]
    assert c.rx_ring_buffer_ns == c.pages_held_page_ns == 4 * (4570 - 1400)
    assert (c.rx_ring_end_buffers, c.tx_ring_buffer_ns, c.socket_buffer_ns) == (4, 0, 0)


def test_coalescing_by_time() -> None:
    """2.5 us after the first of them: packets 0 to 2 and 3 to 5, polls at 3.6 and 6.6 us."""
    sim = run(scenario(packets=6, ring=8, coalesce_ps=2500 * NS))
    assert occupancy(sim) == {3: 2}
    assert (sim.counters.start_ps[0], sim.counters.end_ps[0]) == (3600 * NS, 6600 * NS)


def test_coalescing_by_frames() -> None:
    """Two wait at 2.1, 4.1 and 6.1 us."""
    sim = run(scenario(packets=6, ring=8, coalesce_ps=2500 * NS, coalesce_frames=2))
    assert occupancy(sim) == {2: 3}
    assert (sim.counters.start_ps[0], sim.counters.end_ps[0]) == (2100 * NS, 6100 * NS)


def test_a_small_ring_never_reaches_the_frames() -> None:
    """Two descriptors: the third packet of each 2.5 us finds none."""
    sim = run(scenario(packets=6, ring=2, refill_batch=2, coalesce_ps=2500 * NS, coalesce_frames=3))
    assert occupancy(sim) == {2: 2}
    assert sim.counters.drop_no_descriptor_packets[0] == 1  # packet 5; packet 2 was lost before the window opened


def test_a_used_budget_polls_again_at_once() -> None:
    """Six wait at 6.1 us: polls of four and two.  Six wait at 12.1: all have arrived, so a poll of four ends it."""
    sim = run(scenario({"poll": 10 * NS}, packets=12, ring=8, napi_budget=4, coalesce_ps=5000 * NS))
    assert occupancy(sim) == {6: 2, 2: 1}
    c = sim.counters[0]
    assert (c.full_polls, c.interrupts, c.inside_end_packets) == (2, 2, 2)
    assert (c.busy_ps, c.end_ps) == (30 * NS, 12_110 * NS)


def test_packets_that_arrive_during_a_poll_join_it() -> None:
    """A packet takes 1.5 us: each poll finds the next one waiting when it is done, until all have arrived."""
    c = run(scenario({"stack_drop": 1500 * NS}, packets=4, ring=8)).counters[0]
    assert (c.polls, c.interrupts, c.filtered_packets) == (1, 1, 4)
    assert c.end_ps == 1100 * NS + 4 * 1500 * NS


def test_refill_comes_in_batches() -> None:
    """A ring of 4, refilled when 3 are consumed: packets 2, 5 and 8 bring a refill."""
    c = run(scenario(packets=9, refill_batch=3)).counters[0]
    assert c.posted_buffers == 9
    assert c.rx_ring_end_buffers == 4
    assert run(scenario(packets=8, refill_batch=3)).counters.rx_ring_end_buffers[0] == 2


def test_a_starved_ring_polls_on() -> None:
    """One page of memory: every poll of 100 ns ends starved.

    The first starts at 2.6 us, when one packet waits and another is lost; the 15th ends at 4.1 and takes in the last.
    """
    made = scenario({"poll": 100 * NS}, memory_pages=1, coalesce_ps=1500 * NS)
    c = run(made).counters[0]
    assert (c.start_ps, c.end_ps) == (2600 * NS, 4100 * NS)
    assert (c.polls, c.interrupts, c.full_polls) == (15, 1, 0)
    assert (c.filtered_packets, c.inside_start_packets) == (3, 1)
    assert c.allocator_failures > 0


def test_no_memory_is_told_from_no_descriptor() -> None:
    """The one page is in the socket of a reader that sleeps: everything else is lost for want of memory."""
    made = scenario({"poll": 100 * NS}, **LOCAL, memory_pages=1, wakeup_ps=constant(100 * US), packets=6)
    c = run(made).counters[0]
    assert (c.drop_no_memory_packets, c.drop_no_descriptor_packets, c.inside_end_packets) == (5, 0, 1)


def test_forwarded_frames_are_cleaned_by_a_later_poll() -> None:
    """Each frame leaves 100 ns after the poll and interrupts by itself, 1.2 us after the start of its packet.

    Polls at 1.1, 1.2, 2.1, 2.2, ... us; the last packet's frame is still on the ring at the end.
    """
    c = run(scenario(**FORWARD, packets=4)).counters[0]
    assert (c.polls, c.interrupts, c.forwarded_packets, c.inside_end_packets) == (7, 7, 3, 1)
    assert c.end_ps == 4100 * NS


def test_the_filling_of_the_ring_takes_no_time() -> None:
    """1,000 pages at 10 ns: the first packet, at 1.1 us, still finds a descriptor."""
    c = run(scenario({"page_alloc": 10 * NS}, ring=1000)).counters[0]
    assert (c.start_ps, c.inside_start_packets, c.drop_no_descriptor_packets) == (1100 * NS, 1, 0)


def test_a_poll_that_takes_no_time_is_refused_where_memory_can_end() -> None:
    """It would be repeated at one instant until somebody frees a page, which takes time to happen."""
    made = scenario({"poll": 0}, memory_pages=1)
    with pytest.raises(ValueError, match="a poll takes no time"):
        batch.prepare(made.strategy, [made], batch.build_tables(batch.distributions(made)))
