# SPDX-License-Identifier: MIT
"""Whether a metric is known with the requested precision, or is clearly so far off that precision does not matter.

A comparison is *decided* for a metric if half the width of its interval is at most the requested one, or the whole
interval is farther than that from zero, or nearer.  Without an interval it is open.
"""

from __future__ import annotations

import numpy as np

from .. import stats
from .episodes import Cells, Mask
from .estimates import difference, estimate


def open_difference(
    metric: str, half_width: float, relative: bool, value: Cells, reference: Cells, confidence: float
) -> Mask:
    """Where the paired difference is open, (...); a `relative` half width is a share of the reference's mean."""
    estimated = difference(metric, value, reference, confidence)
    allowed = half_width * (np.abs(estimate(metric, reference).center) if relative else np.ones(estimated.center.shape))
    with np.errstate(invalid="ignore"):
        clearly_different = (estimated.low > allowed) | (estimated.high < -allowed)
        clearly_equal = (estimated.low >= -allowed) & (estimated.high <= allowed)
    return np.asarray(~(estimated.known & (_narrow(estimated, allowed) | clearly_different | clearly_equal)))


def open_mean(metric: str, half_width: float, relative: bool, value: Cells, confidence: float) -> Mask:
    """Where the mean is not known within `half_width`, (...), which is a share of the mean if `relative`."""
    estimated = estimate(metric, value, confidence)
    allowed = half_width * (np.abs(estimated.center) if relative else np.ones(estimated.center.shape))
    return np.asarray(~(estimated.known & _narrow(estimated, allowed)))


def _narrow(found: stats.Estimate, allowed: np.ndarray) -> Mask:
    with np.errstate(invalid="ignore"):
        return np.asarray(found.half <= allowed)
