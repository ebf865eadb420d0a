# SPDX-License-Identifier: MIT
"""Paired comparisons of simulations: intervals, ties, winners."""

from .estimates import (
    CONFIDENCE,
    DROP_MARGIN,
    MARGIN,
    ROUNDING,
    Array,
    Call,
    Estimate,
    difference,
    holm,
    less,
    log_ratio,
    mean,
    more,
    no_more,
    pairing_gain,
    pairs_needed,
    ratio,
)
from .falling import RISK, Fall, fall
from .looks import at_each, confidence_of
from .winners import Winner, winner

__all__ = [
    "CONFIDENCE",
    "DROP_MARGIN",
    "MARGIN",
    "RISK",
    "ROUNDING",
    "Array",
    "Call",
    "Estimate",
    "Fall",
    "Winner",
    "at_each",
    "confidence_of",
    "difference",
    "fall",
    "holm",
    "less",
    "log_ratio",
    "mean",
    "more",
    "no_more",
    "pairing_gain",
    "pairs_needed",
    "ratio",
    "winner",
]
