# SPDX-License-Identifier: MIT
"""page_frag: order-3 blocks (32 KiB) cut into fragments, falling back to single pages.

Fragments are cut from the high end of the current block downwards.  When the next one does not fit, the
block's unused references are taken back: if nobody holds a fragment of it, the same block is used again from
the top; else it is left to its fragments, the last of which frees it, and a new block is allocated.  A block
is thus pinned by its longest-lived fragment.

Costs: `frag_alloc` per fragment, an atomic per fragment released and per exhausted block (recycle); a map
per fragment, an unmap per release.

Not modelled: sharing of the block with other users of the CPU's page_frag_cache; pfmemalloc blocks.
Source: page_frag_cache, mm/page_frag_cache.c (32 KiB: PAGE_FRAG_CACHE_MAX_SIZE) [linux 6.12.117]; the price of
order 3 [brouer-2016-04-11].
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from sweep.fields.constants import PAGE_BYTES
from sweep.fields.field import Field, Knob
from sweep.model.compiler.jit import device
from sweep.model.counting.laws import Law
from sweep.model.hardware.llc import opened
from sweep.model.lane.capacity import Capacity
from sweep.model.lane.sim import Sim, pay_recycle
from sweep.model.randomness.rng import draw

from ..pages import ORDER3_PAGES, block_alloc, block_free, dma_map, dma_unmap, page_alloc, page_free

DEFERRED_FREE = True
KNOBS = (
    Knob("frag_bytes", "bytes", 2048, 256, 4096, "size of a fragment: one receive buffer"),
    Knob("order3_fail_ppm", "ppm", 0, 0, 1_000_000, "share of order-3 allocations that fail (fragmented memory)"),
)
COUNTERS = (
    Field("block_allocs", "blocks", "order-3 blocks allocated"),
    Field("block_reuses", "blocks", "times an exhausted block was free and used again"),
    Field("block_fallbacks", "blocks", "single pages allocated in place of a block"),
)
NO_BLOCK = -1


class Pool(NamedTuple):
    """The current block of a lane and what is out of every block.  P: block numbers."""

    current: np.ndarray  # (L,) int64: block being cut, NO_BLOCK if none
    offset: np.ndarray  # (L,) int64, bytes: below it the current block is free
    out: np.ndarray  # (L, P) int64: fragments of a block that are out
    pages: np.ndarray  # (L, P) int64: pages of a block, 8 or 1


def empty(capacity: Capacity) -> Pool:
    """The state of a batch without any block."""
    blocks = (capacity.lanes, capacity.pages)
    return Pool(
        np.full(capacity.lanes, NO_BLOCK, np.int64),
        np.zeros(capacity.lanes, np.int64),
        np.zeros(blocks, np.int64),
        np.zeros(blocks, np.int64),
    )


def truesize_bytes(knobs: dict[str, int]) -> int:
    """Bytes charged to a socket per buffer: the fragment only, though it may pin a block."""
    return knobs["frag_bytes"]


def buffer_bytes(knobs: dict[str, int]) -> int:
    """Largest frame: the fragment less NET_SKB_PAD (64, x86-64) and skb_shared_info (320)."""
    return knobs["frag_bytes"] - 64 - 320


def mapped_pages(knobs: dict[str, int]) -> int:
    """Pages under one DMA mapping: each fragment is mapped by itself, with its page."""
    return 1


def blocks(sim: Sim) -> Iterator[Law]:
    """Every held page is in a block with a fragment out, or in the current one."""
    c = sim.counters
    out = c.rx_ring_end_buffers + c.tx_ring_end_buffers + c.socket_end_buffers
    yield Law("pages held <= 8 * fragments out + current block", c.pages_held_end, "<=", ORDER3_PAGES * (out + 1))
    yield Law("fragments out fit the pages held", out * sim.params.frag_bytes, "<=", c.pages_held_end * PAGE_BYTES)
    taken = ORDER3_PAGES * c.block_allocs + c.block_fallbacks
    yield Law("pages taken = 8 * blocks + fallbacks", c.pages_taken, "=", taken)
    yield Law("one map per fragment posted", c.dma_maps, "=", c.posted_buffers)
    yield Law("one unmap per fragment released", c.dma_unmaps, "=", c.released_buffers)


LAWS = (blocks,)


@device
def block_bytes(pool: Pool, lane: int, block: int) -> int:
    """Size of a block, bytes."""
    return pool.pages[lane, block] * PAGE_BYTES


@device
def free(sim: Sim, pool: Pool, lane: int, block: int, context: int) -> None:
    """Give a block back to the page allocator."""
    if pool.pages[lane, block] == 1:
        page_free(sim, lane, block, context)
    else:
        block_free(sim, lane, block, context)


@device
def new_block(sim: Sim, pool: Pool, lane: int) -> int:
    """Allocate an order-3 block, or a single page if there is none; returns its number, or NO_BLOCK."""
    st, p, c = sim.state[lane], sim.params[lane], sim.counters[lane]
    block = NO_BLOCK
    pages = ORDER3_PAGES
    fragmented = np.int64(draw(p.key_order3, st.order3_tries) % np.uint64(1_000_000)) < p.order3_fail_ppm
    st.order3_tries += 1
    if not fragmented:
        block = block_alloc(sim, lane)
        if block >= 0:
            c.block_allocs += 1
    if block < 0:
        block = page_alloc(sim, lane)
        pages = 1
        if block < 0:
            return NO_BLOCK
        c.block_fallbacks += 1
    pool.pages[lane, block] = pages
    pool.out[lane, block] = 0
    return block


@device
def exhausted(sim: Sim, pool: Pool, lane: int) -> int:
    """The next block when the current one has no room: the same if none of its fragments is out, else a new one."""
    st, c = sim.state[lane], sim.counters[lane]
    block = pool.current[lane]
    if block >= 0:
        pay_recycle(sim, lane, sim.params[lane].cost_atomic)
        if pool.out[lane, block] == 0:
            c.block_reuses += 1
            pool.offset[lane] = block_bytes(pool, lane, block)
            opened(sim, lane, block, pool.pages[lane, block])
            return block
    pool.current[lane] = NO_BLOCK
    st.pool_cache_pages = 0
    block = new_block(sim, pool, lane)
    if block >= 0:
        pool.current[lane] = block
        pool.offset[lane] = block_bytes(pool, lane, block)
        st.pool_cache_pages = pool.pages[lane, block]
        opened(sim, lane, block, pool.pages[lane, block])
    return block


@device
def alloc(sim: Sim, pool: Pool, lane: int, slot: int) -> int:
    """Cut the next fragment; returns the number of its block, or -1."""
    p = sim.params[lane]
    block = pool.current[lane]
    if block < 0 or pool.offset[lane] < p.frag_bytes:
        block = exhausted(sim, pool, lane)
        if block < 0:
            return -1
    pool.offset[lane] -= p.frag_bytes
    pool.out[lane, block] += 1
    pay_recycle(sim, lane, p.cost_frag_alloc)
    dma_map(sim, lane)
    return block


@device
def release(sim: Sim, pool: Pool, lane: int, buffer: int, context: int) -> None:
    """Take back a fragment from its user; the last fragment of a block that is not current frees the block."""
    sim.counters[lane].released_buffers += 1
    dma_unmap(sim, lane)
    pay_recycle(sim, lane, sim.params[lane].cost_atomic)
    pool.out[lane, buffer] -= 1
    if pool.out[lane, buffer] == 0 and buffer != pool.current[lane]:
        free(sim, pool, lane, buffer, context)
