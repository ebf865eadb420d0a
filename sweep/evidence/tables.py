# SPDX-License-Identifier: MIT
"""Cells of a published table: which rows are the replicates of which cell."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from .episodes import Array, Cells, deterministic
from .quantiles import HISTOGRAM

Codes = NDArray[np.int64]


def cells_of(table: pa.Table, index: Codes) -> Cells:
    """`index` (..., n): rows of the table, -1 where a replicate is missing.  Every column is read once."""
    kept: dict[str, Array] = {}

    def read(name: str) -> Array:
        if name not in kept:
            flat = table.column(name).cast(pa.float64()).to_numpy()
            kept[name] = np.append(flat, np.nan)[index]
        return kept[name]

    def has(name: str) -> bool:
        return name in table.column_names and table.column(name).null_count < len(table)

    def buckets(name: str) -> Array:
        found = histograms(table, name)[np.maximum(index, 0)].astype(np.float64)
        found[index < 0] = 0
        return found

    drawn = np.append(~deterministic(table), False)[index]
    return Cells(read, has, drawn, buckets if HISTOGRAM in table.column_names else None)


def histograms(table: pa.Table, name: str) -> NDArray[np.int64]:
    """A histogram column, (rows, buckets)."""
    lists = table.column(name).combine_chunks()
    return np.asarray(lists.flatten().to_numpy(zero_copy_only=False).reshape(len(lists), lists.type.list_size))
