# SPDX-License-Identifier: MIT
"""The dataset: a row per simulation, a column per parameter, counter, metric and histogram.

A *part* holds what one chunk simulated: ids, violations, counters, histograms and time series of one strategy.  The
*results* join the parts of a sweep with the parameters of its points and with the derived metrics; the *series* are
published beside them.  A new parameter, counter or metric is one entry in its own list; nothing here names one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sweep.fields.column import HISTOGRAM, Column, counter, dictionary, histogram
from sweep.fields.counters import COUNTERS, HISTOGRAMS
from sweep.fields.histogram import BUCKETS
from sweep.model import batch

from . import metrics, parameters, series

__all__ = [
    "FORMAT",
    "Column",
    "columns",
    "dictionary",
    "is_part",
    "part",
    "part_schema",
    "results",
    "results_schema",
    "series",
]

FORMAT = 2  # goes into every row's id: raise it when rows of earlier versions must not be used any more

ID = Column("id", pa.string(), "1", "digest of the scenario, its tables and the code that ran it", "id", "", False)
VALID = Column("valid", pa.bool_(), "1", "the row obeys all conservation laws; use no other", "quality", "", False)
VIOLATION = Column("violation", pa.string(), "1", "the laws that the row breaks, and how to see it again", "quality")


def columns() -> list[Column]:
    """All columns of the results, in their order."""
    common_names = {field.name for field in COUNTERS}
    return [
        ID,
        *parameters.columns(),
        *metrics.columns(),
        VALID,
        VIOLATION,
        *(counter(field, field.name not in common_names) for field in batch.all_counter_fields()),
        *map(histogram, HISTOGRAMS),
    ]


def results_schema() -> pa.Schema:
    """The schema of the results, with units and meanings, without the sweep's own metadata."""
    return pa.schema([column.field() for column in columns()])


def part_schema(strategy: str) -> pa.Schema:
    """The schema of a part of this strategy: what the model returns, nothing derived."""
    counters = [pa.field(field.name, pa.int64(), False) for field in batch.counter_fields(strategy)]
    histograms = [pa.field(field.name, HISTOGRAM, False) for field in HISTOGRAMS]
    fixed = [pa.field("id", pa.string(), False), pa.field("violation", pa.string(), False)]
    return pa.schema([*fixed, *counters, *histograms, *series.part_fields()])


def is_part(found: pa.Schema, strategy: str, *, of_these_sources: bool) -> bool:
    """Whether a part of `strategy` can have the schema `candidate`; with other sources its counters may differ."""
    if of_these_sources:
        return bool(found.remove_metadata().equals(part_schema(strategy)))
    kinds = {name: found.field(name).type for name in found.names}
    texts = [kinds.pop(name, None) for name in ("id", "violation")]
    numbers = all(pa.types.is_int64(kind) or kind in (HISTOGRAM, series.LIST) for kind in kinds.values())
    return texts == [pa.string()] * 2 and numbers and len(kinds) + 2 == len(found)


def part(strategy: str, ids: Sequence[str], result: batch.Result) -> pa.Table:
    """The part of one chunk: row i has `ids[i]` and lane i of `result`."""
    counters = [pa.array(np.ascontiguousarray(result.counters[field.name])) for field in batch.counter_fields(strategy)]
    histograms = [_lists(counts) for counts in (result.latency, result.occupancy)]
    fixed = [pa.array(ids, pa.string()), pa.array(result.violations, pa.string())]
    lists = [*histograms, *series.arrays(result.series)]
    return pa.Table.from_arrays([*fixed, *counters, *lists], schema=part_schema(strategy))


def results(rows: pa.Table, known: dict[str, pa.Array]) -> pa.Table:
    """The results of `rows` (parts of all strategies, nulls where a strategy lacks a counter).

    parameter_arrays: the parameter columns of the same rows, see `parameters.arrays`.
    """
    rows = series.without_series(rows)
    arrays = {**{name: rows.column(name) for name in rows.column_names}, **known}
    arrays["valid"] = pc.equal(arrays["violation"], "")
    arrays["violation"] = pc.if_else(arrays["valid"], pa.scalar(None, pa.string()), arrays["violation"])
    arrays |= metrics.arrays({name: _numbers(column) for name, column in arrays.items() if _is_number(column.type)})
    schema = results_schema()
    missing = {name: pa.nulls(len(rows), schema.field(name).type) for name in schema.names if name not in arrays}
    return pa.Table.from_arrays([(arrays | missing)[name] for name in schema.names], schema=schema)


def _lists(counts: np.ndarray) -> pa.Array:
    flat = pa.array(np.ascontiguousarray(counts, np.int64).reshape(-1))
    return pa.FixedSizeListArray.from_arrays(flat, BUCKETS)


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_int64(kind) or pa.types.is_float64(kind) or pa.types.is_fixed_size_list(kind))


def _numbers(column: pa.Array | pa.ChunkedArray) -> np.ndarray:
    """A column as numbers, (rows,), nulls as -1; a histogram is (rows, buckets)."""
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if pa.types.is_fixed_size_list(array.type):
        return np.asarray(array.flatten()).reshape(len(array), -1)
    return np.asarray(array.fill_null(-1))
