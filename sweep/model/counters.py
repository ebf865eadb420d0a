# SPDX-License-Identifier: MIT
"""What one simulation counts: a field per counter, the same for every strategy.

All counters are totals over the measured window (after warm-up, to the end of the last poll), except those
whose meaning says "at the start/end of the window", "peak" or "since the start of the simulation".
A strategy adds counters of its own (`COUNTERS` in its file); the eleven page_pool counters are there.
"""

from __future__ import annotations

from sweep.model.counting.histogram import BUCKETS

from .fields import Field

PACKETS = (
    Field("offered_packets", "packets", "packets that arrived from the wire"),
    Field("offered_bytes", "bytes", "frame bytes that arrived from the wire"),
    Field("rx_packets", "packets", "packets that the driver took from the ring"),
    Field("delivered_packets", "packets", "packets that the reader has read from the socket"),
    Field("delivered_bytes", "bytes", "frame bytes of delivered packets"),
    Field("forwarded_packets", "packets", "packets whose frame has left the TX ring and was cleaned"),
    Field("forwarded_bytes", "bytes", "frame bytes of forwarded packets"),
    Field("filtered_packets", "packets", "packets with the fate drop (XDP_DROP, filter): dropped on purpose"),
    Field(
        "drop_nic_buffer_packets",
        "packets",
        "dropped in the NIC: its own buffer full",
        "rx_discards_phy",
        defined="drivers/net/ethernet/mellanox/mlx5/core/en_stats.c: pport_2863_stats_desc",
    ),
    Field(
        "drop_no_descriptor_packets",
        "packets",
        "dropped in the NIC: no posted descriptor, though no allocation failed (mlx5's rx_out_of_buffer counts both)",
    ),
    Field("drop_no_memory_packets", "packets", "dropped in the NIC: no descriptor because an allocation failed"),
    Field(
        "drop_socket_buffer_packets",
        "packets",
        "dropped: receive buffer of the socket full",
        "UdpRcvbufErrors",
        defined="net/ipv4/udp.c: __udp_queue_rcv_skb",
    ),
    Field("drop_tx_ring_packets", "packets", "dropped: TX ring full"),
    Field("inside_start_packets", "packets", "in RX ring, TX ring and socket at the start of the window"),
    Field("inside_end_packets", "packets", "in RX ring, TX ring and socket at the end of the window"),
    Field("copied_packets", "packets", "local packets copied out of their page at once"),
)

TIME = (
    Field("start_ps", "ps", "simulated time at the start of the window"),
    Field("end_ps", "ps", "simulated time at the end of the window"),
    Field("busy_ps", "ps", "CPU time of the queue's NAPI: interrupts, polls, deferred frees"),
    Field("stack_ps", "ps", "CPU time split: driver and network stack, strategy excluded"),
    Field("poll_ps", "ps", "CPU time split: interrupts and poll overhead"),
    Field("allocate_ps", "ps", "CPU time split: page allocator, both ways"),
    Field("recycle_ps", "ps", "CPU time split: recycling (pools, reference counts, fragments, deferral)"),
    Field("dma_ps", "ps", "CPU time split: DMA map, unmap and sync"),
    Field("lock_ps", "ps", "CPU time split: zone lock, waiting included"),
    Field("cache_ps", "ps", "CPU time split: headers that miss the last-level cache"),
    Field("copy_ps", "ps", "CPU time split: copying small packets out of their page"),
    Field("remote_ps", "ps", "CPU time split: moving cache lines from the reader's CPU"),
    Field("release_ps", "ps", "CPU time of the reader spent on giving pages back (in the split as well)"),
    Field("interrupts", "1", "interrupts taken"),
    Field(
        "polls",
        "1",
        "NAPI polls",
        "ch_poll",
        defined="drivers/net/ethernet/mellanox/mlx5/core/en_txrx.c: mlx5e_napi_poll",
    ),
    Field("full_polls", "1", "polls that used their whole budget of packets (napi_budget)"),
    Field("wakeups", "1", "times the reader was woken"),
    Field("stalls", "1", "reader stalls that an awake reader has met or that passed while it slept"),
    Field("deferred_frees", "1", "skbs freed on the allocating CPU after another CPU was done"),
    Field("deferred_kicks", "1", "softirqs raised because the deferred list was long"),
)

