# SPDX-License-Identifier: MIT
"""A column of the dataset: name, Arrow type, unit, meaning, role, and the kernel's name where it has one.

What a column means travels with the data: as metadata of its Arrow field and as a row of the data dictionary.
A report made years later needs nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import pyarrow as pa

from sweep.model.counters import HISTOGRAM_BUCKETS
from sweep.model.fields import Field

HISTOGRAM = pa.list_(pa.int64(), HISTOGRAM_BUCKETS)
ROLES = ("id", "parameter", "counter", "metric", "quality", "histogram")  # in the order of the columns of the results
DICTIONARY = ("name", "type", "unit", "role", "kernel", "definition", "meaning")  # columns of the data dictionary
PARTS = ("strategy", "traffic", "host", "nic")


class Column(NamedTuple):
    """One column of `results.arrow`."""

    name: str
    type: pa.DataType
    unit: str
    meaning: str
    role: str  # one of ROLES, or "series"
    kernel: str = ""
    nullable: bool = True
    of: str = ""  # of a parameter: the part of a scenario that it belongs to, one of PARTS; "" if to none of them
    decides: str = (
        ""  # of a parameter: "packets" if another value brings other packets, "window" if it sets what counts
    )
    definition: str = ""  # of a name in the kernel: where that is counted, "file: symbol"

    def field(self) -> pa.Field:
        """The Arrow field with everything but name, type and nullability as metadata."""
        metadata = {"unit": self.unit, "meaning": self.meaning, "role": self.role, "kernel": self.kernel}
        if self.kernel:
            metadata["definition"] = self.definition
        if self.role == "parameter":
            metadata |= {"of": self.of, "decides": self.decides}
        return pa.field(self.name, self.type, self.nullable, metadata)


def counter(field: Field, nullable: bool) -> Column:
    """The column of one counter; nullable if only some strategies have it."""
    named = {"kernel": field.kernel, "definition": field.defined}
    return Column(field.name, pa.int64(), field.unit, field.meaning, "counter", nullable=nullable, **named)


def histogram(field: Field) -> Column:
    """The column of one histogram: counts in log buckets, see `sweep.model.counting.histogram`."""
    return Column(field.name, HISTOGRAM, field.unit, field.meaning, "histogram", field.kernel, False)


def dictionary(columns: Iterable[Column]) -> pa.Table:
    """The data dictionary: a row per column of the dataset."""
    columns = list(columns)
    return pa.table(
        {
            "name": [column.name for column in columns],
            "type": [str(column.type) for column in columns],
            "unit": [column.unit for column in columns],
            "role": [column.role for column in columns],
            "kernel": [column.kernel or None for column in columns],
            "definition": [column.definition or None for column in columns],
            "meaning": [column.meaning for column in columns],
        },
        schema=pa.schema([(name, pa.string()) for name in DICTIONARY]),
    )
