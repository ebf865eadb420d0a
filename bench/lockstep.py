# SPDX-License-Identifier: MIT
"""The same simulations in NumPy, all lanes in lock step: a poll at a time, in it a packet at a time.

Each operation is one array operation over the lanes that it concerns, so the interpreter's cost is shared by
as many lanes as there are.  That is the way to many simulations without a compiler, and what the engine must
beat.  It counts what the engine counts, to the last picosecond.

Covers: page_allocator and page_pool; drop and router fates and their mixes; all arrivals and sizes; TX ring
with batched completions and loss.  Lanes may differ in all but strategy and number of packets.
Not covered (ValueError): other strategies, local packets, limited memory.

Source: docs/model.md, whose sections are named below.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace

import numpy as np

from sweep.fields.histogram import BUCKETS
from sweep.model.batch import counter_fields
from sweep.model.lane.prepare import Tables
from sweep.model.lane.sim import NEVER
from sweep.model.scenario import Scenario
from sweep.model.traffic.arrivals import FORWARD, WIRE_OVERHEAD_BYTES

from .lockstep_pages import STRATEGIES, Ints, Strategy, Zone
from .packets import buckets, lanes_of

LOOK = 32  # arrivals looked at in one operation


class Model:
    """L simulations.  Every array has the lane as first dimension."""

    def __init__(self, name: str, scenarios: Sequence[Scenario], tables: Tables) -> None:
        lanes = lanes_of(scenarios, tables)
        count, packets = len(lanes), scenarios[0].packets
        params = np.array([lane.params for lane in lanes], lanes[0].params.dtype)
        self.p = SimpleNamespace(**{name: params[name].copy() for name in params.dtype.names})
        self.lanes = np.arange(count)
        self.time_ps = np.full((count, packets + 1), NEVER)
        self.time_ps[:, :-1] = [lane.packets.time_ps for lane in lanes]
        self.bytes = np.array([lane.packets.bytes for lane in lanes])
        self.fate = np.array([lane.packets.fate for lane in lanes])
        self.bytes_before = np.zeros((count, packets + 1), np.int64)
        self.bytes_before[:, 1:] = np.cumsum(self.bytes, axis=1)
        names = [field.name for field in counter_fields(name)]
        self.counters = SimpleNamespace(**{name: np.zeros(count, np.int64) for name in names})
        self.latency, self.occupancy = np.zeros((count, BUCKETS), np.int64), np.zeros((count, BUCKETS), np.int64)
        self.zone = Zone(self.p, self.counters)
        self.now_ps = self.zone.now_ps
        self.strategy: Strategy = STRATEGIES[name](self.zone)
        self.arrived, self.posted, self.waiting, self.rx_head, self.rx_clean = self.columns(5)
        self.rx = np.zeros((count, self.p.ring.max()), np.int64)  # number of the packet in a slot
        self.tx_queued, self.tx_done, self.tx_cleaned, self.tx_last_ps = self.columns(4)
        self.tx = np.zeros((count, self.p.tx_ring.max()), np.int64)  # number of the packet in a slot
        self.tx_left_ps = np.zeros_like(self.tx)
        self.free_ps, self.window, self.census_ns = self.columns(3)

    def columns(self, n: int) -> list[Ints]:
        """Zeroed values, one a lane."""
        return [np.zeros(len(self.lanes), np.int64) for _ in range(n)]

    def run(self) -> None:
        """All lanes to the end of their last poll: section 4."""
        live = self.lanes
        self.refill(live)
        self.now_ps[:] = 0
        again = np.zeros(len(self.lanes), np.bool_)
        while live.size:
            waits = live[~again[live]]
            start = self.free_ps.copy()
            start[waits] = np.maximum(self.interrupt_ps(waits), start[waits]) + self.p.cost_interrupt_latency[waits]
            self.poll(live, start, ~again)
            again[live] = self.poll_full[live]
            live = live[self.arrived[live] < self.p.packets[live]]
        self.close_window()

    # --- arrivals: section 3 ----------------------------------------------------------------------------

    def due(self, who: Ints, until_ps: Ints) -> Ints:
        """How many packets arrive up to `until_ps`, that instant included."""
        count = np.zeros(who.size, np.int64)
        last = self.time_ps.shape[1] - 1
        while True:
            ahead = np.minimum((self.arrived[who] + count)[:, None] + np.arange(LOOK), last)
            found = (self.time_ps[who[:, None], ahead] <= until_ps[:, None]).sum(axis=1)
            count += found
            if not (found == LOOK).any():
                return count

    def accept(self, who: Ints, count: Ints) -> None:
        """The next `count` packets arrive: the first of them fill the posted descriptors, the rest is lost."""
        c, first, taken = self.counters, self.arrived[who], np.minimum(count, self.posted[who])
        c.offered_packets[who] += count
        c.offered_bytes[who] += self.bytes_before[who, first + count] - self.bytes_before[who, first]
        c.drop_no_descriptor_packets[who] += count - taken
        row = np.repeat(np.arange(who.size), taken)
        nth = np.arange(row.size) - np.repeat(np.cumsum(taken) - taken, taken)
        lane = who[row]
        self.rx[lane, (self.rx_head[lane] + nth) % self.p.ring[lane]] = first[row] + nth
        self.rx_head[who] = (self.rx_head[who] + taken) % self.p.ring[who]
        self.posted[who] -= taken
        self.waiting[who] += taken
        self.arrived[who] += count

    # --- when the next poll starts: sections 5 and 8 ----------------------------------------------------

    def completion_ps(self, who: Ints) -> Ints:
        """When the NIC next signals a TX completion; NEVER if nothing is queued."""
        p, cleaned = self.p, self.tx_cleaned[who]
        ring, frames = p.tx_ring[who], p.tx_coalesce_frames[who]
        last = cleaned + frames - 1 - cleaned % frames
        at = self.tx_left_ps[who, cleaned % ring] + p.tx_coalesce_ps[who]
        batch = np.where(last < self.tx_queued[who], self.tx_left_ps[who, last % ring], NEVER)
        return np.where(cleaned == self.tx_queued[who], NEVER, np.minimum(at, batch))

    def interrupt_ps(self, who: Ints) -> Ints:
        """When the NIC interrupts; packets arrive until then."""
        tx_ps = self.completion_ps(who)
        idle = who[self.waiting[who] == 0]
        while idle.size:
            next_ps = self.time_ps[idle, self.arrived[idle]]
            idle = idle[(next_ps <= tx_ps[np.searchsorted(who, idle)]) & (next_ps < NEVER)]
            self.accept(idle, np.ones(idle.size, np.int64))
            idle = idle[self.waiting[idle] == 0]
        waiting, frames = self.waiting[who], self.p.coalesce_frames[who]
        oldest_ps = self.time_ps[who, self.rx[who, self.rx_clean[who]]]
        due_ps = np.where(waiting > 0, np.minimum(oldest_ps + self.p.coalesce_ps[who], tx_ps), tx_ps)
        is_batch = (frames > 0) & (waiting >= frames)
        count = np.where(is_batch | (waiting == 0), 0, self.due(who, due_ps))
        missing = frames - waiting
        fills = (frames > 0) & (missing > 0) & (missing <= np.minimum(count, self.posted[who]))
        count = np.where(fills, missing, count)
        at = np.where(fills, self.time_ps[who, self.arrived[who] + count - 1], due_ps)
        self.accept(who, count)
        return np.where(is_batch, np.minimum(np.maximum(self.free_ps[who], oldest_ps), tx_ps), at)

    # --- one poll: section 6 ----------------------------------------------------------------------------

    def poll(self, who: Ints, start_ps: Ints, interrupted: np.ndarray) -> None:
        """One poll of every lane; `poll_full` says which lanes have used their budget."""
        c, p, pay = self.counters, self.p, self.zone.pay
        self.now_ps[who] = start_ps[who]
        self.accept(who, self.due(who, start_ps[who]))
        self.open_window(who[(self.window[who] == 0) & (self.arrived[who] >= p.warmup[who])])
        self.census(who)
        c.polls[who] += 1
        self.occupancy[who, buckets(self.waiting[who])] += 1
        woken = who[interrupted[who]]
        c.interrupts[woken] += 1
        pay(woken, "poll", p.cost_interrupt[woken])
        pay(who, "poll", p.cost_poll[who])
        self.clean_tx(who, start_ps)
        done, cleaned, active = np.zeros_like(p.ring), p.ring - self.waiting - self.posted, who
        while active.size:
            empty = active[self.waiting[active] == 0]
            self.accept(empty, self.due(empty, self.now_ps[empty]))
            active = active[(done[active] < p.napi_budget[active]) & (self.waiting[active] > 0)]
            self.receive(active)
            done[active] += 1
            cleaned[active] += 1
            due = active[cleaned[active] >= p.refill_batch[active]]
            if due.size:
                self.refill(due)
                cleaned[due] = 0
        c.busy_ps[who] += self.now_ps[who] - start_ps[who]
        self.free_ps[who] = self.now_ps[who]
        self.poll_full = done == p.napi_budget
        c.full_polls[who] += self.poll_full[who]

    def refill(self, who: Ints) -> None:
        """Post a buffer to every empty descriptor, all at the end."""
        count = self.p.ring[who] - self.waiting[who] - self.posted[who]
        self.strategy.alloc(who, count)
        if self.arrived[who].any():  # the ring is filled before time begins
            self.accept(who, self.due(who, self.now_ps[who]))
        self.posted[who] += count
        self.counters.posted_buffers[who] += count

    def receive(self, who: Ints) -> None:
        """The oldest waiting packet of each lane gets its fate."""
        c, p = self.counters, self.p
        packet = self.rx[who, self.rx_clean[who]]
        self.rx_clean[who] = (self.rx_clean[who] + 1) % p.ring[who]
        self.waiting[who] -= 1
        c.rx_packets[who] += 1
        is_forward = self.fate[who, packet] == FORWARD
        self.zone.pay(who, "stack", np.where(is_forward, p.stack_forward_ps[who], p.cost_stack_drop[who]))
        c.filtered_packets[who] += ~is_forward
        sends = is_forward & (self.tx_queued[who] - self.tx_cleaned[who] < p.tx_ring[who])
        c.drop_tx_ring_packets[who] += is_forward & ~sends
        self.transmit(who[sends], packet[sends])
        self.release(who[~sends], direct=True)

    def release(self, who: Ints, direct: bool) -> None:
        """Buffers go back to the strategy."""
        if who.size:
            self.counters.released_buffers[who] += 1
            self.strategy.release(who, direct)

    # --- TX ring: section 8 -----------------------------------------------------------------------------

    def transmit(self, who: Ints, packet: Ints) -> None:
        """Queue packets for the wire."""
        wire_ps = (self.bytes[who, packet] + WIRE_OVERHEAD_BYTES) * self.p.link_ps_per_byte[who]
        self.tx_last_ps[who] = np.maximum(self.tx_last_ps[who], self.now_ps[who]) + wire_ps
        slot = self.tx_queued[who] % self.p.tx_ring[who]
        self.tx[who, slot] = packet
        self.tx_left_ps[who, slot] = self.tx_last_ps[who]
        self.tx_queued[who] += 1

    def clean_tx(self, who: Ints, at: Ints) -> None:
        """Give back the pages of frames whose completion can be seen `at` the start of a poll."""
        p, c = self.p, self.counters
        more = who[self.tx_done[who] < self.tx_queued[who]]
        while more.size:
            more = more[self.tx_left_ps[more, self.tx_done[more] % p.tx_ring[more]] <= at[more]]
            self.tx_done[more] += 1
            more = more[self.tx_done[more] < self.tx_queued[more]]
        who = who[self.tx_done[who] > self.tx_cleaned[who]]
        is_old = self.tx_left_ps[who, self.tx_cleaned[who] % p.tx_ring[who]] + p.tx_coalesce_ps[who] <= at[who]
        visible = self.tx_done[who] - np.where(is_old, 0, self.tx_done[who] % p.tx_coalesce_frames[who])
        while who.size:
            left = self.tx_cleaned[who] < visible
            who, visible = who[left], visible[left]
            slot = self.tx_cleaned[who] % p.tx_ring[who]
            packet = self.tx[who, slot]
            c.forwarded_packets[who] += 1
            c.forwarded_bytes[who] += self.bytes[who, packet]
            latency_ns = (self.tx_left_ps[who, slot] - self.time_ps[who, packet]) // 1000
            self.latency[who, buckets(latency_ns)] += 1
            self.release(who, direct=False)
            self.tx_cleaned[who] += 1

    def open_window(self, who: Ints) -> None:
        """Warm-up is over: forget what was counted."""
        c = self.counters
        for values in c.__dict__.values():
            values[who] = 0
        self.latency[who] = self.occupancy[who] = 0
        self.window[who], self.census_ns[who] = 1, self.now_ps[who] // 1000
        c.start_ps[who] = self.now_ps[who]
        c.inside_start_packets[who] = (self.waiting + self.tx_queued - self.tx_cleaned)[who]
        c.pages_held_start[who] = c.pages_held_peak[who] = self.zone.held[who]
        c.held_start_buffers[who] = c.inside_start_packets[who] + self.posted[who]
        c.pool_cache_start_pages[who] = self.strategy.cached[who]
        c.pool_ring_start_pages[who] = self.strategy.in_ring[who]

    def holders(self) -> dict[str, Ints]:
        """What each holder of buffers and pages has now, by the names of its counters."""
        return {
            "rx_ring {}buffer": self.posted + self.waiting,
            "tx_ring {}buffer": self.tx_queued - self.tx_cleaned,
            "pool_cache {}page": self.strategy.cached,
            "pool_ring {}page": self.strategy.in_ring,
        }

    def census(self, who: Ints) -> None:
        """Add what each holder has, for the time since the last sample."""
        c, now_ns = self.counters.__dict__, self.now_ps[who] // 1000
        ns = now_ns - self.census_ns[who]
        self.census_ns[who] = now_ns
        for holder, held in self.holders().items():
            c[holder.replace(" {}", "_") + "_ns"][who] += ns * held[who]
        c["pcp_page_ns"][who] += ns * self.zone.listed[who]
        c["pages_held_page_ns"][who] += ns * self.zone.held[who]

    def close_window(self) -> None:
        """The simulations are over."""
        c = self.counters
        self.census(self.lanes)
        c.end_ps[:], c.pages_held_end[:] = self.now_ps, self.zone.held
        c.inside_end_packets[:] = self.waiting + self.tx_queued - self.tx_cleaned
        for holder, held in self.holders().items():
            c.__dict__[holder.replace(" {}", "_end_") + "s"][:] = held


def simulate(scenarios: Sequence[Scenario], tables: Tables) -> Model:
    """Run scenarios side by side; what lane i counted is entry i of `counters.<name>`, `latency`, `occupancy`.

    Errors: ValueError for scenarios that are not covered.
    """
    name, packets = scenarios[0].strategy, scenarios[0].packets
    uncovered = {
        f"strategy {name}": name not in STRATEGIES,
        "local packets": any(scenario.traffic.local_ppm for scenario in scenarios),
        "limited memory": any(scenario.memory_pages for scenario in scenarios),
        "lanes of several lengths": any(scenario.packets != packets for scenario in scenarios),
    }
    for what, is_so in uncovered.items():
        if is_so:
            raise ValueError(f"the lock-step version does not cover {what}")
    model = Model(name, scenarios, tables)
    model.run()
    return model
