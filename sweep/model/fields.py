# SPDX-License-Identifier: MIT
"""What a column is: name, unit, meaning, the kernel's name and where that is defined: one `Field` for all of it.

Parameters, state and counters of a lane are one NumPy record each, made from a tuple of fields by `record`.
Compiled code reads `params[lane].ring` as a load at a constant offset; plain Python reads the same words.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np


class Field(NamedTuple):
    """One int64 value of a lane (uint64 where `dtype` says so)."""

    name: str
    unit: str  # "ps", "bytes", "pages", "packets", "1" for a pure number, ...
    meaning: str
    kernel: str = ""  # the kernel's own name for what counts the very same; "" where nothing there does
    dtype: str = "i8"
    defined: str = ""  # where the kernel counts that: "file: symbol", and the last release that does if it is gone


def record(fields: Iterable[Field]) -> np.dtype:
    """The NumPy record type with these fields, in this order, each eight bytes.

    Errors: ValueError for a name that NumPy's record arrays have themselves and would give in its place.
    """
    pairs = [(field.name, field.dtype) for field in fields]
    taken = [name for name, _ in pairs if hasattr(np.recarray, name)]
    if taken:
        raise ValueError(f"a record array has attributes of its own called {', '.join(taken)}")
    return np.dtype(pairs)


def zeros(fields: Iterable[Field], lanes: int) -> np.recarray:
    """A zeroed record per lane, shape (lanes,)."""
    return np.zeros(lanes, record(fields)).view(np.recarray)


class Knob(NamedTuple):
    """A parameter of one strategy, written `strategy.<name>` in a sweep file."""

    name: str
    unit: str
    default: int | str  # an integer, or a formula of the scenario's RX ring size: "ring", "2*ring"
    low: int  # smallest and largest value allowed
    high: int
    meaning: str
