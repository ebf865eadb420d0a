# SPDX-License-Identifier: MIT
"""Parameters, state and counters of a lane: one NumPy record each, made from a tuple of fields.

Compiled code reads `params[lane].ring` as a load at a constant offset; plain Python reads the same words.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from sweep.fields.field import Field


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
