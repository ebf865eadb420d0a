# SPDX-License-Identifier: MIT
"""The quantile tables of a sweep: made once, where the sweep is planned, so that they are the same on every machine.

The few tables of each mix are sent with the plan.  Every load has another table of gaps, but all of those are one unit
table times a number, so they are computed on demand, as are those of constants.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from sweep.model.identity import table_digest
from sweep.model.randomness import quantiles
from sweep.model.scenario import Distribution

COMPUTED = ("constant", "exponential")  # kinds whose tables are computed on demand


class Tables(dict[Distribution, NDArray[np.int64]]):
    """Tables by distribution, each (quantiles.SIZE,): those sent with the plan, and others computed on demand.

    KeyError for a distribution that is neither in the plan nor of a kind in FOLLOW.
    """

    def __missing__(self, distribution: Distribution) -> NDArray[np.int64]:
        if distribution.kind not in COMPUTED:
            raise KeyError(distribution)
        return quantiles.table(distribution)

    def source(self, distribution: Distribution) -> bytes:
        """The bytes that a table is made from, besides the distribution itself, and the code where it is computed."""
        if distribution.kind not in COMPUTED:
            return self[distribution].astype("<i8").tobytes()
        unit = quantiles.exponential_unit().astype("<i8").tobytes() if distribution.kind == "exponential" else b""
        return table_digest(distribution.kind).encode() + unit


def tables(needed: Iterable[Distribution]) -> Tables:
    """The quantile tables of these distributions, except those computed on demand."""
    return Tables(
        {distribution: quantiles.table(distribution) for distribution in needed if distribution.kind not in COMPUTED}
    )
