# SPDX-License-Identifier: MIT
"""Halves of windows: which bins are in which, and what they add up to."""

from __future__ import annotations

import numpy as np
import pytest

from sweep.evidence import Cells, halves

BINS = 8
COLUMNS = {"packets": 803.0, "warmup": 0.0, "allocation_episodes": 10.0, "ring": 256.0, "loss_peak_packets": 9.0}
SERIES = {
    "end_ps": np.cumsum(np.arange(1.0, BINS + 1)) * 1e6,
    "offered_packets": np.full(BINS, 100.0),
    "dropped_packets": np.r_[0, 0, 0, 0, 0, 1, 0, 3.0],
    "rx_packets": np.full(BINS, 50.0),
    "cpu_ps": 1000.0 * 50 * np.arange(BINS),
    "out_packets": np.r_[np.zeros(4), np.full(4, 20.0)],
    "latency_ns": np.full(BINS, 60.0),
    "pages_held_page_ns": 1e3 * np.arange(1.0, BINS + 1) * np.arange(BINS),
    "episodes": np.arange(float(BINS)),
    "loss_episodes": np.r_[0, 0, 0, 0, 0, 1, 0, 0.0],
}


def both(**columns: float) -> tuple[Cells, Cells]:
    """Of one cell with two replicates, the second one missing."""
    values = {**COLUMNS, **columns}
    cells = Cells(lambda name: np.array([[values[name], np.nan]]), values.__contains__)
    return halves(cells, lambda name: np.stack([[SERIES[name], np.full(BINS, np.nan)]]))


def read(side: Cells, name: str) -> float:
    found = side.read(name)
    assert found.shape == (1, 2)
    assert np.isnan(found[0, 1])
    return float(found[0, 0])


def test_a_half_is_what_its_bins_add_up_to() -> None:
    first, second = both()
    assert (read(first, "offered_packets"), read(second, "offered_packets")) == (400, 400)
    assert (read(first, "drop_ratio"), read(second, "drop_ratio")) == (0, 0.01)
    assert (read(first, "ns_per_packet"), read(second, "ns_per_packet")) == (1.5, 5.5)
    assert np.isnan(read(first, "latency_mean_ns"))  # nothing came out
    assert read(second, "latency_mean_ns") == 3
    assert read(first, "pages_held_mean_pages") == pytest.approx((1 * 0 + 2 * 1 + 3 * 2 + 4 * 3) / 10)
    assert (read(first, "episodes"), read(second, "episodes")) == (6, 22)


def test_an_episode_that_loses_in_both_halves_is_one_of_each() -> None:
    first, second = both(warmup=400)  # bins 4 and 5, 6 and 7: the last one lost in an episode counted before
    assert (read(first, "loss_episodes"), read(second, "loss_episodes")) == (1, 1)


def test_what_only_windows_have_stands_for_either_half() -> None:
    first, second = both()
    for side in (first, second):
        assert (read(side, "ring"), read(side, "loss_peak_packets"), read(side, "allocation_episodes")) == (256, 9, 5)


@pytest.mark.parametrize(
    ("warmup", "first", "second"),
    [(0, 6, 22), (1, 1 + 2 + 3, 5 + 6 + 7), (100, 6, 18), (101, 2 + 3 + 4, 5 + 6 + 7), (200, 9, 18)],
)
def test_the_bin_that_the_window_opens_in_is_in_no_half(warmup: int, first: int, second: int) -> None:
    """Bins begin at 0, 100, 200, 301, ... of 803 packets; the middle one of an odd number is left out."""
    found = both(warmup=warmup)
    assert (read(found[0], "episodes"), read(found[1], "episodes")) == (first, second)


def test_a_window_of_too_few_bins_has_no_halves() -> None:
    first, second = both(warmup=600)  # bins 6 and 7 alone
    assert np.isnan(read(first, "episodes"))
    assert np.isnan(read(second, "drop_ratio"))
