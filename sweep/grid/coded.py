# SPDX-License-Identifier: MIT
"""Columns with few distinct values: each value is stored once, and every row is a small code."""

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
    """A hashable stand-in that is equal for equal values: lists become tuples, mappings frozen sets of pairs."""
    if isinstance(value, dict):
        return frozenset((key, hashable(inner)) for key, inner in value.items())
    return tuple(map(hashable, value)) if isinstance(value, list | tuple) else value


@dataclass(frozen=True, eq=False)
class Coded(Generic[V]):
    """A column whose row i has the value `values[codes[i]]`.  Values are distinct, and each occurs in some row."""

    values: tuple[V, ...]
    codes: Codes  # (rows,)

    @classmethod
    def constant(cls, value: V, rows: int) -> Coded[V]:
        """The same value in every row; takes no memory."""
        return cls((value,), np.broadcast_to(np.uint8(0), (rows,)))

    @classmethod
    def of(cls, rows: Iterable[V]) -> Coded[V]:
        """The column of these values, one a row.  They are hashable."""
        row_values = tuple(rows)
        return distinct(row_values, np.arange(len(row_values)))

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, row: int) -> V:
        return self.values[int(self.codes[row])]

    @property
    def is_constant(self) -> bool:
        return len(self.values) == 1

    def map(self, function: Callable[[V], W]) -> Coded[W]:
        """The column of `function` of every row; it is called once per value, and must return hashable values."""
        return distinct([function(value) for value in self.values], self.codes)

    def array(self, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        """The values themselves, shape (rows,)."""
        return np.array(self.values, dtype)[self.codes]

    def repeat(self, times: int) -> Coded[V]:
        """Each row `times` times, one after the other."""
        if self.is_constant:
            return Coded.constant(self.values[0], len(self) * times)
        return self if times == 1 else Coded(self.values, np.repeat(self.codes, times))


def only_used(values: Sequence[V], codes: Codes) -> Coded[V]:
    """The column `values[codes]`; some of the values may be equal, and some may occur in no row."""
    used_codes, places = compress(codes, len(values))
    return distinct([values[code] for code in used_codes.tolist()], places)


def distinct(values: Sequence[V], codes: Codes) -> Coded[V]:
    """The column `values[codes]`; some of the values may be equal, but each occurs in some row."""
    code_of_value: dict[Hashable, int] = {}
    new_codes = np.fromiter(
        (code_of_value.setdefault(value, len(code_of_value)) for value in values), np.int64, len(values)
    )
    if len(code_of_value) == 1:
        return Coded.constant(values[0], len(codes))
    distinct_values: tuple[Any, ...] = tuple(code_of_value)
    renamed = len(code_of_value) < len(values)
    return Coded(
        distinct_values,
        as_small_integers(new_codes, len(distinct_values))[codes]
        if renamed
        else as_small_integers(codes, len(distinct_values)),
    )


def as_small_integers(codes: Codes, count: int) -> Codes:
    """Codes below `count` in the smallest integer type that holds them."""
    return codes.astype(np.min_scalar_type(max(count - 1, 0)), copy=False)


def compress(codes: npt.NDArray[np.int64], count: int) -> tuple[npt.NDArray[np.int64], Codes]:
    """The codes (below `count`) that occur, rising, and for each row the index of its code among them."""
    if count > max(SPARSE * len(codes), 1 << 16):
        present_codes, places = np.unique(codes, return_inverse=True)
        return present_codes, as_small_integers(places, len(present_codes))
    occurs = np.zeros(count, np.bool_)
    occurs[codes] = True
    present_codes = np.flatnonzero(occurs).astype(np.int64)
    code_of = np.zeros(count, np.min_scalar_type(max(len(present_codes) - 1, 0)))
    code_of[present_codes] = np.arange(len(present_codes))
    return present_codes, code_of[codes]


def first_rows(codes: Codes, count: int) -> npt.NDArray[np.int64]:
    """The first row of each code, shape (count,); every code occurs."""
    first = np.zeros(count, np.int64)
    first[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)  # of equal indices, the last assignment stands
    return first


def combined(columns: Sequence[Coded[Any]], rows: int) -> Coded[tuple[Any, ...]]:
    """One column of the combinations of values of `columns`, of `rows` rows each, that occur."""
    members = [np.zeros(1, np.int64) for _ in columns]  # of each combination so far: its code in each column
    codes: Codes = np.broadcast_to(np.uint8(0), (rows,))
    for index, column in enumerate(columns):
        if column.is_constant:
            continue
        size = len(column.values)
        combination_codes, codes = compress(codes.astype(np.int64) * size + column.codes, len(members[0]) * size)
        earlier_codes = combination_codes // size
        members = [member_codes[earlier_codes] for member_codes in members]
        members[index] = combination_codes % size
    chosen = [
        [column.values[code] for code in member_codes.tolist()]
        for column, member_codes in zip(columns, members, strict=True)
    ]
    values = tuple(zip(*chosen, strict=True)) if columns else ((),)
    return Coded(values, codes)
