# SPDX-License-Identifier: MIT
"""A batch: lanes do not touch each other, and what may differ between scenarios does not change the traffic."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sweep.model import batch
from sweep.model.scenario import Scenario
from sweep.model.strategies import NAMES

from ..reference.comparison import prepare, run_engine
from .scenes import LOCAL, NS, constant, knobs, scenario


def varied(name: str) -> list[Scenario]:
    made = scenario(
        {"stack_local": 900 * NS, "poll": 50 * NS},
        **LOCAL,
        strategy=name,
        knobs=knobs(name),
        kind="poisson",
        wakeup_ps=constant(3000 * NS),
        packets=60,
    )
    return [replace(made, ring=ring, replicate=replicate) for ring in (3, 16, 40) for replicate in (0, 1)]


@pytest.mark.parametrize("name", NAMES)
def test_order_and_company_do_not_matter(name: str) -> None:
    scenarios = varied(name)
    forward = run_engine(name, prepare(scenarios), plain=True)
    backward = run_engine(name, prepare(scenarios[::-1]), plain=True)
    assert np.array_equal(forward.counters, backward.counters[::-1])
    assert np.array_equal(forward.latency, backward.latency[::-1])
    alone = run_engine(name, prepare(scenarios[2:3]), plain=True)
    assert alone.counters[0] == forward.counters[2]


def test_all_strategies_and_rings_meet_the_same_packets() -> None:
    """The keys of the random streams are theirs all."""
    keys = set()
    for name in NAMES:
        for ring in (4, 64):
            made = scenario(strategy=name, knobs=knobs(name), ring=ring)
            params = prepare([made]).params
            keys.add(tuple(int(params[key][0]) for key in params.dtype.names if key.startswith("key_")))
    assert len(keys) == 1


@pytest.mark.parametrize("change", [{"seed": 2}, {"replicate": 1}, {"load_ppm": 200_000}, {"local_ppm": 500_000}])
def test_seed_replicate_load_and_mix_change_the_streams(change: dict[str, int]) -> None:
    if "local_ppm" in change:
        change = change | {"drop_ppm": 500_000}
    assert prepare([scenario()]).params.key_packet[0] != prepare([scenario(**change)]).params.key_packet[0]


def test_a_batch_is_of_one_strategy() -> None:
    made = [scenario(), scenario(strategy="refcount_recycle")]
    with pytest.raises(ValueError, match="one strategy"):
        prepare(made)


def test_a_missing_table_is_an_error() -> None:
    with pytest.raises(KeyError):
        batch.prepare("page_allocator", [scenario()], {})


def test_state_grows_with_the_ring() -> None:
    """At least a page number, a slot's record of five words and nothing smaller per descriptor."""
    small, large = batch.state_bytes(scenario(ring=64)), batch.state_bytes(scenario(ring=1064))
    assert large - small >= 1000 * (8 + 5 * 8)


def test_prediction_grows_with_the_packets() -> None:
    few, many = batch.predicted_ns(scenario(packets=100_000)), batch.predicted_ns(scenario(packets=1_000_000))
    assert 5 < many / few <= 10
