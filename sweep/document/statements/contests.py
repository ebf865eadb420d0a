# SPDX-License-Identifier: MIT
"""Claims about who takes fewer ns per packet: against the baseline, in a cell, in a mix, and on a Pareto front."""

from __future__ import annotations

from dataclasses import dataclass

from .values import Number


@dataclass(frozen=True)
class CostDifference:
    """The paired relative difference of ns per packet from the baseline, as geometric mean over the cells named."""

    mix: str
    column: str
    baseline: str
    center: Number | None  # None where the text gives the interval alone
    half: Number | None  # half the width of the 95 % interval, the larger half
    verdict: str  # "lower", "higher", "tie" (no difference found), "equivalent" or "few"
    load: float | None = None
    ring: int | None = None
    pairs: int = 0


@dataclass(frozen=True)
class CellWinner:
    """The outcome of one cell among some columns, all where none are named."""

    mix: str
    load: float
    ring: int
    state: str  # "decided", "open" or "drops"
    best: str  # the smallest mean of those that do not drop more
    close: tuple[str, ...] = ()  # shown to be within the margin of it
    open: tuple[str, ...] = ()  # neither that nor shown to be worse
    faster_droppers: tuple[str, ...] = ()  # fewer ns, and not known whether they drop more
    among: tuple[str, ...] = ()  # the columns that are compared; () for all
    behind: Number | None = None  # relative difference of the next one
    runner_up: str = ""


@dataclass(frozen=True)
class Mark:
    """The sign of a column in a cell: "*" best, "≈" as good, "?" may be best."""

    sign: str
    column: str
    winner: CellWinner


@dataclass(frozen=True)
class SetAside:
    """A column has a smaller number than the winner and did not win, since it drops more than another one."""

    mix: str
    load: float
    ring: int
    column: str
    least: str  # the column that drops least
    more: Number  # difference of the drop ratios


@dataclass(frozen=True)
class DropsDiffer:
    """A column's mean drop ratio differs from the baseline's by more than the margin: "more", "less" or "open"."""

    mix: str
    load: float
    ring: int
    column: str
    baseline: str
    way: str


@dataclass(frozen=True)
class MixLeader:
    """A strategy's rank in a mix: settled cells that it leads, alone or tied with others, and the verdict."""

    mix: str
    strategy: str
    among: int
    alone: int
    cells: int
    settled: int
    beside: tuple[tuple[str, int], ...]
    word: str


@dataclass(frozen=True)
class FewestMean:
    """Cells of a mix in which a strategy has the smallest mean of ns per packet, whatever it drops."""

    mix: str
    strategy: str
    times: int
    cells: int


@dataclass(frozen=True)
class Compared:
    """Paired comparisons of the points that meet `where` with column `against` in their cells: how many differ.

    `expression` is evaluated per row.  Compared by log ratios with a margin if `ratio`, else by plain differences.
    """

    expression: str
    where: str
    against: str
    lower: int | None
    higher: int | None
    points: int
    ratio: bool = False
    margin: float = 0.0
    low: Number | None = None  # smallest and largest mean relative difference
    high: Number | None = None


@dataclass(frozen=True)
class NotCostlier:
    """Of a strategy's points: how many take no more ns per packet than all rivals, how many more than some rival."""

    where: str
    rivals: tuple[str, ...]  # columns
    fits: int
    dearer: int
    points: int


@dataclass(frozen=True)
class RingSize:
    """What a larger ring does to a column at a load: "helps", "hurts", "between", "alike" or "open"."""

    mix: str
    load: float
    column: str
    word: str
    best: int
    causes: tuple[tuple[str, int], ...] = ()  # "drops", "pages", "cache", "rest" or "cost", and the worse ring


@dataclass(frozen=True)
class OnFront:
    """No choice under this mix and load is as good in all objectives and better in one, by the means."""

    mix: str
    load: float
    ring: int
    column: str
    objectives: tuple[str, ...]  # expressions
    alike: tuple[tuple[int, str], ...] = ()  # ring and column of choices within the tolerances
