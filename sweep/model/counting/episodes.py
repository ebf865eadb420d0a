# SPDX-License-Identifier: MIT
"""Episodes: independent, recurring events (stalls, bursts, busy periods) that make losses come in clumps.

Packets that are lost in one stall of the reader are one piece of evidence, however many they are.  The episodes of a
lane are those of its rarest process: stalls if its reader stalls, else bursts if packets come in bursts, else busy
periods.  An interrupt that finds the socket empty begins a *busy period*: nothing is left from before, so what happens
in it is independent.  A busy period is cut into episodes of as many packets as the ring has descriptors: an overload
has no end, and a ring's worth of packets is all that one part of it passes on to the next.

At the start of every poll it is checked whether packets were dropped or the page allocator was called since the
previous poll; if so, that belongs to the latest episode.  The rings are fullest at that moment, before the poll empties
them.

Not modelled: an episode that falls between the starts of two polls; its losses count for the next one, so there may be
more episodes with losses than are counted, never fewer.
"""

from __future__ import annotations

from sweep.model.compiler.jit import device
from sweep.model.lane.sim import Sim


@device
def bursts_begun(sim: Sim, lane: int) -> int:
    """Bursts whose first packet has arrived; 0 where packets come one by one."""
    st = sim.state[lane]
    return st.bursts_drawn - (1 if st.bursts_drawn > 0 and st.burst_first == st.arrived else 0)


@device
def episodes_begun(sim: Sim, lane: int) -> int:
    """Episodes that have begun since the start of the simulation: the number of the current one."""
    st, p = sim.state[lane], sim.params[lane]
    if p.stall_every_table >= 0:
        return st.stall_index
    if p.burst_table >= 0:
        return bursts_begun(sim, lane)
    return st.busy_periods


@device
def dropped_packets(sim: Sim, lane: int) -> int:
    """Packets dropped in the window for lack of buffer space, descriptors or memory."""
    c = sim.counters[lane]
    return (
        c.drop_nic_buffer_packets
        + c.drop_no_descriptor_packets
        + c.drop_no_memory_packets
        + c.drop_socket_buffer_packets
        + c.drop_tx_ring_packets
    )


@device
def note_episode(sim: Sim, lane: int) -> None:
    """Assign losses and page allocator calls since the last call to the current episode."""
    st, c = sim.state[lane], sim.counters[lane]
    number = episodes_begun(sim, lane) + 1
    dropped = dropped_packets(sim, lane)
    if dropped > st.dropped_noted:
        if number != st.loss_episode:
            st.loss_episode = number
            st.loss_begin = st.dropped_noted
            c.loss_episodes += 1
        c.loss_peak_packets = max(c.loss_peak_packets, dropped - st.loss_begin)
        st.dropped_noted = dropped
    if c.allocator_calls > st.calls_noted:
        st.calls_noted = c.allocator_calls
        if number != st.allocation_episode:
            st.allocation_episode = number
            c.allocation_episodes += 1


@device
def begin_poll(sim: Sim, lane: int, interrupted: int) -> None:
    """At the start of a poll: update the peaks of the rings, and begin a busy period or the next part of one."""
    st, c = sim.state[lane], sim.counters[lane]
    c.rx_ring_peak_packets = max(c.rx_ring_peak_packets, st.waiting)
    c.tx_ring_peak_frames = max(c.tx_ring_peak_frames, st.tx_queued - st.tx_cleaned)
    fresh = interrupted == 1 and st.socket_count == 0
    if fresh:
        st.busy_first = st.arrived - st.waiting
    if fresh or st.arrived >= st.lap_end:
        st.busy_periods += 1
        st.lap_end = st.arrived + sim.params[lane].ring
    c.busy_peak_packets = max(c.busy_peak_packets, st.arrived - st.busy_first)


@device
def open_episodes(sim: Sim, lane: int) -> None:
    """When the window opens and its counters are zero: remember the totals so far, to count only what follows."""
    st = sim.state[lane]
    st.episodes_before = episodes_begun(sim, lane)
    st.bursts_before = bursts_begun(sim, lane)
    st.dropped_noted = 0
    st.calls_noted = 0
    st.loss_episode = 0
    st.allocation_episode = 0


@device
def close_episodes(sim: Sim, lane: int) -> None:
    """When the window closes: count its episodes and bursts."""
    st, c = sim.state[lane], sim.counters[lane]
    note_episode(sim, lane)
    c.busy_peak_packets = max(c.busy_peak_packets, st.arrived - st.busy_first)
    c.episodes = episodes_begun(sim, lane) - st.episodes_before
    c.bursts = bursts_begun(sim, lane) - st.bursts_before
