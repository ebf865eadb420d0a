# SPDX-License-Identifier: MIT
"""The parts of the mean field, each by hand or against its textbook: lock, flows, cache, translations."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest

from sweep.model.hardware.contention import lock_wait_ps
from sweep.model.hardware.iommu import (
    DESCRIPTOR_WALKS_PPM,
    ORDERED_MISS_PPM,
    SCATTERED_MISS_PPM,
    distinct_ppm,
    measure_walks,
)
from sweep.model.hardware.llc import measure_cache, measure_reuse, opened
from sweep.model.hardware.poisson import PPM, tail_ppm
from tests.model.scenes import NS, US, hardware, knobs, scenario, world

# --- Poisson --------------------------------------------------------------------------------------------


def exact_tail(mean: Fraction, least: int) -> Fraction:
    """P(N >= least), up to the values of N that have no weight worth mentioning."""
    weight, weights = Fraction(1), []
    for n in range(int(mean) * 2 + 150):
        weights.append(weight)
        weight = weight * mean / (n + 1)
    return sum(weights[least:], Fraction(0)) / sum(weights)


@pytest.mark.parametrize("least", [1, 2, 3, 11, 20])
@pytest.mark.parametrize("mean", [1, 100, 1024, 1500, 5 * 1024, 11 * 1024 + 7, 20 * 1024, 35 * 1024])
def test_poisson_tail_against_fractions(mean: int, least: int) -> None:
    assert abs(tail_ppm(mean, least) - PPM * exact_tail(Fraction(mean, 1024), least)) <= 4


@pytest.mark.parametrize("least", [1, 2, 20])
def test_poisson_tail_where_it_is_cut_off(least: int) -> None:
    """Beyond a mean of 4 * least + 32 it is taken to be 1, and it is, to a ppm."""
    assert tail_ppm((4 * least + 32) * 1024, least) == PPM
    assert PPM * exact_tail(Fraction(4 * least + 32), least) > PPM - 1
    assert tail_ppm(0, least) == 0
    assert tail_ppm(0, 0) == PPM  # there are always none or more


# --- the zone lock --------------------------------------------------------------------------------------


def repairman_wait_ps(cpus: int, think_ps: int, hold_ps: int) -> Fraction:
    """Mean wait at the one server of the machine-repairman model, from its probability of being idle."""
    weight, total = Fraction(1), Fraction(0)
    for k in range(cpus + 1):
        total += weight
        weight *= (cpus - k) * Fraction(hold_ps, think_ps)
    throughput = (1 - 1 / total) / hold_ps
    return cpus / throughput - think_ps - hold_ps


@pytest.mark.parametrize("cpus", [2, 3, 8, 32])
@pytest.mark.parametrize("think_us", [1, 5, 20, 200])
def test_lock_wait_is_that_of_the_machine_repairman(cpus: int, think_us: int) -> None:
    """Without a slope the recursion is exact mean value analysis, but for queue lengths in 1/1024."""
    exact = repairman_wait_ps(cpus, think_us * US, US)
    assert abs(lock_wait_ps(cpus, think_us * US, US, 0) - exact) <= exact / 100 + US // 200


def test_lock_wait_of_cpus_that_never_think() -> None:
    """All are in the queue: each waits for all others."""
    assert [lock_wait_ps(cpus, 0, 1000, 0) for cpus in (1, 2, 5)] == [0, 1000, 4000]


def test_lock_hold_grows_with_those_that_wait() -> None:
    """One CPU finds the lock busy half of the time: queue 512 / 1024, hold 1000 + 100, response 1.5 times that."""
    assert lock_wait_ps(2, 1000, 1000, 200) == 1650 - 1000


def test_lock_throughput_collapses() -> None:
    """Takes per time rise to a peak with the CPUs, and fall beyond it because waiters make holds longer."""

    def takes(cpus: int, waiter: int) -> float:
        return cpus / (10 * US + US + lock_wait_ps(cpus, 10 * US, US, waiter))

    sloped, level = [[takes(cpus, waiter) for cpus in range(1, 33)] for waiter in (US // 4, 0)]
    peak = sloped.index(max(sloped))
    assert 3 < peak < 16
    assert sloped[:peak] == sorted(sloped[:peak])
    assert sloped[peak:] == sorted(sloped[peak:], reverse=True)
    assert sloped[-1] < 0.5 * sloped[peak]
    assert max(level) == pytest.approx(1 / US, rel=0.01)  # without a slope the lock is merely busy


# --- acknowledgements -----------------------------------------------------------------------------------


@pytest.mark.parametrize("flows", [1, 2, 5, 40, 1000])
@pytest.mark.parametrize("packets", [1, 2, 17, 64])
def test_different_flows_are_as_many_as_expected(flows: int, packets: int) -> None:
    """Balls into urns: flows * (1 - (1 - 1/flows)^packets), per packet; a rounding of `missed` counts per flow."""
    expected = flows * (1 - Fraction(flows - 1, flows) ** packets) / packets
    assert 0 <= distinct_ppm(flows, packets) - PPM * expected + 1 <= flows + 1


# --- the last-level cache -------------------------------------------------------------------------------


def test_reuse_distance_by_hand() -> None:
    """Every eighth page number is looked at: page 0 after 4 pages, page 8 after 2."""
    sim = world(scenario(ring=64))[0]
    sim.state.reuse_distance_pages = 10
    for page in (0, 1, 2, 8, 0, 8):
        opened(sim, 0, page, 1)
    measure_reuse(sim, 0)
    assert sim.state.reuse_distance_pages[0] == (10 + 3 + 1) // 2
    measure_reuse(sim, 0)  # nothing has come round since
    assert sim.state.reuse_distance_pages[0] == 7


def test_reuse_distance_of_blocks_is_in_pages() -> None:
    sim = world(scenario(ring=64))[0]
    for block in (0, 8, 0):
        opened(sim, 0, block, 8)
    measure_reuse(sim, 0)
    assert sim.state.reuse_distance_pages[0] == (0 + 16 + 1) // 2


CACHE = {"llc": 4096 * 20 * 64, "llc_ways": 20, "ddio_ways": 2, "header_lines": 3000}  # 4,096 sets


def cached(distance_pages: int, **sizes: int) -> Any:
    """State of a lane with this reuse distance; three header lines a packet, 100 ns a miss."""
    sim = world(scenario({"llc_miss": 100 * NS}, hardware=hardware(**(CACHE | sizes))))[0]
    sim.state.reuse_distance_pages = distance_pages
    measure_cache(sim, 0)
    return sim.state[0]


def test_header_misses_in_the_limits() -> None:
    """4,096 sets, 64 of them for a page's header: 1,280 pages fill their ways."""
    assert cached(1).cache_ps == 0
    assert cached(640).cache_ps < 0.03 * 300 * NS
    assert cached(1280).cache_ps == pytest.approx(300 * NS * float(exact_tail(Fraction(20), 20)), rel=1e-4)
    assert cached(10**9).cache_ps == 300 * NS
    assert cached(10**9, llc=0).cache_ps == 0  # no cache model
    assert cached(1, ddio_ways=0).cache_ps == 300 * NS  # DMA has put every header into memory


