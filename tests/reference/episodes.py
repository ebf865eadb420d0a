# SPDX-License-Identifier: MIT
"""Episodes, and those that lose packets or ask for pages: docs/model.md, section 4."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .simulation import Simulation

DROPS = ("nic_buffer", "no_descriptor", "no_memory", "socket_buffer", "tx_ring")


class Episodes:
    """Watches a simulation at the start of every poll, and at the end of the window."""

    def __init__(self, sim: Simulation) -> None:
        self.sim = sim
        self.busy_periods = 0
        self.cut = 0  # arrivals that end the current episode at the latest, if busy periods are episodes
        self.first = 0  # number of the first packet of the current busy period
        self.before = self.bursts_before = self.losing_before = 0
        self.begin()

    def begin(self) -> None:
        self.losses: dict[int, int] = {}  # packets dropped, by the number of the episode
        self.calls: set[int] = set()  # numbers of the episodes in which the allocator was asked
        self.dropped = self.asked = self.longest = self.waiting = self.frames = 0

    def open_window(self) -> None:
        self.before, self.bursts_before, self.losing_before = self.begun(), self.bursts(), self.losing()
        self.sim.rx.source.fullest = 0
        self.begin()

    def losing(self) -> int:
        """Losing episodes since the beginning; the opening of the window begins one anew."""
        return self.losing_before + len(self.losses)

    def bursts(self) -> int:
        return sum(first < self.sim.rx.arrived for first in self.sim.rx.source.burst_starts)

    def begun(self) -> int:
        if self.sim.tables["stall_every_table"] is not None:
            return self.sim.receiver.stalls_drawn
        if self.sim.tables["burst_table"] is not None:
            return self.bursts()
        return self.busy_periods

    def poll_begins(self, interrupted: bool) -> None:
        rx = self.sim.rx
        self.waiting = max(self.waiting, len(rx.waiting))
        self.frames = max(self.frames, self.sim.tx.uncleaned())
        if interrupted and not self.sim.receiver.queue:
            self.first = rx.arrived - len(rx.waiting)
            self.cut = 0
        if rx.arrived >= self.cut:
            self.busy_periods += 1
            self.cut = rx.arrived + self.sim.params.ring
        self.longest = max(self.longest, rx.arrived - self.first)

    def look(self) -> None:
        number, count = self.begun(), self.sim.count
        dropped = sum(count[f"drop_{cause}_packets"] for cause in DROPS)
        if dropped != self.dropped:
            self.losses[number] = self.losses.get(number, 0) + dropped - self.dropped
        if count["allocator_calls"] != self.asked:
            self.calls.add(number)
        self.dropped, self.asked = dropped, count["allocator_calls"]

    def close_window(self) -> None:
        self.look()
        self.sim.count["busy_peak_packets"] = max(self.longest, self.sim.rx.arrived - self.first)
        self.sim.count["rx_ring_peak_packets"] = self.waiting
        self.sim.count["tx_ring_peak_frames"] = self.frames
        self.sim.count["nic_buffer_peak_bytes"] = self.sim.rx.source.fullest
        self.sim.count["episodes"] = self.begun() - self.before
        self.sim.count["bursts"] = self.bursts() - self.bursts_before
        self.sim.count["loss_episodes"] = len(self.losses)
        self.sim.count["loss_peak_packets"] = max(self.losses.values(), default=0)
        self.sim.count["allocation_episodes"] = len(self.calls)
