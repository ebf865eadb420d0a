# SPDX-License-Identifier: MIT
"""The drawn scenarios reach every branch of the model: as many lanes as are compared with the reference, looked at."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

import pytest

from sweep.model.strategies import NAMES

from .comparison import prepare, run_engine
from .drawing import scenario, vary_lists

LANES = 128  # of each strategy: as in test_engine_equals_reference
ENOUGH = 3  # lanes that reach a branch, over all strategies
EPOCH_PACKETS = 1024
ALL_PPM = 1_000_000
DESCRIPTORS_PPM = 150_000  # translations that every packet misses
# What drivers count but nothing in a sweep causes: blocks from a pool, pages of another node.
NEVER_IN_A_SWEEP = {"alloc_slow_high_order", "alloc_waive", "cache_waive"}


@pytest.fixture(scope="module")
def drawn() -> dict[str, Any]:
    """By strategy: what the engine has counted, and where it has ended."""
    batches = {}
    for name in NAMES:
        rng = Random(f"drawn for {name}")
        inputs = prepare([scenario(rng, name) for _ in range(LANES)])
        vary_lists(rng, inputs)
        batches[name] = run_engine(name, inputs)
    return batches


def branches(p: Any, end: Any, c: Any) -> dict[str, bool]:
    """Which branches of shared hardware a lane has reached: parameters, state at the end, counters."""
    cached = p.llc_sets > 0
    whole_cache_ps = ALL_PPM * p.header_lines_milli // 1000 * p.cost_llc_miss // ALL_PPM
    translated = p.iommu > 0 and end.iotlb_miss_ppm > 0
    kept = translated and c.dma_maps == 0
    forwards = translated and p.local_cut < p.forward_cut
    return {
        "three epochs": end.epoch_end > 3 * EPOCH_PACKETS,
        "the window opens in an epoch": c.start_ps > 0 and 0 < p.warmup < EPOCH_PACKETS <= c.offered_packets,
        "the zone lock is waited for": end.lock_wait_ps > 0,
        "one CPU of each queue waits for it": end.lock_wait_ps > 0 and p.reader_same_cpu == 1,
        "pages come round": end.reuse_distance_pages != p.ring,
        "no cache model": not cached,
        "no header misses": cached and end.cache_ps == 0 < whole_cache_ps,
        "some headers miss": cached and 0 < end.cache_ps < whole_cache_ps,
        "all headers miss": cached and p.ddio_ways > 0 and end.cache_ps == whole_cache_ps > 0,
        "DDIO is off": cached and p.ddio_ways == 0 and end.cache_ps == whole_cache_ps > 0,
        "some DMA writes miss": 0 < end.ddio_miss_ppm < ALL_PPM,
        "all DMA writes miss": p.ddio_ways > 0 and end.ddio_miss_ppm == ALL_PPM,
        "every second packet is acknowledged": end.ack_ppm == ALL_PPM // 2,
        "fewer are acknowledged": 0 < end.ack_ppm < ALL_PPM // 2,
        "acknowledgements are mapped": end.ack_dma_ps > 0,
        "acknowledgements are not mapped": end.ack_stack_ps > 0 == end.ack_dma_ps,
        "frames are mapped for TX": forwards and p.tx_map == 1 and p.iommu == 2,
        "they exceed the magazines": forwards and p.tx_map == 1 and c.tx_ring_peak_frames > 256,
        "frames are sent from their mapping for RX": forwards and p.tx_map == 0,
        "lazy": translated and p.iommu == 1,
        "strict": translated and p.iommu == 2,
        "mappings are kept": kept,
        "kept mappings miss": kept and end.iotlb_miss_ppm > DESCRIPTORS_PPM + 2 * end.ack_ppm,
        "ranges exceed the walk cache": translated and p.iommu == 1 and end.walk_last_miss_ppm > 0,
        "the last level misses always": translated and end.walk_last_miss_ppm == end.iotlb_miss_ppm,
        "the ring exceeds the magazines": translated and p.iommu == 2 and p.ring > 256,
        "the PCIe link is the limit": p.iommu == 0 and end.device_end_ps > end.wire_end_ps + end.device_ps,
        "translations are the limit": translated and end.device_ps > p.queues * p.pcie_packet_ps,
        "the NIC holds packets": c.drop_nic_buffer_packets == 0 and end.device_end_ps > end.wire_end_ps + end.device_ps,
        "the NIC loses packets": 0 < c.drop_nic_buffer_packets < c.offered_packets // 2,
    }


def test_every_branch_of_shared_hardware_is_reached(drawn: dict[str, Any]) -> None:
    reached: Counter[str] = Counter()
    for sim in drawn.values():
        for lane in range(LANES):
            found = branches(sim.params[lane], sim.state[lane], sim.counters[lane])
            reached.update({branch: int(is_reached) for branch, is_reached in found.items()})
    assert {branch: lanes for branch, lanes in reached.items() if lanes < ENOUGH} == {}


@pytest.mark.parametrize("name", NAMES)
def test_each_strategy_sees_pages_come_round(name: str, drawn: dict[str, Any]) -> None:
    sim = drawn[name]
    found = [branches(sim.params[lane], sim.state[lane], sim.counters[lane]) for lane in range(LANES)]
    for branch in ("three epochs", "pages come round", "some headers miss", "translations are the limit"):
        assert sum(lane[branch] for lane in found) >= ENOUGH, branch


def test_every_counter_counts(drawn: dict[str, Any]) -> None:
    names = {name for sim in drawn.values() for name in sim.counters.dtype.names}
    counted = {name for sim in drawn.values() for name in sim.counters.dtype.names if sim.counters[name].any()}
    assert names - counted == NEVER_IN_A_SWEEP
