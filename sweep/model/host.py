# SPDX-License-Identifier: MIT
"""What an operation costs: the names that a host profile (configs/hosts/*.yaml) must fill, in picoseconds.

A profile gives each number with its source row; numbers without a published figure are marked assumed, with
a range, and can be put on an axis (`host.remote_line: [40 ns, 100 ns]`).

Not modelled: last-level cache misses, IOMMU translation, PCIe limits, contention of the zone lock by
sibling queues (all of them: a cost here is one core's, cache hot, as the microbenchmarks measured it).
"""

from __future__ import annotations

from .fields import Field

COSTS = (
    Field("stack_drop", "ps", "driver work for a packet that an XDP program drops"),
    Field("stack_forward_kernel", "ps", "driver and stack for a packet routed by the kernel, TX completion included"),
    Field("stack_forward_xdp", "ps", "driver and XDP program for a packet forwarded by XDP, TX completion included"),
    Field("stack_local", "ps", "driver and stack up to the socket's receive queue"),
    Field("poll", "ps", "entering and leaving a poll"),
    Field("interrupt", "ps", "taking an interrupt and raising the softirq: CPU time"),
    Field("interrupt_latency", "ps", "from the NIC's interrupt to the first instruction of the poll: waiting time"),
    Field("copy_byte", "ps", "copying one byte of a small packet (copybreak)"),
    Field("page_alloc", "ps", "order-0 allocation from the per-CPU list"),
    Field("page_free", "ps", "order-0 free to the per-CPU list"),
    Field("buddy_page", "ps", "moving one page between per-CPU list and buddy lists"),
    Field("zone_lock", "ps", "taking and dropping the zone lock, uncontended"),
    Field("order3_alloc", "ps", "order-3 allocation from the per-CPU list"),
    Field("order3_free", "ps", "order-3 free to the per-CPU list"),
    Field("pool_fast", "ps", "page_pool: pop from the allocation cache"),
    Field("pool_put_direct", "ps", "page_pool: put into the allocation cache"),
    Field("pool_put_ring", "ps", "page_pool: put into the ring"),
    Field("pool_refill_page", "ps", "page_pool: moving one page from ring to cache"),
    Field("pool_bulk_page", "ps", "page_pool: one page of a bulk allocation, page allocator included"),
    Field("pool_put_failed", "ps", "page_pool: a put that ends in giving the page up, the free not included"),
    Field("pool_locality_check", "ps", "page_pool: finding out whether a put comes from the pool's own NAPI"),
    Field("atomic", "ps", "an uncontended atomic on a reference count"),
    Field("frag_alloc", "ps", "cutting a fragment from the current block"),
    Field("defer", "ps", "queueing an skb for its allocating CPU to free"),
    Field("remote_line", "ps", "moving one cache line from another core"),
    Field("dma_map", "ps", "mapping a buffer for DMA, IOMMU off"),
    Field("dma_unmap", "ps", "unmapping a buffer, IOMMU off"),
    Field("dma_sync", "ps", "one sync for the device, coherent, IOMMU off"),
)

COST_NAMES = tuple(field.name for field in COSTS)
