# SPDX-License-Identifier: MIT
"""page_pool_frag by hand: which page, which counter, which price."""

from __future__ import annotations

from typing import Any

import pytest

from sweep.model.lane.sim import NAPI, PROCESS, SOFTIRQ, Sim
from sweep.model.strategies import page_pool_frag
from tests.model.scenes import scenario, world

COSTS = {"atomic": 1, "frag_alloc": 20, "pool_fast": 300, "pool_put_direct": 4000, "dma_sync": 7}


def made(frag_bytes: int = 2048) -> tuple[Sim, Any]:
    """A pool whose first bulk brings the pages 0 to 63; the kernel of 5.14 does not check for locality."""
    return world(scenario(COSTS, strategy="page_pool_frag", knobs=(("frag_bytes", frag_bytes),), ring=64))


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


@pytest.mark.parametrize(("frag_bytes", "per_page"), [(256, 16), (700, 5), (1500, 2), (1537, 2), (2049, 1), (4096, 1)])
def test_fragments_take_whole_cache_lines(frag_bytes: int, per_page: int) -> None:
    """700 takes 704 bytes, 1500 takes 1536, 1537 takes 1600."""
    sim, pool = made(frag_bytes)
    assert take(sim, pool, per_page + 1) == [63] * per_page + [62]
    assert page_pool_frag.truesize_bytes({"frag_bytes": frag_bytes}) % 64 == 0


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
