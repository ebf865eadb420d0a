# SPDX-License-Identifier: MIT
"""Claims about numbers of a table: counts, means, extremes, values of a column, and shares of variance."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Number:
    """A number and its text in the sentence: `value` times `scale`, rounded to the digits shown."""

    value: float
    text: str
    scale: float = 1.0


@dataclass(frozen=True)
class NoClaim:
    """Marks fixed text, such as a definition, method or command, which is true of any table."""


@dataclass(frozen=True)
class Count:
    """`number` rows of a relation meet a condition; not `shown` if the text uses a word such as "every" instead."""

    number: int
    of: str  # "rows", "points", "cells", or "distinct ..." of one
    where: str = ""
    shown: bool = True


@dataclass(frozen=True)
class Extreme:
    """The "smallest", "largest" or "median" value of an expression over the points (or cells) that meet a condition.

    Of "cell means" the values are means over those points of one cell of mix, load and ring.
    """

    which: str
    expression: str
    where: str
    number: Number
    of: str = "points"


@dataclass(frozen=True)
class Absent:
    """No point that meets the condition has a value of the expression."""

    expression: str
    where: str


@dataclass(frozen=True)
class Values:
    """The distinct values of an expression over the rows that meet a condition; `shown` are those in the text."""

    expression: str
    where: str
    values: tuple[float | str, ...]
    shown: tuple[str, ...] = ()
    of: str = "cells"


@dataclass(frozen=True)
class ExtremeName:
    """Of all names in a column, this one has the "smallest" or "largest" mean of an expression over its points."""

    which: str
    name: str
    expression: str
    where: str
    by: str = "col"


@dataclass(frozen=True)
class MeanOfPoint:
    """The mean of a column over the replicates of a point, with half the width of its 95 % interval."""

    metric: str
    where: str
    center: Number
    half: Number | None = None
    relative: bool = False  # whether `half` is a share of the mean


@dataclass(frozen=True)
class Geomean:
    """Geometric mean of a column over the points of one of the report's columns, in the replicates that have all."""

    metric: str
    where: str
    column: str
    number: Number


@dataclass(frozen=True)
class Lacking:
    """The table has no value in this column."""

    column: str


@dataclass(frozen=True)
class LapRule:
    """Points of a column whose share of packets gone within a ring lap is within 0.1 of its reused share."""

    column: str
    near: int
    points: int
    gap: Number  # median


@dataclass(frozen=True)
class MostChanged:
    """The column whose mean of an expression differs most between two rings; None if all differ by at most `margin`."""

    expression: str
    mix: str
    load: float
    first: int
    last: int
    column: str | None
    margin: float = 0.0
    relative: bool = False


@dataclass(frozen=True)
class Ranked:
    """Of some titled expressions, these have the largest means over the points that meet a condition, in this order."""

    order: tuple[str, ...]
    titles: tuple[str, ...]
    expressions: tuple[str, ...]
    where: str


@dataclass(frozen=True)
class ShareOfVariance:
    """The share of the variance of a metric over the grid that an axis has a part in, over the replicates."""

    metric: str
    axis: str
    share: Number
    half: Number | None
    whole: bool  # whether all that was simulated is in the grid
    shown: bool = True


@dataclass(frozen=True)
class RelativeToSmallest:
    """An expression of the points that meet `where`, over its smallest in their cell among those that meet `than`."""

    expression: str
    where: str
    than: str
    low: Number
    high: Number


@dataclass(frozen=True)
class Metadata:
    """An entry of the metadata that the sweep wrote into the table."""

    name: str
    value: str
