# SPDX-License-Identifier: MIT
"""Tables of earlier versions, in which parameters had names and units of their own, as they are published today."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc

from sweep import as_written
from sweep.fields.column import said, with_unit
from sweep.fields.earlier import EARLIER
from sweep.fields.field import Role
from sweep.fields.parameter import LAW, WORD, Kind

_LAW = re.compile(r"(\w+)\(([\d, ]+)\)")  # "lognormal(20000000, 200000000)"
_SETTING = re.compile(r"(\w+) (?:(\d+) ppm|(\w+)\(([\d, ]+)\))")  # "peak 500000 ppm", "burst constant(8)"


def is_earlier(schema: Iterable[pa.Field]) -> bool:
    """Whether a table has a parameter under a name of earlier versions."""
    return any(map(_is_renamed, schema))


def as_of_today(table: pa.Table) -> pa.Table:
    """The table with today's names and units of parameters; itself if it has them."""
    if not is_earlier(table.schema):
        return table
    fields, columns = [], []
    for field in table.schema:
        column = table.column(field.name)
        if _is_renamed(field):
            name, kind = EARLIER[field.name]
            if name in table.column_names:  # what two columns said
                continue
            column = _converted(column, kind)
            unit = kind.column_unit or (kind.unit if kind in (LAW, WORD) else "")
            field = pa.field(name, column.type, metadata=field.metadata)
            field = with_unit(field, unit) if unit else field
        fields.append(field)
        columns.append(column)
    return pa.Table.from_arrays(columns, schema=pa.schema(fields, table.schema.metadata))


def _is_renamed(field: pa.Field) -> bool:
    return field.name in EARLIER and said(field, "role") in (None, Role.PARAMETER)


def _converted(column: pa.ChunkedArray, kind: Kind) -> pa.ChunkedArray:
    """Numbers of the model in the unit of today's column, laws as text of today; anything else as it is."""
    if kind is LAW and pa.types.is_string(column.type):
        codes = column.combine_chunks().dictionary_encode()
        texts = pa.array([_law(text) for text in codes.dictionary.to_pylist()], pa.string())
        return pa.chunked_array([texts.take(codes.indices)])
    if not kind.column_unit or not pa.types.is_integer(column.type):
        return column
    numbers, scale = column.cast(pa.float64()), pa.scalar(float(kind.scale))
    if not kind.inverse:
        return pc.divide(numbers, scale)
    return pc.divide(scale, pc.if_else(pc.equal(numbers, 0.0), pa.scalar(None, pa.float64()), numbers))


def _law(text: str) -> str:
    """A distribution or an arrival process as it is written today."""
    if law := _LAW.fullmatch(text):
        return as_written.law_of_times(law[1], _numbers(law[2]))
    process, _, settings = text.partition("(")
    found = _SETTING.findall(settings)
    return as_written.arrivals(
        process, [(name, int(ppm) if ppm else (kind, _numbers(values))) for name, ppm, kind, values in found]
    )


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(", ")))
