# SPDX-License-Identifier: MIT
"""The TX ring by hand: three slots, frames of 100 ns, completions by two frames or after a microsecond."""

from __future__ import annotations

from typing import Any

import pytest

from sweep.model.counting.histogram import bucket
from sweep.model.lane.sim import KEPT, NAPI, NEVER, SOFTIRQ, Sim
from sweep.model.tx import clean_tx, completion_ps, transmit

from .scenes import FORWARD, NS, US, knobs, note_release, plain, run, scenario, world

IOMMU = {"iommu_map": 30 * NS, "iommu_unmap": 20 * NS, "iommu_invalidate": 500 * NS}


def forwarder(frames: int = 0, **changes: Any) -> Sim:
    """A TX ring into which this many frames have been put at time 0; frame k has buffer 10 + k."""
    made = scenario(
        {"poll": NS, **IOMMU}, **FORWARD, **({"tx_ring": 3, "tx_coalesce_frames": 2, "tx_coalesce_ps": US} | changes)
    )
    sim = world(made)[0]
    for k in range(frames):
        queue(sim, k)
    return sim


def queue(sim: Sim, k: int) -> int:
    packet = sim.rx[0, 0]
    packet.bytes, packet.buffer, packet.time_ps = 80, 10 + k, 0
    return int(transmit(sim, 0, 0))


def clean(sim: Sim, at_ps: int) -> list[tuple[int, int]]:
    """What is released at this time: buffers and contexts."""
    released: list[tuple[int, int]] = []
    plain(clean_tx, release=note_release)(sim, released, 0, at_ps)
    return released


def test_frames_leave_one_after_the_other() -> None:
    sim = forwarder(2)
    assert sim.tx.end_ps[0, :2].tolist() == [100 * NS, 200 * NS]
    sim.state.now_ps[0] = 550 * NS
    queue(sim, 2)
    assert sim.tx.end_ps[0, 2] == 650 * NS  # the wire was idle


def test_a_full_ring_drops() -> None:
    sim = forwarder()
    assert [queue(sim, k) for k in range(4)] == [KEPT, KEPT, KEPT, NAPI]
    assert sim.counters.drop_tx_ring_packets[0] == 1
    assert sim.state.tx_queued[0] == 3


def test_signal_by_frames() -> None:
    assert completion_ps(forwarder(0), 0) == NEVER
    assert completion_ps(forwarder(1), 0) == 100 * NS + US  # the second frame of the batch is not there
    assert completion_ps(forwarder(2), 0) == 200 * NS
    assert completion_ps(forwarder(2, tx_coalesce_ps=50 * NS), 0) == 150 * NS


def test_without_frames_time_alone_signals() -> None:
    """`ethtool -C DEV tx-frames 0`."""
    sim = forwarder(3, tx_coalesce_frames=0)
    assert completion_ps(sim, 0) == 100 * NS + US
    assert clean(sim, 100 * NS + US - 1) == []
    assert clean(sim, 100 * NS + US) == [(10, SOFTIRQ), (11, SOFTIRQ), (12, SOFTIRQ)]


def test_a_batch_is_visible_when_its_last_frame_has_left() -> None:
    sim = forwarder(3)
    assert clean(sim, 200 * NS - 1) == []
    assert clean(sim, 250 * NS) == [(10, SOFTIRQ), (11, SOFTIRQ)]
    assert sim.counters.forwarded_packets[0] == 2
    assert sim.counters.forwarded_bytes[0] == 160
    assert sim.latency[0, bucket(100)] == sim.latency[0, bucket(200)] == 1


def test_the_rest_is_visible_after_the_time() -> None:
    sim = forwarder(3)
    clean(sim, 250 * NS)
    assert completion_ps(sim, 0) == 300 * NS + US
    assert clean(sim, 300 * NS + US - 1) == []
    assert clean(sim, 300 * NS + US) == [(12, SOFTIRQ)]
    assert completion_ps(sim, 0) == NEVER


