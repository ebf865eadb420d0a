# SPDX-License-Identifier: MIT
"""The results that a search has received, as evidence: columns by cell and replicate, parameters by cell.

Histograms are kept by point, as received, because they are large and read for few cells at a time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sweep.evidence import Cells

from .cube import Array, Cube


class ResultsSoFar:
    """The results received so far, by cell of a cube, for all replicates of the sweep."""

    def __init__(self, cube: Cube, columns: Sequence[str], histograms: Sequence[str], replicates: int) -> None:
        """`columns` and `histograms` are the names of the result columns that `tell` will get."""
        self._cube, self._columns, self._histograms = cube, tuple(columns), tuple(histograms)
        self._values = {name: np.full((*cube.shape, replicates), np.nan) for name in columns}
        self._counts: dict[str, NDArray[np.int64]] = {}
        self._parameters = {name: cube.of(values, np.nan) for name, values in cube.parameters.items()}
        self._drawn = cube.of(cube.drawn, False)

    def tell(self, values: Mapping[str, NDArray[Any]]) -> None:
        """Replace all values: columns (points, replicates), NaN if invalid; histograms with buckets as last axis."""
        self._values = {name: self._cube.of(values[name], np.nan) for name in self._columns}
        self._counts = {name: values[name] for name in self._histograms}

    def samples(self, name: str, where: Any, asked: NDArray[np.bool_]) -> Array:
        """A column of the cells `where`, (..., replicates); NaN where `asked` is False."""
        requested: Array = np.where(asked, self._values[name][where], np.nan)
        return requested

    def cells(self, where: Any, asked: NDArray[np.bool_]) -> Cells:
        """The cells `where` as evidence, restricted to the replicates in the mask `asked` (..., replicates)."""

        def read(name: str) -> Array:
            if name in self._values:
                return self.samples(name, where, asked)
            return np.broadcast_to(self._parameters[name][where][..., None], asked.shape)

        def counts(name: str) -> Array:
            requested: Array = np.where(asked[..., None], self._counts[name][self._cube.points[where]], 0.0)
            return requested

        return Cells(
            read=read,
            has=lambda name: name in self._values or name in self._parameters,
            drawn=np.broadcast_to(self._drawn[where][..., None], asked.shape),
            buckets=counts if self._counts else None,
        )
