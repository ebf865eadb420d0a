# SPDX-License-Identifier: MIT
"""What one simulation counts: a field per counter, the same for every strategy.

All counters are totals over the measured window (after warm-up, to the end of the last poll), except those
whose meaning says "at the start/end of the window", "peak" or "since the start of the simulation".
A strategy adds counters of its own (`COUNTERS` in its file); the eleven page_pool counters are there.
"""

from __future__ import annotations

from functools import partial

from .field import Better, Field, Stage
from .losses import CAUSES
from .spread import DROPS, MEAN, PER_CALL, PER_PAGE, Spread

LOWER, HIGHER = Better.LOWER, Better.HIGHER


def _counter(
    stage: Stage,
    name: str,
    unit: str,
    meaning: str,
    kernel: str = "",
    defined: str = "",
    better: Better = Better.NEITHER,
    spread: Spread = MEAN,
) -> Field:
    return Field(name, unit, meaning, kernel, defined=defined, stage=stage, better=better, spread=spread)


_wire = partial(_counter, Stage.WIRE)
_episodes = partial(_counter, Stage.EPISODES)
_driver = partial(_counter, Stage.DRIVER)
_socket = partial(_counter, Stage.SOCKET)
_tx_ring = partial(_counter, Stage.TX_RING)
_allocator = partial(_counter, Stage.ALLOCATOR)
_hardware = partial(_counter, Stage.HARDWARE)
_time = partial(_counter, Stage.TIME)
_inside = partial(_counter, Stage.INSIDE)
_census = partial(_counter, Stage.CENSUS)

FALLS = Spread(falls_with=DROPS)  # of what comes through


def _heading(name: str, meaning: str) -> Field:
    """One of the headings into which the CPU time is split."""
    return _time(f"{name}_ps", "ps", f"CPU time split: {meaning}", better=LOWER)


LOSSES = tuple(cause.counter for cause in CAUSES)

SPLIT = (  # of busy_ps + release_ps
    _heading("stack", "driver and network stack, strategy excluded"),
    _heading("poll", "interrupts and poll overhead"),
    _heading("allocate", "page allocator, both ways"),
    _heading("recycle", "recycling (pools, reference counts, fragments, deferral)"),
    _heading("dma", "DMA map, unmap and sync"),
    _heading("lock", "zone lock, waiting included"),
    _heading("cache", "headers that miss the last-level cache"),
    _heading("copy", "copying small packets out of their page"),
    _heading("remote", "moving cache lines from the reader's CPU"),
)
HEADINGS = tuple(field.name.removesuffix("_ps") for field in SPLIT)
PAGE_HEADINGS = ("allocate", "recycle", "dma", "lock")  # of them, what getting and giving back pages costs

PACKETS = (
    _wire("offered_packets", "packets", "packets that arrived from the wire"),
    _wire("offered_bytes", "bytes", "frame bytes that arrived from the wire"),
    _wire("rx_packets", "packets", "packets that the driver took from the ring"),
    _socket(
        "delivered_packets", "packets", "packets that the reader has read from the socket", better=HIGHER, spread=FALLS
    ),
    _socket("delivered_bytes", "bytes", "frame bytes of delivered packets", better=HIGHER, spread=FALLS),
    _tx_ring(
        "forwarded_packets",
        "packets",
        "packets whose frame has left the TX ring and was cleaned",
        better=HIGHER,
        spread=FALLS,
    ),
    _tx_ring("forwarded_bytes", "bytes", "frame bytes of forwarded packets", better=HIGHER, spread=FALLS),
    _driver("filtered_packets", "packets", "packets with the fate drop (XDP_DROP, filter): dropped on purpose"),
    *LOSSES,
    _inside("inside_start_packets", "packets", "in RX ring, TX ring and socket at the start of the window"),
    _inside("inside_end_packets", "packets", "in RX ring, TX ring and socket at the end of the window"),
    _driver("copied_packets", "packets", "local packets copied out of their page at once"),
)

TIME = (
    _time("start_ps", "ps", "simulated time at the start of the window"),
    _time("end_ps", "ps", "simulated time at the end of the window"),
    _time("busy_ps", "ps", "CPU time of the queue's NAPI: interrupts, polls, deferred frees", better=LOWER),
    *SPLIT,
    _time("release_ps", "ps", "CPU time of the reader spent on giving pages back (in the split as well)", better=LOWER),
    _wire("interrupts", "1", "interrupts taken"),
    _wire(
        "polls",
        "1",
        "NAPI polls",
        "ch_poll",
        defined="drivers/net/ethernet/mellanox/mlx5/core/en_txrx.c: mlx5e_napi_poll",
    ),
    _wire("full_polls", "1", "polls that used their whole budget of packets (napi_budget)"),
    _socket("wakeups", "1", "times the reader was woken"),
    _socket("stalls", "1", "reader stalls that an awake reader has met or that passed while it slept"),
    _socket("deferred_frees", "1", "skbs freed on the allocating CPU after another CPU was done"),
    _socket("deferred_kicks", "1", "softirqs raised because half of the deferred list had filled"),
    _socket("deferred_list_full", "1", "skbs freed by their reader on another CPU because the deferred list was full"),
)

