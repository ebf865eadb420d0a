# SPDX-License-Identifier: MIT
"""What must hold in every row, with exact integer arithmetic.

A row that breaks a law is marked with it and kept out of every report.  A law is a name and two sides that
must be equal (or ordered); they are checked on the final counters and state of each lane.

Source: model blueprint "What must hold in every row"; fidelity A12 (identities 3, 4, 7 and the like).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

from .pages import ORDER3_PAGES
from .sim import Sim


class Law(NamedTuple):
    """`left` must equal `right` ("=") or be at most `right` ("<="), lane by lane."""

    name: str
    left: Any  # (L,) int64
    sign: str
    right: Any  # (L,) int64


def common(sim: Sim) -> Iterator[Law]:
    """The laws of every strategy."""
    c, st, p = sim.counters, sim.state, sim.params
    dropped = (
        c.filtered_packets
        + c.drop_nic_buffer_packets
        + c.drop_no_descriptor_packets
        + c.drop_no_memory_packets
        + c.drop_socket_buffer_packets
        + c.drop_tx_ring_packets
    )
    out = c.delivered_packets + c.forwarded_packets + dropped + c.inside_end_packets
    yield Law("packets in = packets out + inside", c.offered_packets + c.inside_start_packets, "=", out)
    yield Law("warm-up has ended", st.window, "=", np.ones_like(st.window))
    yield Law("CPU time <= time", c.busy_ps, "<=", c.end_ps - c.start_ps)
    taken = c.pages_held_start + c.pages_taken - c.pages_given
    yield Law("pages taken - given back = pages held", taken, "=", c.pages_held_end)
    yield Law("pages held <= peak", c.pages_held_end, "<=", c.pages_held_peak)
    split = c.stack_ps + c.poll_ps + c.allocate_ps + c.recycle_ps + c.dma_ps + c.lock_ps + c.copy_ps + c.remote_ps
    split = split + c.cache_ps
    yield Law("CPU time split = CPU time", split, "=", c.busy_ps + c.release_ps)
    yield Law("full polls * budget <= packets", c.full_polls * p.napi_budget, "<=", c.rx_packets)
    yield Law("packets <= polls * budget", c.rx_packets, "<=", c.polls * p.napi_budget)
    out_now = c.rx_ring_end_buffers + c.tx_ring_end_buffers + c.socket_end_buffers
    change = c.posted_buffers - c.released_buffers
    yield Law("buffers posted - released = change of buffers out", change, "=", out_now - c.held_start_buffers)
    free = st.zone_free + sim.pcp_count.sum(axis=1) + ORDER3_PAGES * sim.pcp_blocks.sum(axis=1)
    yield Law("memory = zone + lists + pages held", free + st.pages_held, "=", p.memory_pages)
    latencies = sim.latency.sum(axis=1)
    yield Law("latencies = packets out", latencies, "=", c.delivered_packets + c.forwarded_packets)
    yield Law("ring occupancies = polls", sim.occupancy.sum(axis=1), "=", c.polls)
    yield Law("buffers on the ring <= ring", c.rx_ring_end_buffers, "<=", p.ring)


def census(sim: Sim) -> Iterator[Law]:
    """One page per buffer: what is held is what the holders hold."""
    c = sim.counters
    held = c.rx_ring_end_buffers + c.tx_ring_end_buffers + c.socket_end_buffers
    kept = c.pool_cache_end_pages + c.pool_ring_end_pages
    yield Law("pages held = census", c.pages_held_end, "=", held + kept)


def violations(sim: Sim, own: Iterable[Callable[[Sim], Iterator[Law]]]) -> list[str]:
    """Per lane: the broken laws, common and `own` (the strategy's `LAWS`), with both sides; "" if none is."""
    found: list[list[str]] = [[] for _ in range(len(sim.state))]
    for law in (law for laws in (common, *own) for law in laws(sim)):
        left, right = np.asarray(law.left), np.asarray(law.right)
        broken = left != right if law.sign == "=" else left > right
        for lane in np.flatnonzero(broken):
            found[lane].append(f"{law.name}: {left[lane]} {law.sign} {right[lane]}")
    return ["; ".join(lane) for lane in found]
