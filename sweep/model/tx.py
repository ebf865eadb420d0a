# SPDX-License-Identifier: MIT
"""The TX ring of forwarded packets: finite, drained at link speed, completed in batches.

A frame starts when it is queued or when the frame before it has left, and holds its page until the queue's
own NAPI has cleaned it.  Completions become visible when `tx_coalesce_frames` frames (counted from the
first) have left, or `tx_coalesce_ps` after the oldest uncleaned one has left: then all that have left do.

With an IOMMU the driver maps each frame when it queues it and unmaps it when it cleans it, and pays what the IOMMU adds
(without one the mapping is part of `stack_forward_*`, which was measured so).  mlx5 and bnxt send frames of XDP_TX
from the mapping that they were received in (`nic.xdp_tx_map` 0); those of XDP_REDIRECT and, with ixgbe, i40e and ice,
of XDP_TX are mapped.  Frames of an AF_XDP application have the mapping of their area.

Not modelled: other senders on the same TX ring; BQL; the driver's stop and wake of the queue; the sync of a frame
that is sent from its mapping for RX; frames of several fragments, which are mapped one by one; XDP_TX and
XDP_REDIRECT in one mix; the time that the device takes to read a frame, which comes the other way of PCIe.
Source: ixgbe_tx_map, ixgbe_clean_tx_irq, ixgbe_xmit_xdp_ring (ixgbe_main.c), i40e_tx_map and i40e_xmit_xdp_ring
(i40e_txrx.c), mlx5e_sq_xmit_wqe (mlx5 en_tx.c), mlx5e_xmit_xdp_buff and mlx5e_xdp_xmit (mlx5 en/xdp.c), bnxt_xdp_xmit
and bnxt_rx_xdp (bnxt_xdp.c) [linux 6.12.117].
"""

from __future__ import annotations

from typing import Any

from sweep.model.compiler.jit import device
from sweep.model.counting.histogram import bucket
from sweep.model.lane.sim import KEPT, NAPI, NEVER, SOFTIRQ, XDP_FRAME, Sim

from .holes import release
from .pages import tx_map, tx_unmap
from .traffic.arrivals import wire_ps


@device
def transmit(sim: Sim, lane: int, slot: int) -> int:
    """Queue the packet in RX slot `slot` on the TX ring: KEPT; if the ring is full, drop it: NAPI."""
    st, p = sim.state[lane], sim.params[lane]
    packet = sim.rx[lane, slot]
    if st.tx_queued - st.tx_cleaned == p.tx_ring:
        sim.counters[lane].drop_tx_ring_packets += 1
        return NAPI
    if p.tx_map == 1:
        tx_map(sim, lane)
    st.tx_last_end_ps = max(st.tx_last_end_ps, st.now_ps) + wire_ps(sim, lane, packet.bytes)
    tail = st.tx_tail
    frame = sim.tx[lane, tail]
    frame.end_ps = st.tx_last_end_ps
    frame.time_ps = packet.time_ps
    frame.bytes = packet.bytes
    frame.buffer = packet.buffer
    st.tx_tail = tail + 1 if tail + 1 < p.tx_ring else 0
    st.tx_queued += 1
    return KEPT


@device
def completion_ps(sim: Sim, lane: int) -> int:
    """Time at which the NIC next signals a TX completion, ps; NEVER if nothing is queued."""
    st, p = sim.state[lane], sim.params[lane]
    if st.tx_queued == st.tx_cleaned:
        return NEVER
    signal_ps = sim.tx[lane, st.tx_first].end_ps + p.tx_coalesce_ps
    last = p.tx_coalesce_frames - 1 - st.tx_cleaned % p.tx_coalesce_frames  # of this batch, from tx_first
    if st.tx_cleaned + last < st.tx_queued:
        slot = st.tx_first + last
        if slot >= p.tx_ring:
            slot -= p.tx_ring
        signal_ps = min(signal_ps, sim.tx[lane, slot].end_ps)
    return signal_ps


@device
def clean_tx(sim: Sim, pool: Any, lane: int, at_ps: int) -> None:
    """Give back the pages of the frames whose completion is visible at `at_ps`."""
    st, p, c = sim.state[lane], sim.params[lane], sim.counters[lane]
    while st.tx_done < st.tx_queued and sim.tx[lane, st.tx_probe].end_ps <= at_ps:
        st.tx_done += 1
        st.tx_probe = st.tx_probe + 1 if st.tx_probe + 1 < p.tx_ring else 0
    if st.tx_done == st.tx_cleaned:
        return
    visible = st.tx_done
    if sim.tx[lane, st.tx_first].end_ps + p.tx_coalesce_ps > at_ps:
        visible -= st.tx_done % p.tx_coalesce_frames
    context = XDP_FRAME if p.forward_xdp == 1 else SOFTIRQ
    while st.tx_cleaned < visible:
        first = st.tx_first
        frame = sim.tx[lane, first]
        c.forwarded_packets += 1
        c.forwarded_bytes += frame.bytes
        latency_ns = (frame.end_ps - frame.time_ps) // 1000
        sim.latency[lane, bucket(latency_ns)] += 1
        st.latency_ns += latency_ns
        if p.tx_map == 1:
            tx_unmap(sim, lane)
        release(sim, pool, lane, frame.buffer, context)
        st.tx_first = first + 1 if first + 1 < p.tx_ring else 0
        st.tx_cleaned += 1
