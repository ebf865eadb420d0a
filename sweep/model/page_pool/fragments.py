# SPDX-License-Identifier: MIT
"""page_pool: fragments cut from the pool's current page.

The current page carries a huge number of shares, so that puts of its fragments find users left and count
nothing; when it has no room for the next fragment the pool takes its unused shares back, and the last put
after that recycles the page.  If all its fragments were back by then, the same page starts over in place.

Costs, by `pay_recycle`, beside those of the page (`pool`): frag_alloc for each fragment given out; atomic for
taking the unused shares back while fragments are out; restarting in place is a dma_sync if the pool syncs.

Not modelled: `page_pool_alloc`, which chooses between page and fragment by size.
Source: net/core/page_pool.c [linux 6.12.117] (`page_pool_alloc_frag_netmem`, `page_pool_drain_frag`,
`page_pool_free_frag`); tests/golden/page_pool/SEMANTICS.md section 6.
"""

from __future__ import annotations

from sweep.model.compiler.jit import device
from sweep.model.lane.sim import NAPI, Sim, pay_recycle
from sweep.model.pages import dma_sync

from .alloc import alloc_page
from .pool import NO_PAGE, Pool, give_back
from .put import recyclable

SHARES = 1 << 62  # BIAS_MAX is LONG_MAX; any number that fragments cannot use up


@device
def take_shares_back(sim: Sim, pool: Pool, lane: int) -> bool:
    """Take back the unused shares of the current page; returns True if none of its fragments is out."""
    s = pool.s[lane]
    p = pool.page[lane, s.frag_page]
    unused = SHARES - s.frag_users
    if p.users == unused:
        p.users = 1
        return True
    p.users -= unused
    pay_recycle(sim, lane, sim.params[lane].cost_atomic)
    return False


@device
def leave_page(sim: Sim, pool: Pool, lane: int) -> bool:
    """Deal with a current page that has no room; returns True if it can start over, False if it was dropped."""
    s = pool.s[lane]
    page = s.frag_page
    if take_shares_back(sim, pool, lane):
        if recyclable(pool, lane, page):
            if s.syncs == 1:
                dma_sync(sim, lane, s.max_len)
            return True
        give_back(sim, pool, lane, page, NAPI)
    s.frag_page = NO_PAGE
    return False


@device
def cut(sim: Sim, pool: Pool, lane: int, size: int) -> int:
    """Cut the next `size` bytes off the current page; returns their offset."""
    s = pool.s[lane]
    offset: int = s.frag_offset
    s.frag_offset = offset + size
    s.frag_users += 1
    pay_recycle(sim, lane, sim.params[lane].cost_frag_alloc)
    return offset


@device
def start_page(pool: Pool, lane: int, page: int) -> None:
    """Make `page` the current page, all of it free."""
    s = pool.s[lane]
    s.frag_page = page
    s.frag_offset = 0
    s.frag_users = 0
    pool.page[lane, page].users = SHARES


@device
def count_fragment(sim: Sim, lane: int, is_restart: bool) -> None:
    """Count a fragment for which no page was allocated: `is_restart`: the current page started over."""
    c = sim.counters[lane]
    if sim.params[lane].fragment_statistics == 0:
        c.alloc_fast += 1
    elif is_restart:
        c.recycle_cached += 1
        c.alloc_fast += 1


@device
def alloc_frag(sim: Sim, pool: Pool, lane: int, size: int) -> tuple[int, int]:
    """A fragment of `size` bytes, rounded up to the kernel's alignment: page and offset, or NO_PAGE and 0.

    A size above the page's is refused and nothing counts.
    """
    s = pool.s[lane]
    page_bytes = s.page_bytes << s.order
    if size > page_bytes:
        return NO_PAGE, 0
    align_bytes = sim.params[lane].fragment_align_bytes
    size = (size + align_bytes - 1) // align_bytes * align_bytes
    if s.frag_page >= 0 and (s.frag_offset + size <= page_bytes or leave_page(sim, pool, lane)):
        is_restart = s.frag_offset + size > page_bytes
        if is_restart:
            start_page(pool, lane, s.frag_page)
        count_fragment(sim, lane, is_restart)
    else:
        page = alloc_page(sim, pool, lane)
        if page < 0:
            return NO_PAGE, 0
        start_page(pool, lane, page)
    offset = cut(sim, pool, lane, size)
    return s.frag_page, offset


@device
def drop_frag_page(sim: Sim, pool: Pool, lane: int) -> None:
    """Drop the current page when the pool is destroyed; it is given back now if no fragment is out."""
    page = pool.s[lane].frag_page
    if page < 0:
        return
    none_out = take_shares_back(sim, pool, lane)
    pool.s[lane].frag_page = NO_PAGE
    if none_out:
        give_back(sim, pool, lane, page, NAPI)
