# SPDX-License-Identifier: MIT
"""The time series: bins add up to the counters of the window, and to everything that came before it."""

from __future__ import annotations

import numpy as np
import pytest

from sweep.fields.histogram import bounds
from sweep.fields.series import BINS, SERIES
from sweep.model import batch
from sweep.model.strategies import NAMES
from tests.model.scenes import run, scenario

PLACE = {field.name: place for place, field in enumerate(SERIES)}
COSTS = {"poll": 500_000, "stack_local": 400_000, "interrupt": 300_000, "page_alloc": 50_000}
MIXED = {  # a reader that cannot keep up with what comes at random
    **{"kind": "poisson", "local_ppm": 700_000, "forward_ppm": 200_000, "drop_ppm": 100_000},
    **{"read_ps": 3_000_000, "rcvbuf_bytes": 20_000, "ring": 16},
}
TOTALS = {  # of the window, by counters
    "offered_packets": ("offered_packets",),
    "rx_packets": ("rx_packets",),
    "out_packets": ("delivered_packets", "forwarded_packets"),
    "cpu_ps": ("busy_ps", "release_ps"),
    "queued_buffer_ns": ("tx_ring_buffer_ns", "socket_buffer_ns"),
    "pages_held_page_ns": ("pages_held_page_ns",),
    "allocator_calls": ("allocator_calls",),
    "episodes": ("episodes",),
    "loss_episodes": ("loss_episodes",),
    "dropped_packets": (
        *("drop_nic_buffer_packets", "drop_no_descriptor_packets", "drop_no_memory_packets"),
        *("drop_socket_buffer_packets", "drop_tx_ring_packets"),
    ),
}


@pytest.mark.parametrize("name", NAMES)
def test_bins_after_the_warm_up_add_up_to_the_counters(name: str) -> None:
    """A warm-up that ends with a bin: the window opens at the poll that cuts it."""
    made = scenario(COSTS, strategy=name, packets=800, warmup=200, **MIXED)
    sim = run(made)
    bins = batch.increments(sim.series)[0]
    for quantity, counters in TOTALS.items():
        assert bins[10:, PLACE[quantity]].sum() == sum(int(sim.counters[each][0]) for each in counters), quantity
    assert bins[:, PLACE["dropped_packets"]].sum() > 100
    assert bins[:, PLACE["offered_packets"]].sum() == 800
    assert bins[9, PLACE["end_ps"]] == sim.counters.start_ps[0]
    assert bins[-1, PLACE["end_ps"]] == sim.counters.end_ps[0]


def test_latencies_are_those_of_the_histogram() -> None:
    sim = run(scenario(COSTS, packets=800, warmup=0, **MIXED))
    told = int(batch.increments(sim.series)[0, :, PLACE["latency_ns"]].sum())
    counts = enumerate(sim.latency[0].tolist())
    low, high = np.sum([[n * bounds(index)[0], n * bounds(index)[1]] for index, n in counts], axis=0)
    assert low <= told <= high
    assert told > 0


@pytest.mark.parametrize("packets", [1, 7, BINS, BINS + 1])
def test_fewer_packets_than_bins_leave_some_empty(packets: int) -> None:
    bins = batch.increments(run(scenario(COSTS, packets=packets, warmup=0, **MIXED)).series)[0]
    assert bins.shape == (BINS, len(SERIES))
    assert bins[:, PLACE["offered_packets"]].sum() == packets
    assert (bins >= 0).all()


def test_a_warm_up_that_never_ends_is_counted_too() -> None:
    sim = run(scenario(COSTS, packets=400, warmup=400, **MIXED))
    bins = batch.increments(sim.series)[0]
    assert bins[:, PLACE["offered_packets"]].sum() == 400
    assert 0 < bins[:, PLACE["rx_packets"]].sum() <= 400
    assert bins[-1, PLACE["end_ps"]] > 0
