# SPDX-License-Identifier: MIT
"""The columns that an estimate reads, for callers that choose columns before reading any rows."""

from __future__ import annotations

from ..fields.declared import DECLARED, spread
from ..fields.spread import PER_CALL
from .episodes import COUNTED
from .estimates import BACKLOGS

REFILLS = (PER_CALL.episodes, "nic.refill_batch")  # requests for pages: how many, and how many buffers each is for
FILLINGS = ("bursts",)  # whether queues fill from empty with every episode


def columns(metric: str) -> tuple[str, ...]:
    """Columns read for a metric, if the table has them; a quantile needs its histogram too."""
    metric_kind = spread(metric)
    if metric_kind.falls_with is not None:
        return tuple(dict.fromkeys([metric, *columns(metric_kind.falls_with)]))
    rare = metric_kind.rare
    names = [metric, *COUNTED, *REFILLS]
    if rare is not None:
        names += filter(None, (rare.sizes, rare.episodes, rare.largest, rare.each))
        names += (*FILLINGS, *(name for queue in BACKLOGS for name in queue if name))
    return tuple(dict.fromkeys(names))


# Of whatever metric, but for its own.
COLUMNS = frozenset(column for name in DECLARED if spread(name).rare for column in columns(name))
