# SPDX-License-Identifier: MIT
"""Which points of a sweep are compared: the points of a cell, with the baseline's point in it.

The points of a *cell* agree in all parameters but the strategy, its knobs and the label: in mix, load, ring, ...
"""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np

from sweep.config.parameters import parameters
from sweep.config.sweep import Sweep
from sweep.grid import LABEL, Ints, hashable

STRATEGY = "strategy"
NONE = -1


def baseline_points(sweep: Sweep) -> Ints:
    """For each point the index of the baseline's point in its cell, (points,): NONE where there is none.

    For the baseline's points that is their own.  Of several variants of the baseline in a cell the first counts.
    """
    cells = np.zeros(sweep.points, np.int64)
    explicit_names = (name for point in sweep.layout.extras for name in point)
    for name in dict.fromkeys([*sweep.layout.home, *explicit_names]):
        if not _is_own(name):
            cells = _finer(cells, _values(sweep, name))
    candidates = np.flatnonzero(_baselines(sweep))[::-1]
    baseline_of_cell = np.full(int(cells.max(initial=0)) + 1, NONE, np.int64)
    baseline_of_cell[cells[candidates]] = candidates  # the first is written last
    return np.asarray(baseline_of_cell[cells], np.int64)


def compared(sweep: Sweep) -> Ints:
    """The points whose precision counts: all but the baseline's if pairs are compared, else all."""
    all_points, paired = np.arange(sweep.points), sweep.precision is not None and sweep.precision.paired
    return np.flatnonzero(baseline_points(sweep) != all_points) if paired else all_points


def _finer(groups: Ints, codes: Ints) -> Ints:
    keys = groups * (int(codes.max(initial=0)) + 2) + codes + 1
    return np.asarray(np.unique(keys, return_inverse=True)[1].ravel(), np.int64)


def _values(sweep: Sweep, name: str) -> Ints:
    """For each point a number for its value of a parameter; equal values have equal numbers."""
    values, codes = sweep.layout.codes(name)
    numbers: dict[Hashable, int] = {}
    numbers_of_values = [numbers.setdefault(hashable(value), len(numbers)) for value in values]
    return np.asarray(np.array([*numbers_of_values, NONE], np.int64)[codes], np.int64)


def _is_own(name: str) -> bool:
    """Whether a parameter belongs to the strategy, not to the cell."""
    return name in (STRATEGY, LABEL) or name.startswith(f"{STRATEGY}.")


def _baselines(sweep: Sweep) -> np.ndarray:
    """Mask (points,) of the points that match the baseline."""
    is_baseline = np.ones(sweep.points, np.bool_)
    for name, baseline_value in sweep.baseline.items():
        if _is_own(name):
            values, codes = sweep.layout.codes(name)
            show = parameters()[name].shown
            is_baseline &= np.isin(codes, [code for code, value in enumerate(values) if show(value) == baseline_value])
    return is_baseline
