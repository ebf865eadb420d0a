# SPDX-License-Identifier: MIT
"""One series, mix x column x load: what is known of its rungs, and which of them to ask for next.

The smallest rung is asked for first, or the one that did for an easier load.  If it does not do, the largest shows
whether any does, or first the one in the middle where a metric may turn; the rest is bisected.  Where a metric has no
direction, rungs are asked for one by one from the smallest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ..config import Objective
from ..evidence import Cells
from . import judge, lattice
from .judge import Array, Ints, State, States
from .lattice import Contradiction, Mask, Seen
from .shapes import shape


@dataclass(frozen=True)
class Series:
    """What is known; arrays over the rungs, (K,)."""

    there: Mask  # rungs that are points of the sweep
    count: Ints  # replicates that were asked for
    low: States  # the lowest and highest state that a rung can have
    high: States
    open: Mask  # simulated, and neither shown to meet all objectives nor to fail one
    final: Mask  # of those: more replicates are not there, or would not decide it
    hopeless: Mask  # not to be shown to meet
    unmeasured: tuple[str, ...]  # metrics of which a simulated rung has no value
    alone: bool  # no rung speaks for another
    falls: bool  # no objective gets worse with the ring
    turns: bool  # every objective that failed may turn
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
class Sight:
    """What a series is judged from; arrays of shape (R, P)."""

    objectives: tuple[Objective, ...]
    selected: tuple[Mask, ...]  # of each objective: the cells that it speaks of
    there: Mask
    count: Ints
    cells: Cells  # (R, P) with n replicates, NaN for what was not asked for
    valid: Mask  # a replicate has a valid row
    levels: Array  # of the tests of each simulated cell
    risk: float  # of all looks at a cell together
    overload: bool  # a simulated cell drops so much that not all shapes hold
    confidence: float

    def seen(self, objective: Objective, speaks: Mask) -> Seen:
        """The simulated cells that an objective speaks of."""
        there = (self.count > 0) & speaks
        states = np.full(there.shape, State.OPEN, np.int8)
        samples = self.cells.read(objective.metric)
        cells, levels = self.cells.at(there), self.levels[there]
        states[there] = judge.states(objective, cells, levels, self.risk, len(self.objectives))
        return Seen(
            states=states,
            there=there,
            complete=self.count == samples.shape[-1],
            bad=judge.badness(objective, samples),
            bound=judge.bound(objective),
            last=int(np.flatnonzero(self.there.any(axis=1))[-1]),
        )


def look(sight: Sight) -> Series:
    """Put together what all objectives say of a series."""
    low = np.full(sight.there.shape, State.MEETS, np.int8)
    high = low.copy()
    is_open, final, hopeless = (np.full(low.shape, value) for value in (False, True, False))
    contradictions: list[tuple[Objective, Contradiction]] = []
    unmeasured: list[str] = []
    alone, falls, strict = False, True, False
    spoken = [pair for pair in zip(sight.objectives, sight.selected, strict=True) if (pair[1] & sight.there).any()]
    each_seen = [sight.seen(*pair) for pair in spoken]
    failed = np.any([each.states == State.FAILS for each in each_seen], axis=0) if each_seen else sight.there
    for (objective, speaks), seen in zip(spoken, each_seen, strict=True):
        form = shape(objective.metric).where(sight.overload).of_badness(objective.sign)
        # One that fails another objective is never asked for again, and says nothing of what more would show.
        said = lattice.say(form, replace(seen, complete=seen.complete & ~failed), sight.confidence)
        low = np.minimum(low, np.where(speaks, said.low, State.MEETS)).astype(np.int8)
        high = np.minimum(high, np.where(speaks, said.high, State.MEETS)).astype(np.int8)
        undecided = seen.there & (seen.states == State.OPEN)
        is_open |= undecided
        final &= ~undecided | seen.complete | said.alike
        hopeless |= speaks & said.hopeless
        contradictions += [(objective, each) for each in said.contradictions]
        alone |= not form.ring or bool(said.contradictions)
        falls &= form.ring < 0
        strict |= not form.turns and bool((seen.there & (seen.states == State.FAILS)).any())
        if (seen.there & sight.valid & ~np.isfinite(seen.bad).any(axis=-1)).any():
            unmeasured.append(objective.metric)
    return Series(
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
        turns=not strict,
        contradictions=tuple(contradictions),
    )


def wanted(series: Series, looks: Sequence[int], common: int, begin: int | None) -> dict[int, int]:
    """What to ask of a series next: rung -> replicates; {} when it is settled.

    `common`: the replicates that any series under the same mix and load has needed.  What is to be the answer gets as
    many: the packets are the same.  `begin`: the rung to begin with, the number of rungs if none is expected to do.
    """
    end = len(series.there) if series.answer is None else series.answer
    more = _closer(series, looks, common, end)
    if more or series.unmeasured:
        return more
    fresh = series.there & ~series.simulated & (series.high != State.FAILS) & ~series.hopeless
    sure = np.flatnonzero(series.there & (series.low == State.MEETS))  # the first of them bounds the answer
    rungs = np.flatnonzero(fresh[: min([end, *(sure[:1] + 1).tolist()])])
    return {_next(series, rungs, end, begin): looks[0]} if len(rungs) else {}


def _closer(series: Series, looks: Sequence[int], common: int, end: int) -> dict[int, int]:
    """More replicates where it is close, up to the answer, and for the answer as many as its neighbours have."""
    found = {}
    for rung in np.flatnonzero((series.open & ~series.final)[: end + 1]).tolist():
        found[rung] = max(common, next(look for look in looks if look > series.count[rung]))
    if end < len(series.there) and series.count[end] < common:
        found[end] = common
    return found


def _next(series: Series, rungs: Ints, end: int, begin: int | None) -> int:
    """Which of the rungs that may do to ask for; `end` is the answer so far, or the number of rungs."""
    first, last = np.flatnonzero(series.there)[[0, -1]]
    asked = np.flatnonzero(series.simulated)
    if series.alone:
        return int(rungs[0])
    if begin is not None and not len(asked):
        return int(rungs[min(int(np.searchsorted(rungs, begin)), len(rungs) - 1)])
    if len(asked) == 1 and end == begin:
        return int(rungs[-1])  # it does, as expected: the rung before it should not
    if rungs[0] == first:
        return int(first)
    none_yet = end == len(series.there)
    if none_yet and series.falls and rungs[-1] == last and (not series.turns or 2 * asked[-1] >= last):
        return int(last)
    return int(rungs[len(rungs) // 2])