PAGES = (
    _allocator(
        "allocator_calls",
        "1",
        "allocation requests to the page allocator (a bulk request is one)",
        better=LOWER,
        spread=Spread(PER_CALL._replace(counter=True)),
    ),
    _allocator("allocator_failures", "1", "allocation requests that got no page", better=LOWER),
    _allocator(
        "pages_taken",
        "pages",
        "pages obtained from the page allocator",
        better=LOWER,
        spread=Spread(PER_PAGE._replace(counter=True)),
    ),
    _allocator("pages_given", "pages", "pages given back to the page allocator"),
    _allocator("zone_lock_takes", "1", "times the zone lock was taken", better=LOWER),
    _hardware("dma_maps", "1", "DMA mappings made for RX"),
    _hardware("dma_unmaps", "1", "DMA mappings for RX removed"),
    _hardware("dma_syncs", "1", "DMA syncs for the device"),
    _hardware("tx_dma_maps", "1", "DMA mappings made for TX, with the IOMMU on: a forwarded frame each"),
    _hardware("tx_dma_unmaps", "1", "DMA mappings for TX removed, when their frames are cleaned"),
    _hardware(
        "ddio_miss_ppm", "1e-6", "packets offered times the share of their DMA writes that miss the cache", better=LOWER
    ),
    _hardware(
        "iotlb_miss_ppm", "1e-6", "packets offered times the translations of one that miss the IOTLB", better=LOWER
    ),
    _hardware(
        "walk_upper_miss_ppm",
        "1e-6",
        "packets times their walks that miss an upper level (either) of the walk caches",
        better=LOWER,
    ),
    _hardware(
        "walk_last_miss_ppm",
        "1e-6",
        "packets times their walks that miss the last level of the walk caches",
        better=LOWER,
    ),
    _hardware("reuse_distance_pages", "pages", "packets times the pages opened between two uses of one"),
    _driver("posted_buffers", "buffers", "receive buffers posted to the NIC"),
    _driver("released_buffers", "buffers", "receive buffers given back to the strategy"),
    _inside("held_start_buffers", "buffers", "on the rings, in the socket and deferred, at the start of the window"),
    _inside("pages_held_start", "pages", "pages taken and not given back, at the start of the window"),
    _inside("pages_held_end", "pages", "pages taken and not given back, at the end of the window"),
    _inside("pages_held_peak", "pages", "most pages taken and not given back in the window", better=LOWER),
    _socket("socket_truesize_peak", "bytes", "most truesize charged to the socket in the window"),
)

# Integrals over the window of what each holder holds, sampled at the start of every poll.
CENSUS = (
    _census("rx_ring_buffer_ns", "buffer*ns", "census: buffers on the RX ring, times ns"),
    _census("tx_ring_buffer_ns", "buffer*ns", "census: buffers in the TX ring, times ns"),
    _census("socket_buffer_ns", "buffer*ns", "census: buffers in the socket or on the deferred list, times ns"),
    _census("pool_cache_page_ns", "page*ns", "census: pages kept by the strategy, ready at once, times ns"),
    _census("pool_ring_page_ns", "page*ns", "census: pages in the pool's ring, times ns"),
    _census("provider_page_ns", "page*ns", "census: free pages in regions that are partly in use, times ns"),
    _census("pcp_page_ns", "page*ns", "census: free pages on the per-CPU lists of the allocator, times ns"),
    _census("pages_held_page_ns", "page*ns", "census: pages taken and not given back, times ns", better=LOWER),
    _inside("pool_cache_start_pages", "pages", "kept by the strategy, ready at once, at the start of the window"),
    _inside("pool_ring_start_pages", "pages", "in the pool's ring at the start of the window"),
    _inside("provider_start_pages", "pages", "free in regions that are partly in use, at the start of the window"),
    _inside("rx_ring_end_buffers", "buffers", "on the RX ring at the end of the window"),
    _inside("tx_ring_end_buffers", "buffers", "in the TX ring at the end of the window"),
    _inside("socket_end_buffers", "buffers", "in the socket or on the deferred list at the end of the window"),
    _inside("pool_cache_end_pages", "pages", "kept by the strategy, ready at once, at the end of the window"),
    _inside("pool_ring_end_pages", "pages", "in the pool's ring at the end of the window"),
    _inside("provider_end_pages", "pages", "free in regions that are partly in use, at the end of the window"),
)

# What makes losses come in clumps (episodes.py): the units that evidence is counted in.
EPISODES = (
    _episodes(
        "episodes",
        "1",
        "episodes that began: stalls where the reader stalls, else bursts, else busy periods (an interrupt that finds"
        " the socket empty begins one; a ring's worth of packets ends it)",
    ),
    _episodes("bursts", "1", "bursts whose first packet arrived; 0 where packets come one by one"),
    _episodes("loss_episodes", "1", "episodes in which packets were dropped for want of something", better=LOWER),
    _episodes("loss_peak_packets", "packets", "most packets dropped in one episode", better=LOWER),
    _episodes("busy_peak_packets", "packets", "most packets that arrived in one busy period, however long"),
    _episodes("rx_ring_peak_packets", "packets", "most packets that waited on the RX ring at the start of a poll"),
    _episodes("tx_ring_peak_frames", "frames", "most frames in the TX ring at the start of a poll"),
    _episodes(
        "nic_buffer_peak_bytes", "bytes", "most that the NIC's own buffer held, of all queues; 0: no limit was met"
    ),
    _episodes("allocation_episodes", "1", "episodes in which the page allocator was asked for pages"),
)

COUNTERS = PACKETS + TIME + PAGES + CENSUS + EPISODES

LATENCY, WAITING = "latency_ns_histogram", "waiting_histogram"

HISTOGRAMS = (
    Field(LATENCY, "ns", "time from wire to delivery or departure, log buckets"),
    Field(WAITING, "packets", "packets waiting on the ring at the start of a poll, log buckets"),
)
