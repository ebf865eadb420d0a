# SPDX-License-Identifier: MIT
"""The page allocator: per-CPU lists in front of a zone under one lock; DMA mapping of what it gives.

Order 0: an allocation pops from the CPU's list; an empty list takes `pcp_batch` pages from the zone under
its lock.  A free pushes; at `pcp_high` pages the list gives `pcp_batch` pages back under the lock.  So when
one CPU allocates and another frees, the zone lock is taken 2/batch times a page, whatever memory there is.
Order 3: the same on a list of blocks, batch >> 3 blocks at a time (rule pcp_order3, 5.14); before, each block is taken
and freed under the lock.  4.11-rc1 (rule pcp_process_only): softirq takes and frees each page under the lock.

Pages have numbers: the lowest free ones first, then the last one given back first.

The lock is every CPU's of the host: a take pays `lock_wait_ps` on top (mean_field).

Not modelled: other users of the zone and of the lists; NUMA nodes; reclaim; the locks of the lists themselves;
order-3 blocks and single pages of one zone splitting and merging (each list drains on its own).
Source: mm/page_alloc.c [linux 6.12.117]; order 3 on the lists [kernel 44042b449872]; prices of order 0
[brouer-2017-03-01] [lab page_pool06] and of the lock [lab page_pool07].
"""

from __future__ import annotations

from sweep.fields.constants import PAGE_BYTES
from sweep.model.compiler.jit import device, out_of_line
from sweep.model.lane.sim import PROCESS, PROCESS_LOCAL, REMOTE, Sim, pay_allocate, pay_dma, pay_lock

PAGE_BUFFER_BYTES = PAGE_BYTES - 256 - 320  # XDP_PACKET_HEADROOM before and skb_shared_info after the frame, x86-64
ORDER3_PAGES = 8


@device
def cpu_of(context: int) -> int:
    """Row of the per-CPU lists for a release context: 0 the queue's CPU, 1 the reader's."""
    return 1 if context in (REMOTE, PROCESS) else 0


@device
def number_take(sim: Sim, lane: int) -> int:
    """A free page number."""
    st = sim.state[lane]
    st.free_numbers -= 1
    return sim.page_numbers[lane, st.free_numbers]


@device
def number_give(sim: Sim, lane: int, page: int) -> None:
    """Make `page` a free number again."""
    st = sim.state[lane]
    sim.page_numbers[lane, st.free_numbers] = page
    st.free_numbers += 1


@device
def account_taken(sim: Sim, lane: int, pages: int) -> None:
    """Count `pages` pages that have left the allocator."""
    st, c = sim.state[lane], sim.counters[lane]
    c.pages_taken += pages
    st.pages_held += pages
    if st.pages_held > c.pages_held_peak:
        c.pages_held_peak = st.pages_held


@device
def zone_gains(sim: Sim, lane: int, pages: int, moved: int, cpu: int) -> None:
    """Move `moved` pages or blocks under one take of the zone lock: the zone gains `pages` pages (negative: loses) of
    `cpu`."""
    st, p = sim.state[lane], sim.params[lane]
    st.zone_free += pages
    st.reader_takes += cpu
    st.pages_moved += moved
    sim.counters[lane].zone_lock_takes += 1
    pay_lock(sim, lane, p.cost_zone_lock + st.lock_wait_ps)
    pay_allocate(sim, lane, p.cost_buddy_page * moved)


