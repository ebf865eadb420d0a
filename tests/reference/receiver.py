# SPDX-License-Identifier: MIT
"""The socket of local packets and the reader behind it: docs/model.md, section 7."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from .arrivals import Packet
from .random_streams import draw, sample

if TYPE_CHECKING:
    from .simulation import Simulation

NEVER = 1 << 100


class Receiver:
    """Socket, reader, its stalls, and the list of buffers that the NAPI CPU is to free for it."""

    def __init__(self, sim: Simulation) -> None:
        self.sim = sim
        self.queue: deque[Packet] = deque()
        self.truesize = 0
        self.peak = 0
        self.deferred: list[Any] = []
        self.flushed = 0  # buffers that polls have freed for the reader
        self.kick_is_due = False  # the interrupt of a kick waits for the NAPI CPU
        self.awake = False
        self.clock = 0
        self.work_left: int | None = None  # ps on the packet being read; None: none begun
        self.read_in_call = 0
        self.other_cpu = not sim.params.reader_same_cpu
        self.stalls_drawn = 0
        self.stall_start = self.stall_end = 0
        self.draw_stall()

    def buffers(self) -> int:
        """Buffers in the socket or on the deferred list."""
        return sum(packet.keeps_buffer for packet in self.queue) + len(self.deferred)

    # --- the softirq's side ---------------------------------------------------------------------------

    def deliver(self, packet: Packet) -> str | None:
        """A local packet comes up the stack: in which context its buffer is released now, None if it is kept."""
        sim, p = self.sim, self.sim.params
        packet.truesize = p.buffer_truesize_bytes
        released = None
        if packet.size <= p.copybreak_bytes:
            sim.count["copied_packets"] += 1
            sim.pay("copy", packet.size * p.cost_copy_byte)
            packet.truesize = p.copy_truesize_bytes
            released = "napi"
        has_room = (
            self.truesize + packet.truesize <= p.rcvbuf_bytes if p.rcvbuf_strict else self.truesize <= p.rcvbuf_bytes
        )
        if self.truesize and not has_room:
            sim.count["drop_socket_buffer_packets"] += 1
            return released or "softirq"
        packet.keeps_buffer = released is None
        self.queue.append(packet)
        self.truesize += packet.truesize
        self.peak = max(self.peak, self.truesize)
        if not self.awake:
            sim.count["wakeups"] += 1
            self.awake = True
            delay = sample(sim.tables["wakeup_table"], draw(p.key_wakeup, packet.number))
            self.clock = max(self.clock, sim.now + delay)
        return released

    def flush_deferred(self, context: str) -> None:
        """The NAPI CPU frees what the reader has left for it, newest first; a kick has interrupted it."""
        sim, p = self.sim, self.sim.params
        if self.kick_is_due:
            self.kick_is_due = False
            sim.count["deferred_kicks"] += 1
            sim.pay("poll", p.cost_interrupt)
        while self.deferred:
            sim.count["deferred_frees"] += 1
            sim.pay("remote", p.cost_remote_line)
            if context == "softirq" and self.finds_no_list():
                sim.release(self.deferred.pop(), "softirq_idle")
            else:
                sim.release(self.deferred.pop(), context)

    def finds_no_list(self) -> bool:
        """Whether the next deferred buffer of a poll is one of those that find the NAPI on no list, spread evenly."""
        share = self.sim.params.napi_unlisted_ppm
        self.flushed += 1
        return self.flushed * share // 1_000_000 > (self.flushed - 1) * share // 1_000_000

    # --- the reader -----------------------------------------------------------------------------------

    def draw_stall(self) -> None:
        every, length = self.sim.tables["stall_every_table"], self.sim.tables["stall_for_table"]
        if every is None:
            self.stall_start = self.stall_end = NEVER
            return
        key, k = self.sim.params.key_stall, self.stalls_drawn
        self.stall_start = self.stall_end + sample(every, draw(key, 2 * k))
        self.stall_end = self.stall_start + sample(length, draw(key, 2 * k + 1))
        self.stalls_drawn += 1

    def meet_stalls(self) -> None:
        """The reader, awake, does not get past a stall."""
        while self.stall_start <= self.clock:
            self.sim.count["stalls"] += 1
            self.clock = max(self.clock, self.stall_end)
            self.draw_stall()

    def ready(self, now: int) -> bool:
        """Whether the reader could use the CPU now."""
        if not self.awake or self.clock > now:
            return False
        self.clock = now
        self.meet_stalls()
        return self.clock == now

    def run_beside(self, until: int, idle: bool = False) -> None:
        """A reader on another CPU runs up to `until`, whatever the NAPI CPU does."""
        if self.other_cpu:
            self.run(0, until, idle)

    def run(self, begin: int, until: int, idle: bool) -> int:
        """Run from `begin` until `until`; until when it has used its CPU (0: it has not).

        `idle`: the NAPI CPU waits for an interrupt meanwhile.
        """
        used = 0
        if self.awake:
            self.clock = max(self.clock, begin)
        while self.awake and self.clock < until:
            self.meet_stalls()
            if self.clock >= until:
                break
            if self.work_left is None:
                p = self.sim.params
                self.work_left = p.read_ps + (p.call_ps if self.read_in_call == 0 else 0)
            stop = min(until, self.stall_start)
            if self.clock + self.work_left <= stop:
                self.clock += self.work_left
                self.work_left = None
                self.finish_packet(idle)
            else:
                self.work_left -= stop - self.clock
                self.clock = stop
            used = self.clock
        return used

    def finish_packet(self, idle: bool) -> None:
        """The oldest packet has been read."""
        sim = self.sim
        packet = self.queue.popleft()
        sim.count["delivered_packets"] += 1
        sim.count["delivered_bytes"] += packet.size
        sim.record_latency(self.clock - packet.arrival)
        self.truesize -= packet.truesize
        self.read_in_call += 1
        if packet.keeps_buffer:
            self.give_back(packet.buffer, idle)
        if not self.queue:
            self.awake = False
        if not self.queue or self.read_in_call == sim.params.batch_packets:
            self.read_in_call = 0

    def give_back(self, buffer: Any, idle: bool) -> None:
        sim, p = self.sim, self.sim.params
        softirq_now, sim.now = sim.now, self.clock
        if not self.other_cpu:
            softirqs_off = "softirq_idle" if idle else "softirq"
            sim.release(buffer, softirqs_off if p.reader_softirqs_off else "process_local")
        elif len(self.deferred) < p.deferred_most:
            sim.pay("recycle", p.cost_defer)
            self.kick_is_due = self.kick_is_due or len(self.deferred) == p.deferred_most // 2
            self.deferred.append(buffer)
        else:
            sim.count["deferred_list_full"] += p.deferred_most > 0
            sim.pay("remote", p.remote_lines * p.cost_remote_line)
            sim.release(buffer, "process")
        sim.count["release_ps"] += sim.now - self.clock
        self.clock = sim.now
        sim.now = softirq_now
        if idle:
            self.answer_kick(self.clock)

    def answer_kick(self, at: int) -> None:
        """The NAPI CPU, idle, takes the interrupt of a kick if one is due."""
        if not self.kick_is_due:
            return
        sim = self.sim
        now = sim.now
        begin = sim.now = max(sim.softirq_end, at)
        self.flush_deferred("softirq_idle")
        sim.count["busy_ps"] += sim.now - begin
        sim.softirq_end = sim.now
        sim.now = now
