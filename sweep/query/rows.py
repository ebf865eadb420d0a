# SPDX-License-Identifier: MIT
"""Write rows as CSV, JSON, Arrow and Parquet, batch by batch.

CSV has no lists: one in a CSV is its JSON text, `[0,0,17]`.  Texts in a CSV are made safe to show, for terminals and
spreadsheets (`safe_text.spreadsheet_text`); JSON escapes invisible characters.  Numbers are written in the shortest
form that reads back as the same number; null is an empty field, an empty text is "".  JSON is an array with an object
per row, one per line; NaN and infinity are null.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import IO, Any, cast

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from sweep.safe_text import json_text, spreadsheet_text

from ..storage.table_layout import parquet_layout

Batches = Iterable[pa.RecordBatch]


def values(column: pa.Array) -> list[Any]:
    """A column as Python values; values that Python cannot represent, such as the year 10000, as Arrow's text."""
    try:
        return cast(list[Any], column.to_pylist())
    except (OverflowError, ValueError):
        return [_value(each) for each in column]


def _value(scalar: Any) -> Any:
    try:
        return scalar.as_py()
    except (OverflowError, ValueError):
        if isinstance(scalar, pa.UnionScalar):
            return _value(scalar.value)
        if isinstance(scalar, pa.StructScalar):
            return {name: _value(inner) for name, inner in scalar.items()}
        if _is_nested(scalar.type):
            return values(scalar.values)
        return scalar.cast(pa.string()).as_py()


def csv(schema: pa.Schema, batches: Batches, sink: IO[bytes]) -> None:
    """Write CSV with a header of column names."""
    flat = pa.schema(
        [
            pa.field(spreadsheet_text(field.name), pa.string() if _is_text(field.type) else field.type)
            for field in schema
        ]
    )
    with pacsv.CSVWriter(sink, flat) as writer:
        for batch in batches:
            columns = [_cells(column) for column in batch.columns]
            writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=flat))


def json_lines(schema: pa.Schema, batches: Batches, sink: IO[bytes]) -> None:
    """Write a JSON array with an object per line."""
    before = b"["
    for batch in batches:
        for row in zip(*map(values, batch.columns), strict=True):
            sink.write(before + b"\n" + _json(dict(zip(schema.names, row, strict=True))).encode())
            before = b","
    sink.write(b"\n]\n" if before == b"," else b"[]\n")


def arrow(schema: pa.Schema, batches: Batches, sink: IO[bytes], compression: str = "lz4") -> None:
    """Write an Arrow IPC file; compression: lz4, zstd, or none, which can be mapped into memory without a copy."""
    options = pa.ipc.IpcWriteOptions(compression=None if compression == "none" else compression)
    with pa.ipc.new_file(sink, schema, options=options) as writer:
        for batch in batches:
            writer.write_batch(batch)


def arrow_stream(schema: pa.Schema, batches: Batches, sink: IO[bytes]) -> None:
    """Write an Arrow IPC stream, for pipes."""
    with pa.ipc.new_stream(sink, schema) as writer:
        for batch in batches:
            writer.write_batch(batch)


def parquet(schema: pa.Schema, batches: Batches, sink: IO[bytes], compression: str = "zstd") -> None:
    """Write Parquet as `sweep run` publishes it; compression: zstd, lz4 or none."""
    with pq.ParquetWriter(sink, schema, **parquet_layout(schema, compression)) as writer:
        for batch in batches:
            writer.write_batch(batch)


def _is_nested(kind: pa.DataType) -> bool:
    return bool(pa.types.is_nested(kind))


def _is_text(kind: pa.DataType) -> bool:
    """Whether a type is written as text: all but numbers, booleans, times and null."""
    others = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal, pa.types.is_boolean, pa.types.is_temporal)
    return pa.types.is_interval(kind) or not any(test(kind) for test in (*others, pa.types.is_null))


def _cells(column: pa.Array) -> pa.Array:
    """A column for CSV: texts and lists as sanitized text, other types unchanged."""
    if not _is_text(column.type):
        return column
    write = _json if _is_nested(column.type) else str
    return pa.array(
        [None if value is None else spreadsheet_text(write(value)) for value in values(column)], pa.string()
    )


def _json(value: Any) -> str:
    return json_text(_plain(value), ascii=False, separators=(",", ":"))


def _plain(value: Any) -> Any:
    """A value as JSON can represent it; NaN and infinity become None."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else None
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case dict():
            return {str(key): _plain(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_plain(inner) for inner in value]
        case date() | datetime() | time():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case _:
            return str(cast(object, value))
