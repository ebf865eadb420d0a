# SPDX-License-Identifier: MIT
"""The conservation laws that every row must obey, checked with exact integer arithmetic.

A row that breaks a law is marked with it and kept out of every report.  A law is a name and two sides that
must be equal (or ordered); they are checked on the final counters and state of each lane.  If a law applies to some
rows only, its name says which, and both sides are multiplied by that condition.

Source: conservation of packets, pages and time; polls and losses under overload [lab xdp_bulk_return01]; those of one
strategy (12.1 to 12.8, 12.10) are in its file.  docs/theory.md says which law is which identity.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from sweep.fields.counters import SPLIT
from sweep.fields.histogram import BUCKETS
from sweep.model.counting.histogram import bucket
from sweep.model.lane.sim import Sim
from sweep.model.pages import ORDER3_PAGES


class Law(NamedTuple):
    """`left` must equal `right` ("=") or be at most `right` ("<="), lane by lane."""

    name: str
    left: Any  # (L,) int64
    sign: str
    right: Any  # (L,) int64


def packets(sim: Sim) -> Iterator[Law]:
    """Packets are conserved: from the wire to the reader or TX ring, at every stage."""
    c, st = sim.counters, sim.state
    lost = c.drop_nic_buffer_packets + c.drop_no_descriptor_packets + c.drop_no_memory_packets
    dropped_inside = c.filtered_packets + c.drop_socket_buffer_packets + c.drop_tx_ring_packets
    left_host = c.delivered_packets + c.forwarded_packets
    entered = c.offered_packets + c.inside_start_packets
    yield Law(
        "packets in = packets out + inside", entered, "=", left_host + lost + dropped_inside + c.inside_end_packets
    )
    # Law 12.9, "phy = processed + out_of_buffer", packets on the ring at both ends included
    taken = c.rx_packets + lost + st.waiting
    arrived = c.offered_packets + st.waiting_start
    yield Law("12.9: packets in = taken from the ring + lost + waiting", arrived, "=", taken)
    inside = st.waiting + st.tx_queued - st.tx_cleaned + st.socket_count
    yield Law("packets inside = on the rings + in the socket", c.inside_end_packets, "=", inside)
    yield Law("packets copied <= packets not filtered", c.copied_packets, "<=", c.rx_packets - c.filtered_packets)
    yield Law("latencies = packets out", sim.latency.sum(axis=1), "=", left_host)


def polls(sim: Sim) -> Iterator[Law]:
    """Law 12.9: under overload (every poll full) polls * budget = packets; and how a poll comes about."""
    c, p = sim.counters, sim.params
    full = c.full_polls * p.napi_budget
    yield Law("12.9: full polls * budget <= packets", full, "<=", c.rx_packets)
    upper_bound = full + (c.polls - c.full_polls) * (p.napi_budget - 1)
    yield Law("12.9: packets <= full polls * budget + other polls * (budget - 1)", c.rx_packets, "<=", upper_bound)
    # a full poll is followed by one without an interrupt; the last one of the window by none at all
    yield Law("interrupts + full polls <= polls + 1", c.interrupts + c.full_polls, "<=", c.polls + 1)
    yield Law("ring occupancies = polls", sim.occupancy.sum(axis=1), "=", c.polls)
    above = np.arange(BUCKETS) > np.array([bucket(ring) for ring in p.ring.tolist()])[:, None]
    crowded = (sim.occupancy * above).sum(axis=1)
    yield Law("no poll finds more packets than descriptors", crowded, "=", np.zeros_like(crowded))


def descriptors(sim: Sim) -> Iterator[Law]:
    """Descriptors are posted, filled or empty; buffers are conserved on the rings and in the socket."""
    c, st, p = sim.counters, sim.state, sim.params
    on_ring = st.rx_ring_start + c.posted_buffers - c.rx_packets
    yield Law("buffers on the ring = start + posted - packets taken", c.rx_ring_end_buffers, "=", on_ring)
    yield Law("buffers on the ring <= ring", c.rx_ring_end_buffers, "<=", p.ring)
    fed = 1 - st.starved
    empty = p.ring - c.rx_ring_end_buffers
    yield Law("empty descriptors < refill batch, not starved", empty * fed, "<=", (p.refill_batch - 1) * fed)
    yield Law("frames in the TX ring <= TX ring", c.tx_ring_end_buffers, "<=", p.tx_ring)
    yield Law("frames unmapped = forwarded, if mapped", c.tx_dma_unmaps, "=", p.tx_map * c.forwarded_packets)
    mapped = c.tx_dma_maps - c.tx_dma_unmaps
    frames = p.tx_map * (c.tx_ring_end_buffers - st.tx_ring_start)
    yield Law("frames mapped - unmapped = change of the TX ring, if mapped", mapped, "=", frames)
    buffers_out = c.rx_ring_end_buffers + c.tx_ring_end_buffers + c.socket_end_buffers
    change = c.posted_buffers - c.released_buffers
    yield Law("buffers posted - released = change of buffers out", change, "=", buffers_out - c.held_start_buffers)


def memory(sim: Sim) -> Iterator[Law]:
    """Pages of the zone are conserved, and no ring or list has held more than fits."""
    c, st, p = sim.counters, sim.state, sim.params
    taken = c.pages_held_start + c.pages_taken - c.pages_given
    yield Law("pages taken - given back = pages held", taken, "=", c.pages_held_end)
    yield Law("pages held <= peak", c.pages_held_end, "<=", c.pages_held_peak)
    free = st.zone_free + sim.pcp_count.sum(axis=1) + ORDER3_PAGES * sim.pcp_blocks.sum(axis=1)
    yield Law("memory = zone + lists + pages held", free + st.pages_held, "=", p.memory_pages)
    yield Law("0 <= pages in the zone", np.zeros_like(st.zone_free), "<=", st.zone_free)
    yield Law("allocator failures <= allocator calls", c.allocator_failures, "<=", c.allocator_calls)
    window_ns = c.end_ps // 1000 - c.start_ps // 1000
    yield Law("census of the RX ring <= ring * window", c.rx_ring_buffer_ns, "<=", p.ring * window_ns)
    yield Law("census of the TX ring <= TX ring * window", c.tx_ring_buffer_ns, "<=", p.tx_ring * window_ns)
    yield Law("census of pages held <= peak * window", c.pages_held_page_ns, "<=", c.pages_held_peak * window_ns)


def socket(sim: Sim) -> Iterator[Law]:
    """The socket's truesize is the sum over its queue and stays below rcvbuf; wake-ups and kicks are bounded."""
    c, st, p = sim.counters, sim.state, sim.params
    copies = st.socket_count - st.socket_pages
    charged = st.socket_pages * p.buffer_truesize_bytes + copies * p.copy_truesize_bytes
    yield Law("truesize = buffers and copies in the socket", st.socket_truesize, "=", charged)
    yield Law("truesize <= peak", st.socket_truesize, "<=", c.socket_truesize_peak)
    largest = np.maximum(p.buffer_truesize_bytes, p.copy_truesize_bytes)
    # the last packet may overshoot, unless the rule counts it too; then one that finds the socket empty may
    most = np.where(p.rcvbuf_strict, np.maximum(p.rcvbuf_bytes, largest), p.rcvbuf_bytes + largest)
    yield Law("peak of truesize <= rcvbuf, and a packet", c.socket_truesize_peak, "<=", most)
    yield Law("wakeups <= packets read + 1", c.wakeups, "<=", c.delivered_packets + 1)
    yield Law("buffers on the deferred list <= its limit", st.deferred_count, "<=", p.deferred_most)
    over_half = c.deferred_kicks * (p.deferred_most // 2 + 1)
    yield Law("kicks * (half of the limit + 1) <= deferred frees", over_half, "<=", c.deferred_frees)


def time(sim: Sim) -> Iterator[Law]:
    """CPU time does not exceed elapsed time, and the CPU time split adds up to it."""
    c, st, p = sim.counters, sim.state, sim.params
    yield Law("warm-up has ended", st.window, "=", np.ones_like(st.window))
    yield Law("CPU time <= time", c.busy_ps, "<=", c.end_ps - c.start_ps)
    split = sum(getattr(c, heading.name) for heading in SPLIT)
    yield Law("CPU time split = CPU time", split, "=", c.busy_ps + c.release_ps)
    poll_ps = c.polls * p.cost_poll + (c.interrupts + c.deferred_kicks) * p.cost_interrupt
    yield Law("time of polls = polls, interrupts and kicks at their costs", c.poll_ps, "=", poll_ps)
    dma_ps = c.dma_maps * p.cost_dma_map + c.dma_unmaps * p.cost_dma_unmap + c.dma_syncs * p.cost_dma_sync
    dma_ps += c.tx_dma_maps * p.cost_tx_map + c.tx_dma_unmaps * p.cost_tx_unmap
    # what shared hardware adds to the price of an operation is under the same heading
    yield Law("maps, unmaps and syncs at their costs <= time of DMA", dma_ps, "<=", c.dma_ps)
    lock_ps = c.zone_lock_takes * p.cost_zone_lock
    yield Law("takes of the lock at their cost <= time of the lock", lock_ps, "<=", c.lock_ps)


COMMON = (packets, polls, descriptors, memory, socket, time)


def census(sim: Sim) -> Iterator[Law]:
    """With one page per buffer, pages held are the sum over rings, socket and pool; also in the census."""
    c = sim.counters
    held_buffers = c.rx_ring_end_buffers + c.tx_ring_end_buffers + c.socket_end_buffers
    kept_pages = c.pool_cache_end_pages + c.pool_ring_end_pages + c.provider_end_pages
    yield Law("pages held = census", c.pages_held_end, "=", held_buffers + kept_pages)
    buffer_ns = c.rx_ring_buffer_ns + c.tx_ring_buffer_ns + c.socket_buffer_ns
    kept_ns = c.pool_cache_page_ns + c.pool_ring_page_ns + c.provider_page_ns
    yield Law("census of pages held = sum of the holders", c.pages_held_page_ns, "=", buffer_ns + kept_ns)


def _columns(records: np.recarray) -> Any:
    """The fields of `records` as plain attributes: looking them up in a record array took longer than the laws."""
    plain = np.asarray(records)
    return SimpleNamespace(**{name: plain[name] for name in plain.dtype.names or ()})


def violations(sim: Sim, own: Iterable[Callable[[Sim], Iterator[Law]]]) -> list[str]:
    """For each lane, the broken laws with both sides, as text; "" if none.  own: the strategy's `LAWS`."""
    broken_laws: list[list[str]] = [[] for _ in range(len(sim.state))]
    columns = sim._replace(params=_columns(sim.params), state=_columns(sim.state), counters=_columns(sim.counters))
    for law in (law for laws in (*COMMON, *own) for law in laws(columns)):
        left, right = np.asarray(law.left), np.asarray(law.right)
        broken = left != right if law.sign == "=" else left > right
        for lane in np.flatnonzero(broken):
            broken_laws[lane].append(f"{law.name}: {left[lane]} {law.sign} {right[lane]}")
    return ["; ".join(lane) for lane in broken_laws]
