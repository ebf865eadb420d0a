# SPDX-License-Identifier: MIT
"""Which points of a sweep are compared with which: those of one cell with the baseline's point there.

A *cell* is what points share besides their strategy, its own parameters and their label: mix, load, ring, ...
"""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np

from sweep.config.parameters import parameters
from sweep.config.sweep import Sweep
from sweep.grid import LABEL, Ints, hashable

STRATEGY = "strategy"
NONE = -1


def references(sweep: Sweep) -> Ints:
    """Of each point, the baseline's point in its cell, (points,): its own where it is that, NONE where there is none.

    Of several variants of the baseline in a cell the first counts.
    """
    cells = np.zeros(sweep.points, np.int64)
    explicit = (name for point in sweep.layout.extras for name in point)
    for name in dict.fromkeys([*sweep.layout.home, *explicit]):
        if not _is_own(name):
            cells = _finer(cells, _values(sweep, name))
    candidates = np.flatnonzero(_baselines(sweep))[::-1]
    found = np.full(int(cells.max(initial=0)) + 1, NONE, np.int64)
    found[cells[candidates]] = candidates  # the first is written last
    return np.asarray(found[cells], np.int64)


def compared(sweep: Sweep) -> Ints:
    """The points whose precision counts: all but the baseline's, or where means are asked for, all."""
    own, paired = np.arange(sweep.points), sweep.precision is not None and sweep.precision.paired
    return np.flatnonzero(references(sweep) != own) if paired else own


def _finer(groups: Ints, codes: Ints) -> Ints:
    keys = groups * (int(codes.max(initial=0)) + 2) + codes + 1
    return np.asarray(np.unique(keys, return_inverse=True)[1].ravel(), np.int64)


def _values(sweep: Sweep, name: str) -> Ints:
    """Of each point, a number of its value of a parameter; equal values have equal ones."""
    values, codes = sweep.layout.codes(name)
    numbers: dict[Hashable, int] = {}
    found = [numbers.setdefault(hashable(value), len(numbers)) for value in values]
    return np.asarray(np.array([*found, NONE], np.int64)[codes], np.int64)


def _is_own(name: str) -> bool:
    """Whether a parameter belongs to a strategy, not to its cell."""
    return name in (STRATEGY, LABEL) or name.startswith(f"{STRATEGY}.")


def _baselines(sweep: Sweep) -> np.ndarray:
    """Which points the baseline speaks of, (points,)."""
    there = np.ones(sweep.points, np.bool_)
    for name, wanted in sweep.baseline.items():
        if _is_own(name):
            values, codes = sweep.layout.codes(name)
            shown = parameters()[name].shown
            there &= np.isin(codes, [code for code, value in enumerate(values) if shown(value) == wanted])
    return there
