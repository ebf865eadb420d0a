# SPDX-License-Identifier: MIT
"""Infer the states of cells of a series that were not simulated, along ring and pool, for one objective.

Every cell has a lowest and a highest possible state; for a decided cell both are its own.  Along an axis on which an
objective gets better (or worse), states only rise (or fall), so bounds are propagated as running maxima and minima.  If
a metric may turn (`shapes`), a ring that meets implies nothing for others, and one that fails implies that smaller ones
fail, unless the metric is seen to have turned before it.  The smallest simulated ring implies nothing, nor does the
largest alone.

A *contradiction* is a pair of simulated cells that differ against the assumed direction beyond doubt, by more than half
of their distance from the bound.  If there is one, nothing is inferred in the series.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .. import stats
from .directions import UNKNOWN, Direction
from .judge import Array, State, States

Mask = NDArray[np.bool_]
Place = tuple[int, int]  # ring, pool
RING, POOL = 0, 1  # axes
MATTERS = 0.5  # least difference of a contradiction, as a share of the distance from the bound
ALIKE = 0.1  # cells that differ by less than this share in every replicate are taken as equally undecided


@dataclass(frozen=True)
class SimulatedCells:
    """The simulated cells of a series; arrays of shape (R, P)."""

    states: States
    there: Mask  # simulated, and the objective applies
    complete: Mask  # has all replicates of the sweep
    bad: Array  # (R, P, n): badness of each replicate, NaN where there is none
    bound: float  # of the badness
    last: int  # the largest ring that is a point of the sweep


class Contradiction(NamedTuple):
    """Two cells of which `worse` is worse than `better`, against the assumption."""

    better: Place
    worse: Place


@dataclass(frozen=True)
class Inferred:
    """What is inferred of all cells for one objective; arrays of shape (R, P)."""

    low: States  # the lowest and highest state that a cell can have
    high: States
    hopeless: Mask  # no better than a complete cell that is still open, so it will not be shown to meet
    alike: Mask  # open, and in every replicate nearly equal to a complete cell that is still open
    contradictions: tuple[Contradiction, ...]


def infer(form: Direction, seen: SimulatedCells, confidence: float) -> Inferred:
    """Infer the states of all cells from the simulated ones; `form` is the assumption about the objective's metric."""
    contradictions, silent = _orders(form, seen, confidence)
    if contradictions:
        form = UNKNOWN
    open_ = seen.there & (seen.states == State.OPEN)
    decided = seen.there & ~open_
    own_low = np.where(decided, seen.states, State.FAILS).astype(np.int8)
    own_high = np.where(decided, seen.states, State.MEETS).astype(np.int8)
    low, high = own_low, np.where(silent, State.MEETS, own_high).astype(np.int8)
    alike = _alike(seen, open_)
    hope = np.where(open_ & (seen.complete | alike) & ~silent, State.OPEN, State.MEETS).astype(np.int8)
    for axis, direction in ((RING, form.ring), (POOL, form.pool)):
        if direction:
            low = low if form.turns and axis == RING else _carried(np.maximum, low, axis, -direction)
            high, hope = (_carried(np.minimum, states, axis, direction) for states in (high, hope))
    low, high = np.where(decided, own_low, low), np.where(decided, own_high, high)
    inconsistent = low > high  # inferences from neighbours disagree, but not beyond doubt
    return Inferred(
        low=np.where(inconsistent, State.FAILS, low).astype(np.int8),
        high=np.where(inconsistent, State.MEETS, high).astype(np.int8),
        hopeless=np.asarray(hope == State.OPEN),
        alike=alike,
        contradictions=tuple(contradictions),
    )


def _carried(function: np.ufunc, values: States, axis: int, direction: int) -> States:
    """Running maxima or minima, towards larger values of the axis (direction 1) or smaller ones (-1)."""
    if direction > 0:
        forward: States = function.accumulate(values, axis)
        return forward
    backward: States = np.flip(function.accumulate(np.flip(values, axis), axis), axis)
    return backward


