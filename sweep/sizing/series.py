# SPDX-License-Identifier: MIT
"""One series (mix, column, load): what is known of its rungs, and which of them to simulate next.

The smallest rung is simulated first, or the answer at an easier load.  If it does not meet the objectives, the largest
shows whether any does, or first the middle one if a metric may turn; then the search bisects.  If a metric has no known
direction, rungs are simulated one by one from the smallest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ..config import Objective
from ..evidence import Cells
from . import judge, lattice
from .directions import shape
from .judge import Array, Ints, State, States
from .lattice import Contradiction, Mask, SimulatedCells


@dataclass(frozen=True)
class SeriesState:
    """What is known of a series; arrays over its rungs, (K,)."""

    there: Mask  # rungs that are points of the sweep
    count: Ints  # replicates that were asked for
    low: States  # the lowest and highest state that a rung can have
    high: States
    open: Mask  # simulated, and neither shown to meet all objectives nor to fail one
    final: Mask  # open rungs that have all replicates, or that more replicates would not decide
    hopeless: Mask  # rungs that cannot be shown to meet
    unmeasured: tuple[str, ...]  # metrics without a value at a simulated rung
    alone: bool  # nothing can be inferred from one rung about others
    falls: bool  # the badness of every objective falls with the ring
    turns: bool  # every failed objective has a metric that may turn
    contradictions: tuple[tuple[Objective, Contradiction], ...] = field(repr=False)

    @property
    def simulated(self) -> Mask:
        return np.asarray(self.count > 0)

    @property
    def answer(self) -> int | None:
        """The first simulated rung that meets all objectives."""
        meets = np.flatnonzero(self.simulated & (self.low == State.MEETS))
        return int(meets[0]) if len(meets) else None

    @property
    def decided(self) -> bool:
        """Whether every rung before the answer fails, or every rung if there is none."""
        return not (self.there & (self.high != State.FAILS))[: self.answer].any()


@dataclass(frozen=True)
class SeriesData:
    """The data from which a series is judged; arrays of shape (R, P)."""

    objectives: tuple[Objective, ...]
    selected: tuple[Mask, ...]  # for each objective: the cells that it applies to
    there: Mask
    count: Ints
    cells: Cells  # (R, P) with n replicates, NaN for what was not asked for
    valid: Mask  # a replicate has a valid row
    levels: Array  # of the tests of each simulated cell
    risk: float  # of all looks at a cell together
    overload: bool  # a simulated cell drops so much that not all shapes hold
    confidence: float

    def seen(self, objective: Objective, speaks: Mask) -> SimulatedCells:
        """The simulated cells that an objective applies to, judged."""
        there = (self.count > 0) & speaks
        states = np.full(there.shape, State.OPEN, np.int8)
        samples = self.cells.read(objective.metric)
        cells, levels = self.cells.at(there), self.levels[there]
        states[there] = judge.states(objective, cells, levels, self.risk, len(self.objectives))
        return SimulatedCells(
            states=states,
            there=there,
            complete=self.count == samples.shape[-1],
            bad=judge.badness(objective, samples),
            bound=judge.bound(objective),
            last=int(np.flatnonzero(self.there.any(axis=1))[-1]),
        )


def look(sight: SeriesData) -> SeriesState:
    """Combine what all objectives show and imply for a series."""
    low = np.full(sight.there.shape, State.MEETS, np.int8)
    high = low.copy()
    is_open, final, hopeless = (np.full(low.shape, value) for value in (False, True, False))
    contradictions: list[tuple[Objective, Contradiction]] = []
    unmeasured: list[str] = []
    alone, falls, fails_without_turn = False, True, False
    spoken = [pair for pair in zip(sight.objectives, sight.selected, strict=True) if (pair[1] & sight.there).any()]
    each_seen = [sight.seen(*pair) for pair in spoken]
    failed = np.any([each.states == State.FAILS for each in each_seen], axis=0) if each_seen else sight.there
    for (objective, speaks), seen in zip(spoken, each_seen, strict=True):
        metric_shape = shape(objective.metric).where(sight.overload).of_badness(objective.sign)
        # A cell that fails another objective gets no more replicates, so it shows nothing about their effect.
        inferred = lattice.infer(metric_shape, replace(seen, complete=seen.complete & ~failed), sight.confidence)
        low = np.minimum(low, np.where(speaks, inferred.low, State.MEETS)).astype(np.int8)
        high = np.minimum(high, np.where(speaks, inferred.high, State.MEETS)).astype(np.int8)
        undecided = seen.there & (seen.states == State.OPEN)
        is_open |= undecided
        final &= ~undecided | seen.complete | inferred.alike
        hopeless |= speaks & inferred.hopeless
        contradictions += [(objective, each) for each in inferred.contradictions]
        alone |= not metric_shape.ring or bool(inferred.contradictions)
        falls &= metric_shape.ring < 0
        fails_without_turn |= not metric_shape.turns and bool((seen.there & (seen.states == State.FAILS)).any())
        if (seen.there & sight.valid & ~np.isfinite(seen.bad).any(axis=-1)).any():
            unmeasured.append(objective.metric)
    return SeriesState(
        there=sight.there.ravel(),
        count=sight.count.ravel(),
        low=low.ravel(),
        high=high.ravel(),
        open=(is_open & (low != State.MEETS) & (high != State.FAILS)).ravel(),
        final=final.ravel(),
        hopeless=hopeless.ravel(),
        unmeasured=tuple(unmeasured),
        alone=alone,
        falls=falls,
        turns=not fails_without_turn,
        contradictions=tuple(contradictions),
    )


def wanted(series: SeriesState, looks: Sequence[int], common: int, begin: int | None) -> dict[int, int]:
    """What to simulate next in a series: rung -> replicates; {} when it is settled.

    `common`: most replicates that any series at the same mix and load has needed; the answer gets as many, since the
    packets are the same.  `begin`: the rung to start with, or the number of rungs if none is expected to meet.
    """
    end = len(series.there) if series.answer is None else series.answer
    for_close_rungs = _closer(series, looks, common, end)
    if for_close_rungs or series.unmeasured:
        return for_close_rungs
    not_simulated = series.there & ~series.simulated & (series.high != State.FAILS) & ~series.hopeless
    known_to_meet = np.flatnonzero(series.there & (series.low == State.MEETS))  # the first of them bounds the answer
    rungs = np.flatnonzero(not_simulated[: min([end, *(known_to_meet[:1] + 1).tolist()])])
    return {_next(series, rungs, end, begin): looks[0]} if len(rungs) else {}


def _closer(series: SeriesState, looks: Sequence[int], common: int, end: int) -> dict[int, int]:
    """Rung -> replicates: more for open rungs up to the answer, and `common` ones for the answer itself."""
    wanted_of_rung = {}
    for rung in np.flatnonzero((series.open & ~series.final)[: end + 1]).tolist():
        wanted_of_rung[rung] = max(common, next(look for look in looks if look > series.count[rung]))
    if end < len(series.there) and series.count[end] < common:
        wanted_of_rung[end] = common
    return wanted_of_rung


def _next(series: SeriesState, rungs: Ints, end: int, begin: int | None) -> int:
    """The rung to simulate next, among candidates `rungs`; `end` is the answer so far, or the number of rungs."""
    first, last = np.flatnonzero(series.there)[[0, -1]]
    simulated_rungs = np.flatnonzero(series.simulated)
    if series.alone:
        return int(rungs[0])
    if begin is not None and not len(simulated_rungs):
        return int(rungs[min(int(np.searchsorted(rungs, begin)), len(rungs) - 1)])
    if len(simulated_rungs) == 1 and end == begin:
        return int(rungs[-1])  # it does, as expected: the rung before it should not
    if rungs[0] == first:
        return int(first)
    none_yet = end == len(series.there)
    if none_yet and series.falls and rungs[-1] == last and (not series.turns or 2 * simulated_rungs[-1] >= last):
        return int(last)
    return int(rungs[len(rungs) // 2])
