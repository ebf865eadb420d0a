# SPDX-License-Identifier: MIT
"""The benchmark compares like with like: the versions in `bench/` count what the engine counts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bench import agree, bench, floor, lockstep, packets, simpy_model
from sweep.config import load
from sweep.model.counting.histogram import bucket
from sweep.model.scenario import Arrivals, Distribution, Scenario
from tests.model.scenes import rules

STRATEGIES = ("page_allocator", "page_pool")
PACKETS = 1500


def scenario(
    strategy: str, fates: dict[str, int], ring: int = 1024, load_ppm: int = 600_000, kernel: str = "6.19"
) -> Scenario:
    """A scenario of the benchmark with other fates (ppm), shorter, and a pool small enough to be full."""
    sweep = load(bench.SWEEP_FILE, [f"packets={PACKETS}", "warmup=200", "host.llc=0"])
    host = next(
        sweep.scenario(point, 0)
        for point in range(sweep.points)
        if sweep.strategy_of(point) == strategy and sweep.traffic(point).name == "host"
    )
    shares = {f"{fate}_ppm": fates.get(fate, 0) for fate in ("local", "forward", "drop")}
    made = replace(host, traffic=replace(host.traffic, **shares), ring=ring, load_ppm=load_ppm, kernel=kernel)
    made = replace(made, rules=rules(kernel))
    return replace(made, knobs=tuple((name, ring // 4 if name == "pool_size" else own) for name, own in made.knobs))


DROP = {"drop": 1_000_000}
ROUTER = {"forward": 1_000_000}
HOST = {"local": 980_000, "drop": 20_000}
ALL = {"local": 400_000, "forward": 400_000, "drop": 200_000}


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("fates", [DROP, ROUTER, HOST, ALL], ids=["drop", "router", "host", "all"])
def test_simpy_counts_what_the_engine_counts(strategy: str, fates: dict[str, int]) -> None:
    for lane in (scenario(strategy, fates), scenario(strategy, fates, 64, 700_000)):
        assert agree.differences(agree.engine([lane]), agree.by_simpy([lane])) == []


def test_simpy_kicks_the_idle_cpu_as_the_engine_does() -> None:
    made = scenario("page_pool", HOST, load_ppm=20_000)
    arrivals = Arrivals(
        "on_off", (("burst", Distribution("constant", (80,))), ("peak", 1_000_000))
    )  # long bursts, long silence
    made = replace(made, traffic=replace(made.traffic, arrivals=arrivals))
    lanes = [replace(made, replicate=replicate) for replicate in range(40)]
    counted = agree.engine(lanes)
    assert np.sum(counted["deferred_kicks"]) > 0
    assert agree.differences(counted, agree.by_simpy(lanes)) == []


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_lock_step_counts_what_the_engine_counts(strategy: str) -> None:
    mixed = {"forward": 700_000, "drop": 300_000}
    lanes = [
        scenario(strategy, fates, ring, load_ppm, kernel)
        for kernel in ("5.19", "6.12")
        for fates in (DROP, ROUTER, mixed)
        for ring in (64, 300)
        for load_ppm in (100_000, 900_000)
    ]
    assert agree.differences(agree.engine(lanes), agree.by_lockstep(lanes)) == []


def test_the_scenarios_reach_loss_and_a_full_pool() -> None:
    lanes = [scenario("page_pool", ALL, ring=64, load_ppm=900_000), scenario("page_pool", HOST, 64, 400_000)]
    counted = agree.by_simpy(lanes)
    for name in ("drop_no_descriptor_packets", "full_polls", "recycle_ring_full", "alloc_refill", "wakeups"):
        assert np.sum(counted[name]) > 0, name


def test_a_difference_is_found() -> None:
    one = agree.engine([scenario("page_allocator", DROP)])
    other = agree.engine([replace(scenario("page_allocator", DROP), replicate=1)])
    assert {"busy_ps", "occupancy", "offered_bytes"} <= set(agree.differences(one, other))
    assert agree.differences(one, {**one, "extra": [1]}) == ["extra"]


@pytest.mark.parametrize("burst", [None, Distribution("exponential", (32,)), Distribution("constant", (5,))])
def test_packets_are_the_engines(burst: Distribution | None) -> None:
    made = scenario("page_allocator", ALL, load_ppm=300_000)
    arrivals = Arrivals("on_off", (("burst", burst), ("peak", 1_000_000))) if burst else Arrivals("poisson")
    made = replace(made, traffic=replace(made.traffic, arrivals=arrivals))
    tables = packets.tables_of([made])
    lane = packets.lanes_of([made], tables)[0].packets
    state = floor.run(floor.draw_packets, made, tables).state[0]
    assert len(lane.time_ps) == PACKETS == state.arrived
    assert (lane.time_ps[-1], lane.bytes[-1], lane.fate[-1]) == (state.wire_end_ps, state.next_bytes, state.next_fate)


def test_buckets_of_many_values() -> None:
    values = [*range(5000), *(2**k + d for k in range(13, 40) for d in (-1, 0, 1))]
    assert packets.buckets(np.array(values)).tolist() == [bucket(value) for value in values]


@pytest.mark.parametrize("version", [simpy_model.simulate, lockstep.simulate])
def test_what_is_not_covered_is_refused(version: object) -> None:
    made = scenario("page_allocator", DROP)
    reader = replace(made.traffic.reader, same_cpu=True)
    local = replace(made.traffic, reader=reader, local_ppm=10_000, drop_ppm=990_000)
    for refused in (
        replace(made, strategy="page_frag"),
        replace(made, memory_pages=2000),
        replace(made, traffic=local),
    ):
        with pytest.raises(ValueError, match="does not cover"):
            version([refused], packets.tables_of([made]))  # type: ignore[operator]


@pytest.mark.slow
def test_the_benchmark_runs(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.main(["--packets", "2000", "--lanes", "4", "--repeats", "1"]) == 0
    out = capsys.readouterr().out
    assert "every counter equal in all versions: yes" in out
    assert "aim: 30 ns per simulated packet or less for page_pool: drop " in out
    for version in ("floor", "engine", "NumPy lock step", "SimPy"):
        assert f"\n{version}" in out
