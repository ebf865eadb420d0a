# SPDX-License-Identifier: MIT
"""One simulation, as docs/model.md defines it, with objects, lists and dicts: the plain reference.

It is written from the page and imports nothing from sweep.  Slow, and meant to be read.
"""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace
from typing import Any

from .allocator import Allocator
from .arrivals import Packet, RxRing
from .episodes import Episodes
from .histogram import bucket
from .receiver import Receiver
from .series import Series
from .shared_hardware import SAMPLED, SharedHardware
from .strategies import STRATEGIES
from .tx_ring import TxRing

PS_PER_NS = 1000
SOFTIRQ_LIMIT_PS = 2_000_000_000
SLICE_PS = 3_000_000_000


class Simulation:
    """One scenario with one strategy.

    `params`: integers by name; `tables`: quantile tables by parameter name, None where there is none;
    `sizes`: (cut, frame bytes) of each packet size, cuts rising.
    """

    def __init__(
        self, strategy: str, params: dict[str, int], tables: dict[str, list[int] | None], sizes: list[tuple[int, int]]
    ) -> None:
        self.params = SimpleNamespace(**params)
        self.tables = tables
        self.sizes = sizes
        self.count: Counter[str] = Counter()
        self.before_window: Counter[str] = Counter()  # what was counted before the window opened
        self.latency: Counter[int] = Counter()
        self.occupancy: Counter[int] = Counter()
        self.now = 0  # clock of the CPU that runs at the moment
        self.softirq_end = 0  # end of the last softirq on the NAPI CPU
        self.polling_since = 0
        self.poll_start = 0
        self.lent = 0  # CPU time that ksoftirqd has left to the reader since then
        self.window_open = False
        self.last_census = self.last_census_arrived = 0
        p = self.params
        self.stack_ps = {"drop": p.cost_stack_drop, "forward": p.stack_forward_ps, "local": p.cost_stack_local}
        self.shared = SharedHardware(self)
        self.memory = Allocator(self)
        self.strategy = STRATEGIES[strategy](self)
        self.rx = RxRing(self)
        self.tx = TxRing(self)
        self.receiver = Receiver(self)
        self.episodes = Episodes(self)
        self.series = Series(self)

    # --- clocks and counting: section 1 -----------------------------------------------------------------

    def pay(self, heading: str, ps: int) -> None:
        self.now += ps
        self.count[f"{heading}_ps"] += ps

    def total(self, name: str) -> int:
        """A counter since the beginning, whether the window has opened or not."""
        return self.before_window[name] + self.count[name]

    def record_latency(self, ps: int) -> None:
        self.latency[bucket(ps // PS_PER_NS)] += 1
        self.series.latency += ps // PS_PER_NS

    def release(self, buffer: Any, context: str) -> None:
        """The last user is done with a buffer."""
        self.count["released_buffers"] += 1
        self.strategy.release(buffer, context)

    # --- beginning and end: section 4 -------------------------------------------------------------------

    def run(self) -> None:
        """From the filling of the ring to the poll after the last arrival."""
        self.fill_ring()
        again = False
        while (start := self.next_poll(again)) is not None:
            again = self.poll(start, interrupted=not again)
            if self.rx.arrived == self.params.packets:
                break
        self.close_window()

    def fill_ring(self) -> None:
        buffers, starved = self.new_buffers()
        self.rx.post(buffers, starved)
        self.now = 0
        self.shared.start()
        self.rx.begin()

    def inside(self) -> int:
        return len(self.rx.waiting) + self.tx.uncleaned() + len(self.receiver.queue)

    def open_window(self) -> None:
        self.window_open = True
        self.census()
        self.before_window.update(self.count)
        for counts in (self.count, self.latency, self.occupancy):
            counts.clear()
        self.count["start_ps"] = self.now
        self.count["inside_start_packets"] = self.inside()
        self.count["held_start_buffers"] = self.rx.buffers() + self.tx.uncleaned() + self.receiver.buffers()
        self.count["pool_cache_start_pages"] = self.strategy.ready_pages()
        self.count["pool_ring_start_pages"] = self.strategy.ring_pages()
        self.count["provider_start_pages"] = self.strategy.provider_pages()
        self.count["pages_held_start"] = self.memory.held
        self.memory.peak = self.memory.held
        self.receiver.peak = self.receiver.truesize
        self.last_census, self.last_census_arrived = self.now, self.rx.arrived
        self.episodes.open_window()

    def holders(self) -> dict[str, int]:
        """What each holder holds now, by the name of its integral."""
        return {
            "rx_ring_buffer_ns": self.rx.buffers(),
            "tx_ring_buffer_ns": self.tx.uncleaned(),
            "socket_buffer_ns": self.receiver.buffers(),
            "pool_cache_page_ns": self.strategy.ready_pages(),
            "pool_ring_page_ns": self.strategy.ring_pages(),
            "provider_page_ns": self.strategy.provider_pages(),
            "pcp_page_ns": self.memory.listed_pages(),
            "pages_held_page_ns": self.memory.held,
        }

    def census(self) -> None:
        passed = self.now // PS_PER_NS - self.last_census // PS_PER_NS
        for name, held in self.holders().items():
            self.count[name] += passed * held
        arrived = self.rx.arrived - self.last_census_arrived
        for name in SAMPLED:
            self.count[name] += arrived * getattr(self.shared, name)
        self.last_census, self.last_census_arrived = self.now, self.rx.arrived

    def close_window(self) -> None:
        self.now = self.softirq_end
        self.census()
        self.episodes.close_window()
        self.series.close()
        self.count["end_ps"] = self.now
        self.count["inside_end_packets"] = self.inside()
        self.count["pages_held_end"] = self.memory.held
        self.count["pages_held_peak"] = self.memory.peak
        self.count["socket_truesize_peak"] = self.receiver.peak
        self.count["rx_ring_end_buffers"] = self.rx.buffers()
        self.count["tx_ring_end_buffers"] = self.tx.uncleaned()
        self.count["socket_end_buffers"] = self.receiver.buffers()
        self.count["pool_cache_end_pages"] = self.strategy.ready_pages()
        self.count["pool_ring_end_pages"] = self.strategy.ring_pages()
        self.count["provider_end_pages"] = self.strategy.provider_pages()

    # --- when the next poll starts: section 5 -----------------------------------------------------------

    def next_poll(self, again: bool) -> int | None:
        """Its start, the reader having run until then; None if there is nothing left to wait for."""
        return self.start_at_once() if again else self.start_by_interrupt()

    def start_at_once(self) -> int:
        start, reader = self.softirq_end, self.receiver
        reader.run_beside(start)
        if reader.other_cpu:
            return start
        passed = start - (self.polling_since + SOFTIRQ_LIMIT_PS)
        credit = (passed - self.lent) - self.lent
        if credit > SLICE_PS:
            credit, self.lent = SLICE_PS, (passed - SLICE_PS) // 2
        if credit > 0 and reader.ready(start):
            end = reader.run(start, min(start + credit, reader.stall_start), idle=False)
            self.lent += end - start
            start = end
        return start

    def start_by_interrupt(self) -> int | None:
        interrupt = self.interrupt_ps()
        if interrupt is None:
            return None
        start = max(interrupt, self.softirq_end) + self.params.cost_interrupt_latency
        reader = self.receiver
        if reader.other_cpu:
            reader.run_beside(self.softirq_end)
            reader.answer_kick(self.softirq_end)
            reader.run_beside(start, idle=True)
            start = max(start, self.softirq_end)  # the end of a kick, if there was one
        else:
            start = max(start, reader.run(self.softirq_end, start, idle=True))
        self.polling_since, self.lent = start, 0
        return start

    def interrupt_ps(self) -> int | None:
        """When the NIC interrupts; packets arrive until then."""
        while True:
            due = self.due_ps()
            coming = self.rx.coming
            if coming is None or (due is not None and coming.arrival > due):
                return due
            self.rx.accept()

    def due_ps(self) -> int | None:
        """The interrupt if nothing more arrived; None if there is nothing to interrupt for."""
        p, waiting = self.params, self.rx.waiting
        causes = [self.tx.signal_ps()]
        if waiting:
            causes.append(waiting[0].arrival + p.coalesce_ps)
        if 0 < p.coalesce_frames <= len(waiting):
            causes.append(waiting[p.coalesce_frames - 1].arrival)
        return min((cause for cause in causes if cause is not None), default=None)

    # --- one poll: section 6 ----------------------------------------------------------------------------

    def poll(self, start: int, interrupted: bool) -> bool:
        """One poll; True if the next one follows at once."""
        p = self.params
        self.now = self.poll_start = start
        self.rx.accept_until(start)
        if not self.window_open and self.rx.arrived >= p.warmup:
            self.open_window()
        self.census()
        self.episodes.look()
        self.series.poll_begins()
        self.episodes.poll_begins(interrupted)
        self.shared.poll_starts()
        self.count["polls"] += 1
        self.occupancy[bucket(len(self.rx.waiting))] += 1
        if interrupted:
            self.count["interrupts"] += 1
            self.pay("poll", p.cost_interrupt)
        self.pay("poll", p.cost_poll)
        self.receiver.flush_deferred("softirq")
        self.tx.clean(start)
        taken = self.clean_rx()
        if self.rx.starved:
            self.refill()
        self.count["busy_ps"] += self.now - start
        self.softirq_end = self.now
        full = taken == p.napi_budget
        self.count["full_polls"] += full
        return full or self.rx.starved

    def clean_rx(self) -> int:
        """Up to a budget of packets get their fate; how many."""
        cleaned = self.rx.empty()
        taken = 0
        while True:
            if not self.rx.waiting:
                self.rx.accept_until(self.now)
            if not self.rx.waiting or taken == self.params.napi_budget:
                return taken
            taken += 1
            self.receive(self.rx.waiting.popleft())
            cleaned += 1
            if cleaned >= self.params.refill_batch:
                self.refill()
                cleaned = 0

    def receive(self, packet: Packet) -> None:
        """A packet gets its fate; its buffer is released last, if it does not keep it."""
        self.count["rx_packets"] += 1
        self.pay("stack", self.stack_ps[packet.fate])
        if packet.fate == "local":
            self.pay("stack", self.shared.ack_stack_ps)
            self.pay("dma", self.shared.ack_dma_ps)
        self.pay("cache", self.shared.cache_ps)
        self.receiver.run_beside(self.now)
        context: str | None = "napi"
        if packet.fate == "drop":
            self.count["filtered_packets"] += 1
        elif packet.fate == "forward":
            context = self.tx.transmit(packet)
        else:
            context = self.receiver.deliver(packet)
        if hasattr(self.strategy, "received"):
            self.strategy.received(packet, context)
        if context is not None:
            self.release(packet.buffer, context)

    def refill(self) -> None:
        buffers, starved = self.new_buffers()
        self.rx.accept_until(self.now)
        self.rx.post(buffers, starved)

    def new_buffers(self) -> tuple[list[Any], bool]:
        """A buffer for each empty descriptor, and whether an allocation failed, which ends it."""
        buffers: list[Any] = []
        for k in range(self.rx.empty()):
            buffer = self.strategy.alloc((self.rx.tail + k) % self.params.ring)
            if buffer is None:
                return buffers, True
            buffers.append(buffer)
        return buffers, False
