# SPDX-License-Identifier: MIT
"""page_pool as a strategy of the sweep: which counter, which price, which page, in which context."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sweep.fields.counters import COUNTERS
from sweep.fields.field import Field
from sweep.fields.host import COSTS
from sweep.model.lane.params import PARAMS
from sweep.model.lane.sim import NAPI, PROCESS, PROCESS_LOCAL, REMOTE, SOFTIRQ, STATE, XDP_FRAME
from sweep.model.page_pool.pool import Pool
from sweep.model.record import zeros
from sweep.model.strategies import page_pool

PAGES = 2000
CONTEXTS = (NAPI, SOFTIRQ, REMOTE, PROCESS, PROCESS_LOCAL, XDP_FRAME)
# A price for everything; sums of a few of them are told apart by their digits.
PRICE = {field.key: 1_000_003 * (7**i % 1009) + i for i, field in enumerate(COSTS)}
TIMES = ("allocate_ps", "recycle_ps", "dma_ps", "lock_ps", "remote_ps", "stack_ps", "poll_ps", "copy_ps")


class Sim(NamedTuple):
    """What the page_pool and the page allocator need of a simulation."""

    params: np.recarray
    state: np.recarray
    counters: np.recarray
    page_numbers: np.ndarray
    pcp_count: np.ndarray
    pcp_blocks: np.ndarray
    opened_at: np.ndarray


class Capacity(NamedTuple):
    lanes: int
    pages: int
    params: np.recarray


def make(
    pool_size: int = 1024, local: int = 1, memory: int = PAGES, bulk: int = 64, shared: int = 0, **others: int
) -> tuple[Sim, Pool]:
    """One lane whose zone has `memory` pages; the kernel checks NAPI locality if `local`.

    others: rules of another kernel than 6.12 (1 in force, 0 not), and what the driver says of the pool, by their names.
    """
    params = zeros((*PARAMS, *(Field(knob.name, knob.unit, "") for knob in page_pool.KNOBS)), 1)
    for name, price in PRICE.items():
        params[f"cost_{name}"] = price
    params.pool_size = pool_size
    params.pcp_batch, params.pcp_high, params.pcp_order3 = 63, 649, 1
    params.bulk, params.shared, params.skb_recycle, params.pool_bulk = bulk, shared, 1, 1
    params.pool_napi = 1
    params.skb_locality = params.pool_locality = params.bulk_locality = local
    for name, value in others.items():
        params[name] = value
    sim = Sim(
        params,
        zeros(STATE, 1),
        zeros(COUNTERS + page_pool.COUNTERS, 1),
        np.arange(PAGES)[::-1].reshape(1, -1).copy(),
        np.zeros((1, 2), np.int64),
        np.zeros((1, 2), np.int64),
        np.zeros((1, PAGES), np.int64),
    )
    sim.state.zone_free = memory
    sim.state.free_numbers = PAGES
    return sim, page_pool.empty(Capacity(1, PAGES, params))  # type: ignore[arg-type]


def own(sim: Sim) -> dict[str, int]:
    """The pool's own counters that are not 0."""
    return {f.name: int(sim.counters[0][f.name]) for f in page_pool.COUNTERS if sim.counters[0][f.name]}


def times(sim: Sim) -> dict[str, int]:
    return {name: int(sim.counters[0][name]) for name in TIMES}


def spent(sim: Sim, before: dict[str, int]) -> dict[str, int]:
    """What has been paid since, by heading."""
    return {name: after - before[name] for name, after in times(sim).items() if after != before[name]}


def take(sim: Sim, pool: Pool, count: int) -> list[int]:
    return [int(page_pool.alloc(sim, pool, 0, slot)) for slot in range(count)]


def test_the_first_allocation_brings_64_mapped_pages() -> None:
    sim, pool = make()
    page = page_pool.alloc(sim, pool, 0, 0)
    assert page == 63  # the numbers 0 to 63, popped from the top of the stack
    assert own(sim) == {"alloc_slow": 1, "alloc_empty": 1}
    c = sim.counters[0]
    assert (c.allocator_calls, c.pages_taken, c.dma_maps, c.dma_syncs) == (1, 64, 64, 64)
    assert (sim.state[0].pool_cache_pages, sim.state[0].pool_ring_pages) == (63, 0)
    assert c.recycle_ps == PRICE["pool_fast"]
    assert c.dma_ps == 64 * (PRICE["dma_map"] + PRICE["dma_sync"])
    assert sim.state[0].now_ps == sum(times(sim).values())


