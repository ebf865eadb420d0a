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

    def __init__(self, number: int, size: int, fate: str, arrival: int, lost: bool) -> None:
        self.number = number
        self.size = size
        self.fate = fate  # "local", "forward" or "drop"
        self.arrival = arrival  # ps
        self.lost = lost  # the NIC had no room for it
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
        self.burst_starts: deque[int] = deque()  # first packets of bursts, where packets come in bursts
        self.wanted_start = 0
        self.off_wire = 0  # ps: the packet drawn last
        self.fullest = 0  # bytes, of all queues, in the NIC's buffer
        self.written = 0  # ps: end of the device's last write

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
        self.off_wire = max(self.wanted_start, self.off_wire) + wire
        arrival, lost = self.write(size)
        return Packet(i, size, self.fate(bits(u, 31, 0)), arrival, lost)

    def write(self, size: int) -> tuple[int, bool]:
        """The device writes the packet that is off the wire to memory: when it has arrived, and whether it is lost."""
        p, device_ps = self.sim.params, self.sim.shared.device_ps
        lost = False
        if device_ps > 0:
            begin = max(self.off_wire, self.written)
            held = (begin - self.off_wire) // device_ps
            lost = held * p.queues * size > p.rx_buffer_bytes
            self.fullest = max(self.fullest, held * p.queues * size)
            if not lost:
                self.written = begin + device_ps
        return max(self.off_wire, self.written), lost

    def gap(self, i: int) -> int:
        p, tables = self.sim.params, self.sim.tables
        if self.burst_left > 0:
            self.burst_left -= 1
            return p.burst_gap_ps
        length = 1
        if tables["burst_table"] is not None:
            drawn = sample(tables["burst_table"], draw(p.key_burst, i))
            length = max((drawn + BURST_UNIT // 2) // BURST_UNIT, 1)
            self.burst_starts.append(i)
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
        self.coming: Packet | None = None

    def begin(self) -> None:
        """Time begins: the first packet is on its way."""
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
        if packet.lost:
            self.sim.count["drop_nic_buffer_packets"] += 1
        elif self.posted:
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
