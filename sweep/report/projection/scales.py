# SPDX-License-Identifier: MIT
"""One unit for all numbers of a metric, chosen so that the smallest number keeps its significant digits.

Source: golang.org/x/perf/benchunit [go x/perf] (one scale for a whole row, from its smallest value).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from sweep import format

from .metric_tables import MetricGrid

# unit of the column -> larger units with their size, largest first
LARGER = {
    "ns": (("s", 1e9), ("ms", 1e6), ("µs", 1e3)),
    "bytes": (("GiB", 2.0**30), ("MiB", 2.0**20), ("KiB", 2.0**10)),
    "pps": (("Gpps", 1e9), ("Mpps", 1e6), ("kpps", 1e3)),
}
AT_LEAST = 10  # of the larger unit: 628 ns stay ns, 12,000 ns become 12 µs


@dataclass(frozen=True)
class Scale:
    """The unit in which the numbers of a metric are printed."""

    unit: str  # "" for a plain number
    size: float = 1.0  # of the unit, in that of the column
    percent: bool = False

    def number(self, value: float) -> str:
        return format.percent(value) if self.percent else format.significant(value / self.size)

    def signed(self, value: float) -> str:
        """A difference as text, with its sign."""
        return f"+{self.number(value)}" if value > 0 else self.number(value)

    def half(self, value: float) -> str:
        """Half an interval as text."""
        return format.half_width(value) if self.percent else format.significant(value / self.size, 2)

    def titled(self, name: str) -> str:
        return f"{name}, {self.unit}" if self.unit else name


def scale(grids: Iterable[MetricGrid]) -> Scale:
    """The unit for all `grids` of one metric, of which there is at least one."""
    grids = list(grids)
    measure = grids[0].measure
    if measure.share:
        return Scale("%", percent=True)
    centers = np.abs(np.concatenate([grid.absolute.center.ravel() for grid in grids]))
    smallest = float(centers[centers > 0].min(initial=np.inf))  # NaN compares false
    for unit, size in LARGER.get(measure.unit, ()):
        if np.isfinite(smallest) and smallest >= AT_LEAST * size:
            return Scale(unit, size)
    return Scale("" if measure.unit == "1" else measure.unit)
