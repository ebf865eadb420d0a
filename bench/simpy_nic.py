# SPDX-License-Identifier: MIT
"""The NIC of the SimPy version: the wire, the RX ring, the TX ring, and the interrupt.

Source: docs/model.md sections 3, 5 and 8.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator
from types import SimpleNamespace
from typing import Any

import simpy

from sweep.model.traffic.arrivals import WIRE_OVERHEAD_BYTES

from .packets import Packets

# At one instant first the wire moves, then the reader, then the queue's CPU.
WIRE, READER, NAPI = -1, 0, 1

Steps = Generator[simpy.Event, Any, None]


class After(simpy.Event):
    """An event `delay` ps from now, with a rank among those of the same instant."""

    def __init__(self, env: simpy.Environment, delay: int, rank: int) -> None:
        super().__init__(env)
        self._ok, self._value = True, None
        env.schedule(self, rank, delay)


class Packet:
    """A packet in memory, and the page that it is in."""

    __slots__ = ("bytes", "fate", "index", "left_ps", "page", "time_ps")

    def __init__(self, index: int, time_ps: int, size: int, fate: int, page: int) -> None:
        self.index, self.time_ps, self.bytes, self.fate, self.page = index, time_ps, size, fate, page
        self.left_ps = -1  # when it has left through the TX ring


class Nic:
    """Descriptors that wait for packets, packets that wait for the CPU, frames that wait for the wire."""

    def __init__(self, env: simpy.Environment, params: Any, packets: Packets, counters: SimpleNamespace) -> None:
        self.env, self.p, self.counters = env, params, counters
        self.packets = [column.tolist() for column in packets]
        self.arrived = 0
        self.free: deque[int] = deque()  # pages of posted descriptors
        self.waiting: deque[Packet] = deque()
        self.to_send = simpy.Store(env)
        self.sent: deque[Packet] = deque()  # frames in the TX ring, not cleaned
        self.frames_left = self.frames_cleaned = 0
        self.interrupt: simpy.Event | None = None  # what an idle NAPI CPU waits for
        self.timer_ps = -1  # when the NIC's last timer runs out
        env.process(self.wire())
        env.process(self.transmitter())

    def wire(self) -> Steps:
        """Packets arrive: each takes the next posted descriptor or is lost."""
        env, c = self.env, self.counters
        for index, (time_ps, size, fate) in enumerate(zip(*self.packets, strict=True)):
            yield After(env, time_ps - env.now, WIRE)
            self.arrived += 1
            c.offered_packets += 1
            c.offered_bytes += size
            if self.free:
                self.waiting.append(Packet(index, time_ps, size, fate, self.free.popleft()))
                self.signal()
            else:
                c.drop_no_descriptor_packets += 1

    def transmitter(self) -> Steps:
        """Frames leave, one after the other."""
        while True:
            frame = yield self.to_send.get()
            yield After(self.env, (frame.bytes + WIRE_OVERHEAD_BYTES) * self.p.link_ps_per_byte, WIRE)
            frame.left_ps = self.env.now
            self.frames_left += 1
            self.signal()

    def due_ps(self) -> int | None:
        """When the NIC interrupts, as things are: for packets that wait or frames that have left."""
        p, now, due = self.p, self.env.now, []
        if self.waiting:
            is_batch = 0 < p.coalesce_frames <= len(self.waiting)
            due.append(now if is_batch else self.waiting[0].time_ps + p.coalesce_ps)
        if self.sent and self.sent[0].left_ps >= 0:
            is_batch = self.frames_left // p.tx_coalesce_frames > self.frames_cleaned // p.tx_coalesce_frames
            due.append(now if is_batch else self.sent[0].left_ps + p.tx_coalesce_ps)
        return min(due, default=None)

    def signal(self, _: Any = None) -> None:
        """Something happened in the NIC: interrupt the CPU if it waits for that, now or by a timer."""
        if self.interrupt is None:
            return
        due = self.due_ps()
        if due is None:
            return
        if due <= self.env.now:
            self.interrupt.succeed()
            self.interrupt = None
        elif due != self.timer_ps:
            self.timer_ps = due
            After(self.env, due - self.env.now, WIRE).callbacks.append(self.signal)

    def listen(self) -> simpy.Event:
        """The next interrupt, which may be due already."""
        interrupt = self.interrupt = self.env.event()
        self.signal()
        return interrupt

    def send(self, packet: Packet) -> bool:
        """Queue a packet for the wire: False if the TX ring is full."""
        if len(self.sent) == self.p.tx_ring:
            return False
        self.sent.append(packet)
        self.to_send.put(packet)
        return True

    def completed(self) -> Iterator[Packet]:
        """Take the frames whose completion can be seen now off the TX ring."""
        visible = self.frames_left
        if visible == self.frames_cleaned:
            return
        if self.sent[0].left_ps + self.p.tx_coalesce_ps > self.env.now:
            visible -= visible % self.p.tx_coalesce_frames
        while self.frames_cleaned < visible:
            self.frames_cleaned += 1
            yield self.sent.popleft()