def test_a_cache_hit_costs_a_pop() -> None:
    sim, pool = make()
    take(sim, pool, 1)
    before = times(sim)
    assert take(sim, pool, 1) == [62]
    assert spent(sim, before) == {"recycle_ps": PRICE["pool_fast"]}


CHECK, DIRECT, RING = PRICE["pool_locality_check"], PRICE["pool_put_direct"], PRICE["pool_put_ring"]


@pytest.mark.parametrize(
    ("context", "local", "counter", "paid"),
    [
        (NAPI, 0, "recycle_cached", {"recycle_ps": DIRECT}),
        (NAPI, 1, "recycle_cached", {"recycle_ps": DIRECT}),
        (SOFTIRQ, 0, "recycle_ring", {"recycle_ps": RING}),
        (SOFTIRQ, 1, "recycle_cached", {"recycle_ps": CHECK + DIRECT}),
        (XDP_FRAME, 0, "recycle_ring", {"recycle_ps": RING}),
        (XDP_FRAME, 1, "recycle_cached", {"recycle_ps": CHECK + DIRECT}),
        (PROCESS_LOCAL, 0, "recycle_ring", {"recycle_ps": RING}),
        (PROCESS_LOCAL, 1, "recycle_ring", {"recycle_ps": CHECK + RING}),
        (REMOTE, 0, "recycle_ring", {"recycle_ps": RING}),
        (REMOTE, 1, "recycle_ring", {"recycle_ps": CHECK + RING}),
        (PROCESS, 0, "recycle_ring", {"recycle_ps": RING}),
        (PROCESS, 1, "recycle_ring", {"recycle_ps": CHECK + RING}),
    ],
)
def test_context_and_kernel_decide_where_a_put_goes(
    context: int, local: int, counter: str, paid: dict[str, int]
) -> None:
    sim, pool = make(local=local)
    page = page_pool.alloc(sim, pool, 0, 0)
    before = times(sim)
    page_pool.release(sim, pool, 0, page, context)
    assert own(sim) == {"alloc_slow": 1, "alloc_empty": 1, counter: 1}
    assert spent(sim, before) == paid | {"dma_ps": PRICE["dma_sync"]}
    assert sim.counters[0].released_buffers == 1
    assert sim.counters[0].pages_given == 0


def test_a_full_ring_gives_the_page_up() -> None:
    sim, pool = make(pool_size=1, local=0)
    pages = take(sim, pool, 2)
    page_pool.release(sim, pool, 0, pages[0], REMOTE)
    before = times(sim)
    page_pool.release(sim, pool, 0, pages[1], REMOTE)
    assert own(sim)["recycle_ring_full"] == 1
    assert spent(sim, before) == {
        "recycle_ps": PRICE["pool_put_failed"],
        "dma_ps": PRICE["dma_sync"] + PRICE["dma_unmap"],
        "allocate_ps": PRICE["page_free"],
    }
    assert sim.counters[0].pages_given == 1
    assert sim.pcp_count[0].tolist()[1] == 1  # on the list of the CPU that gave it up


def test_a_full_cache_spills_into_the_ring() -> None:
    sim, pool = make()
    pages = take(sim, pool, 192)
    for page in pages[:128]:
        page_pool.release(sim, pool, 0, page, NAPI)
    assert sim.state[0].pool_cache_pages == 128
    before = times(sim)
    page_pool.release(sim, pool, 0, pages[128], NAPI)
    assert (sim.counters[0].recycle_cache_full, sim.counters[0].recycle_ring) == (1, 1)
    assert spent(sim, before) == {"recycle_ps": RING, "dma_ps": PRICE["dma_sync"]}


def test_a_refill_moves_64_pages_and_pops_the_newest() -> None:
    sim, pool = make(local=0)
    pages = take(sim, pool, 128)
    for page in pages[:100]:
        page_pool.release(sim, pool, 0, page, PROCESS)
    assert sim.state[0].pool_ring_pages == 100
    before = times(sim)
    assert take(sim, pool, 1) == [pages[63]]
    assert own(sim)["alloc_refill"] == 1
    assert spent(sim, before) == {"recycle_ps": 64 * PRICE["pool_refill_page"] + PRICE["pool_fast"]}
    assert (sim.state[0].pool_cache_pages, sim.state[0].pool_ring_pages) == (63, 36)
    assert take(sim, pool, 63) == pages[62::-1]


