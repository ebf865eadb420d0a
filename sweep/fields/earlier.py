# SPDX-License-Identifier: MIT
"""What earlier versions called the columns of parameters, when the table had names and units of its own.

Tables of those versions are read with it, and who asks for such a name is told today's.  It is history: what is renamed
from now on is added.
"""

from __future__ import annotations

from .parameter import COUNT, LAW, LINK, MILLI, RATE, RATE_LIMIT, SHARE, SIZE, TIME, USECS, WORD, Kind

_COSTS = (
    "stack_drop stack_forward_kernel stack_forward_xdp stack_local poll interrupt interrupt_latency copy_byte "
    "page_alloc page_free buddy_page zone_lock order3_alloc order3_free pool_fast pool_put_direct pool_put_ring "
    "pool_refill_page pool_bulk_page pool_bulk_call pool_put_failed pool_locality_check atomic frag_alloc defer "
    "remote_line dma_map dma_unmap dma_sync llc_miss lock_waiter iommu_map iommu_unmap iommu_invalidate dma_transfer "
    "walk_read ack"
)
_KNOBS = (
    "cache_size on_busy_head bypass pool_size bulk region_pages driver_bias reuse frag_bytes order3_fail_ppm shared "
    "area_frames chunk_bytes zcrx refill_ring"
)
EARLIER: dict[str, tuple[str, Kind]] = {  # old name -> today's, and the kind, whose model's unit the old column had
    **{f"cost_{name}": (f"host.{name}", TIME) for name in _COSTS.split()},
    **{f"host_{name}": (f"host.{name}", COUNT) for name in ("llc_ways", "ddio_ways", "iotlb", "walk_cache")},
    "host_llc": ("host.llc", SIZE),
    "host_header_lines": ("host.header_lines", MILLI),
    **{name: (f"strategy.{name}", COUNT) for name in _KNOBS.split()},
    "link_ps_per_byte": ("nic.link", LINK),
    "tx_ring": ("nic.tx_ring", COUNT),
    "napi_budget": ("nic.napi_budget", COUNT),
    "coalesce_ps": ("nic.coalesce.usecs", USECS),
    "coalesce_frames": ("nic.coalesce.frames", COUNT),
    "tx_coalesce_ps": ("nic.tx_coalesce.usecs", USECS),
    "tx_coalesce_frames": ("nic.tx_coalesce.frames", COUNT),
    "refill_batch": ("nic.refill_batch", COUNT),
    "copybreak_bytes": ("nic.copybreak", SIZE),
    "pcie_packet_ps": ("nic.pcie_rate", RATE_LIMIT),
    "rx_buffer_bytes": ("nic.rx_buffer", SIZE),
    "flows": ("traffic.flows", COUNT),
    "arrivals": ("traffic.arrivals", LAW),
    "sizes": ("traffic.sizes", WORD),
    "local_ppm": ("traffic.fates.local", SHARE),
    "forward_ppm": ("traffic.fates.forward", SHARE),
    "drop_ppm": ("traffic.fates.drop", SHARE),
    "forward_path": ("traffic.forward_path", WORD),
    "reader_cpu": ("traffic.reader.cpu", WORD),
    "wakeup": ("traffic.reader.wakeup", LAW),
    "read_ps": ("traffic.reader.rate", RATE),
    "call_ps": ("traffic.reader.call", TIME),
    "batch_packets": ("traffic.reader.batch", COUNT),
    "rcvbuf_bytes": ("traffic.reader.rcvbuf", SIZE),
    "stall_every": ("traffic.reader.stall.every", LAW),
    "stall_for": ("traffic.reader.stall.for", LAW),
    "duration_ps": ("duration", TIME),
    "warmup_ps": ("warmup_ns", TIME),
    "load_ppm": ("load", SHARE),  # beside "load", which was there too
}
