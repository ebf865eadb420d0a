# SPDX-License-Identifier: MIT
"""The quantile tables of a sweep: made once, where the sweep is planned, and the same on every machine.

A mix has a few tables of its own; they are carried.  Every load has another table of gaps, but all of those are one
unit table times a number, so they are made when they are asked for, as are those of constants.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from sweep.model.randomness import quantiles
from sweep.model.scenario import Distribution

FOLLOW = ("constant", "exponential")  # kinds whose tables are not carried


class Tables(dict[Distribution, NDArray[np.int64]]):
    """Tables by distribution, shape (quantiles.SIZE,): those that are carried, and all that follow.

    KeyError for what is neither carried nor follows.
    """

    def __missing__(self, distribution: Distribution) -> NDArray[np.int64]:
        if distribution.kind not in FOLLOW:
            raise KeyError(distribution)
        return quantiles.table(distribution)

    def source(self, distribution: Distribution) -> bytes:
        """The bytes that decide a table, beside the distribution itself."""
        if distribution.kind == "constant":
            return b""
        made_from = quantiles.exponential_unit() if distribution.kind in FOLLOW else self[distribution]
        return made_from.astype("<i8").tobytes()


def tables(needed: Iterable[Distribution]) -> Tables:
    """The tables of these distributions."""
    return Tables({each: quantiles.table(each) for each in needed if each.kind not in FOLLOW})
