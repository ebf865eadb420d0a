# SPDX-License-Identifier: MIT
"""The dataset: every column explained, derived metrics as defined."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweep import schema
from sweep.fields.counters import COUNTERS
from sweep.fields.field import Role
from sweep.fields.histogram import BUCKETS
from sweep.fields.host import COSTS, HARDWARE
from sweep.model import batch
from sweep.results import histogram
from sweep.schema import metrics, parameters
from tests.tiny_sweep import MakeRequest


def test_every_column_has_unit_and_meaning_and_a_known_role() -> None:
    columns = schema.columns()
    assert len({column.name for column in columns}) == len(columns)
    for column in columns:
        assert column.unit, column.name
        assert column.meaning, column.name
        assert column.role in list(Role), column.name


def test_every_counter_is_a_column_and_only_own_counters_may_be_null() -> None:
    fields = {field.name: field for field in schema.results_schema()}
    common = {field.name for field in COUNTERS}
    for counter in batch.all_counter_fields():
        assert fields[counter.name].type == pa.int64()
        assert fields[counter.name].nullable == (counter.name not in common)
        assert fields[counter.name].metadata[b"kernel"].decode() == counter.kernel


def test_the_dictionary_has_a_row_per_column() -> None:
    table = schema.dictionary(schema.columns())
    assert table.column("name").to_pylist() == schema.results_schema().names
    row = table.to_pylist()[table.column("name").to_pylist().index("polls")]
    assert row == {
        "name": "polls",
        "type": "int64",
        "unit": "1",
        "role": "counter",
        "kernel": "ch_poll",
        "definition": "drivers/net/ethernet/mellanox/mlx5/core/en_txrx.c: mlx5e_napi_poll",
        "stage": "From the wire to the ring",
        "better": "neither",
        "meaning": "NAPI polls",
        "bucket_edges": None,
    }
    edges = {row["name"]: row["bucket_edges"] for row in table.to_pylist() if row["role"] == "histogram"}
    assert edges["latency_ns_histogram"][:10] == list(range(10))
    assert {len(each) for each in edges.values()} == {256}


def test_parameters_of_a_scenario(undisturbed: pa.Table, request_of: MakeRequest) -> None:
    sweep = request_of().sweep
    for index, row in enumerate(undisturbed.to_pylist()):
        scenario = sweep.scenario(*divmod(index, sweep.replicates))
        assert row["strategy"] == scenario.strategy
        assert row["traffic"] == scenario.traffic.name
        assert (row["ring"], row["replicate"]) == (scenario.ring, scenario.replicate)
        assert row["load"] == 0.3
        assert row["strategy.pool_size"] == dict(scenario.knobs).get("pool_size")
        assert row["nic.link"] == 10.0
        assert row["traffic.reader.rcvbuf"] == scenario.traffic.reader.rcvbuf_bytes
        assert {name: row[f"host.{name}"] for name, _ in scenario.costs_ps} == {
            name: ps / 1000 for name, ps in scenario.costs_ps
        }
        assert row["label"] is None
    assert [each.name for each in (*COSTS, *HARDWARE)] == [
        name for name in undisturbed.column_names if name.startswith("host.")
    ]


def test_parameters_of_any_rows_in_any_order(request_of: MakeRequest) -> None:
    """Spread by code, each row has what its own scenario says."""
    sweep = request_of("zip=[{strategy.pool_size: [ring, 2*ring], label: [one, two]}]").sweep
    rows = parameters.ParameterRows(sweep.scenarios.columns, sweep.scenarios.said)
    points, replicates = np.array([11, 0, 8, 8, 9]), np.array([1, 0, 0, 1, 0])
    found = pa.table(rows.of(points, replicates))
    assert set(found.column_names) == {column.name for column in parameters.columns()}
    assert found.column("label").to_pylist() == ["two", None, "one", "one", "two"]
    scenarios = [sweep.scenario(*which) for which in zip(points.tolist(), replicates.tolist(), strict=True)]
    assert found.equals(
        pa.table(parameters.arrays(scenarios, found.column("label").to_pylist())).select(found.column_names)
    )
    for row, scenario in zip(found.to_pylist(), scenarios, strict=True):
        for column, fields, value in parameters.parameters():
            assert row[column.name] == value(*(getattr(scenario, field) for field in fields)), column.name


def _values(**given: int) -> dict[str, np.ndarray]:
    """Counters of one row, 0 where not given."""
    parameters = ("ring", "queues", "host.llc_miss", "strategy.frag_bytes")
    names = [*(field.name for field in COUNTERS), *parameters]
    values = {name: np.array([given.get(name, 0)], np.int64) for name in names}
    return values | {"latency_ns_histogram": np.zeros((1, BUCKETS), np.int64)}


def _metric(name: str, **given: int) -> float | None:
    return metrics.arrays(_values(**given))[name].to_pylist()[0]


def test_metrics_by_hand() -> None:
    window = {"start_ps": 5_000_000, "end_ps": 1_000_005_000_000}  # one second
    assert _metric("ns_per_packet", busy_ps=9_000, release_ps=3_000, rx_packets=4) == 3.0
    assert _metric("allocator_calls_per_packet", allocator_calls=3, rx_packets=4) == 0.75
    assert _metric("throughput_pps", delivered_packets=1, forwarded_packets=2, filtered_packets=4, **window) == 7.0
    assert _metric("cpu_busy_ratio", busy_ps=250_000_000_000, **window) == 0.25
    assert _metric("pages_held_mean_pages", pages_held_page_ns=3_000_000_000, **window) == 3.0
    assert _metric("lap_ns", ring=512, offered_packets=1024, **window) == 0.5e9
    assert _metric("delivered_ratio", delivered_packets=1, forwarded_packets=2, offered_packets=4) == 0.75
    drops = {f"drop_{cause}_packets": 1 for cause in ("no_descriptor", "no_memory", "socket_buffer", "tx_ring")}
    assert _metric("drop_ratio", offered_packets=16, filtered_packets=5, **drops) == 0.25
    assert _metric("stack_ns_per_packet", stack_ps=33_200 * 4, rx_packets=4) == pytest.approx(33.2)


def test_reuse_counts_memory_not_buffers() -> None:
    assert _metric("reuse_ratio", posted_buffers=100, pages_taken=10, **{"strategy.frag_bytes": -1}) == 0.9
    assert _metric("reuse_ratio", posted_buffers=160, pages_taken=80, **{"strategy.frag_bytes": 2048}) == 0.0


def test_a_metric_without_packets_is_null() -> None:
    assert all(array.null_count == 1 for array in metrics.arrays(_values()).values())


@given(st.lists(st.tuples(st.integers(0, BUCKETS - 1), st.integers(1, 1000)), min_size=1, max_size=20))
def test_quantiles_are_those_of_the_report(buckets: list[tuple[int, int]]) -> None:
    counts = np.zeros(BUCKETS, np.int64)
    for bucket, count in buckets:
        counts[bucket] += count
    values = _values() | {"latency_ns_histogram": counts[None, :]}
    found = metrics.arrays(values)
    for name, q in (("latency_p50_ns", 0.5), ("latency_p99_ns", 0.99)):
        assert math.isclose(found[name][0].as_py(), histogram.quantile(counts, q), rel_tol=1e-9)
