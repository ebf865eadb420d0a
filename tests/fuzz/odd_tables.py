# SPDX-License-Identifier: MIT
"""Arrow tables that are whole and say something else."""

from __future__ import annotations

import json
import random
from typing import Any

import pyarrow as pa
from oddities import ODD_NUMBERS, ODD_TEXTS, bent, json_of, odd_value

COORDINATES = ("strategy", "traffic", "label", "ring", "load", "replicate", "seed", "id", "valid", "violation")


def other_table(table: pa.Table, chance: random.Random) -> pa.Table:
    """A table with something else in it."""
    at = chance.randrange(table.num_columns)
    named = [name for name in COORDINATES if name in table.column_names]
    if chance.random() < 0.6 and named:
        at = table.column_names.index(chance.choice(named))
    field, rows = table.schema.field(at), len(table)
    match chance.randrange(10):
        case 0:
            return table.remove_column(at)
        case 1:
            text = chance.choice(ODD_TEXTS)
            return table.rename_columns([text if i == at else name for i, name in enumerate(table.column_names)])
        case 2 | 3:
            values = chance.choice((odd_value(chance), chance.choice(ODD_TEXTS), chance.choice(ODD_NUMBERS)))
            return table.set_column(at, _with_type(field, column := _column([values] * rows)), column)
        case 4:
            return table.set_column(at, field.with_nullable(True), pa.nulls(rows, field.type))
        case 5:
            return table.slice(0, chance.choice((0, 1, rows // 2)))
        case 6:
            return pa.concat_tables([table, table])
        case 7:
            about = table.schema.metadata or {}
            key = chance.choice([*about]) if about else b"sweep"
            told = json.loads(about.get(key, b"{}"))
            return table.replace_schema_metadata({key: json_of(bent(told, chance), chance)})
        case 8:
            said = {b"unit": b"\xff", b"role": chance.choice((b"parameter", b"metric", b"histogram", b"\xfe"))}
            return table.set_column(at, field.with_metadata(said), table.column(at))
        case _:
            values = table.column(at).to_pylist()
            values[chance.randrange(rows)] = chance.choice((None, *values, *_like(field.type, chance)))
            return table.set_column(at, field.with_nullable(True), pa.array(values, field.type))


def _with_type(field: pa.Field, column: pa.Array) -> pa.Field:
    return field.with_type(column.type).with_nullable(True)


def _column(values: list[Any]) -> pa.Array:
    try:
        if "[[[[" in json.dumps(values[0]):  # Arrow writes no file of what is nested so deep
            raise ValueError
        return pa.array(values)
    except (pa.ArrowException, OverflowError, ValueError):
        return pa.array([json.dumps(value) if not isinstance(value, str) else "?" for value in values])


def _like(kind: pa.DataType, chance: random.Random) -> list[Any]:
    """An odd value of a type."""
    if pa.types.is_string(kind):
        return [chance.choice(ODD_TEXTS)]
    if pa.types.is_integer(kind):
        return [chance.choice((0, -1, 2**62, -(2**63)))]
    return [chance.choice((0.0, -1.0, 1e308, float("nan"), float("inf")))] if pa.types.is_floating(kind) else []
