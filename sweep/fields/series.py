# SPDX-License-Identifier: MIT
"""The time series of a simulation: into how many bins it is cut, and what is told of each.

40: each bin is the mean of a batch of packets, and the warm-up is sought among these means; a row of the published
series takes about as many bytes as its histograms.
"""

from __future__ import annotations

from .field import Field

BINS = 40
PREFIX = "series_"  # of its columns where they stand beside counters of the same name

SERIES = (
    Field("end_ps", "ps", "simulated time at the end of the bin"),
    Field("offered_packets", "packets", "packets that arrived from the wire"),
    Field("dropped_packets", "packets", "packets dropped for want of something"),
    Field("rx_packets", "packets", "packets that the driver took from the ring"),
    Field("cpu_ps", "ps", "CPU time that ns_per_packet counts: busy_ps + release_ps"),
    Field("out_packets", "packets", "packets delivered to the reader or forwarded"),
    Field("latency_ns", "ns", "sum of their times from wire to delivery or departure"),
    Field("waiting_packets", "packets", "packets that wait on the RX ring at the end of the bin"),
    Field("queued_buffer_ns", "buffer*ns", "buffers in TX ring, socket or deferred list, sampled at polls, times ns"),
    Field("pages_held_page_ns", "page*ns", "pages taken and not given back, sampled at polls, times ns"),
    Field("allocator_calls", "1", "allocation requests to the page allocator"),
    Field("episodes", "1", "episodes that began"),
    Field("loss_episodes", "1", "episodes whose first loss came in this bin; the window's opening begins one anew"),
)

INSTANTS = ("end_ps", "waiting_packets")  # not totals: what is so at the end of a bin
