# SPDX-License-Identifier: MIT
"""What a larger ring does to one strategy, and why: it helps, hurts, is best in between, or hardly matters.

The rings of one strategy compete as strategies do elsewhere: fewest ns per packet among those that drop no more
than 0.1 percentage points over the least, 0.5 % apart counts as equal.  *A larger ring helps* where the largest is as
good as the best and the smallest is not, *hurts* the other way round.  What makes the difference is the first that
holds: other drops (burst absorption), else the part of the packet's cost that grew most.

Source: burst absorption [kicinski-2025-09-23]; DDIO [xdp-paper bench01] [xdp-paper bench05] [farshin-2020]; IOVA
locality [rubin-2024]; reuse: the lap rule of `recycling`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sweep import stats
from sweep.fields.constants import PAGE_BYTES
from sweep.fields.metrics import PAGE_COSTS
from sweep.results import page_census
from sweep.results.analysis import Analysis
from sweep.results.dataset import Array
from sweep.results.outcome import Outcome, outcomes

from .claim_verdicts import ClaimedRange, claimed_range

HELPS, HURTS, BETWEEN, ALIKE = "a larger ring helps", "a larger ring hurts", "best in between", "size hardly matters"
OPEN = "undecided"
CACHE, WALKS = "cache_ns_per_packet", "walk_reads_per_packet"


@dataclass(frozen=True)
class RingEffect:
    """A metric that the ring's size affects, and its wording."""

    metric: str
    name: str
    what: str  # words before a number, such as "dropped"
    title: str  # of a chart's axis
    unit: str  # words after a number
    percent: bool = False

    def values(self, analysis: Analysis) -> Array:
        """The metric in its unit (a ratio is not scaled), (mixes, loads, rings, columns, pairs)."""
        values = analysis.data.values(self.metric)
        return page_census.megabytes(values) if self.metric == page_census.HELD else values

    def estimate(self, analysis: Analysis) -> stats.Estimate:
        """The metric's mean in its unit, (mixes, loads, rings, columns)."""
        mean = analysis.data.estimate(self.metric)
        return mean.scaled(float(page_census.megabytes(1.0))) if self.metric == page_census.HELD else mean

    @property
    def expression(self) -> str:
        """SQL expression of the mean, for claims."""
        return f"avg({self.metric})" + (f" * {PAGE_BYTES} / 1e6" if self.metric == page_census.HELD else "")

    def span(self, values: Array, where: str, *, named: bool = True) -> ClaimedRange:
        """Range of `values` as text, "0.2 to 0.9 MB"; without the unit if not `named`, except percent."""
        span = claimed_range(values, self.expression, where, "percent" if self.percent else "plain")
        return span._replace(text=f"{span.text} {self.unit}") if named and not self.percent else span


EFFECTS = (
    RingEffect("drop_ratio", "burst absorption", "dropped", "dropped share", "", percent=True),
    RingEffect(CACHE, "cache", "misses cost", "misses, ns/packet", "ns per packet"),
    RingEffect("reuse_ratio", "reuse", "reused", "reused share", "", percent=True),
    RingEffect(page_census.HELD, "memory", "held", "MB held", "MB"),
    RingEffect(WALKS, "translations", "they take", "walk reads/packet", "page-walk reads per packet"),
)
COST = RingEffect("ns_per_packet", "cost", "", "ns per packet", "ns per packet")


@dataclass(frozen=True)
class RingVerdict:
    """What the ring size does to one strategy in one mix, and why."""

    word: str  # HELPS, HURTS, BETWEEN, ALIKE or OPEN
    best: int  # index of the best ring
    reasons: tuple[tuple[str, int], ...]  # cause, as `_cause` names it, and index of the ring that is worse for it


def known(analysis: Analysis) -> list[RingEffect]:
    """The effects whose columns the table has."""
    return [effect for effect in EFFECTS if analysis.data.has(effect.metric)]


def ring_verdicts(analysis: Analysis, mix: int) -> dict[int, RingVerdict]:
    """Column -> what its ring size does at the highest load, for columns with at least two ring sizes."""
    load = analysis.last_load(mix)
    if load < 0:
        return {}
    mix_and_load = (slice(mix, mix + 1), slice(load, load + 1))
    ns = analysis.ns[mix_and_load].swapaxes(2, 3)
    cells = analysis.data.cells.mapped(lambda values: values[mix_and_load].swapaxes(2, 3))
    turn_of_column = {}
    for (_, _, column), outcome in outcomes(ns, None if analysis.drops is None else cells).items():
        rings = [int(ring) for ring in np.flatnonzero(analysis.absolute.pairs[mix, load, :, column])]
        if len(rings) >= 2:
            turn_of_column[column] = _turn(analysis, (mix, load, column), rings, outcome)
    return turn_of_column


def _turn(analysis: Analysis, where: tuple[int, int, int], rings: list[int], outcome: Outcome) -> RingVerdict:
    winner = outcome.winner
    as_good = {winner.best, *winner.close}
    undecided = {*winner.open, *outcome.faster_droppers}
    small, large = rings[0], rings[-1]
    if winner.pairs < 2 or undecided & {small, large}:
        return RingVerdict(OPEN, winner.best, ())
    worse = [ring for ring in (small, large) if ring not in as_good]
    word = {(): ALIKE, (small,): HELPS, (large,): HURTS}.get(tuple(worse), BETWEEN)
    return RingVerdict(word, winner.best, tuple((_cause(analysis, where, ring, winner.best), ring) for ring in worse))


def _cause(analysis: Analysis, where: tuple[int, int, int], worse: int, best: int) -> str:
    """Why ring `worse` is worse than `best`: "drops", or the part of the packet's cost with the largest difference."""
    mix, load, column = where

    def more(name: str) -> float:
        values = analysis.data.values(name)[mix, load, :, column]
        return float(stats.difference(values[worse], values[best]).center)

    if analysis.drops is not None and more("drop_ratio") > stats.DROP_MARGIN:
        return "drops"
    if not analysis.data.has(*PAGE_COSTS):
        return "cost"
    parts = {"pages": sum(more(name) for name in PAGE_COSTS)}
    if analysis.data.has(CACHE):
        parts["cache"] = more(CACHE)
    parts["rest"] = more("ns_per_packet") - sum(parts.values())
    return max(parts, key=lambda part: parts[part])
