# SPDX-License-Identifier: MIT
"""The table of histograms: the counts of the lists, with the edges of their buckets."""

from __future__ import annotations

from published_tables import results

from sweep import query
from sweep.fields.histogram import BUCKETS, bounds
from sweep.query.histograms import _edges


def test_buckets_that_have_counts_with_their_edges(database: query.Database) -> None:
    found = database.ask("from histograms order by id, bucket").read().to_pylist()
    wanted = [
        {"id": row["id"], "histogram": "latency_ns_histogram", "bucket": bucket, "low": low, "high": high, "count": n}
        for row in results().to_pylist()
        for bucket, n in enumerate(row["latency_ns_histogram"])
        for low, high in [bounds(bucket)]
        if n
    ]
    assert found == wanted


def test_the_last_bucket_has_no_upper_edge() -> None:
    assert _edges(BUCKETS - 1) == f"{bounds(BUCKETS - 1)[0]}::bigint, null::bigint"
    assert _edges(9) == "9::bigint, 10::bigint"


def test_sums_over_buckets(database: query.Database) -> None:
    sql = "select sum(count)::bigint as count, sum(count * (low + high) / 2) / sum(count) as mean from histograms"
    (found,) = database.ask(f"{sql} where id = repeat('0', 32)").read().to_pylist()
    assert found["count"] == 17 + (1 << 40)
    assert found["mean"] == (17 * 2.5 + (1 << 40) * 3.5) / found["count"]
