# SPDX-License-Identifier: MIT
"""The operations of a recorded trace, on the page_pool code that the sweep runs: kernel code.

The consumer runs in softirq on CPU 0; handles are numbers of allocations, failed ones included, and an
operation on a failed handle does nothing.  On a pool that is gone allocations fail and nothing counts.
`sim` is a `pages.TraceSim`, which has what the page_pool code needs of a `Sim`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sweep.model.compiler.jit import device
from sweep.model.lane.sim import NAPI, PROCESS, REMOTE, SOFTIRQ
from sweep.model.page_pool.fragments import alloc_frag
from sweep.model.page_pool.lifecycle import destroy, inflight, release_retry, set_nid
from sweep.model.page_pool.pool import NO_PAGE, PFMEMALLOC, Pool, drop_reference
from sweep.model.page_pool.ptr_ring import ring_stale
from sweep.model.page_pool.put import put_bulk
from sweep.model.strategies.page_pool import alloc as page_pool_alloc
from sweep.model.strategies.page_pool import release as page_pool_release

(ALLOC, FRAGMENT, PUT_DIRECT, PUT_NAPI_CPU, PUT_REMOTE, PUT_PROCESS, BULK_REMOTE, BULK_NAPI_CPU) = map(ord, "AFDNRPBC")
(HOLD, DROP, RESERVE, CPU_NODE, POOL_NODE, FAIL, LIMIT, DESTROY, RETRY, SNAPSHOT) = map(ord, "GUHVMELZW!")


@device
def new_handle(sim: Any, page: int, offset: int) -> None:
    """Give the next handle to `page` at byte `offset`; NO_PAGE: the allocation failed."""
    st = sim.state[0]
    sim.handle_page[st.next_handle] = page
    sim.handle_offset[st.next_handle] = offset
    st.next_handle += 1


@device
def alloc_pages(sim: Any, pool: Pool, count: int) -> None:
    """Allocate `count` pages."""
    for _ in range(count):
        page = NO_PAGE
        if pool.s[0].destroyed == 0:
            page = page_pool_alloc(sim, pool, 0, 0)
        new_handle(sim, page, 0)


@device
def alloc_fragments(sim: Any, pool: Pool, size: int, count: int) -> None:
    """Allocate `count` fragments of `size` bytes."""
    for _ in range(count):
        page, offset = NO_PAGE, 0
        if pool.s[0].destroyed == 0:
            page, offset = alloc_frag(sim, pool, 0, size)
        new_handle(sim, page, offset)


@device
def bulk(sim: Any, pool: Pool, code: int, first: int, last: int) -> None:
    """Put the pages of handles `first` to `last` in one call."""
    step = 1 if last >= first else -1
    count = 0
    for handle in range(first, last + step, step):
        if sim.handle_page[handle] != NO_PAGE:
            sim.batch[count] = sim.handle_page[handle]
            count += 1
    put_bulk(sim, pool, 0, sim.batch, count, put_context(code))


@device
def put_context(code: int) -> int:
    """The context in which an operation puts pages: NAPI, REMOTE, PROCESS or SOFTIRQ."""
    if code == PUT_DIRECT:
        return NAPI
    if code == PUT_REMOTE or code == BULK_REMOTE:  # noqa: SIM109
        return REMOTE
    if code == PUT_PROCESS:
        return PROCESS
    return SOFTIRQ


@device
def on_page(sim: Any, pool: Pool, code: int, page: int) -> None:
    """Apply operation `code` to the page of one handle."""
    if code == HOLD:
        pool.page[0, page].refs += 1
    elif code == DROP:
        drop_reference(sim, pool, 0, page, PROCESS)
    elif code == RESERVE:
        pool.page[0, page].marks |= PFMEMALLOC
    else:
        page_pool_release(sim, pool, 0, page, put_context(code))


@device
def on_handles(sim: Any, pool: Pool, code: int, first: int, last: int) -> None:
    """Apply operation `code` to handles `first` to `last`, upwards or downwards."""
    step = 1 if last >= first else -1
    for handle in range(first, last + step, step):
        if sim.handle_page[handle] != NO_PAGE:
            on_page(sim, pool, code, sim.handle_page[handle])


@device
def snapshot(sim: Any, pool: Pool) -> None:
    """Append the current state to `sim.snapshots`, in the order of trace.COLUMNS."""
    st, c, s = sim.state[0], sim.counters[0], pool.s[0]
    row = sim.snapshots[st.next_snapshot]
    st.next_snapshot += 1
    row[0] = c.alloc_fast
    row[1] = c.alloc_slow
    row[2] = c.alloc_slow_high_order
    row[3] = c.alloc_empty
    row[4] = c.alloc_refill
    row[5] = c.alloc_waive
    row[6] = c.recycle_cached
    row[7] = c.recycle_cache_full
    row[8] = c.recycle_ring
    row[9] = c.recycle_ring_full
    row[10] = c.recycle_released_refcnt
    row[11] = s.hold_count
    row[12] = s.release_count
    row[13] = inflight(pool, 0)
    row[14] = st.pool_cache_pages
    row[15] = st.pool_ring_pages
    row[16] = ring_stale(pool.ring, 0)
    row[17] = c.bulk_calls
    row[18] = c.bulk_pages
    row[19] = c.single_calls
    row[20] = c.single_pages
    row[21] = c.freed
    row[22] = c.dma_maps
    row[23] = c.dma_unmaps
    row[24] = c.dma_syncs
    row[25] = c.dma_sync_bytes
    row[26] = s.destroyed


@device
def replay(sim: Any, pool: Pool, ops: np.ndarray) -> None:
    """Run all operations; the last snapshot is of the final state."""
    st = sim.state[0]
    for i in range(ops.shape[0]):
        code, first, second = ops[i, 0], ops[i, 1], ops[i, 2]
        if code == SNAPSHOT:
            snapshot(sim, pool)
        elif code == ALLOC:
            alloc_pages(sim, pool, first)
        elif code == FRAGMENT:
            alloc_fragments(sim, pool, first, second)
        elif code == BULK_REMOTE or code == BULK_NAPI_CPU:  # noqa: SIM109
            bulk(sim, pool, code, first, second)
        elif code == CPU_NODE:
            pool.s[0].cpu_node = first
        elif code == POOL_NODE:
            set_nid(sim, pool, 0, first)
        elif code == FAIL:
            st.fail_requests = first
        elif code == LIMIT:
            st.bulk_limit = first
        elif code == DESTROY:
            destroy(sim, pool, 0)
        elif code == RETRY:
            release_retry(sim, pool, 0)
        else:
            on_handles(sim, pool, code, first, second)
    snapshot(sim, pool)