def test_batches_are_counted_from_the_first_frame_of_all() -> None:
    """After three frames were cleaned by time, the next batch ends with the fourth."""
    sim = forwarder(3)
    assert len(clean(sim, 10 * US)) == 3
    sim.state.now_ps[0] = 20 * US
    queue(sim, 3)
    assert completion_ps(sim, 0) == 20 * US + 100 * NS
    assert clean(sim, 20 * US + 100 * NS) == [(13, SOFTIRQ)]


def test_the_ring_wraps() -> None:
    sim = forwarder()
    for k in range(10):
        sim.state.now_ps[0] = 10 * k * US
        assert queue(sim, k) == KEPT
        assert clean(sim, 10 * k * US + 5 * US) == [(10 + k, SOFTIRQ)]


# --- mapping --------------------------------------------------------------------------------------------


def moved(sim: Sim) -> tuple[int, int, int]:
    """Mappings made and removed, and the time that they took, ns; nothing else takes any."""
    c = sim.counters[0]
    assert sim.state.now_ps[0] == c.dma_ps
    return int(c.tx_dma_maps), int(c.tx_dma_unmaps), int(c.dma_ps) // NS


@pytest.mark.parametrize(("iommu", "unmap_ns"), [("strict", 520), ("lazy", 22)])
def test_a_frame_is_mapped_when_it_is_queued_and_unmapped_when_it_is_cleaned(iommu: str, unmap_ns: int) -> None:
    """It is sent when it has been mapped; one for which there is no room is not mapped."""
    sim = forwarder(3, iommu=iommu)
    assert sim.tx.end_ps[0].tolist() == [130 * NS, 230 * NS, 330 * NS]
    assert moved(sim) == (3, 0, 90)
    assert queue(sim, 3) == NAPI
    assert moved(sim) == (3, 0, 90)
    assert len(clean(sim, 230 * NS)) == 2
    assert moved(sim) == (3, 2, 90 + 2 * unmap_ns)


IN_PLACE = {"forward_path": "xdp", "xdp_tx_map": 0}


@pytest.mark.parametrize(
    ("changes", "mapped"),
    [
        ({"iommu": "off"}, 0),
        ({"iommu": "off", "forward_path": "xdp"}, 0),
        ({"iommu": "strict", "forward_path": "xdp"}, 3),  # XDP_REDIRECT, and XDP_TX of most drivers
        ({"iommu": "strict", "xdp_tx_map": 0}, 3),  # routed by the kernel
        ({"iommu": "strict", **IN_PLACE}, 0),
        ({"iommu": "strict", "strategy": "zero_copy"}, 0),
    ],
)
def test_which_frames_are_mapped(changes: dict[str, Any], mapped: int) -> None:
    sim = forwarder(3, **changes)
    clean(sim, US)
    assert moved(sim) == (mapped, mapped - mapped % 2, 30 * mapped + 520 * (mapped - mapped % 2))


@pytest.mark.parametrize("name", ["page_allocator", "page_pool", "page_flip"])
def test_a_router_pays_for_each_frame_what_the_iommu_adds(name: str) -> None:
    """What the strategy pays for its buffers comes on top; without the IOMMU its cost is the measured one."""
    costs = IOMMU | {"poll": 50 * NS, "stack_forward_kernel": 300 * NS}
    made = dict(**FORWARD, strategy=name, knobs=knobs(name), packets=300, warmup=50, ring=32, tx_ring=64)
    c = run(scenario(costs, iommu="strict", **made)).counters[0]
    assert c.tx_dma_unmaps == c.forwarded_packets > 200
    assert c.dma_ps == (c.dma_maps + c.tx_dma_maps) * 30 * NS + (c.dma_unmaps + c.tx_dma_unmaps) * 520 * NS
    off = run(scenario(costs, **made)).counters[0]
    assert (off.tx_dma_maps, off.tx_dma_unmaps, off.dma_ps) == (0, 0, 0)