def test_dma_misses_the_ways_that_it_may_fill() -> None:
    """128 pages fill DDIO's two ways of their sets, with frames of two lines a page each; most are still there."""
    assert cached(1).ddio_miss_ppm < 200
    assert cached(128).ddio_miss_ppm == pytest.approx(PPM * float(exact_tail(Fraction(2), 2)), abs=4)
    assert cached(10**9).ddio_miss_ppm == PPM
    assert cached(1, ddio_ways=0).ddio_miss_ppm == PPM


def test_siblings_share_the_cache() -> None:
    """Four queues with a quarter of the distance each are one queue with all of it."""
    sim = world(scenario({"llc_miss": 100 * NS}, queues=4, load_ppm=400_000, hardware=hardware(**CACHE)))[0]
    sim.state.reuse_distance_pages = 320
    measure_cache(sim, 0)
    assert sim.state.cache_ps[0] == cached(1280).cache_ps > 0


# --- the IOMMU ------------------------------------------------------------------------------------------


def walked(
    maps_ppm: int, distance_pages: int = 1, ack_ppm: int = 0, sent_ppm: int = 0, frames: int = 0, **changes: Any
) -> tuple[int, int, int]:
    """Per packet, ppm: IOTLB misses beyond those of its descriptors; walks that miss the upper levels, and the last.

    frames: in the TX ring.
    """
    sim = world(scenario(**({"iommu": "strict", "hardware": hardware()} | changes)))[0]
    sim.state.reuse_distance_pages = distance_pages
    sim.state.ack_ppm = ack_ppm
    sim.state.tx_queued = frames
    measure_walks(sim, 0, maps_ppm, sent_ppm)
    state = sim.state[0]
    misses = int(state.iotlb_miss_ppm) - DESCRIPTOR_WALKS_PPM * (PPM + sent_ppm) // PPM
    return misses, int(state.walk_upper_miss_ppm), int(state.walk_last_miss_ppm)


@pytest.mark.parametrize("iommu", ["lazy", "strict"])
def test_persistent_mappings_that_fit_cost_no_walk(iommu: str) -> None:
    assert walked(0, distance_pages=64, iommu=iommu) == (0, 0, 0)


