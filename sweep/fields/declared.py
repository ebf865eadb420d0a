# SPDX-License-Identifier: MIT
"""Every counter and metric by its name, but for the counters that a strategy adds: those say the same in its file."""

from __future__ import annotations

import re

from .counters import COUNTERS
from .field import Better, Field, Stage
from .metrics import METRICS, Metric
from .spread import MEAN, Spread

QUANTILE = re.compile(r"latency_p(\d{2}(?:\.\d{1,4})?)_ns")  # of any share of the packets, from the histogram
DECLARED: dict[str, Field | Metric] = {
    **{counter.name: counter for counter in COUNTERS},
    **{metric.name: metric for metric in METRICS},
}


def better(name: str) -> Better:
    """Which values of a counter or metric are the good ones; NEITHER of a name that is not declared."""
    if name in DECLARED:
        return DECLARED[name].better
    return Better.LOWER if QUANTILE.fullmatch(name) else Better.NEITHER


def stage(name: str) -> Stage:
    """Where a counter counts; at the STRATEGY where the name is not declared, since strategies add counters."""
    found = DECLARED.get(name)
    return found.stage if isinstance(found, Field) else Stage.STRATEGY


def spread(name: str) -> Spread:
    """How a counter or metric varies between replicates; a MEAN where the name is not declared."""
    if name in DECLARED:
        return DECLARED[name].spread
    found = QUANTILE.fullmatch(name)
    return Spread(quantile=float(found[1]) / 100) if found else MEAN


def flattered_by_drops(name: str) -> bool:
    """Whether a metric looks better where packets are dropped."""
    return name.endswith("_per_packet") or name.startswith("latency_")


def is_share(name: str) -> bool:
    """Whether a metric is a part of something: at most 1, shown in percent, compared in percentage points."""
    return name.endswith("_ratio")
