# SPDX-License-Identifier: MIT
"""What metrics may be called, and what is suggested for a word that stands for none."""

from __future__ import annotations

import pytest

from sweep.fields.metrics import METRICS
from sweep.metric_names import alike, short_names, suggestion

NAMES = tuple(metric.name for metric in METRICS)


@pytest.mark.parametrize(
    ("name", "metric"),
    [
        ("p99", "latency_p99_ns"),
        ("p50", "latency_p50_ns"),
        ("latency_p99", "latency_p99_ns"),
        ("drop", "drop_ratio"),
        ("drops", "drop_ratio"),
        ("throughput", "throughput_pps"),
        ("ns_per_packet", "ns_per_packet"),  # of which others have the words too
        ("allocator_calls", "allocator_calls_per_packet"),
    ],
)
def test_a_name_that_stands_for_one(name: str, metric: str) -> None:
    assert alike(name, NAMES) == (metric,)


def test_a_name_that_stands_for_several_or_none() -> None:
    assert alike("latency", NAMES) == ("latency_p50_ns", "latency_p99_ns")
    assert "ns_per_packet" in alike("ns", NAMES)
    for none in ("p9", "dro", "p99s", "rop", "", "drop_", "p99_ns_", "Drop"):
        assert alike(none, NAMES) == (), none


def test_short_names_stand_for_one_metric_each() -> None:
    shorts = short_names(NAMES)
    assert set(shorts) == set(NAMES)
    listed = [short for each in shorts.values() for short in each]
    assert len(set(listed)) == len(listed)
    assert not set(listed) & set(NAMES)
    assert all(alike(short, NAMES) == (metric,) for metric, each in shorts.items() for short in each)
    assert {"p99", "latency_p99"} <= set(shorts["latency_p99_ns"])
    assert {"drop", "drops"} <= set(shorts["drop_ratio"])
    assert "packets" not in listed


@pytest.mark.parametrize(
    ("word", "named"),
    [
        ("drop_rato", ["drop_ratio"]),
        ("drop_rate", ["drop_ratio"]),
        ("Drop_Ratio", ["drop_ratio"]),
        ("p95", ["latency_p50_ns", "latency_p99_ns"]),
        ("p999", ["latency_p99_ns"]),
        ("latency", ["latency_p50_ns", "latency_p99_ns"]),
        ("ns_per_pakcet", ["ns_per_packet"]),
        ("rx_pakets", ["rx_packets"]),
    ],
)
def test_the_nearest_are_suggested(word: str, named: list[str]) -> None:
    text = suggestion(word, NAMES, ["rx_packets", "busy_ps"])
    assert text.startswith(" Did you mean ")
    assert text.split('"')[1::2] == named


def test_nothing_is_suggested_for_what_is_near_to_nothing() -> None:
    assert suggestion("xyzzy", NAMES) == ""
    assert len(suggestion("ns_per_packet " * 100_000, NAMES)) < 200