def test_persistent_mappings_that_do_not_fit() -> None:
    """128 translations in use and 64 kept: every second use misses; 4 queues of 32 are 128 as well."""
    assert walked(0, distance_pages=128) == (PPM // 2, 0, 0)
    assert walked(0, distance_pages=32, queues=4, load_ppm=400_000) == (PPM // 2, 0, 0)


def test_a_translation_of_a_region_is_shared_by_its_pages() -> None:
    """32,768 pages in use are 64 regions of 512, which the IOTLB holds; twice as many are not."""
    pool = {"strategy": "hugepage_pool", "knobs": knobs("hugepage_pool", region_pages=512)}
    assert walked(0, distance_pages=64 * 512, **pool) == (0, 0, 0)
    assert walked(0, distance_pages=128 * 512, **pool)[0] == PPM // 2


def test_a_mapping_a_packet_misses_once() -> None:
    """Lazy: the leaf alone.  Strict: an unmap takes the last level from some, from half of them without order."""
    assert walked(PPM, iommu="lazy") == (PPM, 0, 0)
    assert walked(PPM, ring=256) == (PPM, 0, ORDERED_MISS_PPM)
    assert walked(PPM, ring=512) == (PPM, 0, (ORDERED_MISS_PPM + SCATTERED_MISS_PPM) // 2)
    assert walked(PPM, ring=1 << 20)[2] == pytest.approx(SCATTERED_MISS_PPM, rel=1e-3)


def test_ranges_beyond_the_walk_cache_miss_the_last_level() -> None:
    """2 MB each: 4 of them in use and 1 kept, so three of four walks read one entry more; no walk misses it twice."""
    small = hardware(walk_cache=1)
    assert walked(PPM, distance_pages=2048, iommu="lazy", hardware=small) == (PPM, 0, PPM * 3 // 4)
    assert walked(PPM, distance_pages=1 << 30, hardware=small) == (PPM, 0, PPM + DESCRIPTOR_WALKS_PPM)


def test_a_frame_mapped_for_tx_misses_once_more() -> None:
    """As a page mapped for RX does; in strict mode so does the last level of every second one beyond the magazines."""
    assert walked(0, sent_ppm=PPM // 2, iommu="lazy") == (PPM // 2, 0, 0)
    assert walked(0, sent_ppm=PPM, ring=4096) == (PPM, 0, ORDERED_MISS_PPM)  # the ring keeps its mappings
    assert walked(0, sent_ppm=PPM, frames=512) == (
        PPM + PPM - PPM * 64 // 513,
        0,
        (ORDERED_MISS_PPM + SCATTERED_MISS_PPM) // 2,
    )
    assert walked(PPM, sent_ppm=PPM, ring=256) == (2 * PPM, 0, 2 * ORDERED_MISS_PPM)
    both = 2 * ((ORDERED_MISS_PPM + SCATTERED_MISS_PPM) // 2)  # 256 of the ring, 256 frames, magazines for half
    assert walked(PPM, sent_ppm=PPM, ring=256, frames=256) == (2 * PPM, 0, both)


def test_frames_of_siblings_take_room_in_the_iotlb() -> None:
    """64 entries; four queues with a page and 31 frames each want 128."""
    assert walked(0, frames=63, sent_ppm=0) == (0, 0, 0)
    assert walked(0, distance_pages=1, frames=31, queues=4, load_ppm=400_000)[0] == PPM // 2


def test_a_frame_sent_from_its_mapping_for_rx_misses_for_want_of_room_only() -> None:
    in_place = {"forward_path": "xdp", "xdp_tx_map": 0, "sent_ppm": PPM}
    assert walked(0, frames=500, **in_place) == (0, 0, 0)
    assert walked(0, distance_pages=128, **in_place) == (PPM // 2 + PPM // 2, 0, 0)  # when written, and when read


def test_strict_mode_loses_with_flows() -> None:
    """More acknowledgements among the packets: more translations each, and more walks that restart at the top."""
    acks_ppm = range(0, 500_001, 100_000)
    found = [walked(PPM, ack_ppm=ack_ppm) for ack_ppm in acks_ppm]
    assert [misses for misses, _, _ in found] == [PPM + 2 * ack_ppm for ack_ppm in acks_ppm]
    assert [last for _, _, last in found] == [ORDERED_MISS_PPM + ack_ppm for ack_ppm in acks_ppm]
    steps = [after - before for (_, before, _), (_, after, _) in pairwise(found)]
    assert all(before < after for before, after in pairwise([0, *steps]))  # two in a row become likelier
    assert all(walked(PPM, ack_ppm=ack_ppm, iommu="lazy")[1:] == (0, 0) for ack_ppm in acks_ppm)
