# SPDX-License-Identifier: MIT
"""What the host makes for the kernel, computed again from docs/model.md: random numbers, keys, cuts, gaps, tables."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from random import Random
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sweep.model.counting.histogram import bucket as engine_bucket
from sweep.model.randomness import quantiles
from sweep.model.randomness.rng import draw as engine_draw
from sweep.model.scenario import Arrivals, Distribution, Scenario
from sweep.model.strategies import NAMES, strategy
from sweep.model.traffic.bursts import burst_distribution, burst_length_mean

from .comparison import prepare
from .drawing import scenario
from .histogram import bucket
from .random_streams import draw, sample, stream_key

PPM = 1_000_000
# The first five outputs of SplitMix64 from the state 1234567 (the vectors published with its definition).
SPLITMIX64_1234567 = (
    6457827717110365317,
    3203168211198807973,
    9817491932198370423,
    4593380528125082431,
    16408922859458223821,
)


def some_scenarios(count: int = 60) -> list[Scenario]:
    rng = Random("inputs")
    return [scenario(rng, rng.choice(NAMES)) for _ in range(count)]


def test_draw_is_splitmix64() -> None:
    assert tuple(draw(1234567, i) for i in range(5)) == SPLITMIX64_1234567


@given(key=st.integers(0, 2**64 - 1), i=st.integers(0, 2**40))
def test_engine_draws_the_same_numbers(key: int, i: int) -> None:
    with np.errstate(over="ignore"):
        assert int(engine_draw(np.uint64(key), i)) == draw(key, i)


@given(value=st.integers(0, 2**62))
def test_engine_has_the_same_buckets(value: int) -> None:
    assert engine_bucket(value) == bucket(value)


@settings(max_examples=300)
@given(u=st.integers(0, 2**64 - 1), tail=st.sampled_from((None, 0x00, 0xFF)), deep=st.booleans())
def test_engine_samples_the_same_quantile(u: int, tail: int | None, deep: bool) -> None:
    """In the middle, in each tail and in each tail's tail."""
    if tail is not None:
        u = u % (1 << 56) | tail << 56
        u = u & ~(0xFF << 48) | tail << 48 if deep else u
    table = quantiles.table(Distribution("lognormal", (20_000_000, 200_000_000)))
    assert int(quantiles.sample(table[None, :], 0, np.uint64(u))) == sample(table.tolist(), u)


def law(distribution: Distribution | None) -> list[object] | None:
    return [distribution.kind, *distribution.values] if distribution else None


def test_stream_keys() -> None:
    """docs/model.md, section 2: each stream is keyed by what decides its process."""
    for drawn in some_scenarios():
        params, mix, reader = prepare([drawn]).params, drawn.traffic, drawn.traffic.reader
        settings = dict(mix.arrivals.settings)
        packets = [(1, mix.arrivals.kind), (2, law(settings.get("burst"))), (3, settings.get("peak"))]
        packets += [(4, mix.sizes), (5, mix.local_ppm), (6, mix.forward_ppm), (7, mix.flows), (8, drawn.load_ppm)]
        packets = [(number, value) for number, value in packets if value not in (None, 0)]
        stalls = [(1, law(reader.stall_every_ps)), (2, law(reader.stall_for_ps))] if reader.stall_every_ps else []
        wakeup = [(1, law(reader.wakeup_ps))]
        decided_by = {
            "gap": packets,
            "burst": packets,
            "packet": packets,
            "wakeup": wakeup,
            "stall": stalls,
            "order3": [],
        }
        for name, process in decided_by.items():
            assert int(params[f"key_{name}"][0]) == stream_key(name, drawn.seed, drawn.replicate, process)


def test_strategy_and_ring_do_not_change_the_traffic() -> None:
    drawn = replace(some_scenarios(1)[0], strategy="page_allocator", knobs=(), ring=64)
    other = replace(drawn, strategy="refcount_recycle", ring=512)
    keys = [name for name in prepare([drawn]).params.dtype.names if name.startswith("key_")]
    assert len(keys) == 6
    assert [prepare([drawn]).params[key][0] for key in keys] == [prepare([other]).params[key][0] for key in keys]


