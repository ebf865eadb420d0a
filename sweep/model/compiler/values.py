# SPDX-License-Identifier: MIT
"""What an expression of device code can be: a number, a record, an array, a tuple; and what arguments look like."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple

import numpy as np


class Scalar(Enum):
    """Types of numbers; the value is LLVM's type."""

    INT = "int64"
    UINT = "uint64"
    BOOL = "bool"

    @property
    def llvm(self) -> str:
        """LLVM's name of it: signedness is a matter of operations."""
        return "i1" if self is Scalar.BOOL else "i64"


INT, UINT, BOOL = Scalar.INT, Scalar.UINT, Scalar.BOOL
WORD_BYTES = 8  # of everything that is stored


class Value(NamedTuple):
    """A number: LLVM's operand, its type, and its value if that is known now."""

    code: str
    type: Scalar
    constant: int | None = None


@dataclass(eq=False)
class Leaf:
    """An array among the arguments of an entry."""

    name: str
    dtype: np.dtype[Any]
    ndim: int
    slot: int  # of its address in the table of arguments; its shape is in the slots after it

    def piece(self, dimension: int) -> str:
        """LLVM's name of its address (-1) or of the length of a dimension."""
        return f"%{self.name}" if dimension < 0 else f"%{self.name}.{dimension}"


@dataclass(eq=False)
class Branch:
    """A named tuple of arrays, or of such tuples, among the arguments of an entry."""

    parts: dict[str, Leaf | Branch]


class Array(NamedTuple):
    """An array, or what is left of it after the first `dropped` indices."""

    leaf: Leaf
    dropped: int
    pointer: str


class Record(NamedTuple):
    """One record of an array."""

    dtype: np.dtype[Any]
    pointer: str


class LValue(NamedTuple):
    """A number in memory."""

    pointer: str
    type: Scalar


class ConstantArray(NamedTuple):
    """A constant array of one dimension in a module."""

    name: str
    length: int


class ArrayShape(NamedTuple):
    """The attribute `shape` of an array."""

    array: Array


class Several(NamedTuple):
    """A tuple of values, which exists only between a function and its caller, or in one assignment."""

    items: tuple[Any, ...]


class Signature(NamedTuple):
    """What the arguments of an entry are: a type, an array or a tuple of arrays for each."""

    arguments: tuple[Scalar | Leaf | Branch, ...]
    slots: int  # in the table of arguments


def number_type(dtype: np.dtype[Any]) -> Scalar | None:
    """The type of numbers of this dtype; None if device code has none."""
    return {"i8": INT, "u8": UINT}.get(dtype.str.lstrip("<")) if dtype.isnative else None


def layout(types: tuple[Scalar | None, ...], arguments: tuple[Any, ...]) -> Signature:
    """The layout of these arguments; types: of those that are numbers, else None."""
    slot = 0
    made: list[Scalar | Leaf | Branch] = []
    for place, (scalar, argument) in enumerate(zip(types, arguments, strict=True)):
        if scalar is None:
            part, slot = _part(f"a{place}", argument, slot)
            made.append(part)
        else:
            made.append(scalar)
            slot += 1
    return Signature(tuple(made), slot)


def _part(name: str, argument: Any, slot: int) -> tuple[Leaf | Branch, int]:
    if isinstance(argument, tuple) and hasattr(argument, "_fields"):
        parts = {}
        for field, value in zip(argument._fields, argument, strict=True):
            parts[field], slot = _part(f"{name}.{field}", value, slot)
        return Branch(parts), slot
    if not isinstance(argument, np.ndarray):
        raise TypeError(f"{argument!r} is no array: a kernel takes arrays, named tuples of arrays, and numbers")
    return Leaf(name, argument.dtype, argument.ndim, slot), slot + 1 + argument.ndim


def arrays(argument: Any) -> Iterator[np.ndarray]:
    """All arrays of an argument, in the order of their slots."""
    if isinstance(argument, tuple):
        for part in argument:
            yield from arrays(part)
    else:
        yield argument


def signature(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """What code depends on in the arguments: names, types and numbers of dimensions, not sizes."""
    return tuple(map(_signature, arguments))


def _signature(argument: Any) -> Any:
    if isinstance(argument, tuple):
        return (getattr(argument, "_fields", ()), *map(_signature, argument))
    if isinstance(argument, np.ndarray):
        return argument.dtype, argument.ndim
    return None
