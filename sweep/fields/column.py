# SPDX-License-Identifier: MIT
"""A column of a published table: its name, Arrow type and all that its metadata say of it.

What a column means travels with the data: as metadata of its Arrow field, and as a row of the data dictionary.  A
report made years later needs nothing else.  Tables of earlier versions do not say which values are better, nor at which
stage something was counted: of the columns that this version declares, both are filled in from the declaration.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import pyarrow as pa

from . import declared
from .field import Better, Field, Role
from .histogram import BUCKETS, bounds

HISTOGRAM = pa.list_(pa.int64(), BUCKETS)


PARTS = ("strategy", "traffic", "host", "nic", "kernel")  # of a scenario, that a parameter may belong to
NUMBERS: tuple[str, ...] = (Role.METRIC, Role.COUNTER)  # results that can be compared, gated and aimed at
BETTER = {each.value: each for each in Better}
METADATA = ("unit", "meaning", "role", "kernel", "definition", "of", "decides", "stage", "better")
ALWAYS: dict[
    str, tuple[str, ...]
] = {  # written even where empty, by role: a reader tells "none" from a table that did not say it yet
    Role.PARAMETER: ("of", "decides"),
    Role.COUNTER: ("stage", "better"),
    Role.METRIC: ("better",),
}


class Column(NamedTuple):
    """One column; what nothing is known of is ""."""

    name: str
    type: pa.DataType
    unit: str  # "1" for none
    meaning: str
    role: str = ""  # one of Role; "" of what is no column of results
    kernel: str = ""  # the kernel's own name for it
    nullable: bool = True
    of: str = ""  # of a parameter: the part of a scenario that it belongs to, one of PARTS; "" if to none
    decides: str = ""  # of a parameter: "packets": another value brings other packets; "window": it sets what counts
    definition: str = ""  # of a name in the kernel: where that is counted, "file: symbol"
    stage: str = ""  # of a counter: one of `Stage`
    better: str = ""  # of a counter or metric: one of `Better`

    def field(self) -> pa.Field:
        """The Arrow field with everything but name, type and nullability as metadata."""
        always = ("kernel", *ALWAYS.get(self.role, ())) if self.role else ()
        texts = {name: str(text) for name in METADATA if (text := getattr(self, name)) or name in always}
        return pa.field(self.name, self.type, self.nullable, texts)


def counter(field: Field, nullable: bool) -> Column:
    """The column of one counter; nullable if only some strategies have it."""
    return Column(
        field.name,
        pa.int64(),
        field.unit,
        field.meaning,
        Role.COUNTER,
        field.kernel,
        nullable,
        definition=field.defined,
        stage=field.stage,
        better=field.better,
    )


def histogram(field: Field) -> Column:
    """The column of one histogram: counts in log buckets, see `sweep.fields.histogram`."""
    return Column(field.name, HISTOGRAM, field.unit, field.meaning, Role.HISTOGRAM, field.kernel, False)


def column(field: pa.Field) -> Column:
    """What the metadata of an Arrow field say."""
    known: dict[str, Any] = {name: said(field, name) or "" for name in METADATA}
    if known["role"] in NUMBERS and not known["better"]:
        known["better"] = declared.better(field.name)
        known["stage"] = declared.stage(field.name) if known["role"] == Role.COUNTER else ""
    return Column(field.name, field.type, **known, nullable=field.nullable)


def said(field: pa.Field, what: str) -> str | None:
    """What the metadata of a column say under `what`, one of METADATA; None if they do not say it."""
    found = (field.metadata or {}).get(what.encode())
    return None if found is None else found.decode(errors="replace")


def with_unit(field: pa.Field, unit: str) -> pa.Field:
    """The column with another unit in its metadata."""
    known = {key.decode(errors="replace"): text for key, text in (field.metadata or {}).items()}
    return field.with_metadata({**known, "unit": unit})


def columns(schema: Iterable[pa.Field], *roles: str) -> list[Column]:
    """All columns of a table, or those of some roles."""
    found = map(column, schema)
    return [each for each in found if each.role in roles] if roles else list(found)


def names(schema: Iterable[pa.Field], *roles: str) -> list[str]:
    """Of all columns, or of those of some roles."""
    return [each.name for each in columns(schema, *roles)]


def better(of: Column) -> Better:
    """Which values are the good ones; as a declaration of the same name has it where the table says nothing."""
    return BETTER.get(of.better) or declared.better(of.name)


def value_type(kind: pa.DataType) -> pa.DataType:
    """The type of a column's values, whether or not they are dictionary-encoded."""
    return kind.value_type if pa.types.is_dictionary(kind) else kind


DICTIONARY = (
    *(
        Column(name, pa.string(), "1", meaning)
        for name, meaning in (
            ("name", "of a column of results"),
            ("type", "its Arrow type"),
            ("unit", "its unit; 1 for none"),
            ("role", f"{', '.join(role for role in Role if role != Role.SERIES)}"),
            ("kernel", "what the kernel calls it, where it has a name there"),
            ("definition", "where the kernel counts that: file and symbol"),
            ("stage", "of a counter: where on a packet's way it counts"),
            ("better", "of a metric or counter: lower or higher values are the good ones, or neither"),
            ("meaning", "what it is"),
        )
    ),
    Column(
        "bucket_edges",
        pa.list_(pa.int64()),
        "",
        "of a histogram: smallest value of each bucket, which ends where the next begins; the last bucket has no end",
    ),
)


def dictionary(columns: Iterable[Column]) -> pa.Table:
    """The data dictionary: a row per column of the dataset, null for what does not apply."""
    rows: list[dict[str, Any]] = []
    for one in columns:
        described = one._replace(type=value_type(one.type))
        row = {each.name: str(getattr(described, each.name)) or None for each in DICTIONARY[:-1]}
        buckets = one.type.list_size if one.role == Role.HISTOGRAM else 0
        edges = [bounds(index)[0] for index in range(buckets)] if 0 < buckets <= BUCKETS else None
        rows.append({**row, DICTIONARY[-1].name: edges})
    return pa.Table.from_pylist(rows, schema=pa.schema([(each.name, each.type) for each in DICTIONARY]))
