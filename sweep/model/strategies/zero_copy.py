# SPDX-License-Identifier: MIT
"""zero_copy: a fixed area of frames that the reader owns and lends to the NIC: AF_XDP, or zcrx.

The area is made and mapped once, before time begins.  The driver posts only frames that the reader has put into a
ring for it; when there is none, descriptors stay empty and packets drop in the NIC.  A frame that never reached the
reader (dropped in the driver or before the socket) waits on a stack of the driver's, which is used first.

`zcrx` = 0: AF_XDP's FILL ring, with room for the whole area, as applications size it; a frame may be posted again at
once.  A frame that was sent comes back through the COMPLETION ring, which the reader empties into FILL.
`zcrx` = 1: io_uring's refill ring of `refill_ring` entries.  A frame counts only when the kernel's own reference is
gone as well, with the sk_buff that the queue's next poll frees at its start; a full ring is flushed by a system call.

Costs (recycle): pool_fast a frame taken, pool_refill_page more from the ring; pool_put_direct a frame put; a flush
call_ps, the reader's price of a call; entries of eight bytes cross to another CPU and back eight to a cache line.
No sk_buff frees a frame, so the kernel's deferral and its cache lines do not apply.

Not modelled: need-wakeup and busy polling (a driver without frames polls on); the reader's batching of what it
posts; TX of zcrx; the socket's limits count truesize, where AF_XDP counts entries of the RX ring; the reader posts
what a forwarding poll has sent although no local packet wakes it; area in huge pages.
Source: net/xdp/xsk_buff_pool.c (xp_alloc: free_list, then FILL), io_uring/zcrx.c [linux 6.15]; prices as page_pool's,
near 2.0 ns for a frame through a ring of one producer and one consumer [prototype-kernel alf_queue].
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
from sweep.model.lane.sim import NAPI, PROCESS, SOFTIRQ, Sim, pay_recycle, pay_remote

from ..pages import area_alloc, dma_map, dma_sync

HEADROOM_BYTES = 256  # XDP_PACKET_HEADROOM
ENTRY_MOVES = 4  # of a ring entry of 8 bytes, there and back, for one move of a cache line of 64

DEFERRED_FREE = False
KNOBS = (
    Knob("area_frames", "frames", "2*ring", 1, 1 << 20, "frames of the area"),
    Knob("chunk_bytes", "bytes", 4096, 2048, 4096, "size of a frame"),
    Knob("zcrx", "1", 0, 0, 1, "0: AF_XDP's FILL ring; 1: zcrx: refill ring, and the kernel holds references too"),
    Knob("refill_ring", "entries", 4096, 1, 1 << 15, "zcrx: entries of the refill ring"),
)
COUNTERS = (
    Field("fill_taken", "frames", "frames taken from the reader's ring"),
    Field("fill_posted", "frames", "frames that the reader has posted"),
    Field(
        "fill_empty",
        "1",
        "allocations that found no frame",
        "xdp_statistics.rx_fill_ring_empty_descs",
        defined="net/xdp/xsk_buff_pool.c: __xp_alloc",
    ),
    Field("fill_early", "1", "of these: the reader had posted one, but the kernel still held it"),
    Field("fill_flushes", "1", "system calls that emptied a full refill ring"),
    Field("free_taken", "frames", "frames taken from the driver's stack"),
    Field("free_put", "frames", "frames put on the driver's stack: they never reached the reader"),
)


class Pool(NamedTuple):
    """The unused frames: `state.pool_cache_pages` of them on the stack, `pool_ring_pages` in the ring."""

    made: np.ndarray  # (L,) int64: 1 when there is an area
    stack: np.ndarray  # (L, A) int64: the driver's frames, newest last
    ring: np.ndarray  # (L, A) int64: the reader's frames, a FIFO from `head` on
    posted_ps: np.ndarray  # (L, A) int64: when each was posted
    head: np.ndarray  # (L,) int64: slot of the oldest
    unflushed: np.ndarray  # (L,) int64: the newest so many are in the refill ring, older ones were flushed


def frames(sim: Sim) -> Iterator[Law]:
    """A frame has one owner (law 12.10), and no memory moves."""
    c, p = sim.counters, sim.params
    held = c.rx_ring_end_buffers + c.tx_ring_end_buffers + c.socket_end_buffers
    owned = held + c.pool_cache_end_pages + c.pool_ring_end_pages
    yield Law("12.10: frames of all owners = area", owned, "=", p.area_frames * (c.pages_held_end > 0))
    yield Law("frames taken = buffers posted", c.fill_taken + c.free_taken, "=", c.posted_buffers)
    yield Law("frames put = buffers released", c.fill_posted + c.free_put, "=", c.released_buffers)
    stack = c.free_put - c.free_taken
    yield Law("change of the stack", c.pool_cache_end_pages - c.pool_cache_start_pages, "=", stack)
    ring = c.fill_posted - c.fill_taken
    yield Law("change of the ring", c.pool_ring_end_pages - c.pool_ring_start_pages, "=", ring)
    yield Law("early <= empty, zcrx only", c.fill_early, "<=", p.zcrx * c.fill_empty)
    flushed, posted = c.fill_flushes * p.refill_ring, c.fill_posted + p.refill_ring
    yield Law("entries flushed were posted, zcrx only", flushed, "<=", p.zcrx * posted)
    yield Law("no page taken", c.pages_taken, "=", 0 * held)
    yield Law("no page given back", c.pages_given, "=", 0 * held)
    yield Law("nothing mapped", c.dma_maps + c.dma_unmaps, "=", 0 * held)
    yield Law("one sync per buffer posted", c.dma_syncs, "=", c.posted_buffers)


LAWS = (frames,)


def empty(capacity: Capacity) -> Pool:
    """No area yet.

    Errors: ValueError if a poll takes no time: polling for a frame that nobody posts would never end.
    """
    if (capacity.params.cost_poll < 1).any():
        raise ValueError("a poll takes no time: polling for a frame that nobody posts would never end")
    area = (capacity.lanes, int(capacity.params.area_frames.max(initial=1)))
    made, head, unflushed = (np.zeros(capacity.lanes, np.int64) for _ in range(3))
    return Pool(made, np.zeros(area, np.int64), np.zeros(area, np.int64), np.zeros(area, np.int64), head, unflushed)


def truesize_bytes(knobs: dict[str, int]) -> int:
    """Bytes charged to a socket per buffer: the whole frame."""
    return knobs["chunk_bytes"]


def buffer_bytes(knobs: dict[str, int]) -> int:
    """Largest packet that a frame holds, bytes: the frame less XDP's headroom."""
    return knobs["chunk_bytes"] - HEADROOM_BYTES


