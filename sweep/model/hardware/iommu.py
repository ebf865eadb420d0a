# SPDX-License-Identifier: MIT
"""DMA through an IOMMU, as the device sees it: translations that miss, page walks, and the time they take.

A translation that misses the IOTLB reads the leaf entry from memory, and one more entry for each level of the walk
caches that misses too.

* A page mapped anew misses once: its IOVA was never translated, or its entry went with the unmap (strict).  A page
  that keeps its mapping misses only for want of room: the translations in use (a page each, or a region each for a
  pool grouped in 2 MB) against the entries of the IOTLB.
* TCP answers: a flow of which a poll has seen packets sends one acknowledgement, but none for less than two packets,
  from a buffer mapped for it, so flows that share a poll cost translations of their own.
* A forwarded frame that is mapped for TX misses once, when the device reads it; one that is sent from its mapping for
  RX misses for want of room only.  Its descriptor and completion miss as often as those of a received packet
  (assumed).  The mapped frames of the TX ring take their share of the room, and of the magazines.
* In strict mode an unmap also drops the walk caches' entries for its range.  The upper levels cover all that is
  mapped for one direction.  The driver unmaps received pages and sent frames a whole poll at a time, between walks,
  but an acknowledgement alone: so an upper level is found gone by a walk for an acknowledgement that follows the
  unmap of another, as often as two walks in a row are of that kind.
* The last level covers 2 MB.  A CPU takes IOVAs off its own two magazines, last in, first out, and the walk that
  opens a range is followed by others in it; past the magazines they come from the depot in any order, and a range's
  last event is as likely an unmap as a walk.  A larger ring therefore walks further: what exceeds the magazines has
  lost its order.

Not modelled: the IOTLB's sets; prefetching by the device (ATS); invalidation queue waits of other devices; flush
timeouts of lazy mode; large pages by luck; how descriptors and completions come to miss (a constant).
Source: [rubin-2024]; drivers/iommu/iova.c (magazines) [linux 6.12.117].
"""

from __future__ import annotations

from sweep.model.compiler.jit import device, out_of_line
from sweep.model.lane.sim import Sim

from .poisson import PPM

OFF, LAZY, STRICT = 0, 1, 2
MODES = ("off", "lazy", "strict")
MAGAZINE_IOVAS = 128  # IOVA_MAG_SIZE, drivers/iommu/iova.c; a CPU has two, loaded and prev
UPPER_LEVELS = 2  # walk caches above the last level: a four-level table
RANGE_PAGES = 512  # 4 KiB pages under one entry of the last level
# Share of walks for received pages that find their range's last-level entry gone.  In IOVAs off the magazines:
# assumed, from V22's row of 5 flows, 0.36 (range 0.1 to 0.5).  In IOVAs from the depot walk and unmap of a range
# alternate without order, so it is every second one.
ORDERED_MISS_PPM = 300_000
SCATTERED_MISS_PPM = 500_000
# Translations that a packet's descriptor and completion miss: a kernel that keeps its mappings, whose pages still
# exceed the IOTLB, misses 1.09 to 1.19 per packet [lab icx-dualnic].
DESCRIPTOR_WALKS_PPM = 150_000
ACK_WALKS_PPM = 2_000_000  # an acknowledgement: its buffer, mapped for it, and its descriptor; assumed (1 to 3)


@device
def distinct_ppm(flows: int, packets: int) -> int:
    """Different flows among `packets` packets of `flows` equally busy ones, per packet, ppm: balls into urns."""
    missed = PPM  # chance that a given flow has none of them
    for _ in range(packets):
        missed = missed * (flows - 1) // flows
    return (PPM - missed) * flows // packets


@device
def beyond_ppm(entries: int, wanted: int) -> int:
    """Miss ratio of a cache of `entries` when `wanted` things are used in random order, ppm."""
    return PPM - PPM * entries // wanted if wanted > entries else 0


@device
def lost_ppm(iovas: int) -> int:
    """Strict: share of walks that find their range's last-level entry gone, where a queue uses that many IOVAs, ppm."""
    scattered_ppm = beyond_ppm(2 * MAGAZINE_IOVAS, iovas)
    return ORDERED_MISS_PPM + (SCATTERED_MISS_PPM - ORDERED_MISS_PPM) * scattered_ppm // PPM


@device
@out_of_line
def measure_walks(sim: Sim, lane: int, maps_ppm: int, sent_ppm: int) -> None:
    """Update IOTLB and walk-cache misses per packet: from the mappings for RX and the frames queued per packet, ppm."""
    st, p = sim.state[lane], sim.params[lane]
    if p.iommu == OFF:
        return
    remapped_ppm = min(maps_ppm, PPM)
    frames = p.tx_map * (st.tx_queued - st.tx_cleaned)
    received = max(p.queues * st.reuse_distance_pages // p.mapped_pages, 1)
    crowded_out_ppm = beyond_ppm(p.iotlb_entries, received + p.queues * frames)
    pages_ppm = maps_ppm + (PPM - remapped_ppm) * crowded_out_ppm // PPM
    frames_ppm = sent_ppm if p.tx_map == 1 else sent_ppm * crowded_out_ppm // PPM
    acks_ppm = st.ack_ppm * ACK_WALKS_PPM // PPM
    walks_ppm = pages_ppm + frames_ppm + acks_ppm + (PPM + sent_ppm) * DESCRIPTOR_WALKS_PPM // PPM
    ranges = max((received * p.mapped_pages + p.queues * frames) // RANGE_PAGES, 1)
    last_ppm = (pages_ppm + frames_ppm) * beyond_ppm(p.walk_cache_entries, ranges) // PPM
    upper_ppm = 0
    if p.iommu == STRICT:
        last_ppm += (maps_ppm * lost_ppm(p.ring + frames) + acks_ppm * SCATTERED_MISS_PPM) // PPM
        last_ppm += p.tx_map * sent_ppm * lost_ppm(p.ring * remapped_ppm // PPM + frames) // PPM
        upper_ppm = acks_ppm * acks_ppm // walks_ppm
    st.iotlb_miss_ppm = walks_ppm
    st.walk_upper_miss_ppm = upper_ppm
    st.walk_last_miss_ppm = min(last_ppm, walks_ppm)


@device
def reads_ppm(sim: Sim, lane: int) -> int:
    """Page-table reads per packet: one for each walk, one more for each level of the walk caches that misses."""
    st = sim.state[lane]
    return st.iotlb_miss_ppm + st.walk_last_miss_ppm + UPPER_LEVELS * st.walk_upper_miss_ppm
