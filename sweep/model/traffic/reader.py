# SPDX-License-Identifier: MIT
"""The application behind the socket: it wakes up with a delay, reads in batches, stalls, and gives pages back.

A local packet is queued unless the truesize in the socket exceeds the receive buffer, without the packet or, by the
rule rcvbuf_strict, with it; one that finds the socket empty always is.  A packet that finds the reader asleep wakes
it; after a delay, drawn for that packet, it reads call by call: `call_ps` at the start of each call of up to
`batch_packets` packets and `read_ps` a packet, and sleeps when the queue is empty.  During a stall it makes no
progress.  On another CPU it runs beside the softirq; on the queue's CPU only between polls, and a release is not
interrupted.

When a packet is read its page is released in process context, unless the socket defers it to the queue's own softirq:
TCP's does by the rule deferred_free, UDP's by udp_deferred_free, if the reader runs on another CPU.  The packets are
TCP's if the mix has `flows`, else datagrams.  The deferred list takes `deferred_most` buffers; what comes beyond, the
reader releases itself.  A buffer that finds half as many there kicks the queue's CPU.  If that polls, it frees the list
when it next begins or ends to; if it is idle, at once, but then its NAPI is on no CPU's list.  What is deferred while a
poll goes on may be freed right after it, before the next one: that has no place here, but `nic.napi_unlisted` says
which share of the list finds the NAPI on no CPU's list, every second one for 50 %.  A reader on the queue's CPU has
what it could defer freed with softirqs off, by the rule softirq_off_free; else it frees in process context.

Moving a page's cache line to the reader's CPU and back (`remote_lines`) is paid by the reader, when it gives the page
back.

Not modelled: who of the two CPUs waits for the way back; more than one socket; the scheduler's other work;
CPU migration; skb recycling lists; TCP's own account of its receive buffer; that UDP gives truesize back in portions
of a quarter of the buffer while packets wait (udp_rmem_release); that the list without a lock (6.18) has one place less
than its limit; deferred TX completions [kernel e20dfbad8aab]: a queue's frames are completed where they were allocated.
Assumed: the interrupt of a kick costs as much as the NIC's.
Source: __udp_enqueue_schedule_skb, tcp_eat_recv_skb, skb_consume_udp, skb_attempt_defer_free, skb_defer_free_flush and
page_pool_napi_local [linux 6.12.117]; [kernel 68822bdf76f1], [kernel 39564c3fdc66].
"""

from __future__ import annotations

from typing import Any

from sweep.model.compiler.jit import device, out_of_line
from sweep.model.counting.histogram import bucket
from sweep.model.hardware.poisson import PPM
from sweep.model.lane.sim import (
    KEPT,
    NAPI,
    NEVER,
    PROCESS,
    PROCESS_LOCAL,
    SOFTIRQ,
    SOFTIRQ_IDLE,
    Sim,
    pay_copy,
    pay_poll,
    pay_recycle,
    pay_remote,
)
from sweep.model.randomness.quantiles import sample
from sweep.model.randomness.rng import draw

from ..holes import release


@device
@out_of_line
def next_stall(sim: Sim, lane: int) -> None:
    """Draw the stall after the current one: stall k takes values 2k and 2k + 1 of its stream."""
    st, p = sim.state[lane], sim.params[lane]
    if p.stall_every_table < 0:
        st.stall_start_ps = NEVER
        st.stall_end_ps = NEVER
        return
    k = 2 * st.stall_index
    st.stall_start_ps = st.stall_end_ps + sample(sim.tables, p.stall_every_table, draw(p.key_stall, k))
    st.stall_end_ps = st.stall_start_ps + sample(sim.tables, p.stall_for_table, draw(p.key_stall, k + 1))
    st.stall_index += 1


@device
def pass_stalls(sim: Sim, lane: int, clock_ps: int) -> int:
    """The reader's clock, awake at `clock_ps`, after all stalls that have begun by then are over."""
    st = sim.state[lane]
    while st.stall_start_ps <= clock_ps:
        clock_ps = max(clock_ps, st.stall_end_ps)
        sim.counters[lane].stalls += 1
        next_stall(sim, lane)
    return clock_ps


@device
def deliver(sim: Sim, lane: int, slot: int) -> int:
    """Queue the packet in RX slot `slot` on the socket, or drop it; on the softirq's clock.

    Returns the context that gives its buffer back now: NAPI (copied), SOFTIRQ (dropped); or KEPT: the reader will.
    """
    st, p, c = sim.state[lane], sim.params[lane], sim.counters[lane]
    packet = sim.rx[lane, slot]
    buffer, truesize, giver = packet.buffer, p.buffer_truesize_bytes, KEPT
    if packet.bytes <= p.copybreak_bytes:
        c.copied_packets += 1
        pay_copy(sim, lane, packet.bytes * p.cost_copy_byte)
        buffer, truesize, giver = -1, p.copy_truesize_bytes, NAPI
    if st.socket_truesize > 0 and st.socket_truesize + truesize * p.rcvbuf_strict > p.rcvbuf_bytes:
        c.drop_socket_buffer_packets += 1
        return SOFTIRQ if giver == KEPT else giver
    entry = st.socket_tail
    queued = sim.socket[lane, entry]
    queued.time_ps = packet.time_ps
    queued.bytes = packet.bytes
    queued.buffer = buffer
    st.socket_tail = entry + 1 if entry + 1 < sim.socket.shape[1] else 0
    st.socket_count += 1
    st.socket_pages += buffer >= 0
    st.socket_truesize += truesize
    if st.socket_truesize > c.socket_truesize_peak:
        c.socket_truesize_peak = st.socket_truesize
    if st.reader_awake == 0:
        c.wakeups += 1
        st.reader_awake = 1
        delay = sample(sim.tables, p.wakeup_table, draw(p.key_wakeup, packet.index))
        st.reader_ps = max(st.reader_ps, st.now_ps + delay)
    return giver


