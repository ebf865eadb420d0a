# SPDX-License-Identifier: MIT
"""The axes of a sample, and the dimension that they are together: a coordinate of each axis for every point."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sweep.grid import GridDimension, hashable
from sweep.grid.design import BITS, METHODS
from sweep.grid.sequence import SPANS


@dataclass(frozen=True)
class Span:
    """Every whole number from first to last in the unit of a parameter, spaced by the form "linspace" or "log"."""

    form: str
    first: int
    last: int

    @property
    def size(self) -> int:
        """Number of values."""
        return self.last - self.first + 1

    def at(self, part: int) -> tuple[int, int]:
        """The value at a coordinate below 2**BITS, and the index of its place in the file."""
        return SPANS[self.form](self.first, self.last, part, BITS), 0


@dataclass(frozen=True)
class Listed:
    """The values of a list or of a short form with a count, each as likely as another."""

    values: tuple[Any, ...]

    @property
    def size(self) -> int:
        """Number of values."""
        return len(self.values)

    def at(self, part: int) -> tuple[Any, int]:
        """The value at a coordinate below 2**BITS, and the index of its place in the file."""
        index = part * len(self.values) >> BITS
        return self.values[index], index


SampledAxis = Span | Listed


def cells(axes: Mapping[str, SampledAxis]) -> int:
    """Number of points that the axes make in full."""
    return math.prod(axis.size for axis in axes.values())


def dimension(section: Mapping[str, Any], axes: Mapping[str, SampledAxis]) -> tuple[GridDimension, list[list[int]]]:
    """The points of the sample that differ, in their order, and for each axis the index of each point's place.

    `section` is canonical: {method, points, seed}.
    """
    coordinates = METHODS[section["method"]](section["points"], len(axes), section["seed"]).tolist()
    points: dict[Any, list[tuple[Any, int]]] = {}
    for row in coordinates:
        point = [axis.at(part) for axis, part in zip(axes.values(), row, strict=True)]
        points.setdefault(hashable([value for value, _ in point]), point)
    entries = tuple(tuple(value for value, _ in point) for point in points.values())
    return GridDimension(tuple(axes), entries), [[point[k][1] for point in points.values()] for k in range(len(axes))]