PAGES = (
    Field("allocator_calls", "1", "allocation requests to the page allocator (a bulk request is one)"),
    Field("allocator_failures", "1", "allocation requests that got no page"),
    Field("pages_taken", "pages", "pages obtained from the page allocator"),
    Field("pages_given", "pages", "pages given back to the page allocator"),
    Field("zone_lock_takes", "1", "times the zone lock was taken"),
    Field("dma_maps", "1", "DMA mappings made"),
    Field("dma_unmaps", "1", "DMA mappings removed"),
    Field("dma_syncs", "1", "DMA syncs for the device"),
    Field("ddio_miss_ppm", "1e-6", "packets offered times the share of their DMA writes that miss the cache"),
    Field("iotlb_miss_ppm", "1e-6", "packets offered times the translations of one that miss the IOTLB"),
    Field(
        "walk_upper_miss_ppm", "1e-6", "packets times their walks that miss an upper level (either) of the walk caches"
    ),
    Field("walk_last_miss_ppm", "1e-6", "packets times their walks that miss the last level of the walk caches"),
    Field("reuse_distance_pages", "pages", "packets times the pages opened between two uses of one"),
    Field("posted_buffers", "buffers", "receive buffers posted to the NIC"),
    Field("released_buffers", "buffers", "receive buffers given back to the strategy"),
    Field("held_start_buffers", "buffers", "on the rings, in the socket and deferred, at the start of the window"),
    Field("pages_held_start", "pages", "pages taken and not given back, at the start of the window"),
    Field("pages_held_end", "pages", "pages taken and not given back, at the end of the window"),
    Field("pages_held_peak", "pages", "most pages taken and not given back in the window"),
    Field("socket_truesize_peak", "bytes", "most truesize charged to the socket in the window"),
)

# Integrals over the window of what each holder holds, sampled at the start of every poll.
CENSUS = (
    Field("rx_ring_buffer_ns", "buffer*ns", "census: buffers on the RX ring, times ns"),
    Field("tx_ring_buffer_ns", "buffer*ns", "census: buffers in the TX ring, times ns"),
    Field("socket_buffer_ns", "buffer*ns", "census: buffers in the socket or on the deferred list, times ns"),
    Field("pool_cache_page_ns", "page*ns", "census: pages kept by the strategy, ready at once, times ns"),
    Field("pool_ring_page_ns", "page*ns", "census: pages in the pool's ring, times ns"),
    Field("provider_page_ns", "page*ns", "census: free pages in regions that are partly in use, times ns"),
    Field("pcp_page_ns", "page*ns", "census: free pages on the per-CPU lists of the allocator, times ns"),
    Field("pages_held_page_ns", "page*ns", "census: pages taken and not given back, times ns"),
    Field("pool_cache_start_pages", "pages", "kept by the strategy, ready at once, at the start of the window"),
    Field("pool_ring_start_pages", "pages", "in the pool's ring at the start of the window"),
    Field("provider_start_pages", "pages", "free in regions that are partly in use, at the start of the window"),
    Field("rx_ring_end_buffers", "buffers", "on the RX ring at the end of the window"),
    Field("tx_ring_end_buffers", "buffers", "in the TX ring at the end of the window"),
    Field("socket_end_buffers", "buffers", "in the socket or on the deferred list at the end of the window"),
    Field("pool_cache_end_pages", "pages", "kept by the strategy, ready at once, at the end of the window"),
    Field("pool_ring_end_pages", "pages", "in the pool's ring at the end of the window"),
    Field("provider_end_pages", "pages", "free in regions that are partly in use, at the end of the window"),
)

# What makes losses come in clumps (episodes.py): the units that evidence is counted in.
EPISODES = (
    Field(
        "episodes",
        "1",
        "episodes that began: stalls where the reader stalls, else bursts, else busy periods (an interrupt that finds"
        " the socket empty begins one; a ring's worth of packets ends it)",
    ),
    Field("bursts", "1", "bursts whose first packet arrived; 0 where packets come one by one"),
    Field("loss_episodes", "1", "episodes in which packets were dropped for want of something"),
    Field("loss_peak_packets", "packets", "most packets dropped in one episode"),
    Field("busy_peak_packets", "packets", "most packets that arrived in one busy period, however long"),
    Field("rx_ring_peak_packets", "packets", "most packets that waited on the RX ring at the start of a poll"),
    Field("tx_ring_peak_frames", "frames", "most frames in the TX ring at the start of a poll"),
    Field("nic_buffer_peak_bytes", "bytes", "most that the NIC's own buffer held, of all queues; 0: no limit was met"),
    Field("allocation_episodes", "1", "episodes in which the page allocator was asked for pages"),
)

COUNTERS = PACKETS + TIME + PAGES + CENSUS + EPISODES

HISTOGRAM_BUCKETS = BUCKETS  # entries of a histogram column

HISTOGRAMS = (
    Field("latency_ns_histogram", "ns", "time from wire to delivery or departure, log buckets"),
    Field("waiting_histogram", "packets", "packets waiting on the ring at the start of a poll, log buckets"),
)
