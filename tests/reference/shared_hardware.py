# SPDX-License-Identifier: MIT
"""What the queues of a host share, each sibling taken to do what this one did: docs/model.md, section 11."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .allocator import Page
    from .simulation import Simulation

EPOCH_PACKETS = 1024
UNIT = 1 << 10  # means and queue lengths are in 1/1024
MILLION = 1_000_000
LINES = 64  # cache lines of a page
PAGE_BYTES = 4096
OBSERVED = 8  # one page in this many has its reuse measured
MODE_WEIGHT = 1 << 36
ACK_MOST = 500_000  # ppm of a packet: one acknowledges two
ACK_WALKS = 2_000_000  # ppm of an acknowledgement
DESCRIPTOR_WALKS = 150_000  # ppm of a packet
MAGAZINES = 256  # IOVAs whose order is kept
RANGE_PAGES = 512  # under one entry of the last level
LOST_IN_ORDER, LOST = 300_000, 500_000  # ppm of last-level entries that an unmap has taken
STRICT = 2  # the IOMMU mode; 0 is off, 1 lazy
GROWING = ("zone_lock_takes", "rx_packets", "polls", "dma_maps", "posted_buffers")
SAMPLED = ("ddio_miss_ppm", "iotlb_miss_ppm", "walk_upper_miss_ppm", "walk_last_miss_ppm", "reuse_distance_pages")


def poisson_tail(mean: int, least: int) -> int:
    """P(N >= least), ppm, for a Poisson N whose mean is `mean` / 1024."""
    mode = mean // UNIT
    if least <= 0 or mode >= 4 * least + 32:
        return MILLION
    if mean <= 0:
        return 0
    weights = {mode: MODE_WEIGHT}
    n = mode
    while n > 0 and weights[n] > 0:
        weights[n - 1] = weights[n] * n * UNIT // mean
        n -= 1
    n = mode
    while weights[n] > 0:
        weights[n + 1] = weights[n] * mean // (n + 1) // UNIT
        n += 1
    above = sum(weight for n, weight in weights.items() if n >= least)
    return above * MILLION // sum(weights.values())


def beyond(entries: int, wanted: int) -> int:
    """The share, ppm, of `wanted` that do not fit into `entries`."""
    return MILLION - MILLION * entries // wanted if wanted > entries else 0


def lost(iovas: int) -> int:
    """The share, ppm, of walks whose last-level entry an unmap has taken, of a queue that uses that many IOVAs."""
    return LOST_IN_ORDER + (LOST - LOST_IN_ORDER) * beyond(MAGAZINES, iovas) // MILLION


class SharedHardware:
    """What the siblings cost this queue now, and what this queue has done since the epoch began."""

    def __init__(self, sim: Simulation) -> None:
        self.sim = sim
        self.lock_wait_ps = 0
        self.ack_ppm = 0  # acknowledgements per packet
        self.ack_stack_ps = self.ack_dma_ps = 0
        self.cache_ps = 0
        self.device_ps = 0
        self.ddio_miss_ppm = 0
        self.iotlb_miss_ppm = self.walk_upper_miss_ppm = self.walk_last_miss_ppm = 0  # per packet
        self.reuse_distance_pages = 0
        self.opened = 0  # pages, since the beginning
        self.opened_at: dict[int, int] = {}  # that number when a page was opened last, by the number of the page
        self.distances: list[int] = []  # of this epoch
        self.began_ps = self.began_arrived = self.began_reader_takes = self.began_moved = 0
        self.began_queued = 0  # frames
        self.began: Counter[str] = Counter()

    def open(self, page: Page) -> None:
        """The page, or the block, begins to serve buffers."""
        self.opened += page.pages
        if page.number % OBSERVED == 0:
            if page.number in self.opened_at:
                self.distances.append(self.opened - self.opened_at[page.number])
            self.opened_at[page.number] = self.opened

    # --- epochs -------------------------------------------------------------------------------------------

    def start(self) -> None:
        """The first refill is over."""
        self.reuse_distance_pages = self.sim.params.ring
        self.share_cache()
        self.share_device()
        self.begin_epoch()

    def begin_epoch(self) -> None:
        self.began_ps, self.began_arrived = self.sim.now, self.sim.rx.arrived
        self.began_reader_takes = self.sim.memory.takes[1]
        self.began_moved = self.sim.memory.moved
        self.began_queued = len(self.sim.tx.frames)
        self.began = Counter({name: self.sim.total(name) for name in GROWING})
        self.distances = []

    def growth(self, name: str) -> int:
        return self.sim.total(name) - self.began[name]

    def poll_starts(self) -> None:
        """If the epoch is over, its conclusions hold from now on."""
        if self.sim.rx.arrived - self.began_arrived < EPOCH_PACKETS:
            return
        self.share_lock()
        self.acknowledge()
        self.note_reuse()
        self.share_cache()
        self.share_translations()
        self.share_device()
        self.begin_epoch()

    # --- conclusions --------------------------------------------------------------------------------------

    def share_lock(self) -> None:
        """Mean value analysis of CPUs that think, queue for the zone lock and hold it."""
        p, takes, wait = self.sim.params, self.growth("zone_lock_takes"), 0
        if takes > 0:
            cpus = 2 if self.sim.memory.takes[1] > self.began_reader_takes else 1
            moved = self.sim.memory.moved - self.began_moved
            hold = p.cost_zone_lock + p.cost_buddy_page * moved // takes
            think = max(cpus * (self.sim.now - self.began_ps) // takes - hold - self.lock_wait_ps, 0)
            queue = response = 0
            for n in range(1, p.queues * cpus + 1):
                slowed = hold + p.cost_lock_waiter * queue // UNIT
                response = slowed * (queue + UNIT) // UNIT
                queue = n * response * UNIT // max(think + response, 1)
            wait = response - hold
        self.lock_wait_ps = (self.lock_wait_ps + wait) // 2

    def acknowledge(self) -> None:
        """One acknowledgement for each flow that a poll has met."""
        p, packets, polls = self.sim.params, self.growth("rx_packets"), self.growth("polls")
        if p.flows == 0 or packets == 0 or polls == 0:
            return
        per_poll = min(max((packets + polls // 2) // polls, 1), p.napi_budget)
        missed = MILLION
        for _ in range(per_poll):
            missed = missed * (p.flows - 1) // p.flows
        self.ack_ppm = min((MILLION - missed) * p.flows // per_poll, ACK_MOST)
        self.ack_stack_ps = self.ack_ppm * p.cost_ack // MILLION
        if p.iommu:
            self.ack_dma_ps = self.ack_ppm * (p.cost_dma_map + p.cost_dma_unmap) // MILLION

    def note_reuse(self) -> None:
        if self.distances:
            mean = sum(self.distances) // len(self.distances)
            self.reuse_distance_pages = (self.reuse_distance_pages + mean + 1) // 2

    def share_cache(self) -> None:
        """Headers that the CPU, and buffers that the device does not find in the last-level cache."""
        p = self.sim.params
        if p.llc_sets == 0:
            return
        pages = p.queues * self.reuse_distance_pages
        missed = poisson_tail(pages * LINES * UNIT // p.llc_sets, p.llc_ways) if p.ddio_ways else MILLION
        self.cache_ps = missed * p.header_lines_milli // 1000 * p.cost_llc_miss // MILLION
        lines = pages * p.lines_in_page // p.offsets_used
        self.ddio_miss_ppm = poisson_tail(lines * LINES * UNIT // p.llc_sets, p.ddio_ways)

    def share_translations(self) -> None:
        """Misses of the IOTLB and, among the walks that these take, of the walk caches."""
        p, posted = self.sim.params, self.growth("posted_buffers")
        if not p.iommu or posted == 0:
            return
        maps = self.growth("dma_maps") * MILLION // posted
        sent = (len(self.sim.tx.frames) - self.began_queued) * MILLION // posted
        mapped = self.sim.tx.mapped()
        kept = MILLION - min(maps, MILLION)
        translations = max(p.queues * self.reuse_distance_pages // p.mapped_pages, 1)
        crowded_out = beyond(p.iotlb_entries, translations + p.queues * mapped)
        evicted = kept * crowded_out // MILLION
        frames = sent if p.tx_map else sent * crowded_out // MILLION
        acks = self.ack_ppm * ACK_WALKS // MILLION
        walks = maps + evicted + frames + acks + (MILLION + sent) * DESCRIPTOR_WALKS // MILLION
        ranges = max((translations * p.mapped_pages + p.queues * mapped) // RANGE_PAGES, 1)
        last = (maps + evicted + frames) * beyond(p.walk_cache_entries, ranges) // MILLION
        upper = 0
        if p.iommu == STRICT:
            last += (maps * lost(p.ring + mapped) + acks * LOST) // MILLION
            if p.tx_map:
                last += sent * lost(p.ring * (MILLION - kept) // MILLION + mapped) // MILLION
            upper = acks * acks // walks
        self.iotlb_miss_ppm = walks
        self.walk_upper_miss_ppm = upper
        self.walk_last_miss_ppm = min(last, walks)

    def share_device(self) -> None:
        """What a packet takes of the PCIe link, or of the translation in front of it."""
        p = self.sim.params
        service = p.pcie_packet_ps
        if p.iommu:
            transfer = p.cost_dma_transfer * p.frame_bytes // PAGE_BYTES
            reads = self.iotlb_miss_ppm + self.walk_last_miss_ppm + 2 * self.walk_upper_miss_ppm
            service = max(service, transfer + reads * p.cost_walk_read // MILLION)
        self.device_ps = p.queues * service
