# SPDX-License-Identifier: MIT
"""The quantile tables of a sweep: what is made with floating point is made once, where the sweep is planned.

A mix has a few tables of its own; they are carried.  Every load has another table of gaps, but all of those are one
table, the exponential one, times a number: the product and its rounding are the same bits on every machine, so that
one is carried and the others follow when they are asked for.  A constant needs no table to begin with.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import cache

import numpy as np
from numpy.typing import NDArray

from sweep.model import quantiles
from sweep.model.scenario import Distribution

FOLLOW = ("constant", "exponential")  # kinds whose tables follow from the unit


class Tables(dict[Distribution, NDArray[np.int64]]):
    """Tables by distribution, shape (quantiles.SIZE,): those that are carried, and all that follow.

    `unit` has the quantiles of the exponential distribution of rate 1 and then the mean of what is drawn from them,
    shape (quantiles.SIZE + 1,).  KeyError for what is neither carried nor follows.
    """

    def __init__(self, unit: NDArray[np.float64], carried: dict[Distribution, NDArray[np.int64]]) -> None:
        super().__init__(carried)
        self.unit = unit

    def __missing__(self, distribution: Distribution) -> NDArray[np.int64]:
        if distribution.kind not in FOLLOW:
            raise KeyError(distribution)
        if distribution.kind == "constant":
            return np.full(quantiles.SIZE, distribution.values[0], np.int64)
        entries: NDArray[np.float64] = np.rint(self.unit[:-1] * (distribution.values[0] / self.unit[-1]))
        return entries.astype(np.int64)

    def source(self, distribution: Distribution) -> bytes:
        """The bytes that decide a table, beside the distribution itself."""
        if distribution.kind == "constant":
            return b""
        return self.unit.astype("<f8").tobytes() if distribution.kind in FOLLOW else self[distribution].tobytes()


def tables(needed: Iterable[Distribution]) -> Tables:
    """The tables of these distributions, made on this machine."""
    return Tables(_unit(), {each: quantiles.table(each) for each in needed if each.kind not in FOLLOW})


@cache
def _unit() -> NDArray[np.float64]:
    """As `quantiles.table` makes an exponential table, before it is multiplied and rounded."""
    quantile = np.array([-math.log1p(-p) for p in quantiles.probabilities()])
    return np.append(quantile, quantiles.mean(quantile))
