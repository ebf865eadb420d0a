# SPDX-License-Identifier: MIT
"""refcount_recycle: Eric Dumazet's rule on the page of the slot.

When a ring slot is refilled, look at the page that was in it one ring lap ago: if its reference count is 1
(only the driver's own is left), take another reference and post it again, still mapped; else drop the
driver's reference and the mapping, and allocate a new page.  There is no queue: a page is bound to its slot
and inspected once per lap, so it is reused exactly if everybody else is done with it within ring / rate.

A slot keeps the page just received until the next lap, so the driver holds up to two pages a slot.  (A
driver that halves its pages keeps the other half in the same page: strategy page_flip.)

Costs: an atomic per reference taken, dropped or put (recycle); a map per new page and an unmap per page
given up; a sync per page posted again.

Not modelled: the choice of a cold page (no published comparison); pfmemalloc pages and foreign NUMA nodes.
Source: [dumazet-2016-04-07]; mlx4 en_rx.c [linux 6.12.117]; the price of an atomic [lab page_pool07], which cannot
be skipped [dumazet-2016-04-09].
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from sweep.fields.constants import PAGE_BYTES
from sweep.fields.field import Field, Knob
from sweep.model.compiler.jit import device
from sweep.model.counting.laws import Law, census
from sweep.model.hardware.llc import opened
from sweep.model.lane.capacity import Capacity
from sweep.model.lane.sim import NAPI, Sim, pay_recycle

from ..pages import PAGE_BUFFER_BYTES, dma_map, dma_sync, dma_unmap, page_alloc, page_free

DEFERRED_FREE = True
KNOBS: tuple[Knob, ...] = ()
COUNTERS = (
    Field("slot_reuse", "pages", "pages posted again by the slot that held them one lap ago"),
    Field("slot_busy", "pages", "pages given up by their slot because somebody still held them"),
)


def mappings(sim: Sim) -> Iterator[Law]:
    """A page is mapped when it is new, synced when it is posted again, unmapped when its slot gives it up."""
    c = sim.counters
    yield Law("one map per page taken", c.dma_maps, "=", c.pages_taken)
    yield Law("one unmap per busy page", c.dma_unmaps, "=", c.slot_busy)
    yield Law("new or reused = buffers posted", c.pages_taken + c.slot_reuse, "=", c.posted_buffers)


LAWS = (census, mappings)


class Pool(NamedTuple):
    """The pages that each slot keeps, and their references.  R: largest ring; P: page numbers."""

    posted: np.ndarray  # (L, R) int64: page posted or received last, -1 if none
    kept: np.ndarray  # (L, R) int64: page of the lap before it, -1 if none
    refs: np.ndarray  # (L, P) int64: references to a page


def empty(capacity: Capacity) -> Pool:
    """The state of a batch whose slots have no pages."""
    slots = (capacity.lanes, capacity.ring)
    return Pool(
        np.full(slots, -1, np.int64), np.full(slots, -1, np.int64), np.zeros((capacity.lanes, capacity.pages), np.int64)
    )


def truesize_bytes(knobs: dict[str, int]) -> int:
    """Bytes charged to a socket per buffer: the whole page."""
    return PAGE_BYTES


def buffer_bytes(knobs: dict[str, int]) -> int:
    """Largest frame that a buffer holds, bytes."""
    return PAGE_BUFFER_BYTES


def mapped_pages(knobs: dict[str, int]) -> int:
    """Pages under one DMA mapping: each page is mapped by itself."""
    return 1


@device
def put(sim: Sim, pool: Pool, lane: int, page: int, context: int) -> None:
    """Drop a reference; the last one frees the page.  A page counts as kept while only its slot holds it."""
    pay_recycle(sim, lane, sim.params[lane].cost_atomic)
    pool.refs[lane, page] -= 1
    refs = pool.refs[lane, page]
    if refs == 0:
        page_free(sim, lane, page, context)


@device
def alloc(sim: Sim, pool: Pool, lane: int, slot: int) -> int:
    """Post the page of the slot again if it is free, else a new one; returns its number, or -1."""
    st, c = sim.state[lane], sim.counters[lane]
    page = pool.kept[lane, slot]
    pool.kept[lane, slot] = pool.posted[lane, slot]
    pool.posted[lane, slot] = -1
    if page >= 0 and pool.refs[lane, page] == 1:
        c.slot_reuse += 1
        st.pool_cache_pages -= 1
        pay_recycle(sim, lane, sim.params[lane].cost_atomic)
        dma_sync(sim, lane, PAGE_BYTES)
    else:
        if page >= 0:
            c.slot_busy += 1
            dma_unmap(sim, lane)
            put(sim, pool, lane, page, NAPI)
        page = page_alloc(sim, lane)
        if page < 0:
            return -1
        dma_map(sim, lane)
    opened(sim, lane, page, 1)
    pool.refs[lane, page] = 2
    pool.posted[lane, slot] = page
    return page


@device
def release(sim: Sim, pool: Pool, lane: int, buffer: int, context: int) -> None:
    """The user of a received page drops its reference."""
    sim.counters[lane].released_buffers += 1
    put(sim, pool, lane, buffer, context)
    if pool.refs[lane, buffer] == 1:
        sim.state[lane].pool_cache_pages += 1
