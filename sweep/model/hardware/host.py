# SPDX-License-Identifier: MIT
"""A machine in numbers: the names that a host profile (configs/hosts/*.yaml) must fill.

COSTS: what an operation takes, in picoseconds, on one core and cache hot, as the microbenchmarks measured it; what
the host's other queues, the cache and the IOMMU add is worked out from them (mean_field).  HARDWARE: sizes.

A profile gives each number with its source row; numbers without a published figure are marked assumed, with
a range, and can be put on an axis (`host.remote_line: [40 ns, 100 ns]`).
"""

from __future__ import annotations

from sweep.model.fields import Field

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
    Field("pool_bulk_call", "ps", "page_pool: one request to the page allocator, for however many pages"),
    Field("pool_put_failed", "ps", "page_pool: a put that ends in giving the page up, the free not included"),
    Field("pool_locality_check", "ps", "page_pool: finding out whether a put comes from the pool's own NAPI"),
    Field("atomic", "ps", "an uncontended atomic on a reference count"),
    Field("frag_alloc", "ps", "cutting a fragment from the current block"),
    Field("defer", "ps", "queueing an skb for its allocating CPU to free"),
    Field("remote_line", "ps", "moving one cache line from another core"),
    Field("dma_map", "ps", "mapping a buffer for DMA, IOMMU off"),
    Field("dma_unmap", "ps", "unmapping a buffer, IOMMU off"),
    Field("dma_sync", "ps", "one sync for the device, coherent, IOMMU off"),
    Field("llc_miss", "ps", "one miss of the last-level cache, what the core cannot hide of it"),
    Field("lock_waiter", "ps", "longer hold of the zone lock for each CPU that waits"),
    Field("iommu_map", "ps", "mapping a buffer with the IOMMU on, on top of dma_map"),
    Field("iommu_unmap", "ps", "unmapping a buffer with the IOMMU on, on top of dma_unmap"),
    Field(
        "iommu_invalidate", "ps", "one invalidation of the IOTLB, waited for: per unmap if strict, per flush if lazy"
    ),
    Field("dma_transfer", "ps", "device: writing 4 KiB through the IOMMU, translations at hand"),
    Field("walk_read", "ps", "device: reading one page-table entry"),
    Field("ack", "ps", "sending one TCP acknowledgement"),
)

HARDWARE = (
    Field("llc", "bytes", "last-level cache; 0: no cache model"),
    Field("llc_ways", "1", "ways of the last-level cache"),
    Field("ddio_ways", "1", "ways that DMA writes may fill; 0: DMA goes to memory"),
    Field("header_lines", "1e-3", "cache lines per packet that the CPU touches and that move with the buffer"),
    Field("iotlb", "1", "translations that the IOTLB holds"),
    Field("walk_cache", "1", "last-level page-table entries that the IOMMU's walk cache holds"),
)

COST_NAMES = tuple(field.name for field in COSTS)
HARDWARE_NAMES = tuple(field.name for field in HARDWARE)
