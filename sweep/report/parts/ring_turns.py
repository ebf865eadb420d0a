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
from sweep.results import holders
from sweep.results.analysis import Analysis
from sweep.results.dataset import Array
from sweep.results.outcome import Outcome, outcomes

from .judging import Spanned, spanned

HELPS, HURTS, BETWEEN, ALIKE = "a larger ring helps", "a larger ring hurts", "best in between", "size hardly matters"
OPEN = "undecided"
CACHE, WALKS = "cache_ns_per_packet", "walk_reads_per_packet"


@dataclass(frozen=True)
class Effect:
    """What the ring's size acts on: a metric, and how it is told."""

    metric: str
    name: str
    what: str  # is measured, before a number
    title: str  # of an axis
    unit: str  # after a number
    percent: bool = False

    def values(self, analysis: Analysis) -> Array:
        """The metric as a cube with pairs, in the unit told (a ratio stays one)."""
        values = analysis.data.values(self.metric)
        return holders.megabytes(values) if self.metric == holders.HELD else values

    def estimate(self, analysis: Analysis) -> stats.Estimate:
        """Its mean in every cell, in that unit."""
        found = analysis.data.estimate(self.metric)
        return found.scaled(float(holders.megabytes(1.0))) if self.metric == holders.HELD else found

    @property
    def expression(self) -> str:
        """The same in a claim."""
        return f"avg({self.metric})" + (f" * {PAGE_BYTES} / 1e6" if self.metric == holders.HELD else "")

    def span(self, values: Array, where: str, *, named: bool = True) -> Spanned:
        """ "0.2 to 0.9 MB"; the unit only if `named`, but for percent."""
        found = spanned(values, self.expression, where, "percent" if self.percent else "plain")
        return found._replace(text=f"{found.text} {self.unit}") if named and not self.percent else found


EFFECTS = (
    Effect("drop_ratio", "burst absorption", "dropped", "dropped share", "", percent=True),
    Effect(CACHE, "cache", "misses cost", "misses, ns/packet", "ns per packet"),
    Effect("reuse_ratio", "reuse", "reused", "reused share", "", percent=True),
    Effect(holders.HELD, "memory", "held", "MB held", "MB"),
    Effect(WALKS, "translations", "they take", "walk reads/packet", "page-walk reads per packet"),
)
COST = Effect("ns_per_packet", "cost", "", "ns per packet", "ns per packet")


@dataclass(frozen=True)
class Turn:
    """Of one strategy in one mix: what its ring size does, and why."""

    word: str  # HELPS, HURTS, BETWEEN, ALIKE or OPEN
    best: int  # a ring, as its place on the axis
    reasons: tuple[tuple[str, int], ...]  # a cause, as `_cause` names it, and the ring that is worse for it


def known(analysis: Analysis) -> list[Effect]:
    """The effects whose columns the table has."""
    return [effect for effect in EFFECTS if analysis.data.has(effect.metric)]


def turns(analysis: Analysis, mix: int) -> dict[int, Turn]:
    """Column -> what its ring size does at the highest load, of columns with two ring sizes at least."""
    load = analysis.last_load(mix)
    if load < 0:
        return {}
    here = (slice(mix, mix + 1), slice(load, load + 1))
    ns = analysis.ns[here].swapaxes(2, 3)
    cells = analysis.data.cells.mapped(lambda values: values[here].swapaxes(2, 3))
    found = {}
    for (_, _, column), outcome in outcomes(ns, None if analysis.drops is None else cells).items():
        rings = [int(ring) for ring in np.flatnonzero(analysis.absolute.pairs[mix, load, :, column])]
        if len(rings) >= 2:
            found[column] = _turn(analysis, (mix, load, column), rings, outcome)
    return found


def _turn(analysis: Analysis, where: tuple[int, int, int], rings: list[int], outcome: Outcome) -> Turn:
    winner = outcome.winner
    good = {winner.best, *winner.close}
    unknown = {*winner.open, *outcome.faster_droppers}
    small, large = rings[0], rings[-1]
    if winner.pairs < 2 or unknown & {small, large}:
        return Turn(OPEN, winner.best, ())
    worse = [ring for ring in (small, large) if ring not in good]
    word = {(): ALIKE, (small,): HELPS, (large,): HURTS}.get(tuple(worse), BETWEEN)
    return Turn(word, winner.best, tuple((_cause(analysis, where, ring, winner.best), ring) for ring in worse))


def _cause(analysis: Analysis, where: tuple[int, int, int], worse: int, best: int) -> str:
    """What makes ring `worse` worse than `best`: "drops", or the part of a packet's cost that differs most."""
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