@device
def zone_take(sim: Sim, lane: int, want: int, pages_each: int) -> int:
    """Move up to `want` pages, or blocks of `pages_each`, from the zone to a list, under the lock; returns how many."""
    moved = min(want, sim.state[lane].zone_free // pages_each)
    if moved > 0:
        zone_gains(sim, lane, -pages_each * moved, moved, 0)
    return moved


@device
def pcp_take(sim: Sim, lane: int) -> int:
    """Take an order-0 page off the list of the queue's CPU, refilled from the zone if empty; returns 1, or 0 if none.

    Always called in softirq.
    """
    p = sim.params[lane]
    if p.pcp_process_only == 1:
        return zone_take(sim, lane, 1, 1)
    if sim.pcp_count[lane, 0] == 0:
        sim.pcp_count[lane, 0] = zone_take(sim, lane, p.pcp_batch, 1)
        if sim.pcp_count[lane, 0] == 0:
            return 0
    sim.pcp_count[lane, 0] -= 1
    return 1


@device
def page_alloc(sim: Sim, lane: int) -> int:
    """Allocate an order-0 page for the queue's CPU; returns its number, or -1."""
    c = sim.counters[lane]
    c.allocator_calls += 1
    if pcp_take(sim, lane) == 0:
        c.allocator_failures += 1
        return -1
    pay_allocate(sim, lane, sim.params[lane].cost_page_alloc)
    account_taken(sim, lane, 1)
    return number_take(sim, lane)


@device
def page_bulk(sim: Sim, lane: int, want: int) -> int:
    """One bulk request for `want` order-0 pages; returns how many were allocated (0 counts as a failure).

    The caller takes that many numbers with `bulk_page`.
    """
    p, c = sim.params[lane], sim.counters[lane]
    c.allocator_calls += 1
    allocated = 0
    while allocated < want and pcp_take(sim, lane) == 1:
        allocated += 1
    if allocated == 0:
        c.allocator_failures += 1
        return 0
    pay_allocate(sim, lane, p.cost_pool_bulk_call + p.cost_pool_bulk_page * allocated)
    account_taken(sim, lane, allocated)
    return allocated


@device
def bulk_page(sim: Sim, lane: int) -> int:
    """Number of the next page of the bulk request just made."""
    return number_take(sim, lane)


@device
def page_free(sim: Sim, lane: int, page: int, context: int) -> None:
    """Give an order-0 page back to the list of the CPU that `context` runs on."""
    st, p, c = sim.state[lane], sim.params[lane], sim.counters[lane]
    cpu = cpu_of(context)
    number_give(sim, lane, page)
    c.pages_given += 1
    st.pages_held -= 1
    pay_allocate(sim, lane, p.cost_page_free)
    if p.pcp_process_only == 1 and context not in (PROCESS, PROCESS_LOCAL):
        zone_gains(sim, lane, 1, 1, cpu)
        return
    sim.pcp_count[lane, cpu] += 1
    if sim.pcp_count[lane, cpu] >= p.pcp_high:
        sim.pcp_count[lane, cpu] -= p.pcp_batch
        zone_gains(sim, lane, p.pcp_batch, p.pcp_batch, cpu)


@device
def block_alloc(sim: Sim, lane: int) -> int:
    """Allocate an order-3 block (32 KiB) for the queue's CPU; returns its number, or -1."""
    p, c = sim.params[lane], sim.counters[lane]
    c.allocator_calls += 1
    if sim.pcp_blocks[lane, 0] == 0:
        batch = p.pcp_batch // ORDER3_PAGES if p.pcp_order3 == 1 else 1
        sim.pcp_blocks[lane, 0] = zone_take(sim, lane, batch, ORDER3_PAGES)
        if sim.pcp_blocks[lane, 0] == 0:
            c.allocator_failures += 1
            return -1
    sim.pcp_blocks[lane, 0] -= 1
    pay_allocate(sim, lane, p.cost_order3_alloc)
    account_taken(sim, lane, ORDER3_PAGES)
    return number_take(sim, lane)


@device
def block_free(sim: Sim, lane: int, block: int, context: int) -> None:
    """Give an order-3 block back to the list of the CPU that `context` runs on."""
    st, p, c = sim.state[lane], sim.params[lane], sim.counters[lane]
    cpu = cpu_of(context)
    number_give(sim, lane, block)
    c.pages_given += ORDER3_PAGES
    st.pages_held -= ORDER3_PAGES
    sim.pcp_blocks[lane, cpu] += 1
    pay_allocate(sim, lane, p.cost_order3_free)
    batch = p.pcp_batch // ORDER3_PAGES if p.pcp_order3 == 1 else 1
    if p.pcp_order3 == 0 or sim.pcp_blocks[lane, cpu] * ORDER3_PAGES >= p.pcp_high:
        sim.pcp_blocks[lane, cpu] -= batch
        zone_gains(sim, lane, batch * ORDER3_PAGES, batch, cpu)


@device
def area_alloc(sim: Sim, lane: int, pages: int) -> bool:
    """Allocate `pages` contiguous pages for the queue's CPU, past the lists; returns whether the zone had them."""
    c = sim.counters[lane]
    c.allocator_calls += 1
    if sim.state[lane].zone_free < pages:
        c.allocator_failures += 1
        return False
    zone_gains(sim, lane, -pages, 1, 0)
    pay_allocate(sim, lane, sim.params[lane].cost_order3_alloc)
    account_taken(sim, lane, pages)
    return True


@device
def area_free(sim: Sim, lane: int, pages: int, context: int) -> None:
    """Give back `pages` contiguous pages at once."""
    sim.counters[lane].pages_given += pages
    sim.state[lane].pages_held -= pages
    pay_allocate(sim, lane, sim.params[lane].cost_order3_free)
    zone_gains(sim, lane, pages, 1, cpu_of(context))


@device
def dma_map(sim: Sim, lane: int) -> None:
    """Map one buffer or page for DMA."""
    sim.counters[lane].dma_maps += 1
    pay_dma(sim, lane, sim.params[lane].cost_dma_map)


@device
def dma_unmap(sim: Sim, lane: int) -> None:
    """Remove one mapping."""
    sim.counters[lane].dma_unmaps += 1
    pay_dma(sim, lane, sim.params[lane].cost_dma_unmap)


@device
@out_of_line
def tx_map(sim: Sim, lane: int) -> None:
    """Map one frame for TX."""
    sim.counters[lane].tx_dma_maps += 1
    pay_dma(sim, lane, sim.params[lane].cost_tx_map)


@device
@out_of_line
def tx_unmap(sim: Sim, lane: int) -> None:
    """Remove the mapping of one frame that has been sent."""
    sim.counters[lane].tx_dma_unmaps += 1
    pay_dma(sim, lane, sim.params[lane].cost_tx_unmap)


@device
def dma_sync(sim: Sim, lane: int, length_bytes: int) -> None:
    """Sync `length_bytes` bytes of one mapped buffer for the device."""
    sim.counters[lane].dma_syncs += 1
    pay_dma(sim, lane, sim.params[lane].cost_dma_sync)
