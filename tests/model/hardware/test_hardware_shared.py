# SPDX-License-Identifier: MIT
"""What the queues of a host share, in whole simulations by hand; and that the loop settles."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from sweep.model import batch
from sweep.model.hardware.contention import lock_wait_ps
from sweep.model.hardware.iommu import DESCRIPTOR_WALKS_PPM, ORDERED_MISS_PPM
from sweep.model.hardware.poisson import PPM
from sweep.model.lane.capacity import measure
from sweep.model.lane.sim import NEVER, Sim
from sweep.model.scenario import Scenario
from sweep.model.strategies import strategy
from sweep.model.traffic.arrivals import accept, next_packet
from tests.model.scenes import FORWARD, LOCAL, NS, US, WIRE_PS, hardware, run, scenario, world
from tests.reference.comparison import prepare, run_engine

EPOCH = 1024


@pytest.fixture(autouse=True)
def wrapping() -> Iterator[None]:
    """The random generator wraps by design."""
    with np.errstate(over="ignore"):
        yield


def counters(made: Scenario) -> Any:
    """What the compiled engine counts: for simulations of more than an epoch."""
    return run_engine(made.strategy, prepare([made])).counters[0]


# --- acknowledgements -----------------------------------------------------------------------------------


def test_acknowledgements_are_paid_by_local_packets_of_later_epochs() -> None:
    """One packet a poll, one flow: every second packet is acknowledged, from the epoch's end at packet 1023 on."""
    costs = {"ack": 1000, "dma_map": 30, "dma_unmap": 40, "iommu_map": 10, "iommu_unmap": 5, "iommu_invalidate": 500}
    common: dict[str, Any] = {"costs": costs, "packets": EPOCH + 99, "flows": 1, "ring": 16, "hardware": hardware()}
    local = counters(scenario(**common, **LOCAL))
    assert local.stack_ps == 100 * 500
    lazy = counters(scenario(**common, **LOCAL, iommu="lazy"))
    assert lazy.dma_ps == 100 * 43 + lazy.dma_maps * 40 + lazy.dma_unmaps * 47  # 87 // 2; 500 // 250 an unmap
    assert counters(scenario(**common, **FORWARD)).stack_ps == 0


# --- the last-level cache -------------------------------------------------------------------------------


