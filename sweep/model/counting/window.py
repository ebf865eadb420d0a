# SPDX-License-Identifier: MIT
"""The measured window: counters are reset when it opens; while it is open, the census samples where pages are.

Not modelled: changes between two samples, which are taken at the starts of polls.
"""

from __future__ import annotations

from sweep.model.compiler.jit import device, out_of_line
from sweep.model.hardware.mean_field import shift_epoch
from sweep.model.lane.sim import Sim
from sweep.model.pages import ORDER3_PAGES

from .episodes import close_episodes, open_episodes
from .series import end_series, save_totals


@device
def inside(sim: Sim, lane: int) -> int:
    """Packets in RX ring, TX ring and socket."""
    st = sim.state[lane]
    return st.waiting + st.tx_queued - st.tx_cleaned + st.socket_count


@device
def buffers_out(sim: Sim, lane: int) -> int:
    """Buffers on the RX ring, in the TX ring, in the socket and on the deferred list."""
    st = sim.state[lane]
    return st.posted + st.waiting + st.tx_queued - st.tx_cleaned + st.socket_pages + st.deferred_count


@device
@out_of_line
def open_window(sim: Sim, lane: int) -> None:
    """At the end of the warm-up: reset all counters and histograms, and note the state at the start of the window."""
    st, c = sim.state[lane], sim.counters[lane]
    shift_epoch(sim, lane)
    save_totals(sim, lane)
    sim.counters[lane] = 0  # every field of the record
    for i in range(sim.latency.shape[1]):
        sim.latency[lane, i] = 0
        sim.occupancy[lane, i] = 0
    st.window = 1
    open_episodes(sim, lane)
    st.census_ns = st.now_ps // 1000
    st.waiting_start = st.waiting
    st.rx_ring_start = st.posted + st.waiting
    st.tx_ring_start = st.tx_queued - st.tx_cleaned
    st.census_arrived = st.arrived
    c.start_ps = st.now_ps
    c.inside_start_packets = inside(sim, lane)
    c.held_start_buffers = buffers_out(sim, lane)
    c.pool_cache_start_pages = st.pool_cache_pages
    c.pool_ring_start_pages = st.pool_ring_pages
    c.provider_start_pages = st.provider_pages
    c.pages_held_start = st.pages_held
    c.pages_held_peak = st.pages_held
    c.socket_truesize_peak = st.socket_truesize


@device
def census(sim: Sim, lane: int) -> None:
    """A census sample: add what each holder has now times the time since the last sample, and the misses per packet."""
    st, c = sim.state[lane], sim.counters[lane]
    now_ns = st.now_ps // 1000
    ns = now_ns - st.census_ns
    st.census_ns = now_ns
    c.rx_ring_buffer_ns += ns * (st.posted + st.waiting)
    c.tx_ring_buffer_ns += ns * (st.tx_queued - st.tx_cleaned)
    c.socket_buffer_ns += ns * (st.socket_pages + st.deferred_count)
    c.pool_cache_page_ns += ns * st.pool_cache_pages
    c.pool_ring_page_ns += ns * st.pool_ring_pages
    c.provider_page_ns += ns * st.provider_pages
    blocks = sim.pcp_blocks[lane, 0] + sim.pcp_blocks[lane, 1]
    c.pcp_page_ns += ns * (sim.pcp_count[lane, 0] + sim.pcp_count[lane, 1] + ORDER3_PAGES * blocks)
    c.pages_held_page_ns += ns * st.pages_held
    packets = st.arrived - st.census_arrived
    st.census_arrived = st.arrived
    c.ddio_miss_ppm += packets * st.ddio_miss_ppm
    c.iotlb_miss_ppm += packets * st.iotlb_miss_ppm
    c.walk_upper_miss_ppm += packets * st.walk_upper_miss_ppm
    c.walk_last_miss_ppm += packets * st.walk_last_miss_ppm
    c.reuse_distance_pages += packets * st.reuse_distance_pages


@device
@out_of_line
def close_window(sim: Sim, lane: int) -> None:
    """At the end of the simulation: take the last census sample, and note the state at the end of the window."""
    st, c = sim.state[lane], sim.counters[lane]
    census(sim, lane)
    close_episodes(sim, lane)
    end_series(sim, lane)
    c.end_ps = st.now_ps
    c.inside_end_packets = inside(sim, lane)
    c.pages_held_end = st.pages_held
    c.rx_ring_end_buffers = st.posted + st.waiting
    c.tx_ring_end_buffers = st.tx_queued - st.tx_cleaned
    c.socket_end_buffers = st.socket_pages + st.deferred_count
    c.pool_cache_end_pages = st.pool_cache_pages
    c.pool_ring_end_pages = st.pool_ring_pages
    c.provider_end_pages = st.provider_pages
