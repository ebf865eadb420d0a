# SPDX-License-Identifier: MIT
"""A machine in numbers: the parameters that a host profile (configs/hosts/*.yaml) must fill.

COSTS: what an operation takes on one core and cache hot, as the microbenchmarks measured it; what the host's other
queues, the cache and the IOMMU add is worked out from them (`sweep.model.hardware.mean_field`).  HARDWARE: sizes.

A profile gives each number with its source; numbers without a published figure are marked assumed, with a range, and
can be put on an axis (`host.remote_line: [40 ns, 100 ns]`).
"""

from __future__ import annotations

from .parameter import COUNT, MILLI, SIZE, TIME, Kind, Parameter

MOST_PS = 10**12  # a second
MOST_ENTRIES = 1 << 20  # ways, translations


def _cost(name: str, meaning: str) -> Parameter:
    """What one operation costs, in the kernel's record `cost_<name>`."""
    return Parameter(f"host.{name}", TIME, meaning, (0, MOST_PS), model=f"cost_{name}")


def _size(name: str, kind: Kind, meaning: str, within: tuple[int, int], model: str = "") -> Parameter:
    """A size of the hardware."""
    return Parameter(f"host.{name}", kind, meaning, within, "1" * (kind is COUNT), model=model)


COSTS: tuple[Parameter, ...] = (
    _cost("stack_drop", "driver work for a packet that an XDP program drops"),
    _cost("stack_forward_kernel", "driver and stack for a packet routed by the kernel, TX completion included"),
    _cost("stack_forward_xdp", "driver and XDP program for a packet forwarded by XDP, TX completion included"),
    _cost("stack_local", "driver and stack up to the socket's receive queue"),
    _cost("poll", "entering and leaving a poll"),
    _cost("interrupt", "taking an interrupt and raising the softirq: CPU time"),
    _cost("interrupt_latency", "from the NIC's interrupt to the first instruction of the poll: waiting time"),
    _cost("copy_byte", "copying one byte of a small packet (copybreak)"),
    _cost("page_alloc", "order-0 allocation from the per-CPU list"),
    _cost("page_free", "order-0 free to the per-CPU list"),
    _cost("buddy_page", "moving one page between per-CPU list and buddy lists"),
    _cost("zone_lock", "taking and dropping the zone lock, uncontended"),
    _cost("order3_alloc", "order-3 allocation from the per-CPU list"),
    _cost("order3_free", "order-3 free to the per-CPU list"),
    _cost("pool_fast", "page_pool: pop from the allocation cache"),
    _cost("pool_put_direct", "page_pool: put into the allocation cache"),
    _cost("pool_put_ring", "page_pool: put into the ring"),
    _cost("pool_refill_page", "page_pool: moving one page from ring to cache"),
    _cost("pool_bulk_page", "page_pool: one page of a bulk allocation, page allocator included"),
    _cost("pool_bulk_call", "page_pool: one request to the page allocator, for however many pages"),
    _cost("pool_put_failed", "page_pool: a put that ends in giving the page up, the free not included"),
    _cost("pool_locality_check", "page_pool: finding out whether a put comes from the pool's own NAPI"),
    _cost("atomic", "an uncontended atomic on a reference count"),
    _cost("frag_alloc", "cutting a fragment from the current block"),
    _cost("defer", "queueing an skb for its allocating CPU to free"),
    _cost("remote_line", "moving one cache line from another core"),
    _cost("dma_map", "mapping a buffer for DMA, IOMMU off"),
    _cost("dma_unmap", "unmapping a buffer, IOMMU off"),
    _cost("dma_sync", "one sync for the device, coherent, IOMMU off"),
    _cost("llc_miss", "one miss of the last-level cache, what the core cannot hide of it"),
    _cost("lock_waiter", "longer hold of the zone lock for each CPU that waits"),
    _cost("iommu_map", "mapping a buffer with the IOMMU on, on top of dma_map"),
    _cost("iommu_unmap", "unmapping a buffer with the IOMMU on, on top of dma_unmap"),
    _cost("iommu_invalidate", "one invalidation of the IOTLB, waited for: per unmap if strict, per flush if lazy"),
    _cost("dma_transfer", "device: writing 4 KiB through the IOMMU, translations at hand"),
    _cost("walk_read", "device: reading one page-table entry"),
    _cost("ack", "sending one TCP acknowledgement"),
)

_ENTRIES = (0, MOST_ENTRIES)

HARDWARE: tuple[Parameter, ...] = (
    _size("llc", SIZE, "last-level cache; 0: no cache model", (0, 1 << 40)),
    _size("llc_ways", COUNT, "ways of the last-level cache", (1, MOST_ENTRIES)),
    _size("ddio_ways", COUNT, "ways that DMA writes may fill; 0: DMA goes to memory", _ENTRIES),
    _size(
        "header_lines", MILLI, "cache lines per packet that the CPU touches and that move with the buffer", (0, 64_000)
    ),
    _size("iotlb", COUNT, "translations that the IOTLB holds", _ENTRIES, "iotlb_entries"),
    _size(
        "walk_cache",
        COUNT,
        "last-level page-table entries that the IOMMU's walk cache holds",
        _ENTRIES,
        "walk_cache_entries",
    ),
)

COST_NAMES = tuple(cost.key for cost in COSTS)
HARDWARE_NAMES = tuple(size.key for size in HARDWARE)
