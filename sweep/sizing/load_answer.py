# SPDX-License-Identifier: MIT
"""The highest loads as data: of every series, and the best column at every mix and ring.

Made from a finished or interrupted search; the writers (`load_document`, `load_record`) use only this.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sweep.fields.spread import DROPS

from .. import stats
from . import shortage
from .answer import WORDS, SearchAnswer
from .judge import State
from .load_search import BYTES, RATE, LoadSearch, LoadSeries, Place, tests_of
from .lost import MostLost, most_lost
from .search import COST, ROW


@dataclass(frozen=True)
class Probe:
    """A simulated load of one series."""

    load: float
    word: str  # "meets", "fails", "undecided"
    replicates: int
    measured: tuple[stats.Estimate, ...]  # of each objective that applies
    why: str | None  # why it is undecided; None if decided, or too close to a bound
    packets_per_s: stats.Estimate  # delivered, forwarded or dropped on purpose; of all queues
    gbit_per_s: float  # the same packets, as bits of frames
    ns: stats.Estimate  # per packet
    drop_ratio: stats.Estimate


@dataclass(frozen=True)
class SizedLoad:
    """The answer for one series: a column at a mix and ring."""

    column: str
    ring: int
    pool_size: int | None  # None where pools are no axis of their own
    loads: tuple[float, ...]  # among which was searched, rising
    probes: tuple[Probe, ...]  # by load, rising
    highest: Probe | None  # the highest load that is shown to meet all objectives
    fails_from: Probe | None  # the lowest load that is shown to fail; None if none is
    not_failing: Probe | None  # the highest load of the search that is not shown to fail
    decided: bool
    hopeless: bool  # no load can be shown to meet: nothing was seen where the bound is zero
    why: str | None  # why a load between is undecided
    wanted: int | None  # replicates that would decide the undecided loads; None if unknown
    window_packets: int  # in the measured window of a replicate, at the load with the longest window
    asked: bool  # whether an objective applies
    unmeasured: tuple[str, ...]
    contradictions: tuple[str, ...]  # loads that show that more load is not always worse
    lost: MostLost | None  # where it fails, at the lowest such load

    @property
    def quoted(self) -> Probe | None:
        """The load to quote: the highest shown to meet; if none can be, the highest at which nothing was seen."""
        return self.not_failing if self.hopeless else self.highest

    @property
    def none(self) -> bool:
        """Whether every load is shown to fail."""
        return self.fails_from is not None and self.fails_from.load == self.loads[0]

    @property
    def all(self) -> bool:
        """Whether every load is shown to meet."""
        return self.highest is not None and self.highest.load == self.loads[-1]


def quoted_load(each: SizedLoad) -> float:
    """The load to quote; 0 without one."""
    return each.quoted.load if each.quoted else 0.0


@dataclass(frozen=True)
class SizedRing:
    """The answers of all columns at one mix and ring."""

    mix: str
    ring: int
    series: tuple[SizedLoad, ...]

    @property
    def best(self) -> SizedLoad | None:
        """The series with the highest load to quote; None without one."""
        known = [each for each in self.series if each.quoted is not None]
        return max(known, key=quoted_load, default=None)

    @property
    def rivals(self) -> tuple[SizedLoad, ...]:
        """Series that are not shown to end below the best: they do as much, or may."""
        best = self.best
        if best is None:
            return ()
        return tuple(
            each
            for each in self.series
            if each is not best and (each.fails_from is None or each.fails_from.load > quoted_load(best))
        )


@dataclass(frozen=True, kw_only=True)
class LoadAnswer(SearchAnswer):
    """The highest loads that meet the objectives."""

    loads: tuple[float, ...]
    verdicts: tuple[SizedRing, ...]

    @property
    def step(self) -> float:
        """The largest ratio between neighbouring loads, less 1."""
        return max((high / low - 1 for low, high in zip(self.loads, self.loads[1:], strict=False)), default=0.0)


def load_verdicts(search: LoadSearch) -> tuple[SizedRing, ...]:
    """The verdict of every mix and ring that has points."""
    cube, found = search.question.cube, dict[tuple[int, int], list[SizedLoad]]()
    for place in search.places:
        found.setdefault((place.mix, place.ring), []).append(_sized(search, place))
    return tuple(SizedRing(cube.mixes[mix], cube.rings[ring], tuple(found[mix, ring])) for mix, ring in sorted(found))


def _sized(search: LoadSearch, place: Place) -> SizedLoad:
    cube, known = search.question.cube, search.series(place)
    loads = tuple(cube.loads[load] for load in known.loads)
    probes = {load: _probe(search, place, known, load) for load in np.flatnonzero(known.count).tolist()}
    enclosing = known.bracket
    first = -1 if enclosing.meets is None else enclosing.meets
    last = len(loads) if enclosing.fails is None else enclosing.fails
    between = [load for load in probes if first < load < last and probes[load].word == WORDS[State.OPEN]]
    points = cube.points[place.mix, place.column, known.loads, place.ring, place.pool]
    return SizedLoad(
        column=cube.columns[place.column],
        ring=cube.rings[place.ring],
        pool_size=cube.pools[place.pool],
        loads=loads,
        probes=tuple(probes.values()),
        highest=None if enclosing.meets is None else probes[enclosing.meets],
        fails_from=None if enclosing.fails is None else probes[enclosing.fails],
        not_failing=None if enclosing.passes is None else probes[enclosing.passes],
        decided=known.decided,
        hopeless=known.hopeless,
        why=next((probes[load].why for load in between if probes[load].why), None),
        wanted=_wanted(search, place, known, between),
        window_packets=int(cube.packets[points].max()),
        asked=known.asked,
        unmeasured=known.unmeasured,
        contradictions=tuple(_contradictions(known, loads)),
        lost=_lost(search, place, known, enclosing.fails),
    )


def _lost(search: LoadSearch, place: Place, known: LoadSeries, fails: int | None) -> MostLost | None:
    if fails is None:
        return None
    load = search.question.cube.loads[int(known.loads[fails])]
    return most_lost(search, search.cell(place, known, fails), f"load {load:.4g}")


def _probe(search: LoadSearch, place: Place, known: LoadSeries, load: int) -> Probe:
    cell = search.cell(place, known, load)
    confidence, state = 1 - 2 * search.level(known, load), State(int(known.states[load]))
    rate = search.estimate(RATE, cell)
    frame_bytes = float(stats.mean(search.samples(BYTES, cell)).center / stats.mean(search.samples(ROW, cell)).center)
    return Probe(
        load=search.question.cube.loads[int(known.loads[load])],
        word=WORDS[state],
        replicates=int(known.count[load]),
        measured=tuple(search.estimate(each.metric, cell, confidence) for each in search.speaking(cell)),
        why=_why(search, place, known, load) if state == State.OPEN else None,
        packets_per_s=rate,
        gbit_per_s=float(rate.center) * frame_bytes * 8 / 1e9,
        ns=search.estimate(COST, cell),
        drop_ratio=search.estimate(DROPS, cell),
    )


def _why(search: LoadSearch, place: Place, known: LoadSeries, load: int) -> str | None:
    """Why a load is undecided, by the first objective that has a reason; None if none has."""
    cell = search.cell(place, known, load)
    episode = search.question.cube.episodes[search.question.cube.points[cell]]
    reasons = (shortage.why(each, search.evidence(cell), episode) for each in search.speaking(cell))
    return next(filter(None, reasons), None)


def _wanted(search: LoadSearch, place: Place, known: LoadSeries, between: list[int]) -> int | None:
    """Replicates that would decide the loads `between`, if more were like these; None if unknown."""
    question, most, middle = search.question, None, len(between) // 2
    if known.unmeasured:
        return None
    for load in [*between[middle:], *between[:middle]]:  # the closest first, which may need too many
        cell = search.cell(place, known, load)
        risk, count = question.risk(tests_of(len(known.loads))), int(known.count[load])
        speaking, number = search.speaking(cell), len(question.objectives)
        needed = shortage.replicates(speaking, search.evidence(cell), count, risk, number)
        if needed is None:
            return None
        most = max(most or 0, needed)
    return most


def _contradictions(known: LoadSeries, loads: tuple[float, ...]) -> list[str]:
    quoted, below, does = known.bracket.quoted, known.failing_below, "is not shown to" if known.hopeless else "does not"
    failing = [f"load {loads[below]:.4g} fails, and {loads[quoted]:.4g} {does}"] if below is not None and quoted else []
    worse = [
        f"{each.metric} is worse at load {loads[each.low]:.4g} than at {loads[each.high]:.4g}"
        for each in known.inversions
    ]
    return failing + worse
