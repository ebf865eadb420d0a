# SPDX-License-Identifier: MIT
"""The points of a sweep: a mixed-radix number per point, a digit per dimension.

A cell is a combination of entries, one from each dimension, or one of the explicit points that follow them.
Some cells are no points: those that differ only in a knob that the strategy does not have, explicit points that
the grid has already, and what a constraint removes.  `cells` maps point to cell; everything else is divmod.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from functools import cache
from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .coded import Codes, compress, first_rows, hashable

LABEL = "label"
STRATEGY = "strategy"
KNOB = "strategy."  # what the name of a strategy's own parameter starts with

Ints = npt.NDArray[np.int64]


class GridDimension(NamedTuple):
    """Parameters that vary in lockstep; an axis has only one.  `entries[i][k]` is a value of `names[k]`."""

    names: tuple[str, ...]
    entries: tuple[tuple[Any, ...], ...]


class Layout:
    """Numbers the points of a sweep.  Values are canonical and compared with `==`; they need not be hashable.

    dimensions: the parameters that vary; extras: explicit points; fixed: the values of all other parameters;
    knobs(strategy): names of the strategy's own parameters, such as `strategy.pool_size`;
    cells: the cell of each point, rising, if known already; else they are worked out.
    Without dimensions the grid is one cell, or none if there are extras.
    """

    def __init__(
        self,
        dimensions: Sequence[GridDimension],
        extras: Sequence[Mapping[str, Any]],
        fixed: Mapping[str, Any],
        knobs: Callable[[str], Collection[str]],
        cells: Ints | None = None,
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
        self._found: dict[tuple[Any, int], tuple[list[str], dict[Hashable, int]]] = {}
        self.cells: Ints = np.flatnonzero(self._distinct()).astype(np.int64) if cells is None else cells

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
        """Values of the varying parameters in the cell with these digits, without those its strategy does not have."""
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
            applies = np.array(
                [*(self.applies(strategy, name) for strategy in strategies), False], np.bool_
            )  # -1: none
            codes = np.where((self.cells >= self.grid_cells) | applies[strategy_codes], codes, -1)
        return values, codes

    def distinct(self, names: Iterable[str]) -> tuple[Ints, Codes]:
        """Group points that are equal in the dimensions of `names`; an explicit point is a group of its own.

        Returns the first point of each group, (groups,), and the group of each point, (points,).
        """
        cells = self.cells[: self._inside(self.cells)]
        codes, count = np.zeros(len(cells), np.int64), 1
        for d in sorted({self.home[name] for name in names if name in self.home}):
            codes, count = codes * self.shape[d] + self._digit(cells, d), count * self.shape[d]
        grid_codes, groups = compress(codes, count)
        explicit_points = len(self.cells) - len(cells)
        if explicit_points:
            groups = np.concatenate([groups.astype(np.int64), len(grid_codes) + np.arange(explicit_points)])
        return first_rows(groups, len(grid_codes) + explicit_points), groups

    def at(self, points: Ints) -> Layout:
        """The layout of these points alone (rising)."""
        return Layout(self.dimensions, self.extras, self.fixed, self.knobs, self.cells[points])

    def _inside(self, cells: Ints) -> int:
        """Number of these cells, in rising order, that are in the grid; the others are explicit points."""
        return int(np.searchsorted(cells, self.grid_cells))

    def _digit(self, cells: Ints, d: int) -> Ints:
        """Index of the entry of dimension `d` in each of these cells."""
        over = cells // self.strides[d]
        return over - over // self.shape[d] * self.shape[d]  # faster than %

    def _applies(self, strategy: Any, name: str) -> bool:
        """Whether a varied parameter means anything to a strategy; a label does if its neighbours do."""
        if name == LABEL:
            others = [other for other in self.dimensions[self.home[name]].names if other != LABEL]
            return not others or any(self._applies(strategy, other) for other in others)
        return not name.startswith(KNOB) or name in self.knobs(strategy)

    def _codes(self, name: str, cells: Ints) -> tuple[list[Any], Ints]:
        values: list[Any] = []
        codes = np.full(len(cells), -1, np.int64)
        in_grid = self._inside(cells)
        if name in self.home:
            d = self.home[name]
            column = self.dimensions[d].names.index(name)
            values += [entry[column] for entry in self.dimensions[d].entries]
            codes[:in_grid] = self._digit(cells[:in_grid], d)
        for i, cell in enumerate(cells[in_grid:].tolist(), in_grid):
            extra = self.extras[cell - self.grid_cells]
            if name in extra:
                codes[i] = len(values)
                values.append(extra[name])
        has_none = codes < 0
        if name in self.fixed and has_none.any():
            codes[has_none] = len(values)
            values.append(self.fixed[name])
        return values, codes

    def _distinct(self) -> npt.NDArray[np.bool_]:
        """Mask of the cells that are points: of cells that are equal for their strategy only the first is one."""
        keep = np.ones(self.grid_cells + len(self.extras), np.bool_)
        knob_dimensions = [
            d for d, dimension in enumerate(self.dimensions) if any(name.startswith(KNOB) for name in dimension.names)
        ]
        if knob_dimensions:
            cells = np.arange(self.grid_cells, dtype=np.int64)
            strategies, codes = self._codes(STRATEGY, cells)
        for d in knob_dimensions if knob_dimensions and strategies else ():
            first = np.array([self._first_entries(strategy, self.dimensions[d]) for strategy in strategies])
            keep[: self.grid_cells] &= first[codes, self._digit(cells, d)]
        seen_points = set()
        for i, extra in enumerate(self.extras):
            value = hashable(extra)
            keep[self.grid_cells + i] = not (value in seen_points or self._in_grid(extra, keep))
            seen_points.add(value)
        return keep

    def _first_entries(self, strategy: Any, dimension: GridDimension) -> list[bool]:
        seen_values = set()
        is_first = []
        for entry in dimension.entries:
            pairs = zip(dimension.names, entry, strict=True)
            without_label = hashable([value for name, value in pairs if name != LABEL and self.applies(strategy, name)])
            is_first.append(without_label not in seen_values)
            seen_values.add(without_label)
        return is_first

    def _digits_of(self, strategy: Any, d: int) -> tuple[list[str], dict[Hashable, int]]:
        """The parameters of dimension `d` that a strategy has, and values of these -> index of the first such entry."""
        if (strategy, d) not in self._found:
            names = [(k, name) for k, name in enumerate(self.dimensions[d].names) if self.applies(strategy, name)]
            first: dict[Hashable, int] = {}
            for i, entry in enumerate(self.dimensions[d].entries):
                first.setdefault(hashable([entry[k] for k, _ in names]), i)
            self._found[strategy, d] = [name for _, name in names], first
        return self._found[strategy, d]

    def _in_grid(self, extra: Mapping[str, Any], keep: npt.NDArray[np.bool_]) -> bool:
        """Whether an explicit point is a cell of the grid: its digits are found one dimension at a time."""
        if not self.grid_cells:
            return False
        strategy = extra.get(STRATEGY, self.fixed.get(STRATEGY))
        if any(name not in self.home and self.fixed.get(name) != value for name, value in extra.items()):
            return False
        cell = 0
        for d, stride in enumerate(self.strides):
            names, first = self._digits_of(strategy, d)
            digit = first.get(hashable([extra.get(name, self.fixed.get(name)) for name in names]))
            if digit is None:
                return False
            cell += digit * stride
        return bool(keep[cell])
