# SPDX-License-Identifier: MIT
"""Cells of a published table, given the rows that are their replicates."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sweep.fields.counters import LATENCY

from .episodes import Array, Cells, Mask, deterministic

Codes = NDArray[np.int64]


class TableRows:
    """The rows of a table as evidence; each column is read once and cached for all cells."""

    def __init__(self, table: pa.Table) -> None:
        self.table = table
        self._columns: dict[str, Array] = {}
        self._histograms: dict[str, Codes] = {}

    @cached_property
    def drawn(self) -> Mask:
        """Whether anything is drawn at random in a row, (rows + 1,); the last element is for missing rows."""
        return np.append(~deterministic(self.table), False)

    def column(self, name: str) -> Array:
        """A column, (rows + 1,); the last element, for missing rows, is NaN."""
        if name not in self._columns:
            self._columns[name] = np.append(self.table.column(name).cast(pa.float64()).to_numpy(), np.nan)
        return self._columns[name]

    def has(self, name: str) -> bool:
        """Whether the table has the column, with at least one value that is not null."""
        return name in self.table.column_names and self.table.column(name).null_count < len(self.table)

    def histogram(self, name: str) -> Codes:
        """A histogram column, (rows, buckets)."""
        if name not in self._histograms:
            lists = self.table.column(name).combine_chunks()
            flat = lists.flatten().to_numpy(zero_copy_only=False)
            self._histograms[name] = np.asarray(flat.reshape(len(lists), lists.type.list_size))
        return self._histograms[name]

    def cells(self, index: Codes) -> Cells:
        """Cells whose replicates are the rows `index` (..., n), -1 where one is missing."""

        def buckets(name: str) -> Array:
            counts = self.histogram(name)[np.maximum(index, 0)].astype(np.float64)
            counts[index < 0] = 0
            return counts

        return Cells(
            lambda name: self.column(name)[index],
            self.has,
            self.drawn[index],
            buckets if LATENCY in self.table.column_names else None,
        )
