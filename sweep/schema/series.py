# SPDX-License-Identifier: MIT
"""The time series of every simulation: a row per simulation, in each column a number per bin, see `model.series`.

Lists, not a row per bin: a row has its id once, the rows follow those of the results, and `sweep query` unnests them.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from sweep.fields.column import Column
from sweep.fields.field import Field, Role
from sweep.fields.series import BINS, INSTANTS, PREFIX, SERIES

LIST = pa.list_(pa.int64(), BINS)


def columns() -> list[Column]:
    """The columns of the time series, each a list of a number per bin."""
    return [Column(field.name, LIST, field.unit, _meaning(field), Role.SERIES, "", False) for field in SERIES]


def _meaning(field: Field) -> str:
    return field.meaning if field.name in INSTANTS else f"{field.meaning}, in each bin"


def part_fields() -> list[pa.Field]:
    """The columns of the time series in a part."""
    return [pa.field(PREFIX + field.name, LIST, False) for field in SERIES]


def arrays(increments: np.ndarray) -> list[pa.Array]:
    """The columns of `part_fields` from the model's `increments`, (rows, BINS, quantities)."""
    flat = [np.ascontiguousarray(increments[..., index], np.int64).reshape(-1) for index in range(len(SERIES))]
    return [pa.FixedSizeListArray.from_arrays(pa.array(flat_column), BINS) for flat_column in flat]


def schema() -> pa.Schema:
    """The schema of the published series, without the sweep's own metadata."""
    id_column = Column("id", pa.string(), "1", "of the simulation: that of its row in the results", "id", "", False)
    return pa.schema([column.field() for column in (id_column, *columns())])


def of_parts(rows: pa.Table) -> pa.Table:
    """The published series of rows of parts; no rows if an earlier version, without series, made the parts."""
    chosen = [PREFIX + field.name for field in SERIES]
    if not set(chosen) <= set(rows.column_names):
        return schema().empty_table()
    return pa.Table.from_arrays([rows.column(name) for name in ("id", *chosen)], schema=schema())


def without_series(rows: pa.Table) -> pa.Table:
    """`rows` of a part without the columns of the series."""
    return rows.select([name for name in rows.column_names if not name.startswith(PREFIX)])
