# SPDX-License-Identifier: MIT
"""The TX ring of forwarded packets: docs/model.md, section 8."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .arrivals import WIRE_OVERHEAD_BYTES, Packet

if TYPE_CHECKING:
    from .simulation import Simulation


class TxRing:
    """All frames ever queued, in order; those before `cleaned` are gone."""

    def __init__(self, sim: Simulation) -> None:
        self.sim = sim
        self.frames: list[Packet] = []
        self.cleaned = 0

    def uncleaned(self) -> int:
        return len(self.frames) - self.cleaned

    def mapped(self) -> int:
        """Frames that have a mapping of their own."""
        return self.uncleaned() if self.sim.params.tx_map else 0

    def transmit(self, packet: Packet) -> str | None:
        """Queue a frame: in which context its buffer is released now, None if it is kept."""
        p = self.sim.params
        if self.uncleaned() == p.tx_ring:
            self.sim.count["drop_tx_ring_packets"] += 1
            return "napi"
        if p.tx_map:
            self.sim.count["tx_dma_maps"] += 1
            self.sim.pay("dma", p.cost_tx_map)
        begin = max(self.sim.now, self.frames[-1].left) if self.frames else self.sim.now
        packet.left = begin + (packet.size + WIRE_OVERHEAD_BYTES) * p.link_ps_per_byte
        self.frames.append(packet)
        return None

    def signal_ps(self) -> int | None:
        """When the NIC signals a completion next; None if no frame can make it."""
        if self.uncleaned() == 0:
            return None
        p = self.sim.params
        signals = [self.frames[self.cleaned].left + p.tx_coalesce_ps]
        multiple = (self.cleaned // p.tx_coalesce_frames + 1) * p.tx_coalesce_frames
        if multiple <= len(self.frames):
            signals.append(self.frames[multiple - 1].left)
        return min(signals)

    def clean(self, at_ps: int) -> None:
        """Give back what is visible at `at_ps`."""
        if self.uncleaned() == 0:
            return
        p = self.sim.params
        gone = self.cleaned
        while gone < len(self.frames) and self.frames[gone].left <= at_ps:
            gone += 1
        if self.frames[self.cleaned].left > at_ps - p.tx_coalesce_ps:
            gone -= gone % p.tx_coalesce_frames
        while self.cleaned < gone:
            packet = self.frames[self.cleaned]
            self.cleaned += 1
            self.sim.count["forwarded_packets"] += 1
            self.sim.count["forwarded_bytes"] += packet.size
            self.sim.record_latency(packet.left - packet.arrival)
            if p.tx_map:
                self.sim.count["tx_dma_unmaps"] += 1
                self.sim.pay("dma", p.cost_tx_unmap)
            self.sim.release(packet.buffer, "xdp_frame" if p.forward_xdp else "softirq")
