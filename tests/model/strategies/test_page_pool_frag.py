# SPDX-License-Identifier: MIT
"""page_pool_frag by hand: which page, which counter, which price."""

from __future__ import annotations

from typing import Any

import pytest

from sweep.model.lane.sim import NAPI, PROCESS, SOFTIRQ, Sim
from sweep.model.strategies import page_pool_frag
from tests.model.scenes import scenario, world

COSTS = {"atomic": 1, "frag_alloc": 20, "pool_fast": 300, "pool_put_direct": 4000, "dma_sync": 7}


def made(frag_bytes: int = 2048, **rules: int) -> tuple[Sim, Any]:
    """A pool whose first bulk brings the pages 0 to 63; the kernel of 5.14 does not check for locality.

    rules: parameters of the lane that another kernel has.
    """
    sim, pool = world(scenario(COSTS, strategy="page_pool_frag", knobs=(("frag_bytes", frag_bytes),), ring=64))
    for name, value in rules.items():
        sim.params[name] = value
    return sim, pool


def take(sim: Sim, pool: Any, count: int) -> list[int]:
    return [int(page_pool_frag.alloc(sim, pool, 0, slot)) for slot in range(count)]


def own(sim: Sim) -> dict[str, int]:
    """The strategy's counters that are not 0, without those of the first bulk."""
    found = {f.name: int(sim.counters[0][f.name]) for f in page_pool_frag.COUNTERS}
    return {name: n for name, n in found.items() if n and name not in ("alloc_slow", "alloc_empty")}


def test_two_buffers_of_2048_share_a_page() -> None:
    sim, pool = made()
    assert take(sim, pool, 5) == [63, 63, 62, 62, 61]
    # 61 and 62 are popped, and three fragments begin no page
    assert own(sim) == {"alloc_fast": 4, "frag_pages": 3}
    assert sim.counters.recycle_ps[0] == 3 * 300 + 5 * 20 + 2 * 1  # two pages were let go with fragments out


@pytest.mark.parametrize(
    ("frag_bytes", "align_bytes", "per_page"),
    [(256, 1, 16), (700, 1, 5), (1360, 8, 3), (1365, 1, 3), (1365, 8, 2), (585, 1, 7), (585, 8, 6), (2049, 8, 1)],
)
def test_as_many_fragments_as_fit_share_a_page(frag_bytes: int, align_bytes: int, per_page: int) -> None:
    """1365 takes 1368 bytes where it is rounded up to 8; the pool knows no cache lines: 1360 fits three times."""
    sim, pool = made(frag_bytes, fragment_align_bytes=align_bytes)
    assert take(sim, pool, per_page + 1) == [63] * per_page + [62]
    assert page_pool_frag.truesize_bytes({"frag_bytes": frag_bytes}) == frag_bytes


def test_from_6_13_on_fragments_count_nothing_and_a_restart_counts_cached_and_fast() -> None:
    sim, pool = made(fragment_statistics=1)
    for page in take(sim, pool, 2):
        page_pool_frag.release(sim, pool, 0, page, SOFTIRQ)
    assert own(sim) == {"frag_pages": 1, "frag_puts": 2}
    assert take(sim, pool, 3) == [63, 63, 62]
    restart = {"frag_restarts": 1, "recycle_cached": 1}
    assert own(sim) == {"alloc_fast": 2, "frag_pages": 2, "frag_puts": 2, **restart}  # the restart, and page 62


def test_the_last_fragment_recycles_its_page() -> None:
    sim, pool = made()
    first, second, _ = take(sim, pool, 3)
    before = int(sim.counters.recycle_ps[0])
    page_pool_frag.release(sim, pool, 0, second, PROCESS)
    assert own(sim) == {"alloc_fast": 2, "frag_pages": 2, "frag_puts": 1}
    assert sim.counters.recycle_ps[0] == before + 1
    page_pool_frag.release(sim, pool, 0, first, NAPI)
    assert own(sim) == {"alloc_fast": 2, "frag_pages": 2, "frag_puts": 1, "recycle_cached": 1}
    assert sim.counters.recycle_ps[0] == before + 1 + 4000
    assert sim.counters.released_buffers[0] == 2
    assert take(sim, pool, 2) == [62, 63]  # the rest of the current page, then the page that came back last


def test_a_current_page_whose_fragments_are_back_starts_over() -> None:
    sim, pool = made()
    for page in take(sim, pool, 2):
        page_pool_frag.release(sim, pool, 0, page, SOFTIRQ)
    assert own(sim) == {"alloc_fast": 1, "frag_pages": 1, "frag_puts": 2}
    syncs = int(sim.counters.dma_syncs[0])
    assert take(sim, pool, 2) == [63, 63]
    assert own(sim) == {"alloc_fast": 3, "frag_pages": 1, "frag_puts": 2, "frag_restarts": 1}
    assert sim.counters.dma_syncs[0] == syncs + 1
    assert sim.state.pool_cache_pages[0] == 63
