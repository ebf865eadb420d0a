# SPDX-License-Identifier: MIT
"""Parameters, state and counters of a lane: one NumPy record each, made from a tuple of fields.

Compiled code reads `params[lane].ring` as a load at a constant offset; plain Python reads the same words.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from operator import itemgetter
from typing import Any

import numpy as np

from sweep.fields.field import Field


class Records(np.recarray):
    """An array of records whose fields are attributes, of each record and of the whole.

    NumPy's own look every attribute up in Python code, which takes most of the time of a simulation in plain Python;
    here an index is NumPy's, and a field of one record is a property.
    """

    __getattribute__ = np.ndarray.__getattribute__
    __getitem__ = np.ndarray.__getitem__

    def __array_finalize__(self, obj: object) -> None:
        """Keep the type of the records: NumPy's method would make it `np.record`."""

    def __getattr__(self, name: str) -> Any:
        """One field of all records.  Errors: AttributeError for what is none."""
        if name not in (self.dtype.names or ()):
            raise AttributeError(f"records have no field {name}")
        return self[name].view(np.ndarray)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in (self.dtype.names or ()):
            self[name] = value
        else:
            np.ndarray.__setattr__(self, name, value)


def record(fields: Iterable[Field]) -> np.dtype:
    """The NumPy record type with these fields, in this order, each eight bytes.

    Errors: ValueError for a name that NumPy's record arrays have themselves and would give in its place.
    """
    pairs = tuple((field.name, field.dtype) for field in fields)
    taken = [name for name, _ in pairs if hasattr(np.recarray, name)]
    if taken:
        raise ValueError(f"a record array has attributes of its own called {', '.join(taken)}")
    return np.dtype((_element(tuple(name for name, _ in pairs)), list(pairs)))


def zeros(fields: Iterable[Field], *shape: int) -> Records:
    """An array of zeroed records of this shape: (lanes,), or (lanes, entries of a lane)."""
    return np.zeros(shape, record(fields)).view(Records)


@cache
def _element(names: tuple[str, ...]) -> type[np.void]:
    """The type of one record: a property for each field."""

    def stored(name: str) -> property:
        return property(itemgetter(name), lambda element, value: element.__setitem__(name, value))

    return type("Record", (np.void,), {"__slots__": (), **{name: stored(name) for name in names}})