@device
def take_kick(sim: Sim, lane: int) -> None:
    """The interrupt that a half full deferred list has raised on the queue's CPU."""
    sim.state[lane].kicked = 0
    sim.counters[lane].deferred_kicks += 1
    pay_poll(sim, lane, sim.params[lane].cost_interrupt)


@device
def flush_deferred(sim: Sim, pool: Any, lane: int, context: int) -> None:
    """Free in `context`, a softirq of the queue's CPU, the buffers that the reader has deferred to it, newest first.

    The interrupt of a kick that has come since the last time is paid first.
    """
    st, p, c = sim.state[lane], sim.params[lane], sim.counters[lane]
    if st.kicked == 1:
        take_kick(sim, lane)
    c.deferred_frees += st.deferred_count
    while st.deferred_count > 0:
        st.deferred_count -= 1
        pay_remote(sim, lane, p.cost_remote_line)
        where = context
        if p.napi_unlisted_ppm > 0 and context == SOFTIRQ:
            st.unlisted_ppm += p.napi_unlisted_ppm
            if st.unlisted_ppm >= PPM:
                st.unlisted_ppm -= PPM
                where = SOFTIRQ_IDLE
        release(sim, pool, lane, sim.deferred[lane, st.deferred_count], where)


@device
@out_of_line
def answer_kick(sim: Sim, pool: Any, lane: int, at_ps: int) -> None:
    """Free the deferred list in the softirq that a kick raises at `at_ps`, or later, on the queue's idle CPU."""
    st, c = sim.state[lane], sim.counters[lane]
    now = st.now_ps
    st.now_ps = max(st.cpu_free_ps, at_ps)
    begin = st.now_ps
    flush_deferred(sim, pool, lane, SOFTIRQ_IDLE)
    c.busy_ps += st.now_ps - begin
    st.cpu_free_ps = st.now_ps
    st.now_ps = now


@device
def give_back(sim: Sim, pool: Any, lane: int, buffer: int, idle: int) -> None:
    """Give `buffer` back from the reader, on the reader's clock.  `idle`: whether the NAPI CPU is idle."""
    st, p = sim.state[lane], sim.params[lane]
    if st.deferred_count < p.deferred_most:
        pay_recycle(sim, lane, p.cost_defer)
        sim.deferred[lane, st.deferred_count] = buffer
        if st.deferred_count == p.deferred_most // 2:
            st.kicked = 1
        st.deferred_count += 1
        if st.kicked == 1 and idle == 1:
            answer_kick(sim, pool, lane, st.now_ps)
        return
    context = PROCESS_LOCAL
    if p.reader_softirqs_off == 1:
        context = SOFTIRQ_IDLE if idle == 1 else SOFTIRQ
    if p.reader_same_cpu == 0:
        context = PROCESS
        pay_remote(sim, lane, p.remote_lines * p.cost_remote_line)
        sim.counters[lane].deferred_list_full += p.deferred_most > 0
    release(sim, pool, lane, buffer, context)


@device
def finish_packet(sim: Sim, pool: Any, lane: int, clock_ps: int, idle: int) -> int:
    """Finish the oldest packet of the socket, read at `clock_ps`; returns the reader's clock after its release."""
    st, p, c = sim.state[lane], sim.params[lane], sim.counters[lane]
    entry = st.socket_first
    packet = sim.socket[lane, entry]
    buffer = packet.buffer
    c.delivered_packets += 1
    c.delivered_bytes += packet.bytes
    latency_ns = (clock_ps - packet.time_ps) // 1000
    sim.latency[lane, bucket(latency_ns)] += 1
    st.latency_ns += latency_ns
    st.socket_first = entry + 1 if entry + 1 < sim.socket.shape[1] else 0
    st.socket_count -= 1
    if buffer < 0:
        st.socket_truesize -= p.copy_truesize_bytes
        return clock_ps
    st.socket_pages -= 1
    st.socket_truesize -= p.buffer_truesize_bytes
    softirq_now = st.now_ps
    st.now_ps = clock_ps
    give_back(sim, pool, lane, buffer, idle)
    released_ps = st.now_ps
    st.now_ps = softirq_now
    c.release_ps += released_ps - clock_ps
    return released_ps


@device
def read_until(sim: Sim, pool: Any, lane: int, begin_ps: int, until_ps: int, idle: int) -> int:
    """Run the reader from `begin_ps`, or from when it is ready, to `until_ps`; `idle`: whether the NAPI CPU is idle.

    Returns the time until which it has used its CPU (a release may end after `until_ps`); 0 if it has not run.
    """
    st, p = sim.state[lane], sim.params[lane]
    ran_ps = 0
    if st.reader_awake == 0:
        return ran_ps
    clock = max(st.reader_ps, begin_ps)
    while st.reader_awake == 1 and clock < until_ps:
        clock = pass_stalls(sim, lane, clock)
        if clock >= until_ps:
            break
        if st.reader_left_ps < 0:
            st.reader_left_ps = p.read_ps
            if st.reader_batch == 0:
                st.reader_left_ps += p.call_ps
        run = min(st.reader_left_ps, until_ps - clock, st.stall_start_ps - clock)
        clock += run
        st.reader_left_ps -= run
        if st.reader_left_ps == 0:
            st.reader_left_ps = -1
            st.reader_batch = st.reader_batch + 1 if st.reader_batch + 1 < p.batch_packets else 0
            clock = finish_packet(sim, pool, lane, clock, idle)
            if st.socket_count == 0:
                st.reader_awake = 0
                st.reader_batch = 0
        ran_ps = clock
    st.reader_ps = clock
    return ran_ps
