# SPDX-License-Identifier: MIT
"""Whether means that are expected to rise fall somewhere: one-sided Welch's t tests of every pair, with Bonferroni.

The hypothesis is that the means do not fall along an axis.  It is rejected at a risk if of any two of them the later
is smaller at that risk divided by the number of pairs.  Samples of different places are independent.

Source: [welch-1947].
"""

from __future__ import annotations

from itertools import combinations
from typing import NamedTuple

import numpy as np
from scipy.special import stdtr

from .estimates import Array, mean

RISK = 0.01


class Fall(NamedTuple):
    """Where means fall most surely, for series of shape (...)."""

    p: Array  # adjusted for all pairs; 1 where no two places have two samples each
    first: Array  # the place from which they fall, an index; -1 without any pair
    last: Array


def fall(samples: Array) -> Fall:
    """The surest fall of series whose samples are (..., places, n), NaN where one is missing."""
    found = mean(samples)
    shape, places = samples.shape[:-2], samples.shape[-2]
    p, first, last = np.ones(shape), np.full(shape, -1), np.full(shape, -1)
    usable = found.pairs >= 2
    pairs = (usable[..., :, None] & usable[..., None, :] & np.triu(np.ones((places, places), bool), 1)).sum((-2, -1))
    for early, late in combinations(range(places), 2):
        both = usable[..., early] & usable[..., late]
        parts = [
            np.where(both, found.deviation[..., i] ** 2 / np.maximum(found.pairs[..., i], 1), 0) for i in (early, late)
        ]
        down = np.where(both, found.center[..., early] - found.center[..., late], 0.0)
        error = np.sqrt(parts[0] + parts[1])
        with np.errstate(divide="ignore", invalid="ignore"):
            freedom = error**4 / sum(
                part**2 / np.maximum(found.pairs[..., i] - 1, 1) for part, i in zip(parts, (early, late), strict=True)
            )
            tail = np.where(error > 0, stdtr(np.fmax(freedom, 1.0), -down / error), np.where(down > 0, 0.0, 1.0))
        adjusted = np.where(both, np.minimum(tail * np.maximum(pairs, 1), 1.0), 1.0)
        surer = adjusted < p
        p, first, last = np.where(surer, adjusted, p), np.where(surer, early, first), np.where(surer, late, last)
    return Fall(p, first, last)
