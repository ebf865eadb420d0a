# SPDX-License-Identifier: MIT
"""Laying out a published table: coordinates, variants, mixes, missing and invalid rows."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from sweep.errors import SweepError
from sweep.results import dataset
from tests.report.synthetic_sweep import Effects, table

SMALL = {"mixes": ("host",), "loads": (0.3,), "rings": (64, 256), "replicates": 2}


def with_column(source: pa.Table, name: str, make) -> pa.Table:
    """A column computed from each row's parameters."""
    rows = source.select(["strategy", "ring", "label"]).to_pylist()
    values = pa.array([make(row) for row in rows])
    place = source.column_names.index(name) if name in source.column_names else None
    field = pa.field(name, values.type, metadata={"role": "parameter"})
    return source.append_column(field, values) if place is None else source.set_column(place, field, values)


def where(source: pa.Table, **wanted) -> pa.Array:
    """A mask of the rows with these values."""
    return pa.array([row == wanted for row in source.select(list(wanted)).to_pylist()])


def test_every_row_is_at_its_coordinates():
    source = table(**SMALL)
    data = dataset.read(source)
    rows = source.to_pylist()
    for (mix, load, ring, column, pair), row in np.ndenumerate(data.index):
        found = rows[row]
        assert found["traffic"] == data.mixes[mix]
        assert found["load"] == data.loads[load]
        assert found["ring"] == data.rings[ring]
        assert found["strategy"] == data.strategies[column]
        assert found["replicate"] == pair
        assert data.values("ns_per_packet")[mix, load, ring, column, pair] == found["ns_per_packet"]


def test_order_is_baseline_first_then_the_sweeps_own():
    data = dataset.read(table(strategies=("refcount_recycle", "page_pool", "page_allocator", "page_frag"), **SMALL))
    assert data.columns == ("page_allocator", "refcount_recycle", "page_pool", "page_frag")
    assert data.baseline_found


def test_shuffled_rows_give_the_same_numbers():
    source = table(**SMALL)
    order = np.random.default_rng(0).permutation(len(source))
    one, two = dataset.read(source), dataset.read(source.take(pa.array(order)))
    columns = [two.columns.index(name) for name in one.columns]
    assert np.array_equal(one.values("ns_per_packet"), two.values("ns_per_packet")[..., columns, :])


def test_labels_make_variants():
    assert dataset.read(table(variants=True, **SMALL)).columns[-2:] == ("page_pool (pool=ring)", "page_pool (pool=2x)")


def test_a_baseline_with_a_label_comes_first():
    described = {"baseline": {"strategy": "page_pool", "label": "pool=2x"}}
    data = dataset.read(table(variants=True, metadata=described, **SMALL))
    assert data.columns[0] == "page_pool (pool=2x)"


def test_a_knob_without_label_is_named_relative_to_the_ring_where_it_follows_it():
    both = [table(**SMALL), table(**SMALL)]
    twice = with_column(
        both[1], "strategy.pool_size", lambda row: row["ring"] * 2 if row["strategy"] == "page_pool" else None
    )
    pools = twice.filter(where(twice, strategy="page_pool"))
    data = dataset.read(pa.concat_tables([both[0], pools.cast(both[0].schema)]))
    assert data.columns[-2:] == ("page_pool (strategy.pool_size=1×ring)", "page_pool (strategy.pool_size=2×ring)")
    assert data.duplicates == 0


def test_what_all_strategies_share_splits_the_mix_once():
    """A cost that follows from the host is not named beside it."""
    parts = []
    for host, cost in (("xeon", 7), ("epyc", 9)):
        part = with_column(table(**SMALL), "host", lambda row, host=host: host)
        parts.append(with_column(part, "host.poll", lambda row, cost=cost: cost))
    assert dataset.read(pa.concat_tables(parts)).mixes == ("host · host=xeon", "host · host=epyc")


def test_invalid_rows_are_set_aside_with_their_violation():
    broken = Effects(
        overrides={
            "valid": lambda row: row["ring"] != 64 or row["replicate"] != 0,
            "violation": lambda row: "packets: 1 lost" if row["ring"] == 64 and row["replicate"] == 0 else None,
            "ns_per_packet": lambda row: 1e9 if row["ring"] == 64 and row["replicate"] == 0 else 500.0,
        }
    )
    data = dataset.read(table(effects=broken, **SMALL))
    assert len(data.invalid) == 4
    assert data.invalid[0].violation == "packets: 1 lost"
    assert "ring 64, replicate 0" in data.invalid[0].where
    assert np.nanmax(data.values("ns_per_packet")) == 500.0


def test_a_row_whose_validity_is_unknown_is_not_used():
    data = dataset.read(table(effects=Effects(overrides={"valid": lambda row: None}), **SMALL))
    assert len(data.invalid) == data.rows
    assert len(data.table) == 0


def test_missing_rows_are_nan():
    source = table(**SMALL)
    data = dataset.read(source.filter(pc.invert(where(source, ring=64, strategy="page_pool"))))
    column = data.columns.index("page_pool")
    assert np.isnan(data.values("ns_per_packet")[0, 0, 0, column]).all()
    assert np.isfinite(data.values("ns_per_packet")[0, 0, 1, column]).all()


def test_duplicates_are_counted():
    source = table(**SMALL)
    assert dataset.read(pa.concat_tables([source, source.slice(0, 3)])).duplicates == 3


def test_merged_histograms_are_sums():
    source = table(**SMALL)
    data = dataset.read(source)
    merged = data.histogram("latency_ns_histogram", (0, 0, 0, 0))
    rows = source.filter(where(source, ring=64, strategy="page_allocator"))
    assert merged.tolist() == np.sum(rows.column("latency_ns_histogram").to_pylist(), axis=0).tolist()


def test_no_rows_and_missing_coordinates_are_told():
    source = table(**SMALL)
    with pytest.raises(SweepError, match="no simulations yet"):
        dataset.read(source.slice(0, 0))
    with pytest.raises(SweepError, match='no column "ring"'):
        dataset.read(source.drop_columns(["ring"]))
    with pytest.raises(SweepError, match="description is damaged"):
        dataset.read(source.replace_schema_metadata({"sweep": "{not json"}))
