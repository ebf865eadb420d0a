# SPDX-License-Identifier: MIT
"""Socket and reader by hand.  Packet i arrives at i + 1.1 us and is in the socket 40 ns later."""

from __future__ import annotations

from collections import Counter

import pytest

from sweep.model.counting.histogram import bucket
from sweep.model.lane.sim import SOFTIRQ, Sim
from sweep.model.scenario import Scenario
from sweep.model.traffic.reader import flush_deferred
from tests.model.scenes import LOCAL, NS, US, constant, note_release, plain, run, scenario, world

READER = {"wakeup_ps": constant(200 * NS), "read_ps": 50 * NS, "call_ps": 30 * NS}


def local(costs: dict[str, int] | None = None, **changes: object) -> Scenario:
    return scenario({"stack_local": 40 * NS} | (costs or {}), **(LOCAL | READER | {"packets": 6} | changes))


def latencies(sim: Sim) -> Counter[int]:
    return Counter({index: int(count) for index, count in enumerate(sim.latency[0]) if count})


def buckets(*times_ns: int) -> Counter[int]:
    return Counter(map(bucket, times_ns))


def test_a_packet_wakes_the_reader_which_reads_it() -> None:
    """In the socket after 40 ns, awake 200 ns later, read after a call (30) and a read (50)."""
    sim = run(local())
    assert latencies(sim) == buckets(*[320] * 5)  # the last one is in the socket when the last poll ends
    c = sim.counters[0]
    assert (c.delivered_packets, c.wakeups, c.inside_end_packets, c.socket_end_buffers) == (5, 6, 1, 1)
    assert c.end_ps == 6140 * NS


def test_one_call_reads_what_is_queued() -> None:
    """Polls at 6.1, 12.1 and 18.1 us queue six packets each; the reader, woken by the first, starts at 16.14."""
    sim = run(local(wakeup_ps=constant(10 * US), packets=18, ring=16, coalesce_frames=6, coalesce_ps=100 * US))
    assert latencies(sim) == buckets(*[16140 + 30 + 50 * (k + 1) - (1100 + 1000 * k) for k in range(12)])
    c = sim.counters[0]
    assert (c.delivered_packets, c.wakeups, c.inside_end_packets) == (12, 2, 6)
    assert c.socket_truesize_peak == 12 * (4096 + 256)


def test_calls_are_paid_once_per_batch() -> None:
    """Two packets a call, a poll every four packets: 80, 130, 210, 260 ns after waking."""
    sim = run(local(batch_packets=2, coalesce_frames=4, coalesce_ps=100 * US, packets=8))
    # Packets 0..3 are queued at 4.14, 4.18, 4.22 and 4.26 us; the reader wakes at 4.34.
    waits = [4340 + after - (1100 + 1000 * k) for k, after in enumerate((80, 130, 210, 260))]
    assert latencies(sim) == buckets(*waits)


def test_a_full_socket_drops() -> None:
    """One packet fills a buffer of one byte, in any kernel; the reader sleeps too long to help."""
    for kernel in ("5.14", "6.18"):
        sim = run(local(rcvbuf_bytes=1, wakeup_ps=constant(50 * US), kernel=kernel))
        c = sim.counters[0]
        assert (c.drop_socket_buffer_packets, c.inside_end_packets, c.released_buffers) == (5, 1, 5)
        assert c.socket_truesize_peak == 4096 + 256


@pytest.mark.parametrize(
    ("kernel", "packets", "queued"),
    [("6.17", 49, 49), ("6.17", 60, 49), ("6.18", 48, 48), ("6.18", 60, 48)],
)
def test_the_last_packet_may_overshoot_the_buffer_up_to_6_17(kernel: str, packets: int, queued: int) -> None:
    """Packets of 4,352 bytes in the 212,992 of net.core.rmem_default, as on the live kernels."""
    made = local(rcvbuf_bytes=212_992, wakeup_ps=constant(500 * US), packets=packets, kernel=kernel)
    c = run(made).counters[0]
    assert (c.drop_socket_buffer_packets, c.socket_truesize_peak) == (packets - queued, queued * 4352)


@pytest.mark.parametrize(("rcvbuf", "queued"), [(2 * 4352 - 1, 2), (2 * 4352, 3), (2 * 4352 + 1, 3)])
def test_up_to_6_17_a_buffer_that_is_exactly_full_takes_one_more(rcvbuf: int, queued: int) -> None:
    c = run(local(rcvbuf_bytes=rcvbuf, wakeup_ps=constant(50 * US), kernel="6.17")).counters[0]
    assert c.socket_truesize_peak == queued * 4352


