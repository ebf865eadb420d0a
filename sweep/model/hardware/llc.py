# SPDX-License-Identifier: MIT
"""The last-level cache under DMA: which lines of a buffer are still there when they are needed.

The NIC writes a packet into the cache (DDIO): in place where the line is cached already, else into the few ways
that DDIO may fill.  Lines that the CPU reads come to use all ways, lines that only the NIC writes stay in DDIO's.
A line is gone when its set has been given as many other lines as it has ways before the line comes round again.
How many come between is the reuse distance: the pages that the strategy opens between two uses of one page, times
the queues of the host.  It is measured on the pages themselves: a pool that reuses its hottest page has a short one,
a FIFO or a large ring one as long as its stock.

Which sets: a page's address fixes 6 bits of the set, so the header lines of buffers that all start at the same
offset share 1/64 of the sets, and a 15 MiB cache of 20 ways holds 3,840 of them.  Buffers of half pages use twice
as many sets, buffers of odd sizes all.  Pages are anywhere in memory, so a set has a Poisson number of them.

Not modelled: the caches of the cores; the hash that spreads lines over slices (it leaves these 6 bits alone); the
rest of the host's use of the cache; payload read by the reader (its rate is given); write-back traffic.
Source: [intel-ddio-2012], two ways [farshin-2020]; measured over rings and queues [xdp-paper bench01] (also what a
miss costs) [xdp-paper bench05]; that header lines share 1/64 of the sets is inferred here.
"""

from __future__ import annotations

from sweep.model.compiler.jit import device, out_of_line
from sweep.model.lane.sim import Sim

from .poisson import MEAN_SHIFT, PPM, tail_ppm

LINE_BYTES = 64
PAGE_LINES = 64
SAMPLED = 8  # the reuse distance is taken on every eighth page number: pages are alike


@device
def opened(sim: Sim, lane: int, page: int, pages: int) -> None:
    """Note that `page`, the first of `pages` that go together, begins to serve buffers; samples its reuse distance."""
    st = sim.state[lane]
    st.opened_pages += pages
    if page % SAMPLED == 0:
        opened_before = sim.opened_at[lane, page // SAMPLED]
        if opened_before > 0:
            st.reuse_pages += st.opened_pages - opened_before
            st.reuse_samples += 1
        sim.opened_at[lane, page // SAMPLED] = st.opened_pages


@device
@out_of_line
def measure_reuse(sim: Sim, lane: int) -> None:
    """Update the mean reuse distance from the last epoch; unchanged if no page was reused."""
    st = sim.state[lane]
    if st.reuse_samples > 0:
        st.reuse_distance_pages = (st.reuse_distance_pages + st.reuse_pages // st.reuse_samples + 1) // 2
        st.reuse_pages = 0
        st.reuse_samples = 0


@device
@out_of_line
def measure_cache(sim: Sim, lane: int) -> None:
    """Update the cost of header misses per packet and the miss ratio of DMA writes from the reuse distance."""
    st, p = sim.state[lane], sim.params[lane]
    if p.llc_sets == 0:
        return
    pages = p.queues * st.reuse_distance_pages
    missed_ppm = PPM
    if p.ddio_ways > 0:
        missed_ppm = tail_ppm((pages * PAGE_LINES << MEAN_SHIFT) // p.llc_sets, p.llc_ways)
    st.cache_ps = missed_ppm * p.header_lines_milli // 1000 * p.cost_llc_miss // PPM
    # Buffers per page * lines of a frame, over the page offsets that such lines have.
    lines = pages * p.lines_in_page // p.offsets_used
    st.ddio_miss_ppm = tail_ppm((lines * PAGE_LINES << MEAN_SHIFT) // p.llc_sets, p.ddio_ways)
