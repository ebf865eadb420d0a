# SPDX-License-Identifier: MIT
"""page_pool of older kernels, and pages that somebody else holds: which counter, which price."""

from __future__ import annotations

import pytest

from sweep.model.lane.sim import NAPI, XDP_FRAME
from sweep.model.strategies import page_pool

from .test_page_pool import CONTEXTS, PRICE, make, own, spent, take, times


def test_a_bulk_of_one_asks_for_every_page() -> None:
    """Before 5.13: each allocation is slow, brings its one page, and pays the request alone."""
    sim, pool = make(bulk=1)
    before = times(sim)
    assert take(sim, pool, 3) == [0, 1, 2]
    assert own(sim) == {"alloc_slow": 3, "alloc_empty": 3}
    c = sim.counters[0]
    assert (c.allocator_calls, c.pages_taken, c.dma_maps, c.dma_syncs) == (3, 3, 3, 3)
    assert spent(sim, before) == {
        "recycle_ps": 3 * PRICE["pool_fast"],
        "allocate_ps": 3 * (PRICE["pool_bulk_call"] + PRICE["pool_bulk_page"]) + 63 * PRICE["buddy_page"],
        "lock_ps": PRICE["zone_lock"],
        "dma_ps": 3 * (PRICE["dma_map"] + PRICE["dma_sync"]),
    }


@pytest.mark.parametrize("context", CONTEXTS)
def test_a_shared_page_is_given_up(context: int) -> None:
    """Not even synced; the pool's reference goes first, the other holder's frees the page."""
    sim, pool = make(shared=1, local=0)
    page = page_pool.alloc(sim, pool, 0, 0)
    before = times(sim)
    page_pool.release(sim, pool, 0, page, context)
    assert own(sim) == {"alloc_slow": 1, "alloc_empty": 1, "recycle_released_refcnt": 1}
    assert spent(sim, before) == {
        "recycle_ps": PRICE["pool_put_failed"],
        "dma_ps": PRICE["dma_unmap"],
        "allocate_ps": PRICE["page_free"],
    }
    assert (sim.counters[0].pages_given, sim.state[0].pages_held, pool.page[0, page].refs) == (1, 63, 0)


@pytest.mark.parametrize("context", CONTEXTS)
def test_before_5_14_a_page_leaves_the_pool_with_its_sk_buff(context: int) -> None:
    """What the driver dropped and what XDP sent never had one."""
    sim, pool = make(local=0, skb_recycle=0)
    page = page_pool.alloc(sim, pool, 0, 0)
    before = times(sim)
    page_pool.release(sim, pool, 0, page, context)
    if context in (NAPI, XDP_FRAME):
        assert own(sim)["recycle_cached" if context == NAPI else "recycle_ring"] == 1
        assert sim.counters[0].pages_given == 0
        return
    assert own(sim) == {"alloc_slow": 1, "alloc_empty": 1, "left_with_skb": 1}
    assert spent(sim, before) == {"dma_ps": PRICE["dma_unmap"], "allocate_ps": PRICE["page_free"]}
    assert sim.counters[0].pages_given == 1
