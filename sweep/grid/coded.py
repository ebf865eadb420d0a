# SPDX-License-Identifier: MIT
"""Columns of few distinct values: a million rows are a million small codes and each value once."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

V = TypeVar("V")
W = TypeVar("W")
Codes = npt.NDArray[Any]  # of any type of integers

SPARSE = 4  # a table of all combinations may have this many entries per row; beyond it, sorting is cheaper


def hashable(value: Any) -> Hashable:
    """What is equal for values that are: lists as tuples, mappings as sets of their pairs."""
    if isinstance(value, dict):
        return frozenset((key, hashable(each)) for key, each in value.items())
    return tuple(map(hashable, value)) if isinstance(value, list | tuple) else value


@dataclass(frozen=True, eq=False)
class Coded(Generic[V]):
    """Row i has `values[codes[i]]`.  The values are distinct, and each is that of some row."""

    values: tuple[V, ...]
    codes: Codes  # (rows,)

    @classmethod
    def constant(cls, value: V, rows: int) -> Coded[V]:
        """The same value in every row; takes no memory."""
        return cls((value,), np.broadcast_to(np.uint8(0), (rows,)))

    @classmethod
    def of(cls, rows: Iterable[V]) -> Coded[V]:
        """The column of these values, one a row.  They are hashable."""
        every = tuple(rows)
        return distinct(every, np.arange(len(every)))

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, row: int) -> V:
        return self.values[int(self.codes[row])]

    @property
    def is_constant(self) -> bool:
        return len(self.values) == 1

    def map(self, function: Callable[[V], W]) -> Coded[W]:
        """`function` of every row; it is called once for each value, and gives something hashable."""
        return distinct([function(value) for value in self.values], self.codes)

    def array(self, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        """The values themselves, shape (rows,)."""
        return np.array(self.values, dtype)[self.codes]

    def repeat(self, times: int) -> Coded[V]:
        """Each row `times` times, one after the other."""
        if self.is_constant:
            return Coded.constant(self.values[0], len(self) * times)
        return self if times == 1 else Coded(self.values, np.repeat(self.codes, times))


def used(values: Sequence[V], codes: Codes) -> Coded[V]:
    """The column `values[codes]`, where some of the values may be equal and some may be those of no row."""
    found, places = compress(codes, len(values))
    return distinct([values[code] for code in found.tolist()], places)


def distinct(values: Sequence[V], codes: Codes) -> Coded[V]:
    """The column `values[codes]`, where some of the values may be equal."""
    place: dict[Hashable, int] = {}
    new = np.fromiter((place.setdefault(value, len(place)) for value in values), np.int64, len(values))
    if len(place) == 1:
        return Coded.constant(values[0], len(codes))
    kept: tuple[Any, ...] = tuple(place)
    renamed = len(place) < len(values)
    return Coded(kept, small(new, len(kept))[codes] if renamed else small(codes, len(kept)))


def small(codes: Codes, count: int) -> Codes:
    """Codes below `count` as the smallest type of integers that holds them."""
    return codes.astype(np.min_scalar_type(max(count - 1, 0)), copy=False)


def compress(codes: npt.NDArray[np.int64], count: int) -> tuple[npt.NDArray[np.int64], Codes]:
    """The codes (below `count`) that occur, rising, and for each row the place of its own among them."""
    if count > max(SPARSE * len(codes), 1 << 16):
        found, places = np.unique(codes, return_inverse=True)
        return found, small(places, len(found))
    seen = np.zeros(count, np.bool_)
    seen[codes] = True
    found = np.flatnonzero(seen).astype(np.int64)
    place = np.zeros(count, np.min_scalar_type(max(len(found) - 1, 0)))
    place[found] = np.arange(len(found))
    return found, place[codes]


def firsts(codes: Codes, count: int) -> npt.NDArray[np.int64]:
    """The first row of each code, shape (count,); every code occurs."""
    first = np.zeros(count, np.int64)
    first[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)  # of equal indices, the last assignment stands
    return first


def together(columns: Sequence[Coded[Any]], rows: int) -> Coded[tuple[Any, ...]]:
    """The combinations of these columns (of `rows` rows each) that occur."""
    members = [np.zeros(1, np.int64) for _ in columns]  # of each combination so far: its code in each column
    codes: Codes = np.broadcast_to(np.uint8(0), (rows,))
    for which, column in enumerate(columns):
        if column.is_constant:
            continue
        size = len(column.values)
        found, codes = compress(codes.astype(np.int64) * size + column.codes, len(members[0]) * size)
        before = found // size
        members = [each[before] for each in members]
        members[which] = found % size
    chosen = [[column.values[code] for code in each.tolist()] for column, each in zip(columns, members, strict=True)]
    values = tuple(zip(*chosen, strict=True)) if columns else ((),)
    return Coded(values, codes)
