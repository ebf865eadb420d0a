# SPDX-License-Identifier: MIT
"""What one number of a simulation is: name, unit, meaning, the kernel's name for it, and how it is to be judged.

A `Field` is declared once, and everything that speaks of it reads the declaration: the kernel's records, the schema of
the results, the data dictionary, the reference pages, `show`, the reports, `compare` and `size`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from .spread import MEAN, Spread


class Better(StrEnum):
    """Which values of a metric or counter are the good ones."""

    LOWER = "lower"
    HIGHER = "higher"
    NEITHER = "neither"  # it depends on what else has changed

    @property
    def sign(self) -> int:
        """-1 if less is better, 1 if more is better, 0 if neither."""
        return {"lower": -1, "higher": 1}.get(self.value, 0)


class Stage(StrEnum):
    """Where on a packet's way something is counted: the headings under which counters are listed, in this order."""

    WIRE = "From the wire to the ring"
    EPISODES = "Independent episodes, and what was lost in them"
    DRIVER = "In the driver"
    STRATEGY = "The strategy"
    SOCKET = "To the socket and its reader"
    TX_RING = "Through the TX ring"
    ALLOCATOR = "Page allocator"
    HARDWARE = "DMA, and hardware that is shared"
    TIME = "Time"
    INSIDE = "Inside, at both ends of the window"
    CENSUS = "Census"


class Role(StrEnum):
    """What a column is for, in the order of the columns of the results."""

    ID = "id"
    PARAMETER = "parameter"
    COUNTER = "counter"
    METRIC = "metric"
    QUALITY = "quality"
    HISTOGRAM = "histogram"
    SERIES = "series"  # of the table of time series alone


class Field(NamedTuple):
    """One int64 value of a lane (uint64 where `dtype` says so)."""

    name: str
    unit: str  # "ps", "bytes", "pages", "packets", "1" for a pure number, ...
    meaning: str
    kernel: str = ""  # the kernel's own name for what counts the very same; "" where nothing there does
    dtype: str = "i8"
    defined: str = ""  # where the kernel counts that: "file: symbol", and the last release that does if it is gone
    stage: Stage = Stage.STRATEGY  # of a counter; those that a strategy adds are all of this one
    better: Better = Better.NEITHER
    spread: Spread = MEAN


class Knob(NamedTuple):
    """A parameter of one strategy, written `strategy.<name>` in a sweep file."""

    name: str
    unit: str
    default: int | str  # an integer, or a formula of the scenario's RX ring size: "ring", "2*ring"
    low: int  # smallest and largest value allowed
    high: int
    meaning: str
