# SPDX-License-Identifier: MIT
"""The NAPI poll loop, written once, with holes for the strategy.

One poll, in order: (1) arrivals and the reader are simulated up to its start; (2) deferred frees that belong to this
CPU; (3) TX completions; (4) up to `napi_budget` packets get their fate and are charged its cost, and consumed
descriptors are refilled through the strategy, `refill_batch` at a time; (5) if the budget was used up, or a descriptor
is still without a page, poll again at once, else wait for the next interrupt.  CPU time passes with every operation,
and packets go on arriving meanwhile.  docs/model.md has every rule.

Not modelled: GRO; more than one queue on the CPU; threaded NAPI and busy polling; netdev_budget and the
softirq's other work, except that a runnable reader on the same CPU gets its share (below).
Source: net/core/dev.c (net_rx_action, napi_complete_done) and, for the refill, ixgbe_clean_rx_irq [linux 6.12.117].
"""

from __future__ import annotations

from typing import Any

from sweep.model.compiler.jit import device
from sweep.model.counting.episodes import begin_poll, note_episode
from sweep.model.counting.histogram import bucket
from sweep.model.counting.series import begin_series, end_bins
from sweep.model.counting.window import census, close_window, open_window
from sweep.model.hardware.mean_field import begin_epochs, update_siblings
from sweep.model.lane.sim import KEPT, NAPI, NEVER, SOFTIRQ, Sim, pay_cache, pay_dma, pay_poll, pay_stack

from .holes import alloc, received, release
from .traffic.arrivals import FORWARD, LOCAL, accept, accept_until, next_packet
from .traffic.reader import answer_kick, deliver, flush_deferred, next_stall, pass_stalls, read_until
from .tx import clean_tx, completion_ps, transmit

# A softirq that has gone on this long is handed to ksoftirqd, a thread like others: MAX_SOFTIRQ_TIME,
# kernel/softirq.c, 2 ms.  From then on a runnable reader gets its fair half of the CPU, poll by poll; what it
# has not used while it slept is kept up to one slice (assumed: 3 ms, the scheduler's base slice on a machine
# of 8 or more CPUs, 0.75 ms * (1 + log2 8): kernel/sched/fair.c).
SOFTIRQ_LIMIT_PS = 2_000_000_000
SLICE_PS = 3_000_000_000


@device
def refill(sim: Sim, pool: Any, lane: int) -> None:
    """Post a buffer to every empty descriptor; stop at the first failure.  They are posted together at the end."""
    st, p = sim.state[lane], sim.params[lane]
    starved = 0
    posted = 0
    for _ in range(p.ring - st.waiting - st.posted):
        slot = st.rx_tail
        buffer = alloc(sim, pool, lane, slot)
        if buffer < 0:
            starved = 1
            break
        sim.rx[lane, slot].buffer = buffer
        st.rx_tail = slot + 1 if slot + 1 < p.ring else 0
        posted += 1
    accept_until(sim, lane, st.now_ps)  # these came before the new buffers
    st.starved = starved
    st.posted += posted
    sim.counters[lane].posted_buffers += posted


@device
def receive(sim: Sim, pool: Any, lane: int) -> None:
    """Process the oldest waiting packet; a reader on another CPU is simulated up to then."""
    st, p, c = sim.state[lane], sim.params[lane], sim.counters[lane]
    slot = st.rx_clean
    st.rx_clean = slot + 1 if slot + 1 < p.ring else 0
    st.waiting -= 1
    c.rx_packets += 1
    fate = sim.rx[lane, slot].fate
    if fate == LOCAL:
        pay_stack(sim, lane, p.cost_stack_local + st.ack_stack_ps)
        pay_dma(sim, lane, st.ack_dma_ps)
    elif fate == FORWARD:
        pay_stack(sim, lane, p.stack_forward_ps)
    else:
        pay_stack(sim, lane, p.cost_stack_drop)
    pay_cache(sim, lane, st.cache_ps)
    if p.reader_same_cpu == 0:
        read_until(sim, pool, lane, 0, st.now_ps, 0)
    giver = NAPI
    if fate == LOCAL:
        giver = deliver(sim, lane, slot)
    elif fate == FORWARD:
        giver = transmit(sim, lane, slot)
    else:
        c.filtered_packets += 1
    received(sim, pool, lane, slot, giver)
    if giver != KEPT:
        release(sim, pool, lane, sim.rx[lane, slot].buffer, giver)