def test_copied_packets_do_not_hold_buffers() -> None:
    sim = run(local({"copy_byte": 100}, copybreak_bytes=80, wakeup_ps=constant(50 * US)))
    c = sim.counters[0]
    assert (c.copied_packets, c.copy_ps) == (6, 6 * 80 * 100)
    assert (c.socket_end_buffers, c.inside_end_packets, c.socket_truesize_peak) == (0, 6, 6 * 768)


def test_packets_above_the_mark_are_not_copied() -> None:
    assert run(local(copybreak_bytes=79)).counters.copied_packets[0] == 0


def test_no_progress_during_stalls() -> None:
    """Stalls from 1.2 to 2.2, 3.4 to 4.4 and 5.6 to 6.6 us.

    Packet 0 is ready at 1.34, in the stall: read from 2.2 to 2.28; packet 1 is queued at 2.14 and read until
    2.33; packet 2 is read from 3.34, 60 of 80 ns before the stall and 20 after it; packet 3 until 4.47;
    packet 4 is read from 5.34 to 5.42.
    """
    sim = run(local(stall_every_ps=constant(1200 * NS), stall_for_ps=constant(1000 * NS)))
    assert latencies(sim) == buckets(1180, 230, 1320, 370, 320)
    assert sim.counters.stalls[0] == 2


def test_pages_go_to_the_list_of_the_readers_cpu() -> None:
    other, same = run(local(same_cpu=False)), run(local(same_cpu=True))
    assert other.counters.delivered_packets[0] == same.counters.delivered_packets[0] == 5
    assert (other.pcp_count[0, 1], same.pcp_count[0, 1]) == (5, 0)


def test_deferred_pages_come_back_with_the_next_poll() -> None:
    """Five are read and deferred; the last poll, which ends with the sixth in the socket, has freed five."""
    sim = run(local({"defer": 10 * NS, "remote_line": 60 * NS}, kernel="6.18"))
    c = sim.counters[0]
    assert (c.release_ps, c.recycle_ps) == (50 * NS, 50 * NS)
    assert (c.deferred_frees, c.remote_ps, c.deferred_kicks) == (5, 300 * NS, 0)
    assert sim.pcp_count[0, 1] == 0


@pytest.mark.parametrize(
    ("kernel", "flows", "defers"),
    [("5.18", 1, False), ("5.19", 0, False), ("5.19", 1, True), ("6.17", 0, False), ("6.18", 0, True)],
)
def test_tcp_defers_from_5_19_on_and_udp_from_6_18_on(kernel: str, flows: int, defers: bool) -> None:
    c = run(local(kernel=kernel, flows=flows)).counters[0]
    assert (c.delivered_packets, c.deferred_frees) == (5, 5 * defers)


def test_a_reader_on_the_queue_s_cpu_defers_nothing() -> None:
    c = run(local(kernel="6.18", same_cpu=True)).counters[0]
    assert (c.delivered_packets, c.deferred_frees) == (5, 0)


LONG_POLLS = LOCAL | {
    "ring": 512,
    "coalesce_frames": 130,
    "coalesce_ps": 1000 * US,
    "wakeup_ps": constant(5 * US),
    "read_ps": 10 * NS,
}


