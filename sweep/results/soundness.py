# SPDX-License-Identifier: MIT
"""Check of a published table: its columns have the right types, and their contents are intact.

A table with a valid digest may still have been written by anybody, and Arrow maps a file without checking it: a string
whose offsets lie outside its column, or a wrong number of nulls, crashes the process.  So every column is validated
here, once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import pyarrow as pa

from sweep.fields import column as columns
from sweep.fields.column import NUMBERS
from sweep.fields.field import Role

TEXT, WHOLE, NUMBER, TRUTH = "texts", "whole numbers", "numbers", "true or false"
KINDS: dict[str, Callable[[pa.DataType], bool]] = {
    TEXT: lambda kind: pa.types.is_string(kind) or pa.types.is_large_string(kind) or _is_coded_text(kind),
    WHOLE: pa.types.is_integer,
    NUMBER: lambda kind: pa.types.is_integer(kind) or pa.types.is_floating(kind),
    TRUTH: pa.types.is_boolean,
}
NAMED = {  # columns that any report uses; those of REQUIRED have a value in every row
    **dict.fromkeys(("id", "strategy", "traffic", "label", "violation"), TEXT),
    **dict.fromkeys(("ring", "replicate", "seed", "packets", "warmup"), WHOLE),
    "load": NUMBER,
    "valid": TRUTH,
}
WHOLE_ROWS = ("strategy", "traffic", "ring", "replicate", "load")
ABOVE_ZERO = ("ring", "load")  # axes of charts, some of them logarithmic
ROLES = dict.fromkeys(NUMBERS, NUMBER)
LISTS = (Role.HISTOGRAM, Role.SERIES)  # of counts, all of one length
FREE = {Role.PARAMETER}  # a parameter is a text, a number or a truth


class UnsoundError(ValueError):
    """A table is damaged; the message is one line that follows the name of the table."""


def schema(found: pa.Schema) -> pa.Schema:
    """The schema, if the columns have the types that their names and roles require.  Errors: UnsoundError."""
    names = found.names
    for name in names:
        if names.count(name) > 1:
            raise UnsoundError(f'it has two columns "{name}"')
    for field in found:
        field_metadata = field.metadata or {}
        try:
            for key, text in field_metadata.items():
                key.decode(), text.decode()
        except UnicodeDecodeError:
            raise UnsoundError(f'what it says of its column "{field.name}" is not UTF-8 text') from None
        role = columns.said(field, "role")
        kinds_allowed = [NAMED[field.name]] if field.name in NAMED else [ROLES[role]] if role in ROLES else []
        kinds_allowed = kinds_allowed or ([TEXT, NUMBER, TRUTH] if role in FREE else [])
        if kinds_allowed and not any(KINDS[kind](field.type) for kind in kinds_allowed):
            raise UnsoundError(
                f'its column "{field.name}" is {field.type}, and {" or ".join(kinds_allowed)} are needed'
            )
        if role in LISTS and not _is_histogram(field.type):
            raise UnsoundError(
                f'its column "{field.name}" is {field.type}, and lists of counts, all of one length, are needed'
            )
    return found


def table(found: pa.Table, required: Iterable[str] = ()) -> pa.Table:
    """The table, if its columns are intact and the `required` ones are there.  Errors: UnsoundError."""
    schema(found.schema)
    for name in required:
        if name not in found.column_names:
            raise UnsoundError(f'it has no column "{name}"')
    for field in found.schema:
        _validate(found.column(field.name), field.name)
    for name in WHOLE_ROWS:
        if name in found.column_names and found.column(name).null_count:
            raise UnsoundError(f'its column "{name}" has rows without a value')
    for name in ABOVE_ZERO:
        if name in found.column_names and len(found):
            values = found.column(name).cast(pa.float64()).to_numpy()
            if not (np.isfinite(values) & (values > 0)).all():
                raise UnsoundError(f'its column "{name}" has a value that is not above zero')
    return found


def texts(file: pa.ipc.RecordBatchFileReader) -> None:
    """Check that the columns of a file are intact, a batch at a time.  Errors: UnsoundError."""
    for number in range(file.num_record_batches):
        whole(file.get_batch(number))


def whole(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch, if all its columns are intact.  Errors: UnsoundError."""
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        _validate(column, name)
    return batch


def _validate(column: pa.Array | pa.ChunkedArray, name: str) -> None:
    try:
        column.validate(full=True)
    except pa.ArrowInvalid as error:
        raise UnsoundError(f'its column "{name}" is damaged: {_first(error)}') from None


def _first(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]


def _is_coded_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_dictionary(kind) and pa.types.is_string(kind.value_type))


def _is_histogram(kind: pa.DataType) -> bool:
    return bool(pa.types.is_fixed_size_list(kind) and pa.types.is_integer(kind.value_type))


def is_fixed(kind: pa.DataType) -> bool:
    """Whether a type has values of fixed width, so that row i is found without offsets."""
    if pa.types.is_fixed_size_list(kind):
        return is_fixed(kind.value_type)
    return bool(pa.types.is_primitive(kind) or pa.types.is_boolean(kind))