def test_reuse_distance_of_a_simulation_by_hand() -> None:
    """Two blocks of 16 fragments take turns, 16 pages apart; from 4 (the ring) half-way at each epoch."""
    made = scenario(strategy="page_frag", knobs=(("frag_bytes", 2048), ("order3_fail_ppm", 0)), packets=2 * EPOCH + 50)
    c = counters(made)
    after = [4, (4 + 16 + 1) // 2, (10 + 16 + 1) // 2]
    # The window opens with packet 0, an epoch ends with the poll of its 1,024th packet, which sees the value before.
    assert c.reuse_distance_pages == (EPOCH - 1) * after[0] + EPOCH * after[1] + 50 * after[2]


def test_every_packet_pays_for_its_headers() -> None:
    """With DDIO off every header misses from the first packet on, whatever its fate."""
    sizes = hardware(llc=1 << 20, llc_ways=16, header_lines=1500)
    for fate in ({}, LOCAL, FORWARD):
        assert run(scenario({"llc_miss": 200}, packets=10, hardware=sizes, **fate)).counters[0].cache_ps == 10 * 300


# --- the IOMMU ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("iommu", ["strict", "lazy"])
def test_a_simulation_maps_once_a_packet(iommu: str) -> None:
    """From the epoch's end at packet 1023 on, each packet counts one miss, and its descriptors'."""
    c = counters(scenario(iommu=iommu, packets=EPOCH + 200, hardware=hardware()))
    assert c.iotlb_miss_ppm == 200 * (PPM + DESCRIPTOR_WALKS_PPM)
    assert c.walk_last_miss_ppm == (200 * ORDERED_MISS_PPM if iommu == "strict" else 0)
    assert c.walk_upper_miss_ppm == 0


# --- the device -----------------------------------------------------------------------------------------


def arrivals(device_ps: int, packets: int, **changes: Any) -> list[tuple[float, bool]]:
    """When packets arrive, us, and whether the NIC has lost them; off the wire at 1.1, 2.1, 3.1 us, and so on."""
    sim = world(scenario(packets=packets, **changes))[0]
    sim.state.device_ps = device_ps
    next_packet(sim, 0)
    found = []
    while sim.state.next_arrival_ps[0] < NEVER:
        found.append((int(sim.state.next_arrival_ps[0]) / US, bool(sim.state.next_lost[0])))
        accept(sim, 0)
    return found


def test_packets_arrive_when_the_device_has_written_them() -> None:
    assert arrivals(US // 2, 3) == [(1.6, False), (2.6, False), (3.6, False)]
    assert arrivals(2 * US, 3) == [(3.1, False), (5.1, False), (7.1, False)]


def test_nic_buffer_loss_by_hand() -> None:
    """Room for two packets: a packet is lost if three must be written before it can be."""
    ends = [4.1, 7.1, 10.1, 13.1, 16.1, 16.1, 16.1, 19.1]
    lost = [False, False, False, False, False, True, True, False]
    assert arrivals(3 * US, 8, rx_buffer_bytes=160) == list(zip(ends, lost, strict=True))


def test_siblings_share_the_nic_buffer() -> None:
    """Two queues that hold one packet each fill it: lost are those that find two of their own queue before them."""
    assert arrivals(3 * US, 4, rx_buffer_bytes=160, queues=2, load_ppm=200_000) == [
        (4.1, False),
        (7.1, False),
        (10.1, False),
        (10.1, True),
    ]


def test_packets_stay_in_order_when_the_limit_is_lifted() -> None:
    """Packet 2 is off the wire at 3.1 us, before the device has written packet 1, which is still on its way."""
    sim = world(scenario(packets=3))[0]
    sim.state.device_ps = 2 * US
    next_packet(sim, 0)
    accept(sim, 0)
    assert sim.state.next_arrival_ps[0] == 5 * US + WIRE_PS
    sim.state.device_ps = 0
    accept(sim, 0)
    assert sim.state.next_arrival_ps[0] == 5 * US + WIRE_PS


@pytest.mark.parametrize("queues", [1, 4])
def test_throughput_is_the_cap_of_the_pcie_link(queues: int) -> None:
    """The port writes a packet every 2 us; all queues together offer one every 1 us."""
    packets = 300
    made = scenario(packets=packets, queues=queues, pcie_packet_ps=2 * US, rx_buffer_bytes=1 << 30)
    c = run(made).counters[0]
    assert c.filtered_packets == packets
    assert c.drop_nic_buffer_packets == 0
    assert c.end_ps - c.start_ps == (packets - 1) * 2 * US * queues


def test_beyond_the_cap_the_nic_loses_packets() -> None:
    made = scenario(packets=400, pcie_packet_ps=2 * US, rx_buffer_bytes=10 * 80)
    c = run(made).counters[0]
    assert c.filtered_packets + c.drop_nic_buffer_packets == 400
    assert c.drop_nic_buffer_packets == pytest.approx(200, abs=11)  # half of them, less what the buffer has held
    assert c.drop_no_descriptor_packets == c.drop_no_memory_packets == 0


def test_translations_limit_the_device() -> None:
    """Before the first epoch ends no walk is known: 4 KiB take 40 us, so a frame of 1,024 bytes takes 10."""
    costs = {"dma_transfer": 40 * US, "walk_read": 100 * NS}
    made = scenario(costs, sizes=((1024, 1),), packets=50, iommu="lazy", hardware=hardware(), load_ppm=500_000)
    c = run(made).counters[0]
    assert c.end_ps - c.start_ps == 49 * 10 * US


# --- the fixed point ------------------------------------------------------------------------------------


def contended(**changes: Any) -> Scenario:
    """A packet every us on 4 queues of two CPUs: one takes pages from the zone, 63 at a time, one gives them back."""
    common: dict[str, Any] = {"queues": 4, "load_ppm": 400_000, "ring": 256, "packets": 40 * EPOCH, **LOCAL}
    return scenario({"zone_lock": 5 * US}, **(common | changes))


def settled_wait_ps(made: Scenario, first_ps: int) -> int:
    """The wait per take of the zone lock at the end, from a first guess."""
    inputs = prepare([made])
    capacity = measure(inputs.params)
    sim: Sim = batch.new_sim(made.strategy, inputs, capacity)
    sim.state.lock_wait_ps = first_ps
    batch.kernel(made.strategy)(sim, strategy(made.strategy).empty(capacity))
    return int(sim.state.lock_wait_ps[0])


def test_wait_settles_where_the_cycle_adds_up() -> None:
    """A CPU takes the lock every 63 us: think + wait + hold; whatever the first guess was."""
    low, high = 0, 58 * US
    while high - low > 1:
        wait = (low + high) // 2
        low, high = (wait, high) if lock_wait_ps(8, 58 * US - wait, 5 * US, 0) > wait else (low, wait)
    assert US < low < 20 * US
    for first_ps in (0, 50 * US):
        assert settled_wait_ps(contended(), first_ps) == pytest.approx(low, rel=0.1)


def test_a_lane_settles_alike_in_any_batch() -> None:
    """Alone, or among lanes that contend more, less and not at all: the same bits."""
    lane = contended(packets=10 * EPOCH)
    others = [contended(packets=5 * EPOCH, queues=queues, load_ppm=queues * 100_000) for queues in (1, 2, 16)]
    batches = [[lane], [lane, *others], [*reversed(others), lane], [others[2], lane, lane]]
    results = [(run_engine("page_allocator", prepare(scenarios)), scenarios.index(lane)) for scenarios in batches]
    alone = results[0][0]
    assert alone.counters.lock_ps[0] > alone.counters.zone_lock_takes[0] * 5 * US  # they wait
    for sim, at in results:
        for own, same in ((alone.counters, sim.counters), (alone.state, sim.state)):
            assert all(own[name][0] == same[name][at] for name in own.dtype.names or ())
        assert np.array_equal(alone.latency[0], sim.latency[at])
