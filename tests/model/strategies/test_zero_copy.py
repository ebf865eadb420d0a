# SPDX-License-Identifier: MIT
"""zero_copy by hand: whose a frame is, in which order frames come back, what is paid for them."""

from __future__ import annotations

from typing import Any

import pytest

from sweep.model.lane.sim import NAPI, PROCESS, PROCESS_LOCAL, SOFTIRQ, XDP_FRAME, Sim
from sweep.model.strategies import zero_copy
from tests.model.scenes import LOCAL, NS, US, constant, run, scenario, world

COSTS = {"poll": 1, "pool_fast": 1, "pool_put_direct": 20, "pool_refill_page": 300, "remote_line": 4000, "dma_sync": 7}


def made(**knobs: int) -> tuple[Sim, Any]:
    """An area of 4 frames, which no allocation has made yet; a system call costs 1 us."""
    knobs = {"area_frames": 4} | knobs
    return world(scenario(COSTS, strategy="zero_copy", knobs=tuple(knobs.items()), call_ps=US))


def take(sim: Sim, pool: Any, count: int) -> list[int]:
    return [int(zero_copy.alloc(sim, pool, 0, slot)) for slot in range(count)]


def put(sim: Sim, pool: Any, context: int, *frames: int) -> None:
    for frame in frames:
        zero_copy.release(sim, pool, 0, frame, context)


def own(sim: Sim) -> dict[str, int]:
    """The strategy's counters that are not 0."""
    found = {f.name: int(sim.counters[0][f.name]) for f in zero_copy.COUNTERS}
    return {name: n for name, n in found.items() if n}


def idle(sim: Sim) -> tuple[int, int]:
    """Frames on the driver's stack and in the reader's ring."""
    return int(sim.state.pool_cache_pages[0]), int(sim.state.pool_ring_pages[0])


@pytest.mark.parametrize(("chunk_bytes", "pages"), [(2048, 2), (3000, 3), (4096, 4)])
def test_the_area_is_taken_and_mapped_once(chunk_bytes: int, pages: int) -> None:
    sim, pool = made(chunk_bytes=chunk_bytes)
    take(sim, pool, 3)
    c = sim.counters[0]
    assert (c.allocator_calls, c.pages_taken, c.dma_maps, c.dma_syncs) == (1, pages, 1, 3)
    assert idle(sim) == (0, 1)


def test_the_reader_has_posted_all_frames_at_first() -> None:
    sim, pool = made()
    assert take(sim, pool, 5) == [0, 1, 2, 3, -1]
    assert own(sim) == {"fill_taken": 4, "fill_empty": 1}
    assert sim.counters.recycle_ps[0] == 4 * (300 + 1)
    assert sim.counters.dma_ps[0] == 4 * 7


@pytest.mark.parametrize("context", [NAPI, SOFTIRQ])
def test_what_never_reached_the_reader_is_used_first(context: int) -> None:
    """The last frame put is the first one taken."""
    sim, pool = made()
    take(sim, pool, 3)
    before = int(sim.counters.recycle_ps[0])
    put(sim, pool, context, 0, 2)
    assert sim.counters.recycle_ps[0] == before + 2 * 20
    assert idle(sim) == (2, 1)
    assert take(sim, pool, 4) == [2, 0, 3, -1]
    assert own(sim) == {"fill_taken": 4, "free_put": 2, "free_taken": 2, "fill_empty": 1}


@pytest.mark.parametrize(("context", "remote"), [(PROCESS, 1000), (PROCESS_LOCAL, 0), (XDP_FRAME, 0)])
def test_the_reader_posts_in_the_order_of_reading(context: int, remote: int) -> None:
    """From another CPU an entry is an eighth of a line that moves there and back: a quarter of a move."""
    sim, pool = made()
    take(sim, pool, 4)
    before = int(sim.counters.recycle_ps[0])
    put(sim, pool, context, 2, 0, 3)
    assert sim.counters.recycle_ps[0] == before + 3 * 20
    assert sim.counters.remote_ps[0] == 3 * remote
    assert take(sim, pool, 4) == [2, 0, 3, -1]
    assert own(sim) == {"fill_taken": 7, "fill_posted": 3, "fill_empty": 1}


def test_zcrx_begins_with_the_frames_in_the_kernel() -> None:
    sim, pool = made(zcrx=1)
    assert take(sim, pool, 3) == [0, 1, 2]
    assert own(sim) == {"free_taken": 3}


def test_zcrx_waits_for_the_kernels_own_reference() -> None:
    """A frame posted during a poll is the kernel's until the next poll has begun."""
    sim, pool = made(zcrx=1)
    take(sim, pool, 4)
    sim.state.poll_start_ps = 100 * US
    sim.state.now_ps = 50 * US
    put(sim, pool, PROCESS, 2)
    sim.state.now_ps = 101 * US
    put(sim, pool, PROCESS, 1)
    assert take(sim, pool, 2) == [2, -1]
    assert own(sim) == {"free_taken": 4, "fill_posted": 2, "fill_taken": 1, "fill_empty": 1, "fill_early": 1}
    sim.state.poll_start_ps = 102 * US
    assert take(sim, pool, 1) == [1]


def test_af_xdp_does_not_wait() -> None:
    sim, pool = made()
    take(sim, pool, 4)
    sim.state.now_ps = 50 * US
    put(sim, pool, PROCESS, 1)
    assert take(sim, pool, 1) == [1]


def test_a_full_refill_ring_is_flushed_by_a_system_call() -> None:
    """Two fit; the third and the fifth find it full; what was flushed still comes back in order."""
    sim, pool = made(zcrx=1, refill_ring=2, area_frames=6)
    take(sim, pool, 6)
    before = int(sim.counters.recycle_ps[0])
    put(sim, pool, PROCESS_LOCAL, 5, 4, 3, 2, 1)
    assert own(sim) == {"free_taken": 6, "fill_posted": 5, "fill_flushes": 2}
    assert sim.counters.recycle_ps[0] == before + 5 * 20 + 2 * US
    sim.state.poll_start_ps = sim.state.now_ps
    assert take(sim, pool, 5) == [5, 4, 3, 2, 1]
    put(sim, pool, PROCESS_LOCAL, 5, 4)
    assert sim.counters.fill_flushes[0] == 2  # taking them had made room


def test_no_memory_for_the_area() -> None:
    sim, pool = world(scenario(COSTS, strategy="zero_copy", knobs=(("area_frames", 8),), memory_pages=7))
    assert take(sim, pool, 2) == [-1, -1]
    assert sim.counters.allocator_failures[0] == 2
    assert own(sim) == {"fill_empty": 2}


def test_a_poll_must_take_time() -> None:
    with pytest.raises(ValueError, match="poll takes no time"):
        world(scenario(strategy="zero_copy"))


def test_a_reader_that_keeps_the_frames_starves_the_nic() -> None:
    """An area is all there is: with 12 frames and a ring of 4, packets 0 to 11 have each a frame, the others find none.

    A packet a microsecond; the reader wakes after 100 us, when all 40 have come.
    """
    settings = {"strategy": "zero_copy", "knobs": (("area_frames", 12),), "packets": 40, "kernel": "6.12"}
    c = run(scenario({"poll": 50 * NS}, **LOCAL, wakeup_ps=constant(100 * US), **settings)).counters[0]
    assert c.posted_buffers == 12 - 4  # the window opens with a full ring
    assert c.drop_no_memory_packets == 40 - 12
    assert c.fill_empty > 0
    assert (c.deferred_frees, c.pages_taken, c.dma_maps) == (0, 0, 0)
    assert c.socket_end_buffers == 12
