# SPDX-License-Identifier: MIT
"""Arrivals of packets: gaps, bursts, sizes, fates; the NIC puts them into posted descriptors or drops them.

The scheduled start of a packet is `gap` after that of the one before; the wire carries one packet at a time, so a
packet arrives (is complete in memory) at max(scheduled start, end of the packet before) + wire time.
Bursts: the gap to the first packet of a burst comes from the gap table, the others follow `burst_gap_ps`
apart.  Poisson and constant-rate arrivals are bursts of one packet.

The queues of a port share its PCIe link and its translations: where these have a limit (`device_ps`, mean_field), a
packet arrives when the device has written it, and one that finds the NIC's own buffer full is lost there.

Packet i takes value i of each stream, so traffic does not depend on anything that happens to it.

Not modelled: the sender's reaction to loss; flow control on the link.
"""

from __future__ import annotations

import numpy as np

from sweep.model.compiler.jit import device
from sweep.model.lane.sim import NEVER, Sim
from sweep.model.randomness.quantiles import sample
from sweep.model.randomness.rng import draw

LOCAL, FORWARD, DROP = 0, 1, 2
WIRE_OVERHEAD_BYTES = 20  # preamble and start delimiter 8, inter-packet gap 12: IEEE 802.3 clause 4
BURST_SHIFT = 10  # burst tables hold 1/1024 packets
LOW_32 = np.uint64(0xFFFFFFFF)
S32 = np.uint64(32)


@device
def wire_ps(sim: Sim, lane: int, frame_bytes: int) -> int:
    """Time that a frame and its overhead take on the wire, ps."""
    return (frame_bytes + WIRE_OVERHEAD_BYTES) * sim.params[lane].link_ps_per_byte


@device
def next_gap(sim: Sim, lane: int, i: int) -> int:
    """Time from the scheduled start of packet `i - 1` to that of packet `i`, ps."""
    st, p = sim.state[lane], sim.params[lane]
    if st.burst_left > 0:
        st.burst_left -= 1
        return p.burst_gap_ps
    if p.burst_table >= 0:
        length = sample(sim.tables, p.burst_table, draw(p.key_burst, i)) + (1 << (BURST_SHIFT - 1))
        st.burst_left = max(length >> BURST_SHIFT, 1) - 1
        st.burst_first = i
        st.bursts_drawn += 1
    return sample(sim.tables, p.gap_table, draw(p.key_gap, i))


@device
def write(sim: Sim, lane: int) -> None:
    """Have the device write the next packet to memory after those before it; lost if the NIC cannot hold it so long."""
    st, p, c = sim.state[lane], sim.params[lane], sim.counters[lane]
    begin_ps = max(st.wire_end_ps, st.device_end_ps)
    held = (begin_ps - st.wire_end_ps) // st.device_ps  # packets of this queue in the NIC's buffer
    st.next_lost = held * p.queues * st.next_bytes > p.rx_buffer_bytes
    c.nic_buffer_peak_bytes = max(c.nic_buffer_peak_bytes, held * p.queues * st.next_bytes)
    if st.next_lost == 0:
        st.device_end_ps = begin_ps + st.device_ps


@device
def next_packet(sim: Sim, lane: int) -> None:
    """Draw packet number `state.arrived`; if all have arrived, the next arrival is NEVER."""
    st, p = sim.state[lane], sim.params[lane]
    i = st.arrived
    if i == p.packets:
        st.next_arrival_ps = NEVER
        return
    st.schedule_ps += next_gap(sim, lane, i)
    u = draw(p.key_packet, i)
    size = np.int64(u >> S32)
    size_class = 0
    for k in range(p.size_classes - 1):
        size_class += size >= sim.size_cut[lane, k]
    fate = np.int64(u & LOW_32)
    st.next_fate = LOCAL if fate < p.local_cut else FORWARD if fate < p.forward_cut else DROP
    st.next_bytes = sim.size_bytes[lane, size_class]
    st.wire_end_ps = max(st.schedule_ps, st.wire_end_ps) + wire_ps(sim, lane, st.next_bytes)
    if st.device_ps > 0:
        write(sim, lane)
    st.next_arrival_ps = max(st.wire_end_ps, st.device_end_ps)  # in order, whatever `device_ps` becomes


@device
def accept(sim: Sim, lane: int) -> None:
    """Let the next packet arrive: it takes the next posted descriptor or is dropped."""
    st, c = sim.state[lane], sim.counters[lane]
    c.offered_packets += 1
    c.offered_bytes += st.next_bytes
    if st.next_lost == 1:
        c.drop_nic_buffer_packets += 1
        st.next_lost = 0
    elif st.posted > 0:
        slot = st.rx_head
        packet = sim.rx[lane, slot]
        packet.time_ps = st.next_arrival_ps
        packet.bytes = st.next_bytes
        packet.fate = st.next_fate
        packet.index = st.arrived
        st.rx_head = slot + 1 if slot + 1 < sim.params[lane].ring else 0
        st.posted -= 1
        st.waiting += 1
    elif st.starved == 1:
        c.drop_no_memory_packets += 1
    else:
        c.drop_no_descriptor_packets += 1
    st.arrived += 1
    next_packet(sim, lane)


@device
def accept_until(sim: Sim, lane: int, until_ps: int) -> None:
    """Let all packets arrive that are due up to and including `until_ps`."""
    while sim.state[lane].next_arrival_ps <= until_ps:
        accept(sim, lane)
