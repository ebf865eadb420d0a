# SPDX-License-Identifier: MIT
"""Packets arrive on the RX ring: docs/model.md, section 3."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from .random_streams import bits, draw, sample

if TYPE_CHECKING:
    from .simulation import Simulation

WIRE_OVERHEAD_BYTES = 20
BURST_UNIT = 1024  # a burst table is in 1/1024 packets


class Packet:
    """A packet, from the wire to wherever it ends."""

    def __init__(self, number: int, size: int, fate: str, arrival: int) -> None:
        self.number = number
        self.size = size
        self.fate = fate  # "local", "forward" or "drop"
        self.arrival = arrival  # ps
        self.buffer: Any = None  # the strategy's
        self.keeps_buffer = False  # in the socket: its buffer is given back when it has been read
        self.truesize = 0
        self.left = 0  # ps: when its frame has left, if it is forwarded


class Source:
    """The sender and the wire: packets in the order of arrival."""

    def __init__(self, sim: Simulation) -> None:
        self.sim = sim
        self.drawn = 0
        self.burst_left = 0
        self.wanted_start = 0
        self.last_arrival = 0

    def next_packet(self) -> Packet | None:
        """The next one, None after the last."""
        p, i = self.sim.params, self.drawn
        if i == p.packets:
            return None
        self.drawn += 1
        self.wanted_start += self.gap(i)
        u = draw(p.key_packet, i)
        size = next(size for cut, size in self.sim.sizes if bits(u, 63, 32) < cut)
        wire = (size + WIRE_OVERHEAD_BYTES) * p.link_ps_per_byte
        self.last_arrival = max(self.wanted_start, self.last_arrival) + wire
        return Packet(i, size, self.fate(bits(u, 31, 0)), self.last_arrival)

    def gap(self, i: int) -> int:
        p, tables = self.sim.params, self.sim.tables
        if self.burst_left > 0:
            self.burst_left -= 1
            return p.burst_gap_ps
        length = 1
        if tables["burst_table"] is not None:
            drawn = sample(tables["burst_table"], draw(p.key_burst, i))
            length = max((drawn + BURST_UNIT // 2) // BURST_UNIT, 1)
        self.burst_left = length - 1
        return sample(tables["gap_table"], draw(p.key_gap, i))

    def fate(self, u: int) -> str:
        if u < self.sim.params.local_cut:
            return "local"
        return "forward" if u < self.sim.params.forward_cut else "drop"


class RxRing:
    """Descriptors: empty, posted (with a buffer) or waiting (with a packet)."""

    def __init__(self, sim: Simulation) -> None:
        self.sim = sim
        self.source = Source(sim)
        self.posted: deque[Any] = deque()  # buffers, in ring order
        self.waiting: deque[Packet] = deque()
        self.tail = 0  # the slot that is posted next
        self.starved = False  # the last refill ended with a failed allocation
        self.arrived = 0
        self.coming = self.source.next_packet()

    def empty(self) -> int:
        return self.sim.params.ring - len(self.posted) - len(self.waiting)

    def buffers(self) -> int:
        return len(self.posted) + len(self.waiting)

    def accept(self) -> None:
        """The coming packet arrives."""
        packet = self.coming
        self.coming = self.source.next_packet()
        self.arrived += 1
        self.sim.count["offered_packets"] += 1
        self.sim.count["offered_bytes"] += packet.size
        if self.posted:
            packet.buffer = self.posted.popleft()
            self.waiting.append(packet)
        elif self.starved:
            self.sim.count["drop_no_memory_packets"] += 1
        else:
            self.sim.count["drop_no_descriptor_packets"] += 1

    def accept_until(self, until: int) -> None:
        """Everything that arrives up to `until`, that instant included."""
        while self.coming is not None and self.coming.arrival <= until:
            self.accept()

    def post(self, buffers: list[Any], starved: bool) -> None:
        """New buffers become visible to the NIC together."""
        self.posted.extend(buffers)
        self.tail = (self.tail + len(buffers)) % self.sim.params.ring
        self.sim.count["posted_buffers"] += len(buffers)
        self.starved = starved
