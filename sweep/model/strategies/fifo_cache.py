# SPDX-License-Identifier: MIT
"""fifo_cache: a driver's FIFO of pages in front of the page allocator; if the head is busy, it blocks or discards it.

mlx5e_page_cache (2016 to March 2023): when a packet is received its page goes to the tail, even though the stack may
still hold a reference; a full cache gives the page up.  A refill looks at the head only: with no reference but the
driver's it is posted again, still mapped; else the request falls through to the page allocator and the head stays, so
one page that is held long disables the cache until it is free.  sfc throws a busy head away (`on_busy_head` 1).

A page forwarded by XDP has no sk_buff and no second reference: it joins the cache when its frame has left (XDP_TX).
`bypass` 1: forwarded pages leave for good, unmapped at once and freed by their last user (XDP_REDIRECT).

Costs: an atomic per reference taken or dropped (recycle); what an array costs as page_pool's cache has it, a page put
and a page taken (no published figure of its own); a map per new page, an unmap per page given up; a sync per page
posted again.

Not modelled: pfmemalloc pages and foreign NUMA
nodes (cache_waive stays 0); the page_pool under mlx5's cache since 4.18; several packets a page (striding RQ); sfc's
smaller ring without an IOMMU.
Source: mlx5e_rx_cache_put, mlx5e_rx_cache_get (mlx5 en_rx.c before March 2023) [kernel 4415a0319f92]; efx_reuse_page
(sfc rx_common.c) [kernel 2768935a4660]; the price of an atomic [lab page_pool07].
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
from ..traffic.arrivals import FORWARD

BLOCK, DISCARD = 0, 1
DEFERRED_FREE = True
KNOBS = (
    Knob("cache_size", "pages", 256, 2, 65536, "slots of the FIFO, of which one is never used"),
    Knob(
        "on_busy_head", "1", BLOCK, BLOCK, DISCARD, "0: a busy head stays and blocks (mlx5); 1: it is discarded (sfc)"
    ),
    Knob("bypass", "1", 0, 0, 1, "1: forwarded pages never come back to the cache (XDP_REDIRECT)"),
)
_EN_RX = "drivers/net/ethernet/mellanox/mlx5/core/en_rx.c"
_GET, _PUT = f"{_EN_RX}: mlx5e_rx_cache_get, until 6.3", f"{_EN_RX}: mlx5e_rx_cache_put, until 6.3"
COUNTERS = (
    Field("cache_reuse", "pages", "requests that took the head of the cache", "rx_cache_reuse", defined=_GET),
    Field("cache_full", "pages", "received pages given up because the cache was full", "rx_cache_full", defined=_PUT),
    Field("cache_empty", "1", "requests that found the cache empty", "rx_cache_empty", defined=_GET),
    Field("cache_busy", "1", "requests that found the head still held", "rx_cache_busy", defined=_GET),
    Field("cache_waive", "pages", "received pages given up for their NUMA node", "rx_cache_waive", defined=_PUT),
)

# What `release` means for a page, decided when its packet was received.
COMES_BACK = 0  # the driver's reference comes back with it: into the cache
SHARED = 1  # a reference of the packet's own is dropped; the driver's is in the cache, or given up
LEAVES = 2  # the only reference is gone for good


def books(sim: Sim) -> Iterator[Law]:
    """Each request ends in one of three counters (law 12.8); a page is synced when it is posted again."""
    c, p = sim.counters, sim.params
    requests = c.posted_buffers + c.allocator_failures
    yield Law("reuse + empty + busy = page requests", c.cache_reuse + c.cache_empty + c.cache_busy, "=", requests)
    yield Law("empty + busy = allocator calls", c.cache_empty + c.cache_busy, "=", c.allocator_calls)
    yield Law("no page is waived", c.cache_waive, "=", np.zeros_like(c.cache_waive))
    yield Law("pages in cache < cache_size", c.pool_cache_end_pages, "<=", p.cache_size - 1)
    yield Law("one map per page taken", c.dma_maps, "=", c.pages_taken)
    given_up = c.cache_full + p.on_busy_head * c.cache_busy
    comes_back = 1 - p.bypass
    yield Law("one unmap per page given up, none bypassed", c.dma_unmaps * comes_back, "=", given_up * comes_back)
    yield Law("one sync per page reused", c.dma_syncs, "=", c.cache_reuse)


LAWS = (census, books)


class Pool(NamedTuple):
    """The FIFO, and the references to a page.  C: largest cache; P: page numbers."""

    cache: np.ndarray  # (L, C) int64: pages, a ring buffer
    first: np.ndarray  # (L,) int64: index of the head
    length: np.ndarray  # (L,) int64
    refs: np.ndarray  # (L, P) int64: 1 for the driver, 1 for a packet
    way: np.ndarray  # (L, P) int64: COMES_BACK, SHARED or LEAVES


def empty(capacity: Capacity) -> Pool:
    """Empty caches for a batch."""
    lanes, pages = capacity.lanes, (capacity.lanes, capacity.pages)
    slots = max(capacity.params.cache_size.tolist(), default=1)
    return Pool(
        np.zeros((lanes, slots), np.int64),
        np.zeros(lanes, np.int64),
        np.zeros(lanes, np.int64),
        np.zeros(pages, np.int64),
        np.zeros(pages, np.int64),
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
def pop(sim: Sim, pool: Pool, lane: int) -> None:
    """Remove the head of the cache."""
    first = pool.first[lane]
    pool.first[lane] = first + 1 if first + 1 < sim.params[lane].cache_size else 0
    pool.length[lane] -= 1


@device
def drop(sim: Sim, pool: Pool, lane: int, page: int, context: int) -> None:
    """Drop one reference; the last one frees the page."""
    pay_recycle(sim, lane, sim.params[lane].cost_atomic)
    pool.refs[lane, page] -= 1
    if pool.refs[lane, page] == 0:
        page_free(sim, lane, page, context)


@device
def put(sim: Sim, pool: Pool, lane: int, page: int) -> None:
    """Put a page that the driver is done with at the tail of the cache, or give it up if the cache is full."""
    p = sim.params[lane]
    if pool.length[lane] == p.cache_size - 1:
        sim.counters[lane].cache_full += 1
        dma_unmap(sim, lane)
        drop(sim, pool, lane, page, NAPI)
    else:
        pay_recycle(sim, lane, p.cost_pool_put_direct)
        tail = pool.first[lane] + pool.length[lane]
        pool.cache[lane, tail if tail < p.cache_size else tail - p.cache_size] = page
        pool.length[lane] += 1
        if pool.refs[lane, page] == 1:
            sim.state[lane].pool_cache_pages += 1


@device
def alloc(sim: Sim, pool: Pool, lane: int, slot: int) -> int:
    """Allocate the head of the cache if nobody holds it, else a new page; returns its number, or -1."""
    c = sim.counters[lane]
    if pool.length[lane] == 0:
        c.cache_empty += 1
    else:
        head = pool.cache[lane, pool.first[lane]]
        if pool.refs[lane, head] == 1:
            pop(sim, pool, lane)
            pay_recycle(sim, lane, sim.params[lane].cost_pool_fast)
            c.cache_reuse += 1
            sim.state[lane].pool_cache_pages -= 1
            dma_sync(sim, lane, PAGE_BYTES)
            opened(sim, lane, head, 1)
            return head
        c.cache_busy += 1
        if sim.params[lane].on_busy_head == DISCARD:
            pop(sim, pool, lane)
            dma_unmap(sim, lane)
            drop(sim, pool, lane, head, NAPI)
    page = page_alloc(sim, lane)
    if page >= 0:
        dma_map(sim, lane)
        opened(sim, lane, page, 1)
        pool.refs[lane, page] = 1
    return page


@device
def received(sim: Sim, pool: Pool, lane: int, slot: int, giver: int) -> None:
    """Decide where the page of a received packet goes: into the cache at once if an sk_buff shares it."""
    p = sim.params[lane]
    page = sim.rx[lane, slot].buffer
    way = COMES_BACK
    if giver != NAPI:
        forwarded = sim.rx[lane, slot].fate == FORWARD
        if forwarded and p.bypass == 1:
            way = LEAVES
            dma_unmap(sim, lane)
        elif not forwarded or p.forward_xdp == 0:
            way = SHARED
            pay_recycle(sim, lane, p.cost_atomic)
            pool.refs[lane, page] += 1
            put(sim, pool, lane, page)
    pool.way[lane, page] = way


@device
def release(sim: Sim, pool: Pool, lane: int, buffer: int, context: int) -> None:
    """Take back a received page from its user."""
    sim.counters[lane].released_buffers += 1
    way = pool.way[lane, buffer]
    if way == COMES_BACK:
        put(sim, pool, lane, buffer)
    elif way == SHARED:
        drop(sim, pool, lane, buffer, context)
        if pool.refs[lane, buffer] == 1:
            sim.state[lane].pool_cache_pages += 1
    else:
        page_free(sim, lane, buffer, context)