@pytest.mark.parametrize(
    ("kernel", "kicks", "each"), [("6.18", 9, 33), ("6.18.34", 9, 33), ("6.18.35", 6, 65), ("6.19", 6, 65)]
)
def test_half_a_deferred_list_kicks_the_idle_cpu(kernel: str, kicks: int, each: int) -> None:
    """Polls take 130 packets at once; the reader then defers them all while the CPU of the queue is idle.

    A buffer that finds half of the limit on the list is the last before a kick: the 33rd, or the 65th, frees all that
    is there; what is left of the 130 goes in the next poll.  The last ten packets bring the fourth poll.
    """
    costs = {"remote_line": NS, "interrupt": 7 * NS}
    c = run(scenario(costs, **LONG_POLLS, kernel=kernel, packets=400)).counters[0]
    assert (c.deferred_kicks, c.deferred_frees, c.deferred_list_full) == (kicks, 390, 0)
    assert kicks == 3 * (130 // each)
    assert (c.remote_ps, c.poll_ps) == (390 * NS, (4 + kicks) * 7 * NS)
    assert c.busy_ps == c.remote_ps + c.poll_ps


def test_puts_of_a_kick_go_to_the_ring_and_those_of_a_poll_into_the_cache() -> None:
    """An idle CPU has the queue's NAPI on no list: of 130 buffers, 99 go in three kicks, 31 at the start of a poll."""
    c = run(scenario(**LONG_POLLS, strategy="page_pool", kernel="6.18", packets=400)).counters[0]
    assert (c.recycle_ring, c.recycle_cached) == (3 * 99, 3 * 31)


@pytest.mark.parametrize(("pool", "in_kicks"), [({"pool_napi": 0}, "ring"), ({"system_pool": 1}, "cached")])
def test_a_pool_without_a_napi_gets_deferred_puts_into_its_ring_and_a_system_pool_into_its_cache(
    pool: dict[str, int], in_kicks: str
) -> None:
    """Kicked or not: no NAPI of a driver matters to either; what a full cache does not take goes to the ring."""
    c = run(scenario(**LONG_POLLS, strategy="page_pool", kernel="6.18", packets=400, **pool)).counters[0]
    assert c.deferred_kicks == 9
    assert c.recycle_ring + c.recycle_cached == 390
    assert c.recycle_ring == (390 if in_kicks == "ring" else c.recycle_cache_full)
    assert (c.recycle_cached > 128) == (in_kicks == "cached")


@pytest.mark.parametrize(("share_ppm", "to_ring"), [(0, 0), (250_000, 23), (500_000, 46), (1_000_000, 93)])
def test_a_share_of_deferred_frees_finds_the_napi_on_no_list(share_ppm: int, to_ring: int) -> None:
    """Three polls free 31 buffers each: of these, every fourth, second or each; what kicks free goes there anyway."""
    settings = LONG_POLLS | {"strategy": "page_pool", "kernel": "6.18", "packets": 400}
    c = run(scenario(**settings, napi_unlisted_ppm=share_ppm)).counters[0]
    unlisted_in_kicks = 3 * 99
    assert c.recycle_ring + c.recycle_cached == 390
    assert abs(c.recycle_ring - unlisted_in_kicks - to_ring) <= 3
    assert run(scenario(**settings, napi_unlisted_ppm=share_ppm, pool_napi=0)).counters.recycle_ring[0] == 390


@pytest.mark.parametrize(
    ("kernel", "flows", "system_pool", "cached"),
    [("6.17", 0, 1, 0), ("6.18", 0, 1, 5), ("6.18", 0, 0, 0), ("6.9", 1, 1, 0), ("6.10", 1, 1, 5)],
)
def test_a_reader_on_the_queue_s_cpu_frees_with_softirqs_off_what_it_could_defer(
    kernel: str, flows: int, system_pool: int, cached: int
) -> None:
    """That makes its puts local for the CPU's own pool; the queue's NAPI is on no list while its CPU reads."""
    pool = {"strategy": "page_pool", "system_pool": system_pool, "knobs": (("pool_size", 64),)}
    c = run(local(kernel=kernel, flows=flows, same_cpu=True, **pool)).counters[0]
    assert (c.recycle_cached, c.recycle_ring) == (cached, 5 - cached)


def test_a_reader_that_runs_between_polls_that_follow_each_other_finds_the_napi_on_the_list() -> None:
    """So its puts are local from 6.18 on, and were not before."""
    softirqs_off, process = (
        run(saturated(strategy="page_pool", kernel=kernel, knobs=(("pool_size", 2048),))).counters[0]
        for kernel in ("6.18", "6.17")
    )
    assert process.recycle_cached == 0
    assert process.recycle_ring == softirqs_off.recycle_cached + softirqs_off.recycle_cache_full > 128
    assert softirqs_off.recycle_ring == softirqs_off.recycle_cache_full < softirqs_off.recycle_cached


def test_what_a_full_deferred_list_does_not_take_the_reader_frees_itself() -> None:
    """A poll of 130 us queues 130 packets, which are read at once: 64 are deferred, the reader frees the others.

    The kick that comes meanwhile is taken when the poll has ended.
    """
    settings = LONG_POLLS | {"wakeup_ps": constant(0), "packets": 130, "napi_budget": 300}
    costs = {"stack_local": US, "remote_line": NS, "interrupt": 7 * NS}
    c = run(scenario(costs, **settings, kernel="6.18")).counters[0]
    assert (c.delivered_packets, c.deferred_list_full) == (129, 129 - 64)
    assert (c.deferred_frees, c.deferred_kicks) == (0, 0)
    assert c.remote_ps == 2 * (129 - 64) * NS


def test_a_kick_that_comes_during_a_poll_is_taken_when_it_has_ended() -> None:
    """A poll at 40.1 us takes 44 packets, 100 ns each; 43 have been read when it ends, the last one 1 ns later.

    The 33rd kicks: the 43 go to the ring at the end of the poll, the last one into the cache at the start of the next.
    """
    settings = LONG_POLLS | {"wakeup_ps": constant(0), "coalesce_frames": 40, "read_ps": NS, "napi_budget": 300}
    costs = {"stack_local": 100 * NS, "interrupt": 0}
    c = run(scenario(costs, **settings, packets=84, strategy="page_pool", kernel="6.18")).counters[0]
    assert (c.polls, c.deferred_kicks, c.recycle_ring, c.recycle_cached) == (2, 1, 43, 1)


def test_a_kick_is_taken_at_the_start_of_a_poll_that_follows_at_once() -> None:
    """Polls of one packet and 2 us follow each other; a reader that wakes 40 packets late reads them in one of them."""
    settings = LOCAL | {"napi_budget": 1, "ring": 8, "read_ps": 0, "wakeup_ps": constant(79 * US), "packets": 100}
    costs = {"stack_local": 2 * US, "interrupt": 7 * NS}
    c = run(scenario(costs, **settings, strategy="page_pool", kernel="6.18")).counters[0]
    assert (c.interrupts, c.deferred_kicks, c.recycle_ring, c.deferred_list_full) == (1, 1, 0, 0)
    assert c.recycle_cached == c.deferred_frees > 33


def test_deferred_buffers_are_freed_newest_first() -> None:
    """page_allocator's list is a stack: three pages that are deferred come back in the order in which they left."""
    sim, _ = world(scenario(**LOCAL, kernel="6.18"))
    sim.deferred[0, :3], sim.state[0].deferred_count = (7, 8, 9), 3
    freed: list[tuple[int, int]] = []
    plain(flush_deferred, release=note_release)(sim, freed, 0, SOFTIRQ)
    assert freed == [(9, SOFTIRQ), (8, SOFTIRQ), (7, SOFTIRQ)]


def saturated(**changes: object) -> Scenario:
    """The reader shares a CPU on which polls of 2 us follow each other: a packet each, and one comes every us."""
    settings = LOCAL | {"same_cpu": True, "read_ps": US, "napi_budget": 1, "ring": 8, "rcvbuf_bytes": 1 << 30}
    return scenario({"stack_local": 2 * US}, **(settings | {"packets": 6000} | changes))


def test_ksoftirqd_shares_the_cpu_after_two_milliseconds() -> None:
    """1,000 polls from 1.1 us on; then a poll and as long for the reader, in turn: 2 us, and 2 packets, each."""
    c = run(saturated()).counters[0]
    assert (c.delivered_packets, c.polls, c.interrupts, c.full_polls) == (2000, 2001, 1, 2001)
    assert c.end_ps == 1100 * NS + 2 * (2000 + 1000) * US + 2 * US


def test_a_stall_that_is_over_does_not_keep_the_reader_off_the_cpu() -> None:
    """10 us long, every 510 us from 500 us on: what a stall costs it, its credit makes up for afterwards."""
    c = run(saturated(stall_every_ps=constant(500 * US), stall_for_ps=constant(10 * US))).counters[0]
    assert c.delivered_packets == 2000
    assert c.stalls == 11


def test_a_sleeper_s_credit_ends_at_three_milliseconds() -> None:
    """It is ready at 9,003.1 us, 7,002 us after ksoftirqd took over: it gets 3 ms, and reads 750 packets in them."""
    c = run(saturated(read_ps=4 * US, packets=12_000, wakeup_ps=constant(9000 * US))).counters[0]
    assert c.delivered_packets == 750
    assert c.end_ps == 12_003_100 * NS + 2 * US


def test_another_cpu_s_release_moves_a_line_there_and_back() -> None:
    """Kernel 5.14, five packets read: two moves each, paid by the reader, whatever the strategy does then."""
    c = run(local({"remote_line": 60 * NS}, same_cpu=False, kernel="5.14")).counters[0]
    assert (c.delivered_packets, c.remote_ps, c.release_ps) == (5, 600 * NS, 600 * NS)
