# SPDX-License-Identifier: MIT
"""Drift: how often it is called where there is none, and how often it is found; figures in docs/confidence.md."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import beta

from sweep.results.drift import QUANTITIES, Drift, judge
from tests.results.drifting_series import BINS, PACKETS, cells

SERIES = 1000
RISK = 0.05


def found(replicates: int, points: int, **planted: float) -> dict[str, Drift]:
    """By metric, of SERIES cells that are each one of `points` of a report."""
    made = judge(*cells(SERIES, replicates, 11, **planted), points)
    return {each.quantity.metric: each for each in made}


def highest(called: int) -> float:
    """Upper 95 % limit of a rate of which `called` of SERIES were seen (Clopper and Pearson)."""
    return float(beta.ppf(0.95, called + 1, SERIES - called))


@pytest.mark.parametrize("replicates", [2, 3, 5, 10])
def test_a_report_of_steady_series_calls_a_drift_in_one_of_twenty_at_most(replicates: int) -> None:
    """Each series a report by itself: of all four quantities together."""
    called = np.logical_or.reduce([each.moved for each in found(replicates, 1).values()])
    assert highest(int(called.sum())) <= RISK


def test_the_more_points_a_report_has_the_less_is_called_in_each() -> None:
    one, many = (sum(int(each.moved.sum()) for each in found(5, points).values()) for points in (1, 100))
    assert many < one


@pytest.mark.parametrize(
    ("replicates", "points", "drift", "least"),
    [
        (5, 1, 0.2, {"ns_per_packet": 0.99, "pages_held_mean_pages": 0.99, "latency_mean_ns": 0.1}),
        (5, 100, 0.5, {"ns_per_packet": 0.99, "pages_held_mean_pages": 0.95}),
        (10, 1, 0.5, {"ns_per_packet": 0.99, "pages_held_mean_pages": 0.99, "latency_mean_ns": 0.99}),
        (10, 1, 4.0, {"drop_ratio": 0.4}),
    ],
)
def test_a_planted_drift_is_found(replicates: int, points: int, drift: float, least: dict[str, float]) -> None:
    moved = {metric: each.moved.mean() for metric, each in found(replicates, points, drift=drift).items()}
    assert all(moved[metric] >= share for metric, share in least.items()), moved


def test_what_settles_is_said_to_settle_where_it_does() -> None:
    made = found(10, 1, drift=0.5, until=16)
    for metric, tolerance in (("ns_per_packet", 1), ("pages_held_mean_pages", 1), ("latency_mean_ns", 6)):
        bins = made[metric].settles[made[metric].moved] / PACKETS * BINS
        assert np.isfinite(bins).mean() > 0.8
        assert abs(np.nanmedian(bins) - 16) <= tolerance, metric
        assert np.nanquantile(bins, 0.05) >= 16 - tolerance


def test_what_settles_in_the_second_half_of_the_run_is_not_said_to_settle() -> None:
    made = found(10, 1, drift=0.5, until=26)["ns_per_packet"]
    assert made.moved.all()
    assert np.isnan(made.settles).all()


def test_what_is_too_small_to_matter_is_no_drift() -> None:
    """Where nothing is random any difference is beyond doubt."""
    columns, series = cells(1, 5, 3)
    for size, moves in ((0.004, False), (0.006, True)):
        cost = series("rx_packets") * 600_000.0 * (1 + size * (np.arange(BINS) < 24))
        made = judge(columns, lambda name, cost=cost: cost if name == "cpu_ps" else series(name), 1)[1]
        assert made.known.all()
        assert bool(made.moved.all()) is moves


def test_one_replicate_shows_nothing() -> None:
    for each in found(1, 1, drift=4.0).values():
        assert not each.known.any()
        assert not each.moved.any()
    assert len(QUANTITIES) == 4
