# SPDX-License-Identifier: MIT
"""Socket and reader by hand.  Packet i arrives at i + 1.1 us and is in the socket 40 ns later."""

from __future__ import annotations

from collections import Counter

from sweep.model.counting.histogram import bucket
from sweep.model.lane.sim import Sim
from sweep.model.scenario import Scenario
from tests.model.scenes import LOCAL, NS, US, constant, run, scenario

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
    """Any truesize at all fills a buffer of one byte; the reader sleeps too long to help."""
    sim = run(local(rcvbuf_bytes=1, wakeup_ps=constant(50 * US)))
    c = sim.counters[0]
    assert (c.drop_socket_buffer_packets, c.inside_end_packets, c.released_buffers) == (5, 1, 5)
    assert c.socket_truesize_peak == 4096 + 256


def test_the_last_packet_may_overshoot_the_buffer() -> None:
    sim = run(local(rcvbuf_bytes=4096 + 256 + 1, wakeup_ps=constant(50 * US)))
    assert sim.counters.drop_socket_buffer_packets[0] == 4
    assert sim.counters.socket_truesize_peak[0] == 2 * (4096 + 256)


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
    sim = run(local({"defer": 10 * NS, "remote_line": 60 * NS}, kernel="5.19"))
    c = sim.counters[0]
    assert (c.release_ps, c.recycle_ps) == (50 * NS, 50 * NS)
    assert (c.deferred_frees, c.remote_ps, c.deferred_kicks) == (5, 300 * NS, 0)
    assert sim.pcp_count[0, 1] == 0


def test_a_long_deferred_list_kicks_the_idle_cpu() -> None:
    """Polls take 130 packets at once; the reader then defers them all while the CPU of the queue is idle.

    At the 128th the kick frees 128, the next poll the other two; the last ten packets bring the fourth poll.
    """
    made = scenario(
        {"remote_line": NS},
        **LOCAL,
        kernel="5.19",
        ring=256,
        packets=400,
        coalesce_frames=130,
        coalesce_ps=1000 * US,
        wakeup_ps=constant(5 * US),
        read_ps=10 * NS,
    )
    c = run(made).counters[0]
    assert (c.deferred_kicks, c.deferred_frees, c.remote_ps) == (3, 390, 390 * NS)
    assert c.busy_ps == 390 * NS


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
