# SPDX-License-Identifier: MIT
"""page_pool of older kernels, and pages that somebody else holds: which counter, which price."""

from __future__ import annotations

import pytest

from sweep.model.lane.sim import NAPI, PROCESS, PROCESS_LOCAL, REMOTE, SOFTIRQ, SOFTIRQ_IDLE, XDP_FRAME
from sweep.model.strategies import page_pool

from .test_page_pool import CONTEXTS, PRICE, make, own, spent, take, times


@pytest.mark.parametrize("pool_bulk", [0, 1])
def test_a_bulk_of_one_asks_for_every_page(pool_bulk: int) -> None:
    """Each allocation is slow, brings its one page, and pays the request alone; before 5.13 it went past the cache."""
    sim, pool = make(bulk=1, pool_bulk=pool_bulk)
    before = times(sim)
    assert take(sim, pool, 3) == [0, 1, 2]
    assert own(sim) == {"alloc_slow": 3, "alloc_empty": 3}
    c = sim.counters[0]
    assert (c.allocator_calls, c.pages_taken, c.dma_maps, c.dma_syncs) == (3, 3, 3, 3)
    assert spent(sim, before) == {
        **({"recycle_ps": 3 * PRICE["pool_fast"]} if pool_bulk else {}),
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


CHECK = PRICE["pool_locality_check"]
LOCALITY = ("skb_locality", "pool_locality", "bulk_locality")


@pytest.mark.parametrize(
    ("release", "rules", "of_an_skb", "of_xdp"),
    [
        ("6.3", (0, 0, 0), ("recycle_ring", 0), ("recycle_ring", 0)),
        ("6.6.57", (1, 0, 0), ("recycle_cached", 1), ("recycle_ring", 0)),
        ("6.12", (1, 1, 1), ("recycle_cached", 1), ("recycle_cached", 1)),
        ("pool_locality alone", (0, 1, 0), ("recycle_cached", 1), ("recycle_ring", 0)),
        ("bulk_locality alone", (0, 0, 1), ("recycle_ring", 0), ("recycle_cached", 1)),
    ],
)
def test_who_asks_for_locality_decides_where_sk_buffs_and_xdp_frames_go(
    release: str, rules: tuple[int, ...], of_an_skb: tuple[str, int], of_xdp: tuple[str, int]
) -> None:
    """XDP's frames come back in bulk puts, which do not ask up to 6.6.57 at least; a check costs where one is made."""
    for context, (counter, checks) in ((SOFTIRQ, of_an_skb), (XDP_FRAME, of_xdp)):
        sim, pool = make(**dict(zip(LOCALITY, rules, strict=True)))
        page = page_pool.alloc(sim, pool, 0, 0)
        before = times(sim)
        page_pool.release(sim, pool, 0, page, context)
        put = PRICE["pool_put_direct" if counter == "recycle_cached" else "pool_put_ring"]
        assert own(sim)[counter] == 1, (release, context)
        assert spent(sim, before)["recycle_ps"] == checks * CHECK + put, (release, context)


@pytest.mark.parametrize(
    ("pool", "pool_napi", "system_pool", "cached"),
    [
        ("names the queue's NAPI", 1, 0, {NAPI, SOFTIRQ, XDP_FRAME}),
        ("names none", 0, 0, {NAPI}),
        ("is the CPU's own", 0, 1, {NAPI, SOFTIRQ, XDP_FRAME, SOFTIRQ_IDLE}),
    ],
)
def test_which_puts_are_local_depends_on_what_the_pool_belongs_to(
    pool: str, pool_napi: int, system_pool: int, cached: set[int]
) -> None:
    """A check costs the same whatever comes of it; what the driver says is direct is not asked about."""
    for context in (NAPI, SOFTIRQ, XDP_FRAME, SOFTIRQ_IDLE, PROCESS_LOCAL, PROCESS, REMOTE):
        sim, made = make(pool_napi=pool_napi, system_pool=system_pool)
        page = page_pool.alloc(sim, made, 0, 0)
        before = times(sim)
        page_pool.release(sim, made, 0, page, context)
        assert own(sim)["recycle_cached" if context in cached else "recycle_ring"] == 1, (pool, context)
        put = PRICE["pool_put_direct" if context in cached else "pool_put_ring"]
        assert spent(sim, before)["recycle_ps"] == (context != NAPI) * CHECK + put, (pool, context)
