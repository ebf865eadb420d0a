# SPDX-License-Identifier: MIT
"""The reader of the SimPy version: a socket, the application on its own CPU, and the deferred list.

Source: docs/model.md section 7.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import simpy

from sweep.model.counting.histogram import bucket

from .simpy_nic import READER, After, Packet, Steps


class Reader:
    """Reads packet after packet; what it has read counts when the queue's CPU looks (`look`)."""

    def __init__(
        self,
        env: simpy.Environment,
        params: Any,
        wakeup_ps: list[int],
        counters: SimpleNamespace,
        latency: list[int],
        kick: Callable[[int], None],
    ) -> None:
        self.env, self.p, self.wakeup_ps, self.counters, self.latency = env, params, wakeup_ps, counters, latency
        self.kick = kick  # called with a time when half of the list has filled and the queue's CPU is idle
        self.cpu_idle = False  # the queue's CPU
        self.socket: deque[Packet] = deque()
        self.read: deque[tuple[int, Packet]] = deque()  # when it was read, packet: not yet looked at
        self.looked_ps = 0  # the reader's work up to then counts
        self.truesize = 0
        self.deferred: list[int] = []
        self.kicked = False  # half of the list has filled, and the queue's CPU has not been interrupted yet
        self.awake, self.ready_ps, self.batch = False, 0, 0
        self.wake = env.event()
        env.process(self.run())

    def deliver(self, packet: Packet) -> bool:
        """Queue a packet in the socket and wake the reader: False if the socket is full."""
        p, c = self.p, self.counters
        if self.truesize > 0 and self.truesize + p.rcvbuf_strict * p.buffer_truesize_bytes > p.rcvbuf_bytes:
            c.drop_socket_buffer_packets += 1
            return False
        self.socket.append(packet)
        self.truesize += p.buffer_truesize_bytes
        c.socket_truesize_peak = max(c.socket_truesize_peak, self.truesize)
        if not self.awake:
            c.wakeups += 1
            self.awake = True
            self.ready_ps = self.env.now + self.wakeup_ps[packet.index]
            if not self.wake.triggered:
                self.wake.succeed()
        return True

    def packets(self) -> int:
        """Packets in the socket, as far as the queue's CPU has looked."""
        return len(self.socket) + len(self.read)

    def run(self) -> Steps:
        """The application on its own CPU: a packet after the other, asleep when there is none."""
        env, p = self.env, self.p
        while True:
            if not self.awake:
                self.wake = env.event()
                yield self.wake
            if self.ready_ps > env.now:
                yield After(env, self.ready_ps - env.now, READER)
            yield After(env, p.read_ps + (p.call_ps if self.batch == 0 else 0), READER)
            self.finish_packet()
            yield After(env, p.cost_defer, READER)

    def finish_packet(self) -> None:
        """A packet has been read; its page goes on the deferred list of the queue's CPU."""
        now = self.env.now
        self.read.append((now, self.socket.popleft()))
        self.batch = (self.batch + 1) % self.p.batch_packets
        if not self.socket:
            self.awake, self.batch = False, 0
        if self.cpu_idle:
            self.look(now)

    def look(self, until_ps: int) -> None:
        """What was read up to then counts: a poll looks when it starts and whenever it takes a packet.

        While the queue's CPU is idle, it is kicked by the packet that fills half of the list.
        """
        p, c = self.p, self.counters
        self.looked_ps = until_ps
        while self.read and self.read[0][0] <= until_ps:
            at_ps, packet = self.read.popleft()
            c.delivered_packets += 1
            c.delivered_bytes += packet.bytes
            self.latency[bucket((at_ps - packet.time_ps) // 1000)] += 1
            self.truesize -= p.buffer_truesize_bytes
            c.release_ps += p.cost_defer
            c.recycle_ps += p.cost_defer
            if len(self.deferred) == p.deferred_most:
                raise ValueError("the SimPy version does not cover a deferred list that is full")
            self.kicked = self.kicked or len(self.deferred) == p.deferred_most // 2
            self.deferred.append(packet.page)
            if self.kicked and self.cpu_idle:
                self.kick(at_ps + p.cost_defer)
