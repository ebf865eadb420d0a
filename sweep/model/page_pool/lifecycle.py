# SPDX-License-Identifier: MIT
"""page_pool: creation, moving to another NUMA node, and destruction with retries.

None of it touches the eleven counters.
Costs: each page given back or unmapped, as `pool` says.

Not modelled: the warning every 60 s; a pool with several users.
Source: net/core/page_pool.c [linux 6.12.117] (`page_pool_init`, `page_pool_update_nid`, `page_pool_destroy`,
`page_pool_scrub`, `page_pool_release_retry`); tests/golden/page_pool/SEMANTICS.md 2, 8, 9.
"""

from __future__ import annotations

from collections.abc import Collection

from sweep.model.compiler.jit import device
from sweep.model.kernel.releases import MOST_SLOTS, most_pool_slots
from sweep.model.lane.sim import NAPI, Sim

from .fragments import drop_frag_page
from .pool import Pool, give_back, unmap
from .ptr_ring import ring_take

DMA_MAP, DMA_SYNC_DEV, SYSTEM_POOL, ALLOW_UNREADABLE_NETMEM = 1, 2, 4, 8  # PP_FLAG_*
KNOWN_FLAGS = DMA_MAP | DMA_SYNC_DEV | SYSTEM_POOL | ALLOW_UNREADABLE_NETMEM
EINVAL, E2BIG = 22, 7
DEFAULT_SLOTS = 1024


def create_errno(flags: int, max_len: int, slots: int) -> int:
    """0, or the negative errno of creating a pool with these flags and a ring of `slots`."""
    if flags & ~KNOWN_FLAGS:
        return -EINVAL
    if slots > MOST_SLOTS:
        return -E2BIG
    if flags & DMA_SYNC_DEV and (not flags & DMA_MAP or max_len == 0):
        return -EINVAL
    return 0


def ring_slots(pool_size: int, rules: Collection[str]) -> int:
    """Slots of the ring for the `pool_size` that a driver asks for, in a kernel with these rules."""
    if pool_size == 0:
        return DEFAULT_SLOTS
    return min(pool_size, most_pool_slots(rules)) if "pool_size_clamp" in rules else pool_size


@device
def empty_cache(sim: Sim, pool: Pool, lane: int) -> None:
    """Give back every page of the cache, newest first."""
    st = sim.state[lane]
    while st.pool_cache_pages > 0:
        st.pool_cache_pages -= 1
        give_back(sim, pool, lane, pool.cache[lane, st.pool_cache_pages], NAPI)


@device
def set_nid(sim: Sim, pool: Pool, lane: int, nid: int) -> None:
    """Set the NUMA node; if it changes, the cache is emptied and the ring left alone."""
    if pool.s[lane].nid != nid:
        pool.s[lane].nid = nid
        empty_cache(sim, pool, lane)


@device
def inflight(pool: Pool, lane: int) -> int:
    """Pages that belong to the pool, those in cache and ring included."""
    pages: int = pool.s[lane].hold_count - pool.s[lane].release_count
    return pages


@device
def scrub(sim: Sim, pool: Pool, lane: int) -> None:
    """Give back all pages in the pool; the first time also unmap every page, wherever it is, if that is the rule."""
    s = pool.s[lane]
    if s.destroys == 0:
        empty_cache(sim, pool, lane)
        if sim.params[lane].unmap_at_destroy == 1:
            s.syncs = 0
            for page in range(pool.page.shape[1] * s.maps):
                unmap(sim, pool, lane, page)
    s.destroys += 1
    page = ring_take(pool.ring, lane)
    while page >= 0:
        give_back(sim, pool, lane, page, NAPI)
        page = ring_take(pool.ring, lane)
    sim.state[lane].pool_ring_pages = 0
    if inflight(pool, lane) == 0:
        s.destroyed = 1


@device
def destroy(sim: Sim, pool: Pool, lane: int) -> None:
    """Destroy the pool; if pages are out, a retry stays pending.  Further calls do nothing."""
    s = pool.s[lane]
    if s.destroys > 0:
        return
    s.napi = 0
    drop_frag_page(sim, pool, lane)
    scrub(sim, pool, lane)
    s.retry = 1 - s.destroyed


@device
def release_retry(sim: Sim, pool: Pool, lane: int) -> None:
    """Run the deferred release once, if one is pending."""
    s = pool.s[lane]
    if s.retry == 1:
        scrub(sim, pool, lane)
        s.retry = 1 if inflight(pool, lane) > 0 else 0
