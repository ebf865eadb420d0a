# SPDX-License-Identifier: MIT
"""How the queues of a host slow each other, by a mean field: the other queues behave as this one did a moment ago.

A lane simulates one of `queues` identical queues.  After every epoch of packets it measures itself: how often it took
the zone lock, how far apart the uses of a page were, how many mappings it made and packets it saw per poll.  The other
queues (siblings) are assumed to do the same, which gives the wait for the lock, the misses in the shared cache and the
time that a packet's DMA takes in the shared device; these slow this queue in the next epoch.  Half of each correction
is applied, so the loop converges to the point where the queue is slowed as much as it slows others: a fixed point of
the lane alone, the same in any batch.

Not modelled: queues that are not alike; what the siblings do in the same instant (a mean is all that is shared).
Source: assumed, that queues are alike, as hashing makes them; the parts name theirs.
"""

from __future__ import annotations

from sweep.fields.constants import PAGE_BYTES
from sweep.model.compiler.jit import device, out_of_line
from sweep.model.lane.sim import Sim

from .contention import lock_wait_ps
from .iommu import OFF, distinct_ppm, measure_walks, reads_ppm
from .llc import measure_cache, measure_reuse
from .poisson import PPM

EPOCH_PACKETS = 1024


@device
@out_of_line
def measure_lock(sim: Sim, lane: int, elapsed_ps: int, takes: int) -> None:
    """Update the wait at the zone lock, if every CPU of every queue takes it as often as this queue's CPUs did."""
    st, p = sim.state[lane], sim.params[lane]
    wait_ps = 0
    if takes > 0:
        cpus = 2 if st.reader_takes > 0 else 1
        hold_ps = p.cost_zone_lock + p.cost_buddy_page * st.pages_moved // takes
        think_ps = max(cpus * elapsed_ps // takes - hold_ps - st.lock_wait_ps, 0)
        wait_ps = lock_wait_ps(p.queues * cpus, think_ps, hold_ps, p.cost_lock_waiter)
    st.lock_wait_ps = (st.lock_wait_ps + wait_ps) // 2


@device
@out_of_line
def measure_acks(sim: Sim, lane: int, packets: int, polls: int) -> None:
    """Update acknowledgements per local packet (at most one for two, [rfc 1122] 4.2.3.2), and their CPU cost."""
    st, p = sim.state[lane], sim.params[lane]
    if p.flows == 0 or packets == 0 or polls == 0:
        return
    per_poll = min(max((packets + polls // 2) // polls, 1), p.napi_budget)
    st.ack_ppm = min(distinct_ppm(p.flows, per_poll), PPM // 2)  # GRO makes one of a flow's packets in a poll
    st.ack_stack_ps = st.ack_ppm * p.cost_ack // PPM
    if p.iommu != OFF:
        st.ack_dma_ps = st.ack_ppm * (p.cost_dma_map + p.cost_dma_unmap) // PPM


@device
@out_of_line
def measure_device(sim: Sim, lane: int) -> None:
    """Update the time that the device takes for a packet of this queue and one of each sibling, ps; 0: no limit."""
    st, p = sim.state[lane], sim.params[lane]
    service_ps = p.pcie_packet_ps
    if p.iommu != OFF:
        walks_ps = reads_ppm(sim, lane) * p.cost_walk_read // PPM
        service_ps = max(service_ps, p.cost_dma_transfer * p.frame_bytes // PAGE_BYTES + walks_ps)
    st.device_ps = p.queues * service_ps


@device
def mark(sim: Sim, lane: int) -> None:
    """Begin the next epoch: remember the counters at its start."""
    st, c = sim.state[lane], sim.counters[lane]
    st.epoch_ps = st.now_ps
    st.epoch_takes = c.zone_lock_takes
    st.reader_takes = 0
    st.pages_moved = 0
    st.epoch_maps = c.dma_maps
    st.epoch_queued = st.tx_queued
    st.epoch_posted = c.posted_buffers
    st.epoch_packets = c.rx_packets
    st.epoch_polls = c.polls


@device
def shift_epoch(sim: Sim, lane: int) -> None:
    """Before the counters are reset: shift the epoch's marks so that it continues."""
    st, c = sim.state[lane], sim.counters[lane]
    st.epoch_takes -= c.zone_lock_takes
    st.epoch_maps -= c.dma_maps
    st.epoch_posted -= c.posted_buffers
    st.epoch_packets -= c.rx_packets
    st.epoch_polls -= c.polls


@device
@out_of_line
def begin_epochs(sim: Sim, lane: int) -> None:
    """At the start, with a full ring: assume no wait for the lock, and a reuse distance of one lap of the ring."""
    st, p = sim.state[lane], sim.params[lane]
    st.reuse_distance_pages = p.ring
    st.epoch_end = EPOCH_PACKETS
    measure_cache(sim, lane)
    measure_device(sim, lane)
    mark(sim, lane)


@device
def update_siblings(sim: Sim, lane: int) -> None:
    """At the start of a poll: if an epoch has passed, update what the siblings cost."""
    st, c = sim.state[lane], sim.counters[lane]
    if st.arrived < st.epoch_end:
        return
    st.epoch_end = st.arrived + EPOCH_PACKETS
    measure_lock(sim, lane, st.now_ps - st.epoch_ps, c.zone_lock_takes - st.epoch_takes)
    measure_acks(sim, lane, c.rx_packets - st.epoch_packets, c.polls - st.epoch_polls)
    measure_reuse(sim, lane)
    measure_cache(sim, lane)
    posted = c.posted_buffers - st.epoch_posted
    if posted > 0:
        sent_ppm = (st.tx_queued - st.epoch_queued) * PPM // posted
        measure_walks(sim, lane, (c.dma_maps - st.epoch_maps) * PPM // posted, sent_ppm)
    measure_device(sim, lane)
    mark(sim, lane)
