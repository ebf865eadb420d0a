# SPDX-License-Identifier: MIT
"""The time series of the simulations as a table that can be asked: a row per simulation and bin."""

from __future__ import annotations

import pyarrow as pa

from sweep.fields.column import Column
from sweep.fields.column import columns as described
from sweep.fields.field import Role

from .points import quoted

MEANING = "a row per simulation and bin: each fortieth of its packets, warm-up included"
BIN = Column("bin", pa.int64(), "1", "number of the bin, from 1", Role.SERIES)


def columns(found: pa.Schema) -> list[Column]:
    """Of the table, from the published lists."""
    known = described(found)
    return [
        *(each for each in known if each.role != Role.SERIES),
        BIN,
        *(each._replace(type=each.type.value_type) for each in known if each.role == Role.SERIES),
    ]


def view(found: pa.Schema, lists: str) -> str:
    """The SELECT that makes it of the table `lists`."""
    known = described(found)
    one = [quoted(each.name) for each in known if each.role != Role.SERIES]
    many = [each for each in known if each.role == Role.SERIES]
    bins = max((each.type.list_size for each in many), default=0)
    numbers = f"unnest(range(1, {bins + 1})) as {BIN.name}"
    unnested = [f"unnest({quoted(each.name)}) as {quoted(each.name)}" for each in many]
    return f"select {', '.join([*one, numbers, *unnested])} from {lists}"
