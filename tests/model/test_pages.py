# SPDX-License-Identifier: MIT
"""The page allocator: per-CPU lists, zone and costs, by hand (batch 63, high mark 649)."""

from __future__ import annotations

import pytest

from sweep.model.lane.sim import NAPI, PROCESS, PROCESS_LOCAL, REMOTE, SOFTIRQ, Sim
from sweep.model.pages import (
    block_alloc,
    block_free,
    bulk_page,
    dma_map,
    dma_sync,
    dma_unmap,
    page_alloc,
    page_bulk,
    page_free,
)

from .scenes import scenario, world

COSTS = {
    "page_alloc": 1,
    "page_free": 10,
    "buddy_page": 100,
    "zone_lock": 100_000,
    "order3_alloc": 3,
    "order3_free": 30,
    "pool_bulk_page": 7,
    "dma_map": 1,
    "dma_unmap": 20,
    "dma_sync": 300,
}


def pages(memory_pages: int = 10_000) -> Sim:
    return world(scenario(COSTS | {"poll": 1}, memory_pages=memory_pages, ring=1024))[0]


def test_first_allocation_fills_the_list() -> None:
    sim = pages()
    assert page_alloc(sim, 0) == 0
    assert sim.state.zone_free[0] == 10_000 - 63
    assert sim.pcp_count[0, 0] == 62
    assert sim.counters.lock_ps[0] == 100_000
    assert sim.counters.allocate_ps[0] == 63 * 100 + 1
    assert sim.state.now_ps[0] == 100_000 + 63 * 100 + 1


def test_the_zone_is_asked_once_for_63_pages() -> None:
    sim = pages()
    assert [page_alloc(sim, 0) for _ in range(127)] == list(range(127))
    assert sim.counters.zone_lock_takes[0] == 3  # pages 1, 64 and 127
    assert sim.counters.allocator_calls[0] == sim.counters.pages_taken[0] == sim.state.pages_held[0] == 127


def test_the_last_page_given_back_is_taken_next() -> None:
    sim = pages()
    first, second = page_alloc(sim, 0), page_alloc(sim, 0)
    page_free(sim, 0, second, NAPI)
    page_free(sim, 0, first, NAPI)
    assert [page_alloc(sim, 0), page_alloc(sim, 0), page_alloc(sim, 0)] == [first, second, 2]


@pytest.mark.parametrize(("context", "cpu"), [(NAPI, 0), (SOFTIRQ, 0), (PROCESS_LOCAL, 0), (REMOTE, 1), (PROCESS, 1)])
def test_a_free_goes_to_the_list_of_the_cpu_that_runs(context: int, cpu: int) -> None:
    sim = pages()
    page = page_alloc(sim, 0)
    before = sim.pcp_count[0].copy()
    page_free(sim, 0, page, context)
    assert sim.pcp_count[0, cpu] == before[cpu] + 1
    assert sim.pcp_count[0, 1 - cpu] == before[1 - cpu]


def test_at_the_high_mark_a_batch_goes_back() -> None:
    sim = pages()
    taken = [page_alloc(sim, 0) for _ in range(649)]
    zone, locks, paid = sim.state.zone_free[0], sim.counters.zone_lock_takes[0], sim.counters.allocate_ps[0]
    for page in taken[:648]:
        page_free(sim, 0, page, PROCESS)
    assert (sim.pcp_count[0, 1], sim.counters.zone_lock_takes[0]) == (648, locks)
    page_free(sim, 0, taken[648], PROCESS)
    assert sim.pcp_count[0, 1] == 649 - 63
    assert sim.state.zone_free[0] == zone + 63
    assert sim.counters.zone_lock_takes[0] == locks + 1
    assert sim.counters.allocate_ps[0] == paid + 649 * 10 + 63 * 100
    assert (sim.state.pages_held[0], sim.counters.pages_held_peak[0]) == (0, 649)


def test_memory_ends() -> None:
    sim = pages(memory_pages=70)
    assert [page_alloc(sim, 0) for _ in range(71)] == [*range(70), -1]
    assert sim.counters.allocator_failures[0] == 1
    assert sim.counters.zone_lock_takes[0] == 2  # 63, then the 7 that were left; a failure takes no lock
    assert sim.counters.allocator_calls[0] == 71


def test_bulk_gets_what_there_is() -> None:
    sim = pages(memory_pages=70)
    assert page_bulk(sim, 0, 64) == 64
    assert [bulk_page(sim, 0) for _ in range(64)] == list(range(64))
    assert page_bulk(sim, 0, 64) == 6
    assert page_bulk(sim, 0, 64) == 0
    c = sim.counters[0]
    assert (c.allocator_calls, c.allocator_failures, c.pages_taken, c.zone_lock_takes) == (3, 1, 70, 2)
    assert c.allocate_ps == 70 * 7 + 70 * 100


