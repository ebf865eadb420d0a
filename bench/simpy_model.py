# SPDX-License-Identifier: MIT
"""The same simulation as SimPy processes: a wire and a TX ring (`simpy_nic`), a reader (`simpy_reader`), the CPU.

Whatever happens is an event at its own instant, in integer picoseconds, and each part of the machine is a
process.  That is how one would write the model first, and what the engine must beat.  It counts what the engine
counts, to the last picosecond.

Covers: page_allocator and page_pool; drop, router, host and mixed fates; all arrivals and sizes; TX ring with
batched completions and loss; a reader on another CPU with wake-up delays, batched calls and a socket buffer;
kernels from 6.18 (deferred frees and their kicks).
Not covered (ValueError): other strategies, a reader on the queue's CPU, stalls, copybreak, limited memory.

Source: docs/model.md, whose sections are named below.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from types import SimpleNamespace
from typing import Any

import simpy

from sweep.fields.histogram import BUCKETS
from sweep.model.batch import counter_fields
from sweep.model.counting.histogram import bucket
from sweep.model.lane.prepare import Tables
from sweep.model.scenario import Scenario
from sweep.model.traffic.arrivals import DROP, FORWARD

from .packets import Lane, lanes_of
from .simpy_nic import NAPI, After, Nic, Packet, Steps
from .simpy_pages import STRATEGIES, Purse, Strategy, Zone
from .simpy_reader import Reader


class Model:
    """One simulation: what the processes share."""

    def __init__(self, name: str, lane: Lane) -> None:
        self.env = simpy.Environment(initial_time=0)
        self.p: Any = SimpleNamespace(**{field: lane.params[field].item() for field in lane.params.dtype.names or ()})
        self.counters = SimpleNamespace(**{field.name: 0 for field in counter_fields(name)})
        self.latency, self.occupancy = [0] * BUCKETS, [0] * BUCKETS
        self.purse = Purse(self.counters)
        self.zone = Zone(self.p, self.purse)
        self.strategy: Strategy = STRATEGIES[name](self.zone)
        self.nic = Nic(self.env, self.p, lane.packets, self.counters)
        self.reader = Reader(self.env, self.p, lane.wakeup_ps.tolist(), self.counters, self.latency, self.kick)
        self.taken_in = self.seen = 0  # packets that the driver has noticed; of them, on the ring
        self.free_ps = 0  # when the NAPI CPU ended its last softirq
        self.window, self.census_ns = False, 0

    def run(self) -> None:
        """The processes until the simulation ends."""
        self.nic.free.extend(self.strategy.alloc() for _ in range(self.p.ring))
        self.purse.owed_ps = 0  # the ring is filled before time begins
        self.env.run(until=self.env.process(self.napi()))
        self.close_window()

    # --- the queue's CPU: sections 4 to 6 ---------------------------------------------------------------

    def spend(self) -> Steps:
        """Let the time pass that the CPU has used."""
        if self.purse.owed_ps:
            delay, self.purse.owed_ps = self.purse.owed_ps, 0
            yield After(self.env, delay, NAPI)

    def take_in(self) -> None:
        """The driver notices what has arrived."""
        self.taken_in, self.seen = self.nic.arrived, len(self.nic.waiting)

    def napi(self) -> Steps:
        """Polls follow each other until all packets have been taken in."""
        again = False
        while self.taken_in < self.p.packets:
            if not again:
                self.reader.look(self.env.now)
                if self.reader.kicked:  # while it was busy
                    self.kick(self.free_ps)
                self.reader.cpu_idle = True
                yield self.nic.listen()
                yield After(self.env, self.p.cost_interrupt_latency, NAPI)
                self.reader.look(self.env.now)
                self.reader.cpu_idle = False
                if self.free_ps > self.env.now:  # a kick keeps the CPU; the reader's work meanwhile counts later
                    yield After(self.env, self.free_ps - self.env.now, NAPI)
            else:
                self.reader.look(self.env.now)
            again = yield from self.poll(not again)

    def poll(self, interrupted: bool) -> Generator[simpy.Event, Any, bool]:
        """One poll; its value is whether the next one follows at once."""
        env, p, c, pay = self.env, self.p, self.counters, self.purse.pay
        start = env.now
        self.take_in()
        if not self.window and self.nic.arrived >= p.warmup:
            self.open_window()
        self.census()
        c.polls += 1
        self.occupancy[bucket(len(self.nic.waiting))] += 1
        if interrupted:
            c.interrupts += 1
            pay("poll", p.cost_interrupt)
        pay("poll", p.cost_poll)
        self.flush_deferred(is_polling=True)
        self.clean_tx()
        done, cleaned = 0, p.ring - len(self.nic.waiting) - len(self.nic.free)
        while True:
            if self.seen == 0:
                yield from self.spend()
                self.take_in()
            if self.seen == 0 or done == p.napi_budget:
                break
            self.seen -= 1
            yield from self.receive(self.nic.waiting.popleft())
            done += 1
            cleaned += 1
            if cleaned >= p.refill_batch:
                pages = [self.strategy.alloc() for _ in range(p.ring - len(self.nic.waiting) - len(self.nic.free))]
                yield from self.spend()
                self.take_in()
                self.nic.free.extend(pages)
                c.posted_buffers += len(pages)
                cleaned = 0
        yield from self.spend()
        c.busy_ps += env.now - start
        self.free_ps = env.now
        c.full_polls += done == p.napi_budget
        return done == p.napi_budget

    def receive(self, packet: Packet) -> Steps:
        """A packet gets its fate."""
        p, c, pay = self.p, self.counters, self.purse.pay
        c.rx_packets += 1
        if packet.fate == DROP:
            pay("stack", p.cost_stack_drop)
            self.reader.looked_ps = self.env.now + self.purse.owed_ps
            c.filtered_packets += 1
            self.release(packet.page, direct=True)
        elif packet.fate == FORWARD:
            pay("stack", p.stack_forward_ps)
            yield from self.spend()
            self.reader.look(self.env.now)
            if not self.nic.send(packet):
                c.drop_tx_ring_packets += 1
                self.release(packet.page, direct=True)
        else:
            pay("stack", p.cost_stack_local)
            yield from self.spend()
            self.reader.look(self.env.now)
            if not self.reader.deliver(packet):
                self.release(packet.page, direct=False)

    def release(self, page: int, direct: bool, is_polling: bool = True) -> None:
        """A buffer goes back to the strategy."""
        self.counters.released_buffers += 1
        self.strategy.release(page, direct, is_polling)

    def flush_deferred(self, is_polling: bool) -> None:
        """Buffers that the reader's CPU is done with, newest first; a kick has interrupted this one."""
        if self.reader.kicked:
            self.reader.kicked = False
            self.counters.deferred_kicks += 1
            self.purse.pay("poll", self.p.cost_interrupt)
        self.counters.deferred_frees += len(self.reader.deferred)
        while self.reader.deferred:
            self.purse.pay("remote", self.p.cost_remote_line)
            self.release(self.reader.deferred.pop(), direct=False, is_polling=is_polling)

    def clean_tx(self) -> None:
        """Frames that have left give their pages back."""
        c = self.counters
        for frame in self.nic.completed():
            c.forwarded_packets += 1
            c.forwarded_bytes += frame.bytes
            self.latency[bucket((frame.left_ps - frame.time_ps) // 1000)] += 1
            self.release(frame.page, direct=False)

    def kick(self, at_ps: int) -> None:
        """Half of the list has filled: the queue's idle CPU frees it."""
        self.flush_deferred(is_polling=False)
        self.counters.busy_ps += self.purse.owed_ps
        self.free_ps = max(self.free_ps, at_ps) + self.purse.owed_ps
        self.purse.owed_ps = 0

    # --- window and census: section 4 -------------------------------------------------------------------

    def inside(self) -> int:
        """Packets in RX ring, TX ring and socket."""
        return len(self.nic.waiting) + len(self.nic.sent) + self.reader.packets()

    def open_window(self) -> None:
        """Warm-up is over: forget what was counted."""
        c = self.counters
        for name in c.__dict__:
            c.__dict__[name] = 0
        self.latency[:] = self.occupancy[:] = [0] * BUCKETS
        self.window, self.census_ns = True, self.env.now // 1000
        c.start_ps, c.inside_start_packets = self.env.now, self.inside()
        c.pages_held_start = c.pages_held_peak = self.zone.held
        c.socket_truesize_peak = self.reader.truesize
        held = self.holders()
        c.held_start_buffers = held["rx_ring"] + held["tx_ring"] + held["socket"]
        c.pool_cache_start_pages, c.pool_ring_start_pages = held["pool_cache"], held["pool_ring"]

    def holders(self) -> dict[str, int]:
        """What each holder of buffers and pages has now."""
        return {
            "rx_ring": len(self.nic.free) + len(self.nic.waiting),
            "tx_ring": len(self.nic.sent),
            "socket": self.reader.packets() + len(self.reader.deferred),
            "pool_cache": len(self.strategy.cache),
            "pool_ring": len(self.strategy.ring),
        }

    def census(self) -> None:
        """Add what each holder has, for the time since the last sample."""
        c, now_ns = self.counters.__dict__, self.env.now // 1000
        ns, self.census_ns = now_ns - self.census_ns, now_ns
        for holder, held in self.holders().items():
            c[f"{holder}_{unit(holder)}_ns"] += ns * held
        c["pcp_page_ns"] += ns * self.zone.listed
        c["pages_held_page_ns"] += ns * self.zone.held

    def close_window(self) -> None:
        """The simulation is over."""
        self.reader.look(self.reader.looked_ps)
        self.census()
        c = self.counters
        c.end_ps, c.inside_end_packets, c.pages_held_end = self.env.now, self.inside(), self.zone.held
        for holder, held in self.holders().items():
            c.__dict__[f"{holder}_end_{unit(holder)}s"] = held


def unit(holder: str) -> str:
    """What a holder holds, as its counters are called."""
    return "page" if holder.startswith("pool") else "buffer"


def simulate(scenarios: Sequence[Scenario], tables: Tables) -> list[Model]:
    """Run scenarios, one after the other; what each counted is in its `counters`, `latency`, `occupancy`.

    Errors: ValueError for a scenario that is not covered.
    """
    models = []
    for scenario in scenarios:
        refuse(scenario)
        models.append(Model(scenario.strategy, lanes_of([scenario], tables)[0]))
        models[-1].run()
    return models


LOCALITY = ("skb_locality", "pool_locality", "bulk_locality")


def refuse(scenario: Scenario) -> None:
    """Errors: ValueError if this version does not cover the scenario."""
    reader = scenario.traffic.reader
    uncovered = {
        f"strategy {scenario.strategy}": scenario.strategy not in STRATEGIES,
        "a reader on the queue's CPU": scenario.traffic.local_ppm > 0 and reader.same_cpu,
        "stalls": reader.stall_every_ps is not None,
        "copybreak": scenario.nic.copybreak_bytes > 0,
        "limited memory": scenario.memory_pages > 0,
        "a kernel without deferred frees of UDP": scenario.traffic.local_ppm > 0
        and "udp_deferred_free" not in scenario.rules,
        "a kernel without bulk requests": "pool_bulk" not in scenario.rules,
        "deferred frees that find the NAPI on no list": scenario.nic.napi_unlisted_ppm > 0,
        "a pool without the queue's NAPI": not scenario.nic.pool_napi or scenario.nic.system_pool == 1,
        "a kernel that asks for the locality of some puts only": len({rule in scenario.rules for rule in LOCALITY}) > 1,
    }
    for what, is_so in uncovered.items():
        if is_so:
            raise ValueError(f"the SimPy version does not cover {what}")