def mapped_pages(knobs: dict[str, int]) -> int:
    """Pages under one translation: the area is mapped in one call, page by page."""
    return 1


@device
def make_area(sim: Sim, pool: Pool, lane: int) -> None:
    """Allocate the area, if memory allows; its frames go to the reader's ring (AF_XDP) or the driver's stack."""
    st, p = sim.state[lane], sim.params[lane]
    pages = (p.area_frames * p.chunk_bytes + PAGE_BYTES - 1) // PAGE_BYTES
    if not area_alloc(sim, lane, pages):
        return
    dma_map(sim, lane)
    pool.made[lane] = 1
    for frame in range(p.area_frames):
        pool.ring[lane, frame] = frame
        pool.stack[lane, frame] = p.area_frames - 1 - frame
    st.pool_cache_pages = p.area_frames * p.zcrx
    st.pool_ring_pages = p.area_frames - st.pool_cache_pages


@device
def ring_frame(sim: Sim, pool: Pool, lane: int) -> int:
    """The oldest frame of the reader's ring, or -1 if there is none that may be used."""
    st, p, c = sim.state[lane], sim.params[lane], sim.counters[lane]
    if st.pool_ring_pages == 0:
        return -1
    head = pool.head[lane]
    if p.zcrx == 1 and pool.posted_ps[lane, head] > st.poll_start_ps:
        c.fill_early += 1
        return -1
    pool.head[lane] = head + 1 if head + 1 < p.area_frames else 0
    st.pool_ring_pages -= 1
    pool.unflushed[lane] = min(pool.unflushed[lane], st.pool_ring_pages)
    c.fill_taken += 1
    pay_recycle(sim, lane, p.cost_pool_refill_page)
    return pool.ring[lane, head]


@device
def alloc(sim: Sim, pool: Pool, lane: int, slot: int) -> int:
    """Take a frame off the driver's stack or the reader's ring; returns its number, or -1."""
    st, p, c = sim.state[lane], sim.params[lane], sim.counters[lane]
    if pool.made[lane] == 0:
        make_area(sim, pool, lane)
    if st.pool_cache_pages > 0:
        st.pool_cache_pages -= 1
        c.free_taken += 1
        frame = pool.stack[lane, st.pool_cache_pages]
    else:
        frame = ring_frame(sim, pool, lane)
        if frame < 0:
            c.fill_empty += 1
            return -1
    pay_recycle(sim, lane, p.cost_pool_fast)
    dma_sync(sim, lane, p.chunk_bytes)
    page = frame * p.chunk_bytes // PAGE_BYTES
    if page != (frame - 1) * p.chunk_bytes // PAGE_BYTES:  # the first frame that begins in it
        opened(sim, lane, page, 1)
    return frame


@device
def post(sim: Sim, pool: Pool, lane: int, frame: int, context: int) -> None:
    """Post a frame of the reader again, after a system call if the refill ring is full."""
    st, p, c = sim.state[lane], sim.params[lane], sim.counters[lane]
    if p.zcrx == 1 and pool.unflushed[lane] == p.refill_ring:
        c.fill_flushes += 1
        pool.unflushed[lane] = 0
        pay_recycle(sim, lane, p.call_ps)
    pay_recycle(sim, lane, p.cost_pool_put_direct)
    if context == PROCESS:
        pay_remote(sim, lane, p.cost_remote_line // ENTRY_MOVES)
    tail = pool.head[lane] + st.pool_ring_pages
    if tail >= p.area_frames:
        tail -= p.area_frames
    pool.ring[lane, tail] = frame
    pool.posted_ps[lane, tail] = st.now_ps
    st.pool_ring_pages += 1
    pool.unflushed[lane] += 1
    c.fill_posted += 1


@device
def release(sim: Sim, pool: Pool, lane: int, buffer: int, context: int) -> None:
    """Take back a frame: to the driver's stack if it never reached the reader, else the reader posts it."""
    st, c = sim.state[lane], sim.counters[lane]
    c.released_buffers += 1
    if context not in (NAPI, SOFTIRQ):
        post(sim, pool, lane, buffer, context)
        return
    pay_recycle(sim, lane, sim.params[lane].cost_pool_put_direct)
    pool.stack[lane, st.pool_cache_pages] = buffer
    st.pool_cache_pages += 1
    c.free_put += 1
