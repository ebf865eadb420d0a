# SPDX-License-Identifier: MIT
"""The time series: totals when each fortieth of the packets has arrived: docs/model.md, section 4."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .episodes import DROPS

if TYPE_CHECKING:
    from .simulation import Simulation

BINS = 40


class Series:
    """Watches a simulation at the start of every poll, and at its end."""

    def __init__(self, sim: Simulation) -> None:
        self.sim = sim
        self.totals: list[list[int]] = []
        self.latency = 0  # ns, sum over the packets that are out

    def poll_begins(self) -> None:
        arrived, packets = self.sim.rx.arrived, self.sim.params.packets
        while len(self.totals) < BINS - 1 and arrived >= (len(self.totals) + 1) * packets // BINS:
            self.totals.append(self.now())

    def close(self) -> None:
        while len(self.totals) < BINS:
            self.totals.append(self.now())

    def now(self) -> list[int]:
        total = self.sim.total
        return [
            self.sim.now,
            self.sim.rx.arrived,
            sum(total(f"drop_{cause}_packets") for cause in DROPS),
            total("rx_packets"),
            total("busy_ps") + total("release_ps"),
            total("delivered_packets") + total("forwarded_packets"),
            self.latency,
            len(self.sim.rx.waiting),
            total("tx_ring_buffer_ns") + total("socket_buffer_ns"),
            total("pages_held_page_ns"),
            total("allocator_calls"),
            self.sim.episodes.begun(),
            self.sim.episodes.losing(),
        ]
