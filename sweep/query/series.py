# SPDX-License-Identifier: MIT
"""The time series of the simulations as a table for queries: a row per simulation and bin."""

from __future__ import annotations

import pyarrow as pa

from sweep.fields.column import Column
from sweep.fields.column import columns as described
from sweep.fields.field import Role

from .points import quoted

MEANING = "a row per simulation and bin: each fortieth of its packets, warm-up included"
BIN = Column("bin", pa.int64(), "1", "number of the bin, from 1", Role.SERIES)


def columns(found: pa.Schema) -> list[Column]:
    """The columns of the table `series`, from the schema of the published lists."""
    described_columns = described(found)
    return [
        *(each for each in described_columns if each.role != Role.SERIES),
        BIN,
        *(each._replace(type=each.type.value_type) for each in described_columns if each.role == Role.SERIES),
    ]


def view(found: pa.Schema, lists: str) -> str:
    """The SELECT that makes the table `series` from the table called `lists`."""
    described_columns = described(found)
    scalar_names = [quoted(each.name) for each in described_columns if each.role != Role.SERIES]
    series_columns = [each for each in described_columns if each.role == Role.SERIES]
    bins = max((each.type.list_size for each in series_columns), default=0)
    numbers = f"unnest(range(1, {bins + 1})) as {BIN.name}"
    unnested = [f"unnest({quoted(each.name)}) as {quoted(each.name)}" for each in series_columns]
    return f"select {', '.join([*scalar_names, numbers, *unnested])} from {lists}"