def test_size_cuts() -> None:
    for drawn in some_scenarios():
        inputs = prepare([drawn])
        weights = [weight for _, weight in drawn.traffic.sizes]
        count = len(weights)
        cuts = [(sum(weights[: k + 1]) << 32) // sum(weights) for k in range(count)]
        assert inputs.size_cut[0, :count].tolist() == cuts
        assert cuts[-1] == 1 << 32  # every draw finds a size
        assert inputs.size_bytes[0, :count].tolist() == [size for size, _ in drawn.traffic.sizes]
        assert inputs.params.size_classes[0] == count


def test_fate_cuts() -> None:
    for drawn in some_scenarios():
        params, t = prepare([drawn]).params, drawn.traffic
        assert params.local_cut[0] == (t.local_ppm << 32) // PPM
        assert params.forward_cut[0] == ((t.local_ppm + t.forward_ppm) << 32) // PPM
        if t.drop_ppm == 0:
            assert params.forward_cut[0] == 1 << 32  # no draw is left over for a drop


def exact_gap_ps(drawn: Scenario, share_ppm: int) -> Fraction:
    """Mean time between packets of a queue at this share of the packet rate that the link can carry for all."""
    sizes = drawn.traffic.sizes
    mean_bytes = Fraction(sum((size + 20) * weight for size, weight in sizes), sum(weight for _, weight in sizes))
    return drawn.queues * mean_bytes * drawn.nic.link_ps_per_byte * PPM / share_ppm


def rounding_ps(drawn: Scenario, share_ppm: int) -> Fraction:
    """What integers may lose of it: a millionth of a byte, then a picosecond."""
    return 1 + Fraction(drawn.queues * drawn.nic.link_ps_per_byte, share_ppm)


def table_of(drawn: Scenario, name: str) -> list[int]:
    inputs = prepare([drawn])
    return inputs.tables[inputs.params[name][0]].tolist()


def test_constant_gap() -> None:
    for drawn in some_scenarios():
        constant = replace(drawn, traffic=replace(drawn.traffic, arrivals=Arrivals("constant")))
        gaps = set(table_of(constant, "gap_table"))
        assert len(gaps) == 1
        assert abs(gaps.pop() - exact_gap_ps(constant, constant.load_ppm)) <= rounding_ps(constant, constant.load_ppm)


def test_poisson_gap_has_the_mean_of_the_load() -> None:
    for drawn in some_scenarios(10):
        poisson = replace(drawn, traffic=replace(drawn.traffic, arrivals=Arrivals("poisson")))
        mean = quantiles.mean(np.array(table_of(poisson, "gap_table")))
        assert mean == pytest.approx(float(exact_gap_ps(poisson, poisson.load_ppm)), abs=2, rel=1e-6)


@pytest.mark.parametrize("length", [1, 4, 25])
def test_bursts_have_the_rate_of_the_load(length: int) -> None:
    """A burst of n packets takes n mean gaps: one drawn, n - 1 of the peak rate."""
    arrivals = Arrivals("on_off", (("burst", Distribution("constant", (length,))), ("peak", 900_000)))
    for drawn in some_scenarios(10):
        bursts = replace(drawn, load_ppm=300_000, traffic=replace(drawn.traffic, arrivals=arrivals))
        inputs = prepare([bursts])
        inside = int(inputs.params.burst_gap_ps[0])
        assert abs(inside - exact_gap_ps(bursts, 900_000)) <= rounding_ps(bursts, 900_000)
        total = quantiles.mean(inputs.tables[inputs.params.gap_table[0]]) + (length - 1) * inside
        assert total == pytest.approx(float(length * exact_gap_ps(bursts, 300_000)), rel=1e-6, abs=2 * length)


def test_burst_lengths_as_drawn_have_the_mean_that_the_gaps_assume() -> None:
    """Empirical mean of 20,000 rounded lengths against the host's exact one, within four standard errors."""
    packets = Distribution("exponential", (20,))
    table = quantiles.table(burst_distribution(packets))
    lengths = [max((sample(table.tolist(), draw(99, i)) + 512) // 1024, 1) for i in range(20_000)]
    assert np.mean(lengths) == pytest.approx(
        burst_length_mean(table), abs=4 * float(np.std(lengths)) / len(lengths) ** 0.5
    )


def test_peak_below_the_load_is_refused() -> None:
    drawn = some_scenarios(1)[0]
    arrivals = Arrivals("on_off", (("burst", Distribution("constant", (4,))), ("peak", drawn.load_ppm)))
    with pytest.raises(ValueError, match="peak rate"):
        prepare([replace(drawn, traffic=replace(drawn.traffic, arrivals=arrivals))])


def test_remaining_parameters_say_what_the_scenario_says() -> None:
    for drawn in some_scenarios():
        p, rules, costs = prepare([drawn]).params[0], drawn.rules, dict(drawn.costs_ps)
        assert (p.ring, p.packets, p.warmup) == (drawn.ring, drawn.packets, drawn.warmup)
        assert p.refill_batch == min(drawn.nic.refill_batch, drawn.ring)
        assert p.memory_pages == drawn.memory_pages or (drawn.memory_pages == 0 and p.memory_pages >= 1 << 40)
        assert p.stack_forward_ps == costs[f"stack_forward_{drawn.traffic.forward_path}"]
        by_skb = strategy(drawn.strategy).DEFERRED_FREE
        defers = ("deferred_free" if drawn.traffic.flows else "udp_deferred_free") in rules
        softirqs_off = defers and by_skb and drawn.traffic.reader.same_cpu and "softirq_off_free" in rules
        assert p.reader_softirqs_off == softirqs_off
        defers = defers and by_skb and not drawn.traffic.reader.same_cpu
        assert p.deferred_most == (defers and (128 if "deferred_limit_128" in rules else 64))
        assert p.pcp_batch == (63 if "pcp_batch_63" in rules else 31)
        assert p.pcp_high == (649 if "pcp_high_by_zone" in rules else 6 * p.pcp_batch)
        assert p.fragment_align_bytes == (8 if "fragment_alignment" in rules else 1)
        locality = ("skb_locality", "pool_locality", "bulk_locality")
        for rule in (*locality, "pcp_process_only", "pcp_order3", "skb_recycle", "pool_bulk", "fragment_statistics"):
            assert p[rule] == (rule in rules)
        assert p.forward_xdp == (drawn.traffic.forward_path == "xdp")
        assert p.remote_lines == (2 if by_skb else 0)
        if "pool_size" in p.dtype.names:
            asked = dict(drawn.knobs)
            assert p.pool_size == min(asked["pool_size"], 16384 if "pool_size_clamp" in rules else 32768)
            assert p.bulk == min(asked["bulk"], 64 if "pool_bulk" in rules else 1)
        unchanged = costs.keys() - {"dma_map", "dma_unmap"}
        assert {name: p[f"cost_{name}"] for name in unchanged} == {name: costs[name] for name in unchanged}


def test_mapping_costs_what_the_iommu_adds() -> None:
    modes = set()
    for drawn in some_scenarios():
        p, costs = prepare([drawn]).params[0], dict(drawn.costs_ps)
        mapping, unmapping = costs["dma_map"], costs["dma_unmap"]
        if drawn.iommu != "off":
            mapping += costs["iommu_map"]
            unmapping += costs["iommu_unmap"] + costs["iommu_invalidate"] // (1 if drawn.iommu == "strict" else 250)
        assert (p.cost_dma_map, p.cost_dma_unmap) == (mapping, unmapping)
        assert (p.cost_tx_map, p.cost_tx_unmap) == (mapping - costs["dma_map"], unmapping - costs["dma_unmap"])
        in_place = drawn.traffic.forward_path == "xdp" and drawn.nic.xdp_tx_map == 0
        assert p.tx_map == (drawn.iommu != "off" and drawn.strategy != "zero_copy" and not in_place)
        modes.add((drawn.iommu, int(p.iommu)))
    assert modes == {("off", 0), ("lazy", 1), ("strict", 2)}


def test_shared_hardware_is_what_the_scenario_says() -> None:
    for drawn in some_scenarios():
        p, hardware = prepare([drawn]).params[0], dict(drawn.hardware)
        assert (p.queues, p.flows) == (drawn.queues, drawn.traffic.flows)
        assert (p.pcie_packet_ps, p.rx_buffer_bytes) == (drawn.nic.pcie_packet_ps, drawn.nic.rx_buffer_bytes)
        assert (p.llc_ways, p.ddio_ways) == (hardware["llc_ways"], hardware["ddio_ways"])
        assert p.llc_sets == hardware["llc"] // (64 * hardware["llc_ways"])
        assert p.header_lines_milli == hardware["header_lines"]
        assert (p.iotlb_entries, p.walk_cache_entries) == (hardware["iotlb"], hardware["walk_cache"])


def test_where_the_lines_of_a_frame_are() -> None:
    """Buffer by buffer, along the pages that a whole number of buffers fills."""
    for drawn in some_scenarios():
        p = prepare([drawn]).params[0]
        sizes = drawn.traffic.sizes
        assert p.frame_bytes == sum(size * weight for size, weight in sizes) // sum(weight for _, weight in sizes)
        stride = int(p.buffer_truesize_bytes) - 256  # less the sk_buff
        starts = {buffer * stride % 4096 for buffer in range(4096)}
        frame_lines = len(range(0, int(p.frame_bytes), 64))
        assert p.offsets_used == min(len(starts) * frame_lines, 64)
        assert p.lines_in_page == int(Fraction(4096, stride) * frame_lines)
        assert p.mapped_pages == dict(drawn.knobs).get("region_pages", 1)


@pytest.mark.parametrize("mean", [50_000, 1_000_000, 123_456_789])
def test_exponential_table_has_its_mean(mean: int) -> None:
    """Within a millionth, by the probability with which the sampler of the page uses each pair of entries."""
    table = quantiles.table(Distribution("exponential", (mean,))).tolist()
    weights = {
        0: (1, 255, 1 / 256),
        1: (1, 256, 256**-2),
        2: (0, 256, 256**-3),
        3: (0, 255, 256**-2),
        4: (0, 256, 256**-3),
    }
    total = sum(
        weight * (table[level * 257 + entry] + table[level * 257 + entry + 1]) / 2
        for level, (first, last, weight) in weights.items()
        for entry in range(first, last)
    )
    assert total == pytest.approx(mean, rel=1e-6, abs=1)


def quantile(table: list[int], probability: float) -> int:
    return sample(table, min(int(probability * 2**64), 2**64 - 1))


def test_lognormal_table_has_its_median_and_p99() -> None:
    median, p99 = 20_000_000, 200_000_000
    table = quantiles.table(Distribution("lognormal", (median, p99))).tolist()
    assert quantile(table, 0.5) == median
    assert quantile(table, 0.99) == pytest.approx(p99, rel=1e-2)  # interpolated over 1/256 of probability
    sigma = NormalDist().inv_cdf(0.999) / NormalDist().inv_cdf(0.99)
    assert quantile(table, 0.999) == pytest.approx(median * (p99 / median) ** sigma, rel=1e-3)


def test_constant_table_is_constant() -> None:
    table = quantiles.table(Distribution("constant", (12_345,))).tolist()
    assert {sample(table, draw(7, i)) for i in range(500)} == {12_345}
    assert sample(table, 0) == sample(table, 2**64 - 1) == 12_345


def test_uniform_and_pareto_quantiles() -> None:
    uniform = quantiles.table(Distribution("uniform", (1000, 257_000))).tolist()
    pareto = quantiles.table(Distribution("pareto", (1_000_000, 2000))).tolist()
    for probability in (0.001, 0.1, 0.5, 0.9, 0.999):
        assert quantile(uniform, probability) == pytest.approx(1000 + 256_000 * probability, abs=2)
        assert quantile(pareto, probability) == pytest.approx(1_000_000 * (1 - probability) ** -0.5, rel=1e-3)
