# SPDX-License-Identifier: MIT
"""page_flip: Intel's half pages, the other half posted while the first one is out, with a reference bias.

When a descriptor is cleaned the driver decides about its page: if nobody else holds a part of it, the half just
received goes up, the page's other half is posted again, still mapped, and the page waits for a descriptor ahead
of the refill pointer (`next_to_alloc`); else the page is unmapped and left to those who hold it, and a descriptor
gets a new one.  So a half must be given back within a lap of the ring, or both halves are lost.  The driver takes
65,535 references with a new page and hands them out, so that it pays an atomic per page and not per packet
(`driver_bias` 0: one per packet, ixgbe before the bias).

A packet that is dropped on purpose or copied takes no reference: its half is posted again as it is, whoever holds
the other one.  Which half is which does not change any count: the one posted is free by the rule.

Costs: an atomic when references are taken or given up in bulk, and per half released (recycle); a map per new
page, an unmap per page given up; a sync per buffer posted.

Not modelled: pfmemalloc pages and foreign NUMA nodes (rx_cache_waive stays 0); pages of 8 KiB and more, whose offset
only moves forward.  The reference count is read at the end of the work on the packet, the driver reads it at its
beginning: a reader on another CPU that frees pages itself (before 5.19) has one packet's time more.
Source: ixgbe_can_reuse_rx_page, ixgbe_alloc_mapped_page, ixgbe_clean_rx_irq (ixgbe_main.c); counters of
i40e_can_reuse_rx_page (i40e_txrx.c); 2048 bytes: IXGBE_RXBUFFER_2K [linux 6.12.117]; an atomic [lab page_pool07].
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from sweep.fields.field import Field, Knob
from sweep.model.compiler.jit import device
from sweep.model.counting.laws import Law
from sweep.model.hardware.llc import opened
from sweep.model.lane.capacity import Capacity
from sweep.model.lane.sim import NAPI, Sim, pay_recycle

from ..pages import dma_map, dma_sync, dma_unmap, page_alloc, page_free

HALF_BYTES = 2048
BIAS = 65535  # USHRT_MAX: references that the driver takes with a new page, and the most it has
BIAS_FLOOR = 1  # at which it takes more (ixgbe; iavf: 0)

DEFERRED_FREE = True
KNOBS = (
    Knob("driver_bias", "1", 1, 0, 1, "1: references are taken 65,535 at a time; 0: one per packet (ixgbe until 2017)"),
    Knob("reuse", "1", 1, 0, 1, "0: no page is posted twice"),
)
_I40E = "drivers/net/ethernet/intel/i40e/i40e_txrx.c"
COUNTERS = (
    Field(
        "page_reuse",
        "pages",
        "received pages kept to be posted again (i40e's rx_cache_reuse counts them when they are posted)",
    ),
    Field(
        "page_busy",
        "pages",
        "received pages given up because their other half was held",
        "rx_cache_busy",
        defined=f"{_I40E}: i40e_can_reuse_rx_page",
    ),
    Field(
        "page_new",
        "pages",
        "pages newly allocated for a descriptor",
        "rx_cache_alloc",
        defined=f"{_I40E}: i40e_alloc_mapped_page",
    ),
)


def books(sim: Sim) -> Iterator[Law]:
    """A page is mapped when it is new, synced when it is posted, unmapped when it is given up."""
    c, p = sim.counters, sim.params
    out = c.tx_ring_end_buffers + c.socket_end_buffers
    owned = c.rx_ring_end_buffers + c.pool_cache_end_pages
    yield Law("driver's pages <= pages held", owned, "<=", c.pages_held_end)
    yield Law("pages held <= driver's pages + halves out", c.pages_held_end, "<=", owned + out)
    yield Law("two halves a page", owned + out, "<=", 2 * c.pages_held_end)
    kept = c.pool_cache_end_pages - c.pool_cache_start_pages
    yield Law("new + reused = posted + kept", c.page_new + c.page_reuse, "=", c.posted_buffers + kept)
    yield Law("reused + busy = packets, if pages are reused", c.page_reuse + c.page_busy, "=", p.reuse * c.rx_packets)
    yield Law("new pages = pages taken", c.page_new, "=", c.pages_taken)
    yield Law("one map per page taken", c.dma_maps, "=", c.pages_taken)
    yield Law("one unmap per page given up", c.dma_unmaps, "=", c.rx_packets - c.page_reuse)
    yield Law("one sync per buffer posted", c.dma_syncs, "=", c.posted_buffers)


LAWS = (books,)


class Pool(NamedTuple):
    """Pages that wait for a descriptor, and who holds what of a page.  R: largest ring; P: page numbers."""

    kept: np.ndarray  # (L, R) int64: FIFO of pages to post again, a ring buffer
    first: np.ndarray  # (L,) int64: index of its oldest
    length: np.ndarray  # (L,) int64
    out: np.ndarray  # (L, P) int64: halves of a page that are out, 0 to 2
    bias: np.ndarray  # (L, P) int64: references of the driver's own, 0 if it has given the page up


def empty(capacity: Capacity) -> Pool:
    """The state of a batch without any page."""
    lanes, pages = capacity.lanes, (capacity.lanes, capacity.pages)
    return Pool(
        np.zeros((lanes, capacity.ring), np.int64),
        np.zeros(lanes, np.int64),
        np.zeros(lanes, np.int64),
        np.zeros(pages, np.int64),
        np.zeros(pages, np.int64),
    )


def truesize_bytes(knobs: dict[str, int]) -> int:
    """Bytes charged to a socket per buffer: half a page, though it may pin the whole page."""
    return HALF_BYTES


def buffer_bytes(knobs: dict[str, int]) -> int:
    """Largest frame: 1536 bytes, what a half has left after 192 of padding and skb_shared_info (320), x86-64."""
    return HALF_BYTES - 192 - 320


def mapped_pages(knobs: dict[str, int]) -> int:
    """Pages under one DMA mapping: each page is mapped by itself, both halves at once."""
    return 1


@device
def alloc(sim: Sim, pool: Pool, lane: int, slot: int) -> int:
    """Post the page that has waited longest, else a new one; returns its number, or -1."""
    st, p = sim.state[lane], sim.params[lane]
    if pool.length[lane] > 0:
        first = pool.first[lane]
        page = pool.kept[lane, first]
        pool.first[lane] = first + 1 if first + 1 < p.ring else 0
        pool.length[lane] -= 1
        st.pool_cache_pages -= 1
    else:
        page = page_alloc(sim, lane)
        if page < 0:
            return -1
        sim.counters[lane].page_new += 1
        dma_map(sim, lane)
        pool.bias[lane, page] = 1
        if p.driver_bias == 1:
            pay_recycle(sim, lane, p.cost_atomic)
            pool.bias[lane, page] = BIAS
    dma_sync(sim, lane, HALF_BYTES)
    opened(sim, lane, page, 1)
    return page


@device
def keep(sim: Sim, pool: Pool, lane: int, page: int, handed: int) -> None:
    """Keep a page to be posted again; if its packet was handed on (`handed`), that takes a reference."""
    st, p = sim.state[lane], sim.params[lane]
    if handed == 1 and p.driver_bias == 0:
        pay_recycle(sim, lane, p.cost_atomic)
    elif handed == 1:
        pool.bias[lane, page] -= 1
        if pool.bias[lane, page] == BIAS_FLOOR:
            pay_recycle(sim, lane, p.cost_atomic)
            pool.bias[lane, page] = BIAS
    last = pool.first[lane] + pool.length[lane]
    pool.kept[lane, last if last < p.ring else last - p.ring] = page
    pool.length[lane] += 1
    st.pool_cache_pages += 1


@device
def received(sim: Sim, pool: Pool, lane: int, slot: int, giver: int) -> None:
    """Keep the page if the packet's half is the only one out, else give it up."""
    p, c = sim.params[lane], sim.counters[lane]
    page = sim.rx[lane, slot].buffer
    halves_out = pool.out[lane, page]
    handed = 0 if giver == NAPI else 1
    pool.out[lane, page] += 1  # until `release`, though one that is not handed out has no reference of its own
    if p.reuse == 1 and halves_out + handed <= 1:  # page_count - pagecnt_bias <= 1
        c.page_reuse += 1
        keep(sim, pool, lane, page, handed)
    else:
        c.page_busy += halves_out
        dma_unmap(sim, lane)
        if p.driver_bias == 1 or handed == 0:  # else the driver's one reference has gone up with the packet
            pay_recycle(sim, lane, p.cost_atomic)
        pool.bias[lane, page] = 0


@device
def release(sim: Sim, pool: Pool, lane: int, buffer: int, context: int) -> None:
    """Take back a half from its user; the last half of a page that was given up frees it."""
    sim.counters[lane].released_buffers += 1
    if context != NAPI:
        pay_recycle(sim, lane, sim.params[lane].cost_atomic)
    pool.out[lane, buffer] -= 1
    if pool.out[lane, buffer] == 0 and pool.bias[lane, buffer] == 0:
        page_free(sim, lane, buffer, context)
