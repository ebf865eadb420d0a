# SPDX-License-Identifier: MIT
"""Claims about numbers of a table: counts, means, extremes, what a column holds or lacks, and shares of variance."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Number:
    """A number, and how it stands in the sentence: `text` is `value` times `scale`, rounded to the digits shown."""

    value: float
    text: str
    scale: float = 1.0


@dataclass(frozen=True)
class NoClaim:
    """Fixed text: a definition, a method, a command.  It says nothing that another table would change."""


@dataclass(frozen=True)
class Count:
    """So many of a relation meet a condition; `shown` unless the number is left to words such as "every"."""

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
    """The distinct values of an expression over what meets a condition are these; `shown` are those in the sentence."""

    expression: str
    where: str
    values: tuple[float | str, ...]
    shown: tuple[str, ...] = ()
    of: str = "cells"


@dataclass(frozen=True)
class First:
    """Of all names in a column, this one has the "smallest" or "largest" mean of an expression over its points."""

    which: str
    name: str
    expression: str
    where: str
    by: str = "col"


@dataclass(frozen=True)
class Level:
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
    """The column whose mean of an expression differs most between two rings; None: by a margin at most in each."""

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
class Leaner:
    """An expression of the points that meet `where`, over its smallest in their cell among those that meet `than`."""

    expression: str
    where: str
    than: str
    low: Number
    high: Number


@dataclass(frozen=True)
class Metadata:
    """What the sweep said about itself when it published the table."""

    name: str
    value: str