def test_blocks_move_seven_at_a_time() -> None:
    """63 // 8 blocks of eight pages; the cost of moving is per block."""
    sim = pages()
    block = block_alloc(sim, 0)
    c = sim.counters[0]
    assert (sim.pcp_blocks[0, 0], sim.state.zone_free[0]) == (6, 10_000 - 56)
    assert (c.zone_lock_takes, c.allocate_ps, c.pages_taken) == (1, 7 * 100 + 3, 8)
    block_free(sim, 0, block, NAPI)
    assert (sim.pcp_blocks[0, 0], c.pages_given, c.allocate_ps) == (7, 8, 7 * 100 + 3 + 30)


def test_blocks_go_back_at_the_high_mark() -> None:
    """82 blocks are 656 pages, 81 are 648."""
    sim = pages()
    blocks = [block_alloc(sim, 0) for _ in range(82)]
    locks = sim.counters.zone_lock_takes[0]
    for block in blocks[:81]:
        block_free(sim, 0, block, PROCESS)
    assert (sim.pcp_blocks[0, 1], sim.counters.zone_lock_takes[0]) == (81, locks)
    block_free(sim, 0, blocks[81], PROCESS)
    assert (sim.pcp_blocks[0, 1], sim.counters.zone_lock_takes[0]) == (75, locks + 1)


def test_no_block_in_seven_pages() -> None:
    sim = pages(memory_pages=7)
    assert block_alloc(sim, 0) == -1
    assert (sim.counters.allocator_calls[0], sim.counters.allocator_failures[0]) == (1, 1)
    assert page_alloc(sim, 0) == 0


def test_dma_is_counted_and_paid() -> None:
    sim = pages()
    dma_map(sim, 0)
    dma_unmap(sim, 0)
    dma_sync(sim, 0, 4096)
    c = sim.counters[0]
    assert (c.dma_maps, c.dma_unmaps, c.dma_syncs, c.dma_ps) == (1, 1, 1, 321)


def old_pages(kernel: str) -> Sim:
    return world(scenario(COSTS | {"poll": 1}, memory_pages=10_000, ring=1024, kernel=kernel))[0]


@pytest.mark.parametrize(
    ("kernel", "batch", "high"), [("4.6", 31, 186), ("4.18", 31, 186), ("4.19", 63, 378), ("5.13", 63, 378)]
)
def test_marks_of_older_kernels(kernel: str, batch: int, high: int) -> None:
    """The list is filled a batch at a time, and gives one back when it has `high` pages."""
    sim = old_pages(kernel)
    taken = [page_alloc(sim, 0) for _ in range(batch + 1)]
    assert sim.counters.zone_lock_takes[0] == 2
    taken += [page_alloc(sim, 0) for _ in range(2 * high)]
    sim.pcp_count[0, 0] = 0
    for page in taken[: high - 1]:
        page_free(sim, 0, page, NAPI)
    zone = int(sim.state.zone_free[0])
    assert sim.pcp_count[0, 0] == high - 1
    page_free(sim, 0, taken[high], NAPI)
    assert sim.pcp_count[0, 0] == high - batch
    assert sim.state.zone_free[0] == zone + batch


def test_4_11_rc1_takes_the_zone_lock_for_every_page_of_a_softirq() -> None:
    """V05b.  The lists are left to process context: 186 frees bring one take."""
    sim = old_pages("4.11-rc1")
    taken = [page_alloc(sim, 0) for _ in range(200)]
    assert sim.counters.zone_lock_takes[0] == 200
    assert sim.counters.lock_ps[0] == 200 * 100_000
    assert sim.counters.allocate_ps[0] == 200 * (1 + 100)
    page_free(sim, 0, taken[0], NAPI)
    page_free(sim, 0, taken[1], SOFTIRQ)
    assert sim.counters.zone_lock_takes[0] == 202
    assert (sim.pcp_count[0].tolist(), sim.state.zone_free[0]) == ([0, 0], 10_000 - 198)
    for page in taken[2 : 2 + 186]:
        page_free(sim, 0, page, PROCESS)
    assert sim.counters.zone_lock_takes[0] == 203
    assert sim.pcp_count[0].tolist() == [0, 186 - 31]
    page_free(sim, 0, taken[188], PROCESS_LOCAL)
    assert sim.pcp_count[0].tolist() == [1, 186 - 31]


@pytest.mark.parametrize("kernel", ["4.6", "5.13"])
def test_blocks_had_no_lists_before_5_14(kernel: str) -> None:
    sim = old_pages(kernel)
    first, second = block_alloc(sim, 0), block_alloc(sim, 0)
    assert sim.counters.zone_lock_takes[0] == 2
    assert sim.state.zone_free[0] == 10_000 - 16
    block_free(sim, 0, second, NAPI)
    block_free(sim, 0, first, PROCESS)
    assert sim.counters.zone_lock_takes[0] == 4
    assert sim.state.zone_free[0] == 10_000
    assert sim.pcp_blocks[0].tolist() == [0, 0]
    assert sim.counters.allocate_ps[0] == 2 * (3 + 100) + 2 * (30 + 100)
