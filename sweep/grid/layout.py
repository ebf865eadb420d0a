# SPDX-License-Identifier: MIT
"""The points of a sweep: a mixed-radix number per point, a digit per dimension.

A cell is a combination of entries, one from each dimension, or one of the explicit points that follow them.
Some cells are no points: those that differ only in a knob that the strategy does not have, explicit points that
the grid has already, and what a constraint removes.  `cells` maps point to cell; everything else is divmod.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cache
from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

MOST_POINTS = 10_000_000
LABEL = "label"
STRATEGY = "strategy"
KNOB = "strategy."  # what the name of a strategy's own parameter starts with

Ints = npt.NDArray[np.int64]


class Dimension(NamedTuple):
    """Parameters that move in lockstep; an axis is a dimension of one.  `entries[i][k]` is of `names[k]`."""

    names: tuple[str, ...]
    entries: tuple[tuple[Any, ...], ...]


class Layout:
    """Numbers the points.  Values are canonical and compared with `==`; they need not be hashable.

    dimensions, extras: what varies, and explicit points; fixed: the values of all other parameters.
    knobs(strategy): names, such as `strategy.pool_size`, of the parameters that only it and its like have.
    Without dimensions the grid is one cell, or none if there are extras.
    """

    def __init__(
        self,
        dimensions: Sequence[Dimension],
        extras: Sequence[Mapping[str, Any]],
        fixed: Mapping[str, Any],
        knobs: Callable[[str], Collection[str]],
    ) -> None:
        self.dimensions = tuple(dimensions)
        self.extras = tuple(extras)
        self.fixed = dict(fixed)
        self.knobs = knobs
        self.shape = tuple(len(dimension.entries) for dimension in dimensions)
        self.grid_cells = math.prod(self.shape) if dimensions or not extras else 0
        # The last dimension changes fastest, as nested loops in file order would.
        self.strides = tuple(accumulate(self.shape[:0:-1], lambda a, b: a * b, initial=1))[::-1] if self.shape else ()
        self.home = {name: d for d, dimension in enumerate(dimensions) for name in dimension.names}
        self.applies = cache(self._applies)
        self.cells: Ints = np.flatnonzero(self._distinct()).astype(np.int64)

    def keep(self, mask: npt.NDArray[np.bool_]) -> None:
        """Keep the points where `mask` (shape (points,)) is True; the others get their numbers anew."""
        self.cells = self.cells[mask]

    def __len__(self) -> int:
        return len(self.cells)

    def digits(self, point: int) -> tuple[int, ...]:
        """The entry of each dimension; (-1, i) for explicit point i.  Errors: IndexError."""
        if not 0 <= point < len(self.cells):
            raise IndexError(f"point {point} of {len(self.cells)}")
        cell = int(self.cells[point])
        if cell >= self.grid_cells:
            return (-1, cell - self.grid_cells)
        return tuple(cell // stride % size for stride, size in zip(self.strides, self.shape, strict=True))

    def varied(self, digits: tuple[int, ...]) -> dict[str, Any]:
        """What the dimensions give to this cell: only what applies to its strategy."""
        if digits[:1] == (-1,):
            return dict(self.extras[digits[1]])
        values: dict[str, Any] = {}
        for dimension, digit in zip(self.dimensions, digits, strict=True):
            values.update(zip(dimension.names, dimension.entries[digit], strict=True))
        strategy = values.get(STRATEGY, self.fixed.get(STRATEGY))
        return {name: value for name, value in values.items() if name not in self.home or self.applies(strategy, name)}

    def codes(self, name: str) -> tuple[list[Any], Ints]:
        """The values of a parameter, and for each point (shape (points,)) the index of its value or -1 for none."""
        values, codes = self._codes(name, self.cells)
        if name in self.home and (name == LABEL or name.startswith(KNOB)):
            strategies, strategy_codes = self._codes(STRATEGY, self.cells)
            applies = np.array([self.applies(strategy, name) for strategy in strategies], np.bool_)
            codes = np.where((self.cells >= self.grid_cells) | applies[strategy_codes], codes, -1)
        return values, codes

    def groups(self, names: Iterable[str]) -> list[tuple[int, int]]:
        """(first point, number of points) of each group of points that are equal in the dimensions of `names`."""
        code = np.zeros(len(self.cells), np.int64)
        for d in sorted({self.home[name] for name in names if name in self.home}):
            code = code * self.shape[d] + self.cells // self.strides[d] % self.shape[d]
        code = np.where(self.cells < self.grid_cells, code, self.cells - self.grid_cells - len(self.extras))
        _, first, counts = np.unique(code, return_index=True, return_counts=True)
        return [(int(point), int(count)) for point, count in zip(first, counts, strict=True)]

    def _applies(self, strategy: Any, name: str) -> bool:
        """Whether a varied parameter means anything to a strategy; a label does if its neighbours do."""
        if name == LABEL:
            others = [other for other in self.dimensions[self.home[name]].names if other != LABEL]
            return not others or any(self._applies(strategy, other) for other in others)
        return not name.startswith(KNOB) or name in self.knobs(strategy)

    def _codes(self, name: str, cells: Ints) -> tuple[list[Any], Ints]:
        values: list[Any] = []
        codes = np.full(len(cells), -1, np.int64)
        in_grid = cells < self.grid_cells
        if name in self.home:
            d = self.home[name]
            column = self.dimensions[d].names.index(name)
            values += [entry[column] for entry in self.dimensions[d].entries]
            codes = np.where(in_grid, cells // self.strides[d] % self.shape[d], codes)
        if name in self.fixed:
            codes[codes < 0] = len(values)
            values.append(self.fixed[name])
        for i, extra in enumerate(self.extras):
            if name in extra:
                codes[cells == self.grid_cells + i] = len(values)
                values.append(extra[name])
        return values, codes

    def _distinct(self) -> npt.NDArray[np.bool_]:
        """Which cells are points: the first of those that are equal for their strategy."""
        cells = np.arange(self.grid_cells + len(self.extras), dtype=np.int64)
        keep = np.ones(len(cells), np.bool_)
        strategies, codes = self._codes(STRATEGY, cells)
        for d, dimension in enumerate(self.dimensions):
            if any(name.startswith(KNOB) for name in dimension.names) and strategies:
                first = np.array([self._first_entries(strategy, dimension) for strategy in strategies])
                keep[: self.grid_cells] &= first[
                    codes[: self.grid_cells], cells[: self.grid_cells] // self.strides[d] % self.shape[d]
                ]
        for i, extra in enumerate(self.extras):
            keep[self.grid_cells + i] = not (extra in self.extras[:i] or self._in_grid(extra, keep))
        return keep

    def _first_entries(self, strategy: Any, dimension: Dimension) -> list[bool]:
        seen: list[tuple[Any, ...]] = []
        first = []
        for entry in dimension.entries:
            rest = tuple(
                value
                for name, value in zip(dimension.names, entry, strict=True)
                if name != LABEL and self.applies(strategy, name)
            )
            first.append(rest not in seen)
            seen.append(rest)
        return first

    def _in_grid(self, extra: Mapping[str, Any], keep: npt.NDArray[np.bool_]) -> bool:
        """Whether an explicit point is a cell of the grid: its digits are found one dimension at a time."""
        if not self.grid_cells:
            return False
        strategy = extra.get(STRATEGY, self.fixed.get(STRATEGY))
        if any(name not in self.home and self.fixed.get(name) != value for name, value in extra.items()):
            return False
        cell = 0
        for dimension, stride in zip(self.dimensions, self.strides, strict=True):
            names = [(k, name) for k, name in enumerate(dimension.names) if self.applies(strategy, name)]
            wanted = [extra.get(name, self.fixed.get(name)) for _, name in names]
            rows = ([entry[k] for k, _ in names] for entry in dimension.entries)
            digit = next((i for i, row in enumerate(rows) if row == wanted), None)
            if digit is None:
                return False
            cell += digit * stride
        return bool(keep[cell])
