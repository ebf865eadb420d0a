# SPDX-License-Identifier: MIT
"""One simulation's arrays as plain Python objects, for device functions that run as plain Python.

NumPy makes an object for each record and each field that is read, and a packet touches hundreds: the same functions run
several times as fast on lists and objects with slots.
Numbers are Python's, which do not wrap; nothing in the model does, but for the keys of random streams, which stay
NumPy's.  So do parameters that are 0: compiled code and NumPy divide by them to 0, and Python raises.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sweep.model.lane.sim import Sim

RECORDS = ("state", "counters")  # what a simulation changes and its laws look at
TABLES = ("latency", "occupancy", "pcp_count", "pcp_blocks", "series")


class LaneRows:
    """An array of two dimensions: `rows[lane, i]`."""

    __slots__ = ("rows", "shape")

    def __init__(self, rows: list[list[Any]]) -> None:
        self.rows = rows
        self.shape = (len(rows), len(rows[0]) if rows else 0)

    def __getitem__(self, at: tuple[int, int]) -> Any:
        return self.rows[at[0]][at[1]]

    def __setitem__(self, at: tuple[int, int], value: Any) -> None:
        self.rows[at[0]][at[1]] = value


class Blocks:
    """An array of three dimensions: `blocks[lane, i, k]`."""

    __slots__ = ("rows", "shape")

    def __init__(self, rows: list[list[list[Any]]]) -> None:
        self.rows = rows
        self.shape = (len(rows), len(rows[0]) if rows else 0, len(rows[0][0]) if rows and rows[0] else 0)

    def __getitem__(self, at: tuple[int, int, int]) -> Any:
        return self.rows[at[0]][at[1]][at[2]]

    def __setitem__(self, at: tuple[int, int, int], value: Any) -> None:
        self.rows[at[0]][at[1]][at[2]] = value


class Records(list[Any]):
    """Records of an array of one dimension; `records[lane] = 0` sets every field to 0, as in NumPy."""

    def __setitem__(self, lane: Any, value: Any) -> None:
        for name in self[lane].__slots__:
            setattr(self[lane], name, value)


def lane_objects(sim: Sim, pool: Any) -> tuple[Sim, Any]:
    """The arrays of a batch and its strategy's pool as objects, all values copied."""
    for record in (params_objects := _objects(sim.params)):
        for name in sim.params.dtype.names or ():
            if getattr(record, name) == 0:
                setattr(record, name, np.int64(0))
    return _objects(sim)._replace(params=params_objects), _objects(pool)


def put_back(made: Sim, sim: Sim) -> None:
    """Copy the objects' final values back into the arrays of `sim` that laws and rows are computed from."""
    for name in RECORDS:
        array = getattr(sim, name)
        for lane, record in enumerate(getattr(made, name)):
            array[lane] = tuple(int(getattr(record, field)) for field in array.dtype.names)
    for name in TABLES:
        getattr(sim, name)[:] = getattr(made, name).rows


def _objects(part: Any) -> Any:
    """An array, or a named tuple of arrays, as lists of numbers or of records."""
    if isinstance(part, tuple):
        return type(part)(*map(_objects, part))
    array = np.asarray(part)
    if array.dtype.names:
        record = _record(array.dtype)
        fields = [_numbers(array[name]) for name in array.dtype.names]
        if array.ndim == 1:
            return Records(record(values) for values in zip(*fields, strict=True))
        return LaneRows(
            [
                [record(values_of_record) for values_of_record in zip(*lane, strict=True)]
                for lane in zip(*fields, strict=True)
            ]
        )
    return {1: list, 2: LaneRows, 3: Blocks}[array.ndim](array.tolist())


def _numbers(array: Any) -> Any:
    """An array as a list of Python integers; unsigned ones stay NumPy's, because they must wrap."""
    return list(array) if array.dtype.kind == "u" else array.tolist()


def _record(kind: np.dtype[Any]) -> Any:
    """A class with the fields of a record type."""
    names = kind.names or ()

    def fill(self: Any, values: tuple[Any, ...]) -> None:
        for name, value in zip(names, values, strict=True):
            setattr(self, name, value)

    return type("Record", (), {"__slots__": names, "__init__": fill})
