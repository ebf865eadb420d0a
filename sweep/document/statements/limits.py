# SPDX-License-Identifier: MIT
"""Claims about a limit: which points stay below it, from which ring size on, and verdicts based on that."""

from __future__ import annotations

from dataclasses import dataclass

from .values import Number


@dataclass(frozen=True)
class SmallestRing:
    """The smallest ring with which a column is shown to drop no more than a share at a load.

    None if every ring is shown to drop more, or if it is open: then `undecided` is the smallest ring that is shown
    neither to drop more nor not to, while all smaller ones do.
    """

    mix: str
    column: str
    load: float
    share: float
    ring: int | None
    undecided: int | None = None
    shown: bool = True


@dataclass(frozen=True)
class ThresholdCounts:
    """Points whose whole 95 % interval of an expression is below a threshold, and those where none of it is."""

    expression: str
    threshold: float
    where: str
    below: int | None  # None: not said
    above: int | None
    points: int
    inclusive: bool = False
    shown: bool = True


@dataclass(frozen=True)
class BelowFromRing:
    """The smallest ring from which on the whole interval of an expression is below a threshold in every point.

    None if it is not at the largest one: there it is `beyond` the threshold, or else open.
    """

    expression: str
    threshold: float
    where: str
    ring: int | None
    last: int
    beyond: bool = False
    there: Number | None = None


@dataclass(frozen=True)
class ClaimOfFile:
    """A claim of the sweep file: points decided for it and against it, of those selected."""

    that: str
    good: int
    bad: int
    points: int
    low: Number | None = None  # means
    high: Number | None = None


@dataclass(frozen=True)
class LargeEnough:
    """Cells counted by the smallest simulated pool size / ring size from which on slow allocations are rarer."""

    strategy: str
    rate: float  # slow allocations per packet, below which a pool is large enough
    found: tuple[tuple[float | None, int], ...]  # size (None: none is), cells
    cells: int  # with two sizes or more


@dataclass(frozen=True)
class VerdictByRule:
    """A verdict by the rule "all" (in every cell) or "usually", from the cells for it, against it, and in all."""

    word: str
    rule: str
    good: int
    bad: int
    cells: int


@dataclass(frozen=True)
class LostTo:
    """Of the points that meet `where` and lose most packets to a counter's cause, so many are shown to.

    In those more than half of what is dropped is lost to it beyond doubt, all at once at 95 %.
    """

    counter: str
    where: str
    points: int  # that lose most to it
    shown: int


@dataclass(frozen=True)
class FallsWithLoad:
    """Series of loads (mix, ring, column) in which drops fall somewhere as load rises, by Welch's t tests at `risk`."""

    mix: str
    falling: int
    series: int  # of two loads or more
    risk: float
