# SPDX-License-Identifier: MIT
"""The time series of a simulation: what had been counted when each fortieth of its packets had been offered.

A run, warm-up included, is cut into BINS equal parts by packets offered.  A cut is made at the start of the first poll
at which that many packets have arrived, the last one at the end of the simulation, and writes totals since the start
of the simulation, whatever is forgotten when the window opens.  A poll that passes several cuts writes the same totals
to each: bins may be empty.

Not modelled: what happens inside of a bin, and a cut in the middle of a poll.
"""

from __future__ import annotations

from sweep.fields.series import BINS
from sweep.model.compiler.jit import device, out_of_line
from sweep.model.lane.sim import NEVER, Sim

from .episodes import dropped_packets, episodes_begun

CARRIED = BINS  # the row of `Sim.series` with what had been counted when the window opened


@device
@out_of_line
def write_totals(sim: Sim, lane: int, row: int) -> None:
    """Totals since the start of the simulation, in the order of SERIES."""
    st, c = sim.state[lane], sim.counters[lane]
    series = sim.series
    ns = st.now_ps // 1000 - st.census_ns  # since the last sample of the census
    series[lane, row, 0] = st.now_ps
    series[lane, row, 1] = st.arrived
    series[lane, row, 2] = series[lane, CARRIED, 2] + dropped_packets(sim, lane)
    series[lane, row, 3] = series[lane, CARRIED, 3] + c.rx_packets
    series[lane, row, 4] = series[lane, CARRIED, 4] + c.busy_ps + c.release_ps
    series[lane, row, 5] = series[lane, CARRIED, 5] + c.delivered_packets + c.forwarded_packets
    series[lane, row, 6] = st.latency_ns
    series[lane, row, 7] = st.waiting
    queued = st.tx_queued - st.tx_cleaned + st.socket_pages + st.deferred_count
    series[lane, row, 8] = series[lane, CARRIED, 8] + c.tx_ring_buffer_ns + c.socket_buffer_ns + ns * queued
    series[lane, row, 9] = series[lane, CARRIED, 9] + c.pages_held_page_ns + ns * st.pages_held
    series[lane, row, 10] = series[lane, CARRIED, 10] + c.allocator_calls
    series[lane, row, 11] = episodes_begun(sim, lane)
    series[lane, row, 12] = series[lane, CARRIED, 12] + c.loss_episodes


@device
def begin_series(sim: Sim, lane: int) -> None:
    """At the start of the simulation: the first bin ends after the first fortieth of the packets."""
    sim.state[lane].cut_packets = sim.params[lane].packets // BINS


@device
def end_bins(sim: Sim, lane: int) -> None:
    """At the start of a poll: end every bin whose packets have arrived, except the last."""
    st, p = sim.state[lane], sim.params[lane]
    while st.arrived >= st.cut_packets:
        write_totals(sim, lane, st.cuts)
        st.cuts += 1
        st.cut_packets = (st.cuts + 1) * p.packets // BINS if st.cuts + 1 < BINS else NEVER


@device
def save_totals(sim: Sim, lane: int) -> None:
    """Before the window opens and counters are reset: keep the totals so far, for the bins that follow."""
    write_totals(sim, lane, CARRIED)


@device
def end_series(sim: Sim, lane: int) -> None:
    """At the end of the simulation: end all remaining bins."""
    for row in range(sim.state[lane].cuts, BINS):
        write_totals(sim, lane, row)
