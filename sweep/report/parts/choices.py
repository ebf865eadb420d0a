# SPDX-License-Identifier: MIT
"""The choices of strategy and ring at one mix and load, and their Pareto front, for the section and its chart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sweep.stats import pareto

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class MinimizedQuantity:
    """A quantity to minimize."""

    title: str
    values: Array  # (mixes, loads, rings, columns, pairs)
    costs: Array  # compared in place of `values`: their logarithms, but shares as they are; same shape
    tolerance: float  # of `costs`
    text: Callable[[float], str]  # of a mean of `values`
    expression: str  # of `costs`, in a claim


@dataclass(frozen=True, eq=False)
class Choices:
    """The simulated choices at one mix and load, their objectives, and their Pareto front."""

    mix: int
    load: int
    objectives: tuple[MinimizedQuantity, ...]
    places: tuple[tuple[int, int], ...]  # (ring, column)
    means: Array  # (choices, objectives), of values
    front: pareto.Front
    open: tuple[int, ...]  # choices on the front that another one may equal in every objective
    short: NDArray[np.bool_]  # (choices,) a replicate had too few packets for its p99
