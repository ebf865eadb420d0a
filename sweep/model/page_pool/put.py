# SPDX-License-Identifier: MIT
"""page_pool: putting a page or a fragment back, one at a time or in bulk.

For single puts, puts of a last share = recycle_cached + recycle_ring + recycle_ring_full +
recycle_released_refcnt; recycle_cache_full comes on top of one of the middle two.
Costs: see `pool`.

Source: net/core/page_pool.c [linux 6.12.117] (`page_pool_put_unrefed_netmem`, `__page_pool_put_page`,
`page_pool_put_page_bulk`, `page_pool_napi_local`); tests/golden/page_pool/SEMANTICS.md section 5.
"""

from __future__ import annotations

import numpy as np

from sweep.model.compiler.jit import device
from sweep.model.lane.sim import PROCESS_LOCAL, SOFTIRQ_IDLE, XDP_FRAME, Sim, pay_recycle
from sweep.model.pages import cpu_of, dma_sync

from .pool import PFMEMALLOC, Pool, give_back
from .ptr_ring import ring_put

CACHED, TO_RING, REFUSED = 0, 1, 2  # outcomes of recycling a page


@device
def drop_share(sim: Sim, pool: Pool, lane: int, page: int) -> bool:
    """Drop a user's share; returns True if it was the last one, which is then kept for the next user."""
    p = pool.page[lane, page]
    if p.users == 1:
        return True
    p.users -= 1
    pay_recycle(sim, lane, sim.params[lane].cost_atomic)
    return False


@device
def napi_local(sim: Sim, pool: Pool, lane: int, context: int) -> bool:
    """Whether it is found, at a price, that the put runs in softirq on the pool's own CPU, or the one that polls it."""
    pay_recycle(sim, lane, sim.params[lane].cost_pool_locality_check)
    s = pool.s[lane]
    is_softirq: bool = cpu_of(context) == 0 and context != PROCESS_LOCAL
    is_local: bool = is_softirq and (s.own_cpu == 1 or (s.napi == 1 and context != SOFTIRQ_IDLE))
    return is_local


@device
def is_local_asked(sim: Sim, lane: int, context: int) -> bool:
    """Whether this kernel asks for the locality of a put whose caller does not allow direct recycling.

    A frame of XDP comes back in a bulk put; the code that frees sk_buffs asked before the pool itself did.
    """
    p = sim.params[lane]
    is_asked: bool = p.bulk_locality == 1 if context == XDP_FRAME else p.pool_locality + p.skb_locality > 0
    return is_asked


@device
def recyclable(pool: Pool, lane: int, page: int) -> bool:
    """Whether nobody else has a reference on the page, and it is not from the emergency reserve."""
    p = pool.page[lane, page]
    is_recyclable: bool = p.refs == 1 and p.marks & PFMEMALLOC == 0
    return is_recyclable


@device
def give_up(sim: Sim, pool: Pool, lane: int, page: int, context: int) -> None:
    """End a put by giving the page back."""
    pay_recycle(sim, lane, sim.params[lane].cost_pool_put_failed)
    give_back(sim, pool, lane, page, context)


@device
def recycle(sim: Sim, pool: Pool, lane: int, page: int, direct: bool) -> int:
    """Recycle a page whose last share was dropped; returns CACHED, TO_RING or REFUSED."""
    st, c = sim.state[lane], sim.counters[lane]
    if not recyclable(pool, lane, page):
        c.recycle_released_refcnt += 1
        return REFUSED
    if pool.s[lane].syncs == 1:
        dma_sync(sim, lane, pool.s[lane].max_len)
    if not direct:
        return TO_RING
    if st.pool_cache_pages == pool.s[lane].cache_pages:
        c.recycle_cache_full += 1
        return TO_RING
    pool.cache[lane, st.pool_cache_pages] = page
    st.pool_cache_pages += 1
    c.recycle_cached += 1
    pay_recycle(sim, lane, sim.params[lane].cost_pool_put_direct)
    return CACHED


@device
def put_ring(sim: Sim, pool: Pool, lane: int, page: int) -> bool:
    """Put a page into the ring; returns False if it is full."""
    if not ring_put(pool.ring, lane, page):
        return False
    sim.state[lane].pool_ring_pages += 1
    sim.counters[lane].recycle_ring += 1
    pay_recycle(sim, lane, sim.params[lane].cost_pool_put_ring)
    return True


@device
def put_page(sim: Sim, pool: Pool, lane: int, page: int, context: int, allow_direct: bool) -> None:
    """Put a page or a fragment of it back in `context`; `allow_direct`: the caller allows direct recycling."""
    if not drop_share(sim, pool, lane, page):
        return
    direct = allow_direct or (is_local_asked(sim, lane, context) and napi_local(sim, pool, lane, context))
    fate = recycle(sim, pool, lane, page, direct)
    if fate == CACHED:
        return
    if fate == TO_RING:
        if put_ring(sim, pool, lane, page):
            return
        sim.counters[lane].recycle_ring_full += 1
    give_up(sim, pool, lane, page, context)


@device
def put_bulk(sim: Sim, pool: Pool, lane: int, batch: np.ndarray, count: int, context: int) -> None:
    """Put `batch[:count]` (overwritten) in one call; a full ring counts once and ends the call's recycling."""
    direct = sim.params[lane].bulk_locality == 1 and napi_local(sim, pool, lane, context)
    left = 0
    for i in range(count):
        page = batch[i]
        if drop_share(sim, pool, lane, page):
            fate = recycle(sim, pool, lane, page, direct)
            if fate == TO_RING:
                batch[left] = page
                left += 1
            elif fate == REFUSED:
                give_up(sim, pool, lane, page, context)
    stored = 0
    while stored < left and put_ring(sim, pool, lane, batch[stored]):
        stored += 1
    if stored < left:
        sim.counters[lane].recycle_ring_full += 1
    for i in range(stored, left):
        give_up(sim, pool, lane, batch[i], context)