def _orders(form: Direction, seen: SimulatedCells, confidence: float) -> tuple[list[Contradiction], Mask]:
    """The contradictions; and, for a metric that may turn, the mask of cells that imply nothing for smaller rings."""
    cells: list[Place] = [(ring, pool) for ring, pool in np.argwhere(seen.there).tolist()]
    if not form.turns:
        return _contradictions(seen, list(_ordered(cells, form)), confidence), np.zeros_like(seen.there)
    not_inferable = np.asarray(np.cumsum(seen.there, axis=RING) <= 1)
    not_inferable[seen.last] = ~seen.there[1 : seen.last].any(axis=RING)
    contradictions = _contradictions(seen, list(_ordered(cells, form._replace(ring=0))), confidence)
    pairs = [(first, last) for first, last in combinations(cells, 2) if first[POOL] == last[POOL]]
    worse_in_mean, surely_worse, surely_better = _differ(seen, pairs, confidence)
    better_later = {first for (first, _), better in zip(pairs, surely_better, strict=True) if better}
    for (first, last), worse, worse_for_sure in zip(pairs, worse_in_mean, surely_worse, strict=True):
        not_inferable[last] |= worse or seen.states[first] == State.MEETS != seen.states[last]
        not_inferable[first] |= worse and not _falls_after(seen, first)
        if worse_for_sure and last in better_later:  # up, and down again
            contradictions.append(Contradiction(first, last))
    return contradictions, not_inferable


def _ordered(cells: list[Place], form: Direction) -> Iterator[tuple[Place, Place]]:
    """Pairs of cells of which the second should be no worse than the first, by the assumed directions."""
    for first, last in combinations(cells, 2):
        steps = (np.sign(last[axis] - first[axis]) for axis in (RING, POOL))
        directions = {int(step) * way for step, way in zip(steps, (form.ring, form.pool), strict=True) if step}
        if directions == {-1}:
            yield first, last
        elif directions == {1}:
            yield last, first


def _contradictions(seen: SimulatedCells, pairs: list[tuple[Place, Place]], confidence: float) -> list[Contradiction]:
    """The ordered pairs whose second cell is worse beyond doubt."""
    _, worse, _ = _differ(seen, pairs, confidence)
    return [Contradiction(*pair) for pair, wrong in zip(pairs, worse, strict=True) if wrong]


def _falls_after(seen: SimulatedCells, place: Place) -> bool:
    """Whether a larger simulated ring is better in the mean, so that the metric has not turned before `place`."""
    ring, pool = place
    larger = seen.bad[ring + 1 :, pool][seen.there[ring + 1 :, pool]]
    return bool((stats.mean(larger).center < stats.mean(seen.bad[place]).center).any())


def _differ(seen: SimulatedCells, pairs: list[tuple[Place, Place]], confidence: float) -> tuple[Mask, Mask, Mask]:
    """For each pair, whether its second cell is relevantly worse in the mean, surely worse, and surely better."""
    if not pairs:
        return (np.zeros(0, np.bool_),) * 3
    first_values, second_values = (np.array([seen.bad[pair[side]] for pair in pairs]) for side in (0, 1))
    estimate = stats.difference(second_values, first_values, confidence)
    matters = MATTERS * np.maximum(
        *(np.abs(stats.mean(each).center - seen.bound) for each in (first_values, second_values))
    )
    with np.errstate(invalid="ignore"):
        worse, better = estimate.center > matters, estimate.center < -matters
        return np.asarray(worse), np.asarray(worse & (estimate.low > 0)), np.asarray(better & (estimate.high < 0))


def _alike(seen: SimulatedCells, open_: Mask) -> Mask:
    """Mask of open cells that are nearly equal, in every replicate, to a complete cell that is still open."""
    alike = np.zeros_like(open_)
    complete_cells = seen.bad[open_ & seen.complete]
    distance_to_bound = np.abs(stats.mean(complete_cells).center - seen.bound)
    for place in np.argwhere(open_ & ~seen.complete).tolist():
        distances = np.abs(complete_cells - seen.bad[tuple(place)])
        is_near = np.where(np.isfinite(distances), distances, 0).max(axis=-1, initial=0) <= ALIKE * distance_to_bound
        alike[tuple(place)] = bool((is_near & np.isfinite(distances).any(axis=-1)).any())
    return alike
