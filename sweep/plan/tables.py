# SPDX-License-Identifier: MIT
"""The quantile tables of a sweep: made once, where the sweep is planned, so that they are the same on every machine.

The few tables of each mix are sent with the plan.  Every load has another table of gaps, but all of those are one unit
table times a number, so they are computed on demand, as are those of constants.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

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
        """The bytes that a table is made from, besides the distribution itself."""
        if distribution.kind == "constant":
            return b""
        made_from = quantiles.exponential_unit() if distribution.kind in COMPUTED else self[distribution]
        return made_from.astype("<i8").tobytes()


def tables(needed: Iterable[Distribution]) -> Tables:
    """The quantile tables of these distributions, except those computed on demand."""
    return Tables(
        {distribution: quantiles.table(distribution) for distribution in needed if distribution.kind not in COMPUTED}
    )