def test_an_empty_zone_is_a_failure_that_costs_nothing_here() -> None:
    sim, pool = make(memory=0)
    assert page_pool.alloc(sim, pool, 0, 0) < 0
    assert own(sim) == {"alloc_empty": 1}
    assert times(sim) == dict.fromkeys(TIMES, 0)
    assert sim.counters[0].allocator_failures == 1


def test_a_zone_that_runs_out_gives_what_it_has() -> None:
    sim, pool = make(memory=10)
    assert take(sim, pool, 11) == [*range(9, -1, -1), -1]
    assert own(sim) == {"alloc_slow": 1, "alloc_fast": 9, "alloc_empty": 2}


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just(-1), st.integers(1, 150)),
        st.tuples(st.sampled_from(CONTEXTS), st.integers(1, 150)),
    ),
    max_size=14,
)


@given(pool_size=st.integers(1, 80), local=st.integers(0, 1), steps=STEPS, newest=st.booleans())
@settings(max_examples=60, deadline=None)
def test_books_and_bills_add_up(pool_size: int, local: int, steps: list[tuple[int, int]], newest: bool) -> None:
    """Runs of allocations and of puts in a context: pages, counters, maps and every picosecond are accounted for."""
    sim, pool = make(pool_size, local)
    s, c = sim.state[0], sim.counters[0]
    out: list[int] = []
    allocs = puts = checked = 0
    for context, count in steps:
        if context < 0:
            got = take(sim, pool, count)
            allocs += count
            assert min(got) >= 0
            out += got
            assert len(set(out)) == len(out)  # no page is given out twice
            continue
        for _ in range(min(count, len(out))):
            page_pool.release(sim, pool, 0, out.pop() if newest else out.pop(0), context)
            puts += 1
            checked += context != NAPI and local == 1
    assert s.pages_held == c.pages_taken - c.pages_given == s.pool_cache_pages + s.pool_ring_pages + len(out)
    assert s.pages_held == pool.s[0].hold_count - pool.s[0].release_count == c.dma_maps - c.dma_unmaps
    assert s.pool_cache_pages <= 128
    assert s.pool_ring_pages <= pool_size
    assert allocs == c.alloc_fast + c.alloc_refill + c.alloc_slow
    assert c.alloc_slow == c.alloc_empty == c.allocator_calls
    assert puts == c.released_buffers == c.recycle_cached + c.recycle_ring + c.recycle_ring_full
    assert c.dma_syncs == c.dma_maps + puts
    assert c.recycle_ps == (
        allocs * PRICE["pool_fast"]
        + (c.recycle_ring - s.pool_ring_pages) * PRICE["pool_refill_page"]
        + checked * PRICE["pool_locality_check"]
        + c.recycle_cached * PRICE["pool_put_direct"]
        + c.recycle_ring * PRICE["pool_put_ring"]
        + c.recycle_ring_full * PRICE["pool_put_failed"]
    )
    assert c.dma_ps == sum(c[f"dma_{what}s"] * PRICE[f"dma_{what}"] for what in ("map", "unmap", "sync"))
    assert c.remote_ps == 0  # the reader pays for moving lines, whatever the strategy
    assert s.now_ps == sum(times(sim).values())


def test_names_of_the_kernel() -> None:
    alloc = {f.kernel.removeprefix("page_pool_alloc_stats.") for f in page_pool.COUNTERS[:6]}
    recycle = {f.kernel.removeprefix("page_pool_recycle_stats.") for f in page_pool.COUNTERS[6:11]}
    assert alloc == {"fast", "slow", "slow_high_order", "empty", "refill", "waive"}
    assert recycle == {"cached", "cache_full", "ring", "ring_full", "released_refcnt"}
    assert [f.kernel for f in page_pool.COUNTERS[11:]] == [""]


def test_a_buffer_is_a_page_with_room_for_the_stack() -> None:
    assert page_pool.truesize_bytes({}) == 4096
    assert page_pool.buffer_bytes({}) == 3520
