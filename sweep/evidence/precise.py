# SPDX-License-Identifier: MIT
"""Whether a metric is known as precisely as was asked for, or lies beyond doubt where that does not matter.

A comparison is *decided* for a metric when its interval is at most as wide as was asked for, or lies wholly on one side
of zero by more than that, or wholly within it of zero.  Where too little was seen for an interval it is open.
"""

from __future__ import annotations

import numpy as np

from .. import stats
from .episodes import Cells, Mask
from .estimates import difference, estimate


def open_difference(
    metric: str, half_width: float, relative: bool, value: Cells, reference: Cells, confidence: float
) -> Mask:
    """Where the paired difference is not decided, (...); a `relative` half width is a share of the reference's mean."""
    found = difference(metric, value, reference, confidence)
    allowed = half_width * (np.abs(estimate(metric, reference).center) if relative else np.ones(found.center.shape))
    with np.errstate(invalid="ignore"):
        beyond = (found.low > allowed) | (found.high < -allowed)
        within = (found.low >= -allowed) & (found.high <= allowed)
    return np.asarray(~(found.known & (_narrow(found, allowed) | beyond | within)))


def open_mean(metric: str, half_width: float, relative: bool, value: Cells, confidence: float) -> Mask:
    """Where the mean is not known as precisely as was asked for, (...); `relative`: as a share of it."""
    found = estimate(metric, value, confidence)
    allowed = half_width * (np.abs(found.center) if relative else np.ones(found.center.shape))
    return np.asarray(~(found.known & _narrow(found, allowed)))


def _narrow(found: stats.Estimate, allowed: np.ndarray) -> Mask:
    with np.errstate(invalid="ignore"):
        return np.asarray(found.half <= allowed)
