# SPDX-License-Identifier: MIT
"""The histograms of the simulations as a tidy table: a row per simulation, histogram and bucket that has counts."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa

from sweep.fields.column import Column
from sweep.fields.field import Role
from sweep.fields.histogram import BUCKETS, bounds

from .points import quoted

MEANING = "a row per simulation, histogram and bucket that has counts"


def columns(results: Iterable[Column]) -> list[Column]:
    """The columns of the table `histograms`, from those of the results."""
    return [
        *(each for each in results if each.name == "id"),
        Column("histogram", pa.string(), "1", "the column of results that it is from; its unit is that of the values"),
        Column("bucket", pa.int64(), "1", "number of the bucket, from 0"),
        Column("low", pa.int64(), "", "smallest value in the bucket, in the unit of the histogram"),
        Column("high", pa.int64(), "", "smallest value above the bucket; null: the bucket has no upper edge"),
        Column("count", pa.int64(), "1", "number of observations in the bucket"),
    ]


def view(results: Iterable[Column], table: str) -> str:
    """The SELECT that makes the table `histograms` from `table`, which has the lists; "" if there are none."""
    found = {each.name: each for each in results}
    lists = [each for each in found.values() if each.role == Role.HISTOGRAM and each.type.list_size <= BUCKETS]
    if not lists or "id" not in found:
        return ""
    most = max(each.type.list_size for each in lists)
    edges = ", ".join(f"({number}, {_edges(number)})" for number in range(most))
    each_list = " union all ".join(
        f"select id, {_text(each.name)} as histogram, unnest(range({each.type.list_size})) as bucket, "
        f"unnest({quoted(each.name)}) as count from {table}"
        for each in lists
    )
    return (
        f"select id, histogram, bucket, low, high, count from ({each_list}) "
        f"join (values {edges}) as edges(bucket, low, high) using (bucket) where count > 0"
    )


def _edges(bucket: int) -> str:
    """Both edges of a bucket as SQL; the last bucket takes everything above its lower edge."""
    low, high = bounds(bucket)
    return f"{low}::bigint, {high if bucket < BUCKETS - 1 else 'null'}::bigint"


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
