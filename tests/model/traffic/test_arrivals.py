# SPDX-License-Identifier: MIT
"""When packets arrive and what becomes of them at the NIC, by hand."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from sweep.model.lane.sim import NEVER, Sim
from sweep.model.scenario import Distribution, Scenario
from sweep.model.traffic.arrivals import DROP, FORWARD, LOCAL, accept, accept_until, next_packet
from tests.model.scenes import NS, US, WIRE_PS, scenario, world


@pytest.fixture(autouse=True)
def wrapping() -> Iterator[None]:
    """The random generator wraps by design."""
    with np.errstate(over="ignore"):
        yield


def arrivals(made: Scenario) -> list[int]:
    """Arrival times of all packets, ps."""
    sim = started(made)
    times = []
    while sim.state.next_arrival_ps[0] < NEVER:
        times.append(int(sim.state.next_arrival_ps[0]))
        accept(sim, 0)
    return times


def started(made: Scenario) -> Sim:
    sim = world(made)[0]
    next_packet(sim, 0)
    return sim


def test_constant_rate() -> None:
    assert arrivals(scenario(packets=3)) == [1100 * NS, 2100 * NS, 3100 * NS]


def test_the_wire_takes_one_at_a_time() -> None:
    """At twice the link's rate the sender wants to start every 50 ns, and a frame takes 100."""
    times = arrivals(scenario(packets=4, load_ppm=2_000_000))
    assert times == [50 * NS + WIRE_PS * k for k in (1, 2, 3, 4)]


def test_bursts_at_peak_rate() -> None:
    """Bursts of three at full link rate: two gaps of 100 ns inside, then one from the table."""
    made = scenario(kind="on_off", settings=(("burst", Distribution("constant", (3,))), ("peak", 1_000_000)), packets=9)
    steps = np.diff(arrivals(made))
    assert [steps[k] for k in (0, 1, 3, 4, 6, 7)] == [100 * NS] * 6
    assert len({steps[2], steps[5]} - {100 * NS}) == 2


@pytest.mark.parametrize(("field", "fate"), [("local_ppm", LOCAL), ("forward_ppm", FORWARD), ("drop_ppm", DROP)])
def test_pure_fates(field: str, fate: int) -> None:
    sim = started(scenario(packets=50, **({"drop_ppm": 0} | {field: 1_000_000})))
    fates = set()
    while sim.state.next_arrival_ps[0] < NEVER:
        fates.add(int(sim.state.next_fate[0]))
        accept(sim, 0)
    assert fates == {fate}


def test_sizes_and_fates_have_their_shares() -> None:
    """3 of 4 packets small, 1 of 5 local: within four standard errors of 4,000 draws."""
    made = scenario(sizes=((80, 3), (1000, 1)), local_ppm=200_000, drop_ppm=800_000, packets=4000)
    sim = started(made)
    small = local = 0
    while sim.state.next_arrival_ps[0] < NEVER:
        small += sim.state.next_bytes[0] == 80
        local += sim.state.next_fate[0] == LOCAL
        accept(sim, 0)
    assert small == pytest.approx(3000, abs=4 * (4000 * 0.75 * 0.25) ** 0.5)
    assert local == pytest.approx(800, abs=4 * (4000 * 0.2 * 0.8) ** 0.5)
    assert sim.counters.offered_bytes[0] == 80 * small + 1000 * (4000 - small)


@pytest.mark.parametrize(("starved", "cause"), [(0, "drop_no_descriptor_packets"), (1, "drop_no_memory_packets")])
def test_without_a_descriptor_a_packet_is_lost(starved: int, cause: str) -> None:
    sim = started(scenario(packets=3))
    sim.state.posted[0], sim.state.starved[0] = 1, starved
    accept_until(sim, 0, 2100 * NS)  # that instant included
    assert sim.state.arrived[0] == sim.counters.offered_packets[0] == 2
    assert (sim.state.waiting[0], sim.state.posted[0]) == (1, 0)
    assert sim.counters[cause][0] == 1
    packet = sim.rx[0, 0]
    assert (packet.time_ps, packet.bytes, packet.index) == (1100 * NS, 80, 0)
    assert sim.state.next_arrival_ps[0] == 3 * US + WIRE_PS