@device
def poll(sim: Sim, pool: Any, lane: int, start_ps: int, interrupted: int) -> int:
    """One poll from `start_ps`; returns 1 if the next one follows at once."""
    st, p, c = sim.state[lane], sim.params[lane], sim.counters[lane]
    st.now_ps = start_ps
    st.poll_start_ps = start_ps
    accept_until(sim, lane, start_ps)
    if st.window == 0 and st.arrived >= p.warmup:
        open_window(sim, lane)
    census(sim, lane)
    note_episode(sim, lane)
    if st.arrived >= st.cut_packets:
        end_bins(sim, lane)
    begin_poll(sim, lane, interrupted)
    update_siblings(sim, lane)
    c.polls += 1
    sim.occupancy[lane, bucket(st.waiting)] += 1
    if interrupted == 1:
        c.interrupts += 1
        pay_poll(sim, lane, p.cost_interrupt)
    pay_poll(sim, lane, p.cost_poll)
    flush_deferred(sim, pool, lane, SOFTIRQ)
    clean_tx(sim, pool, lane, start_ps)
    received_packets = 0
    cleaned = p.ring - st.waiting - st.posted
    may_receive = True
    while may_receive:
        if st.waiting == 0:
            accept_until(sim, lane, st.now_ps)
        may_receive = received_packets < p.napi_budget and st.waiting > 0
        if may_receive:
            receive(sim, pool, lane)
            received_packets += 1
            cleaned += 1
        if (may_receive and cleaned >= p.refill_batch) or (not may_receive and st.starved == 1):
            refill(sim, pool, lane)
            cleaned = 0
    c.busy_ps += st.now_ps - start_ps
    st.cpu_free_ps = st.now_ps
    if received_packets == p.napi_budget:
        c.full_polls += 1
        return 1
    return st.starved


@device
def interrupt_ps(sim: Sim, lane: int) -> int:
    """When the NIC interrupts the idle CPU; NEVER if there is nothing left to wait for.

    RX: `coalesce_ps` after the oldest waiting packet, or when `coalesce_frames` wait, whichever is first.
    """
    st, p = sim.state[lane], sim.params[lane]
    tx_ps = completion_ps(sim, lane)
    while st.waiting == 0 and st.next_arrival_ps <= tx_ps and st.next_arrival_ps < NEVER:
        accept(sim, lane)
    if st.waiting == 0:
        return tx_ps
    if 0 < p.coalesce_frames <= st.waiting:
        return min(max(st.cpu_free_ps, sim.rx[lane, st.rx_clean].time_ps), tx_ps)
    deadline_ps = min(sim.rx[lane, st.rx_clean].time_ps + p.coalesce_ps, tx_ps)
    while st.next_arrival_ps <= deadline_ps:
        arrival_ps = st.next_arrival_ps
        accept(sim, lane)
        if 0 < p.coalesce_frames <= st.waiting:
            return arrival_ps
    return deadline_ps


@device
def shared_until(sim: Sim, lane: int) -> int:
    """Time until which a runnable reader may have the CPU before the next poll, as ksoftirqd shares it."""
    st = sim.state[lane]
    now = st.cpu_free_ps
    over = now - st.polling_since_ps - SOFTIRQ_LIMIT_PS
    credit = over - 2 * st.shared_ps  # what the polls have had since ksoftirqd took over, less what the reader had
    if credit > SLICE_PS:
        credit = SLICE_PS
        st.shared_ps = (over - SLICE_PS) // 2
    if credit <= 0 or st.reader_awake == 0 or st.reader_ps > now:
        return now
    st.reader_ps = pass_stalls(sim, lane, now)
    if st.reader_ps > now:  # in a stall
        return now
    return min(now + credit, st.stall_start_ps)


@device
def next_start(sim: Sim, pool: Any, lane: int, again: int) -> int:
    """Simulate the reader up to the start of the next poll, and return that time; NEVER if there is none."""
    st, p = sim.state[lane], sim.params[lane]
    start, until = st.cpu_free_ps, st.cpu_free_ps
    if again == 0:
        interrupt_time = interrupt_ps(sim, lane)
        if interrupt_time == NEVER:
            return NEVER
        start = max(interrupt_time, start) + p.cost_interrupt_latency
        until = start
    elif p.reader_same_cpu == 1:
        until = shared_until(sim, lane)
    if p.reader_same_cpu == 1:
        # What it has used of the CPU (to the end of a release that it had begun) delays the poll.
        start = max(start, read_until(sim, pool, lane, st.cpu_free_ps, until, 1 - again))
        if again == 1:
            st.shared_ps += start - st.cpu_free_ps
        else:
            st.polling_since_ps = start
            st.shared_ps = 0
        return start
    poll_end = st.cpu_free_ps
    for idle in range(2):  # up to the end of the last poll the NAPI CPU was busy, from then on idle
        read_until(sim, pool, lane, 0, start if idle == 1 else poll_end, idle)
        if st.kicked == 1 and again == 0:  # while it was busy
            answer_kick(sim, pool, lane, poll_end)
    return max(start, st.cpu_free_ps)  # a kick may have kept the CPU


@device
def run_lane(sim: Sim, pool: Any, lane: int) -> None:
    """Simulate one lane, from filling the ring to the poll after the last arrival."""
    st = sim.state[lane]
    next_stall(sim, lane)
    st.next_arrival_ps = NEVER  # the ring is filled before time begins
    refill(sim, pool, lane)
    st.now_ps = 0
    begin_epochs(sim, lane)
    begin_series(sim, lane)
    next_packet(sim, lane)
    again = 0
    while st.next_arrival_ps < NEVER:
        start = next_start(sim, pool, lane, again)
        if start == NEVER:
            break
        again = poll(sim, pool, lane, start, 1 - again)
    close_window(sim, lane)


@device
def run(sim: Sim, pool: Any) -> None:
    """Simulate all lanes, one after the other: the kernel that `bind` compiles for a strategy."""
    for lane in range(sim.state.shape[0]):
        run_lane(sim, pool, lane)
