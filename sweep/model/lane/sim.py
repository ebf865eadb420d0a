# SPDX-License-Identifier: MIT
"""The arrays that a kernel works on: parameters, state and counters of a batch; and the accounting of CPU time.

Every array has the lane as first dimension.  `params`, `state` and `counters` hold one record per lane
(`fields.record`), so a lane's scalars share cache lines; the rest are plain int64 arrays.

The clock rule: `state.now_ps` is the clock of the CPU that is running.  `pay_*` advances that clock and adds the time
to one heading of the CPU time split, so the split adds up to the time by construction.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sweep.fields.field import Field
from sweep.model.compiler.jit import device

NEVER = 1 << 62  # a time that is never reached, ps

# Who gives a page back: decides direct or ring (page_pool), and which CPU's lists take the page.
NAPI = 0  # the queue's own poll; the driver says so ("allow_direct")
SOFTIRQ = 1  # softirq on the queue's CPU, or process context with softirqs off, while its NAPI is on that CPU's list
REMOTE = 2  # softirq on another CPU
PROCESS = 3  # process context on another CPU
PROCESS_LOCAL = 4  # process context on the queue's CPU
XDP_FRAME = 5  # softirq on the queue's CPU, and the frame never was an sk_buff: its transmission is complete
SOFTIRQ_IDLE = 6  # softirq, or process context with softirqs off, on the queue's CPU; its NAPI is on no CPU's list
KEPT = -1  # nobody: the buffer is still in use

STATE = (
    Field("now_ps", "ps", "clock of the CPU that runs at the moment"),
    Field("cpu_free_ps", "ps", "when the NAPI CPU ended its last softirq"),
    # arrivals
    Field("arrived", "packets", "packets that have arrived; the number of the next one"),
    Field("schedule_ps", "ps", "when the sender wants to start the next packet"),
    Field("next_arrival_ps", "ps", "end of the next packet on the wire; NEVER after the last"),
    Field("wire_end_ps", "ps", "end of the packet before it on the wire"),
    Field("device_end_ps", "ps", "when the device has written the packet before it to memory"),
    Field("next_lost", "1", "1: the next packet finds the NIC's own buffer full"),
    Field("next_bytes", "bytes", "its size"),
    Field("next_fate", "1", "its fate: LOCAL, FORWARD or DROP"),
    Field("burst_left", "packets", "packets left in the current burst"),
    Field("burst_first", "packets", "number of the first packet of the last burst drawn"),
    Field("bursts_drawn", "1", "bursts drawn"),
    # RX ring
    Field("rx_head", "slot", "next descriptor that the NIC fills"),
    Field("rx_clean", "slot", "next descriptor that the driver cleans"),
    Field("rx_tail", "slot", "next descriptor that the driver posts"),
    Field("waiting", "packets", "filled and not cleaned"),
    Field("posted", "descriptors", "posted and not filled"),
    Field("starved", "1", "1: the last refill ended with a failed allocation"),
    # TX ring
    Field("tx_cleaned", "frames", "frames cleaned since the start"),
    Field("tx_done", "frames", "frames known to have left since the start"),
    Field("tx_queued", "frames", "frames queued since the start"),
    Field("tx_first", "slot", "oldest frame not cleaned"),
    Field("tx_probe", "slot", "oldest frame not known to have left"),
    Field("tx_tail", "slot", "where the next frame goes"),
    Field("tx_last_end_ps", "ps", "when the last queued frame has left"),
    # socket and reader
    Field("socket_first", "entry", "oldest entry of the socket's queue"),
    Field("socket_tail", "entry", "where the next entry goes"),
    Field("socket_count", "packets", "packets in the socket's queue"),
    Field("socket_pages", "buffers", "entries of the queue that hold a buffer"),
    Field("socket_truesize", "bytes", "truesize charged to the socket"),
    Field("reader_ps", "ps", "clock of the reader's CPU"),
    Field("reader_awake", "1", "1: woken and not yet asleep again"),
    Field("reader_left_ps", "ps", "work left on the packet being read; -1: none begun"),
    Field("reader_batch", "packets", "packets read in the current call"),
    Field("stall_start_ps", "ps", "start of the next stall"),
    Field("stall_end_ps", "ps", "its end"),
    Field("stall_index", "1", "stalls drawn"),
    Field("deferred_count", "buffers", "buffers on the deferred list"),
    Field(
        "kicked", "1", "1: half of the deferred list has filled, and the queue's CPU has not taken the interrupt yet"
    ),
    Field("unlisted_ppm", "ppm", "what the deferred frees have of the next one that finds the NAPI on no list"),
    Field("poll_start_ps", "ps", "start of the current or last poll: what was deferred before it has been freed"),
    Field("polling_since_ps", "ps", "start of the current run of polls without a break"),
    Field("shared_ps", "ps", "CPU time of that run that ksoftirqd has left to the reader"),
    # page allocator
    Field("zone_free", "pages", "pages left in the zone"),
    Field("free_numbers", "1", "page numbers on the stack of free ones"),
    Field("pages_held", "pages", "pages taken and not given back"),
    Field("order3_tries", "1", "order-3 allocations tried"),
    # census
    Field("pool_cache_pages", "pages", "pages kept by the strategy, ready at once"),
    Field("pool_ring_pages", "pages", "pages in the pool's ring"),
    Field("provider_pages", "pages", "free pages in the regions of the pool's memory provider"),
    Field("census_ns", "ns", "time of the last census sample"),
    # mean field (mean_field.py): what the siblings cost, and the marks of the epoch it is taken from
    Field("lock_wait_ps", "ps", "wait per take of the zone lock"),
    Field("cache_ps", "ps", "header misses per packet, as time"),
    Field("ddio_miss_ppm", "ppm", "share of DMA writes to lines that are not in the cache"),
    Field("ack_ppm", "ppm", "acknowledgements per local packet"),
    Field("ack_stack_ps", "ps", "their CPU time per local packet"),
    Field("ack_dma_ps", "ps", "their mapping and unmapping, per local packet"),
    Field("iotlb_miss_ppm", "ppm", "translations per packet that miss the IOTLB"),
    Field(
        "walk_upper_miss_ppm", "ppm", "walks per packet that miss an upper level of the walk caches; two have the same"
    ),
    Field("walk_last_miss_ppm", "ppm", "walks per packet that miss the last level of the walk caches"),
    Field("device_ps", "ps", "time the device takes for a packet of every queue; 0: no limit"),
    Field("opened_pages", "pages", "pages that began to serve buffers since the start"),
    Field("reuse_pages", "pages", "sum of the reuse distances of this epoch"),
    Field("reuse_samples", "1", "their number"),
    Field("reuse_distance_pages", "pages", "pages opened between two uses of one, mean"),
    Field("epoch_end", "packets", "number of the packet with which the epoch ends"),
    Field("epoch_ps", "ps", "its start"),
    Field("epoch_takes", "1", "zone-lock takes at its start"),
    Field("reader_takes", "1", "those of the reader's CPU, since then"),
    Field("pages_moved", "pages", "pages or blocks moved under the zone lock, since then"),
    Field("epoch_maps", "1", "DMA mappings made at its start"),
    Field("epoch_posted", "buffers", "buffers posted at its start"),
    Field("epoch_packets", "packets", "packets received at its start"),
    Field("epoch_polls", "1", "polls at its start"),
    Field("census_arrived", "packets", "packets that had arrived at the last census sample"),
    # time series (series.py)
    Field("cuts", "1", "bins that have ended"),
    Field("cut_packets", "packets", "packets that have arrived when the current bin ends; NEVER in the last one"),
    Field("latency_ns", "ns", "sum of the times from wire to delivery or departure since the start"),
    # episodes (episodes.py)
    Field("busy_periods", "1", "busy periods that have begun"),
    Field("busy_first", "packets", "number of the first packet of the current one"),
    Field("lap_end", "packets", "number of the packet that ends it as an episode, at the latest"),
    Field("dropped_noted", "packets", "packets dropped in the window up to the last look"),
    Field("calls_noted", "1", "requests to the page allocator up to then"),
    Field("loss_episode", "1", "number of the last episode with a loss in the window, from 1; 0: none"),
    Field("loss_begin", "packets", "packets dropped before it"),
    Field("allocation_episode", "1", "the same of requests to the page allocator"),
    Field("episodes_before", "1", "episodes that had begun when the window opened"),
    Field("bursts_before", "1", "bursts that had begun then"),
    # window
    Field("window", "1", "1: the measured window has begun"),
    Field("waiting_start", "packets", "filled and not cleaned, at the start of the window"),
    Field("rx_ring_start", "descriptors", "posted, or filled and not cleaned, at the start of the window"),
    Field("tx_ring_start", "frames", "frames in the TX ring at the start of the window"),
    Field("epoch_queued", "frames", "frames queued for TX at the start of the epoch"),
)

RX_SLOT = (
    Field("time_ps", "ps", "when the packet in this slot arrived"),
    Field("bytes", "bytes", "its size"),
    Field("fate", "1", "its fate"),
    Field("buffer", "1", "the slot's buffer"),
    Field("index", "1", "number of the packet, from 0"),
)
TX_SLOT = (
    Field("end_ps", "ps", "when the frame has left"),
    Field("time_ps", "ps", "when its packet arrived"),
    Field("bytes", "bytes", "its size"),
    Field("buffer", "1", "its buffer"),
)
SOCKET_ENTRY = (
    Field("time_ps", "ps", "when the packet arrived"),
    Field("bytes", "bytes", "its size"),
    Field("buffer", "1", "its buffer, -1 if it was copied"),
)

CPUS = 2  # 0: the queue's CPU; 1: the reader's, if it is another


class Sim(NamedTuple):
    """The arrays of a batch.  Shapes: L lanes, R largest ring, T largest TX ring, S largest socket queue."""

    params: np.recarray  # (L,) record of params.PARAMS and the strategy's knobs
    state: np.recarray  # (L,) record of STATE
    counters: np.recarray  # (L,) record of counters.COUNTERS and the strategy's own
    tables: np.ndarray  # (tables, quantiles.SIZE) int64: quantile tables shared by the batch
    size_cut: np.ndarray  # (L, CLASSES) int64: a 32-bit draw at or above entry k is in size class > k
    size_bytes: np.ndarray  # (L, CLASSES) int64: frame size of a class
    rx: np.recarray  # (L, R) record of RX_SLOT
    tx: np.recarray  # (L, T) record of TX_SLOT
    socket: np.recarray  # (L, S) record of SOCKET_ENTRY
    deferred: np.ndarray  # (L, kernel.MOST_DEFERRED) int64: buffers that another CPU is done with
    pcp_count: np.ndarray  # (L, CPUS) int64: order-0 pages on the per-CPU list
    pcp_blocks: np.ndarray  # (L, CPUS) int64: order-3 blocks on the per-CPU list
    page_numbers: np.ndarray  # (L, P) int64: stack of free page numbers
    opened_at: np.ndarray  # (L, P / llc.SAMPLED + 1) int64: `opened_pages` when a page last began to serve buffers
    latency: np.ndarray  # (L, histogram.BUCKETS) int64
    occupancy: np.ndarray  # (L, histogram.BUCKETS) int64
    series: np.ndarray  # (L, series.BINS + 1, quantities) int64: totals at the end of each bin, see series.SERIES


# Headings of the CPU time split; `pay` is written out per heading because a record field has no index.
@device
def pay_stack(sim: Sim, lane: int, ps: int) -> None:
    sim.state[lane].now_ps += ps
    sim.counters[lane].stack_ps += ps


@device
def pay_poll(sim: Sim, lane: int, ps: int) -> None:
    sim.state[lane].now_ps += ps
    sim.counters[lane].poll_ps += ps


@device
def pay_allocate(sim: Sim, lane: int, ps: int) -> None:
    sim.state[lane].now_ps += ps
    sim.counters[lane].allocate_ps += ps


@device
def pay_recycle(sim: Sim, lane: int, ps: int) -> None:
    sim.state[lane].now_ps += ps
    sim.counters[lane].recycle_ps += ps


@device
def pay_dma(sim: Sim, lane: int, ps: int) -> None:
    sim.state[lane].now_ps += ps
    sim.counters[lane].dma_ps += ps


@device
def pay_lock(sim: Sim, lane: int, ps: int) -> None:
    sim.state[lane].now_ps += ps
    sim.counters[lane].lock_ps += ps


@device
def pay_copy(sim: Sim, lane: int, ps: int) -> None:
    sim.state[lane].now_ps += ps
    sim.counters[lane].copy_ps += ps


@device
def pay_remote(sim: Sim, lane: int, ps: int) -> None:
    sim.state[lane].now_ps += ps
    sim.counters[lane].remote_ps += ps


@device
def pay_cache(sim: Sim, lane: int, ps: int) -> None:
    sim.state[lane].now_ps += ps
    sim.counters[lane].cache_ps += ps
