# SPDX-License-Identifier: MIT
"""Does a larger ring help or hurt?  What its size does to drops, cache, reuse, memory and translations, per mix.

The rings of one strategy compete as strategies do elsewhere: fewest ns per packet among those that drop no more
than 0.1 percentage points over the least, 0.5 % apart counts as equal.  *A larger ring helps* where the largest is as
good as the best and the smallest is not, *hurts* the other way round.  What makes the difference is the first that
holds: other drops (burst absorption), else the part of the packet's cost that grew most.

Not modelled: nothing is simulated here; an effect whose column the table lacks is not told.

Source: fidelity D7 (burst absorption; DDIO: V15 to V19; IOVA locality: V23; reuse: the lap rule; memory).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .. import stats
from . import holders, numbers
from .analysis import Analysis
from .dataset import Array
from .document import Finding, Findings, Paragraph, Section
from .judging import span
from .outcome import WITHIN, Outcome, outcomes

HELPS, HURTS, BETWEEN, ALIKE = "a larger ring helps", "a larger ring hurts", "best in between", "size hardly matters"
OPEN, MIXED = "undecided", "depends on the strategy"
SOME = {HELPS: "a larger ring helps some", HURTS: "a larger ring hurts some"}
TONES = {
    SOME[HELPS]: "better",
    SOME[HURTS]: "worse",
    HELPS: "better",
    HURTS: "worse",
    BETWEEN: "tie",
    ALIKE: "tie",
    OPEN: "missing",
    MIXED: "tie",
}
SAID = {
    HELPS: "helps",
    HURTS: "hurts",
    BETWEEN: "helps up to a point",
    ALIKE: "hardly matters to",
    OPEN: "is undecided for",
}
CACHE, WALKS = "cache_ns_per_packet", "walk_reads_per_packet"
PAGES = tuple(f"{part}_ns_per_packet" for part in ("allocate", "recycle", "dma", "lock"))
VARY = "--set 'axes.ring=[256,1024,4096]'"


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

    def span(self, values: Array, *, named: bool = True) -> str:
        """ "0.2 to 0.9 MB"; the unit only if `named`, but for percent."""
        if self.percent:
            return span(values, "percent")
        return f"{span(values)} {self.unit}" if named else span(values)


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
    reasons: tuple[tuple[str, int], ...]  # a cause of `_cause`, and the ring that is worse for it


def known(analysis: Analysis) -> list[Effect]:
    """The effects whose columns the table has."""
    return [effect for effect in EFFECTS if analysis.data.has(effect.metric)]


def section(analysis: Analysis) -> Section:
    """A finding per mix; where one ring size was simulated, how to vary it."""
    title = "Does a larger ring help or hurt?"
    items = tuple(item for mix in range(len(analysis.data.mixes)) for item in _finding(analysis, mix))
    if items:
        return Section(title, (Findings(items),))
    one = f"Not tested: every strategy has one ring size in each mix. To vary it: {VARY}."
    return Section(title, (Paragraph(one),))


def turns(analysis: Analysis, mix: int) -> dict[int, Turn]:
    """Column -> what its ring size does at the highest load, of columns with two ring sizes at least."""
    load = analysis.last_load(mix)
    if load < 0:
        return {}
    ns = analysis.ns[mix : mix + 1, load : load + 1].swapaxes(2, 3)
    drops = None if analysis.drops is None else analysis.drops[mix : mix + 1, load : load + 1].swapaxes(2, 3)
    found = {}
    for (_, _, column), outcome in outcomes(ns, drops).items():
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
    if not analysis.data.has(*PAGES):
        return "cost"
    parts = {"pages": sum(more(name) for name in PAGES)}
    if analysis.data.has(CACHE):
        parts["cache"] = more(CACHE)
    parts["rest"] = more("ns_per_packet") - sum(parts.values())
    return max(parts, key=lambda part: parts[part])


def _finding(analysis: Analysis, mix: int) -> Iterator[Finding]:
    data, found = analysis.data, turns(analysis, mix)
    if not found:
        return
    word = _word({turn.word for turn in found.values()})
    load = analysis.last_load(mix)
    rings = np.flatnonzero(analysis.absolute.pairs[mix, load].any(axis=-1))
    first, last = data.rings[rings[0]], data.rings[rings[-1]]
    groups: dict[tuple[str, tuple[str, ...]], list[int]] = {}
    for column, turn in found.items():
        groups.setdefault((turn.word, tuple(cause for cause, _ in turn.reasons)), []).append(column)
    ranked = sorted(groups.items(), key=lambda group: list(SAID).index(group[0][0]))
    parts = [_group(analysis, (mix, load), word, columns, found) for (word, _), columns in ranked]
    claim = f"At load {data.loads[load]:g}, from {first} to {last}, a larger ring {'; it '.join(parts)}."
    yield Finding(data.mixes[mix], word, claim, tuple(_numbers(analysis, mix, rings)), TONES[word])


def _word(words: set[str]) -> str:
    """One word for all strategies of a mix; those that are undecided or indifferent hide no other."""
    if len(words) == 1:
        return next(iter(words))
    moved = words - {ALIKE, OPEN}
    return SOME.get(next(iter(moved)), MIXED) if len(moved) == 1 else MIXED if moved else OPEN


def _group(analysis: Analysis, where: tuple[int, int], word: str, columns: list[int], found: dict[int, Turn]) -> str:
    """Strategies for which the ring does the same for the same reasons, with numbers."""
    data = analysis.data
    said = f"{SAID[word]} {_named(analysis, columns, list(found))}"
    if word == OPEN:
        return f"{said} (more replicates would decide)"
    if word == ALIKE:
        return f"{said} (both ends {WITHIN} of the best)"
    best = sorted({found[column].best for column in columns})
    shown = " and ".join(numbers.on_axis(data.rings[ring], data.rings, best=True) for ring in best)
    reasons = []
    for place in range(len(found[columns[0]].reasons)):
        cause = found[columns[0]].reasons[place][0]
        ends = [(column, found[column].reasons[place][1], found[column].best) for column in columns]
        reasons.append(_reason(analysis, where, cause, ends))
    return f"{said}: {'; '.join(reasons)} (best ring {shown})"


def _named(analysis: Analysis, columns: list[int], every: list[int]) -> str:
    """The columns in words: a strategy of which all variants are meant goes by its own name."""
    data = analysis.data
    if columns == every and len(every) > 1:
        return "every strategy"
    names = []
    for column in columns:
        variants = [other for other in data.of(data.strategies[column]) if other in every]
        names.append(data.strategies[column] if set(variants) <= set(columns) else data.columns[column])
    *before, last = dict.fromkeys(names)
    return f"{', '.join(before)} and {last}" if before else last


def _reason(analysis: Analysis, where: tuple[int, int], cause: str, ends: list[tuple[int, int, int]]) -> str:
    """A cause with the numbers at the worse and at the best ring; `ends` are (column, worse, best)."""
    data = analysis.data
    at = " and ".join(dict.fromkeys(str(data.rings[worse]) for _, worse, _ in ends))

    def sides(effect: Effect) -> tuple[Array, Array]:
        """Means at the worse and at the best ring, shape (ends,) each."""
        values = stats.mean(effect.values(analysis)[where]).center  # (rings, columns)
        worse, best = (np.array([values[end[side], end[0]] for end in ends]) for side in (1, 2))
        return worse, best

    def both(effect: Effect) -> str:
        worse, best = sides(effect)
        return f"{effect.span(worse, named=False)} at {at} against {effect.span(best)}"

    drops, cache, reuse, _, walks = EFFECTS
    if cause == "drops":
        told = [f"drops {both(drops)}"]
        for effect, name in ((cache, "cache misses"), (walks, "translations")):
            if data.has(effect.metric):
                worse, best = sides(effect)
                told += [f"{name} {both(effect)}"] if (worse > best * (1 + stats.MARGIN)).any() else []
        return ", ".join(told)
    if cause == "cache":
        return f"cache misses {both(cache)}"
    if cause == "pages":
        return f"page work, {both(COST)}" + (f", reused {both(reuse)}" if data.has(reuse.metric) else "")
    return f"polls and other work, {both(COST)}" if cause == "rest" else both(COST)


def _numbers(analysis: Analysis, mix: int, rings: NDArray[np.intp]) -> Iterator[str]:
    """A line per effect: the strategy that it changes most from the smallest to the largest ring, in numbers."""
    data, load = analysis.data, analysis.last_load(mix)
    for effect in known(analysis):
        first, last = stats.mean(effect.values(analysis)[mix, load][rings[[0, -1]]]).center
        both = np.flatnonzero(np.isfinite(first) & np.isfinite(last))
        if not both.size or not (first[both].any() or last[both].any()):
            continue
        change = np.abs(last - first)[both]
        most = int(both[np.argmax(change)])
        name = f"{effect.name[0].upper()}{effect.name[1:]}"
        if (change <= (stats.DROP_MARGIN if effect.percent else stats.MARGIN * first[both])).all():
            yield f"{name}: {effect.what} {effect.span(last[both])}, the same at both ends."
            continue
        small, large = effect.span(first[[most]]), effect.span(last[[most]])
        at = f"{small} at {data.rings[rings[0]]}, {large} at {data.rings[rings[-1]]}"
        yield f"{name}: {effect.what} {at} ({data.columns[most]}, which it changes most)."
