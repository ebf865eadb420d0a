# SPDX-License-Identifier: MIT
"""The choices of one mix and load with their Pareto front, as its section and its chart use them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sweep.stats import pareto

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Objective:
    """Something that should be small."""

    title: str
    values: Array  # the cube
    costs: Array  # what is compared: logarithms, but of shares the numbers
    tolerance: float  # of `costs`
    text: Callable[[float], str]  # of a mean of `values`
    expression: str  # of `costs`, in a claim


@dataclass(frozen=True, eq=False)
class Choices:
    """The choices of one mix and load: those simulated, the objectives known there, and the front."""

    mix: int
    load: int
    objectives: tuple[Objective, ...]
    places: tuple[tuple[int, int], ...]  # (ring, column)
    means: Array  # (choices, objectives), of values
    front: pareto.Front
    open: tuple[int, ...]  # kept, but not beyond doubt
    short: NDArray[np.bool_]  # (choices,) a replicate had too few packets for its p99
