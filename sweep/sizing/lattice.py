# SPDX-License-Identifier: MIT
"""What the simulated cells of one series say of the others, along ring and pool, for one objective.

Of every cell there is a lowest and a highest state that it can have; for one that is decided they are its own.  Along
an axis on which an objective gets better (or worse), states only rise (or fall), so what is known is carried along by
running maxima and minima.  Where a metric may turn (`shapes`), a ring that meets speaks for none, and one that fails
for smaller ones as long as the metric is not seen to have turned before it: none of them is better, and if a larger
one is worse, another larger one is better.  The smallest that was simulated says nothing, nor the largest alone.

A *contradiction* is a pair of simulated cells that goes the wrong way beyond doubt, and by more than half of its
distance from the bound: less would not mislead.  Where there is one, every cell speaks for itself alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .. import stats
from .judge import Array, State, States
from .shapes import UNKNOWN, Shape

Mask = NDArray[np.bool_]
Place = tuple[int, int]  # ring, pool
RING, POOL = 0, 1  # axes
MATTERS = 0.5  # of the distance from the bound
ALIKE = 0.1  # likewise: what differs by less in every replicate is as undecided


@dataclass(frozen=True)
class Seen:
    """The simulated cells of a series; arrays of shape (R, P)."""

    states: States
    there: Mask  # simulated, and the objective speaks of it
    complete: Mask  # with all the replicates that there may be
    bad: Array  # (R, P, n): badness of each replicate, NaN where there is none
    bound: float  # of the badness
    last: int  # the largest ring that is a point of the sweep


class Contradiction(NamedTuple):
    """`worse` should not be worse than `better`."""

    better: Place
    worse: Place


@dataclass(frozen=True)
class Said:
    """What is known of all cells; arrays of shape (R, P)."""

    low: States  # the lowest and highest state that a cell can have
    high: States
    hopeless: Mask  # no better than a cell that all its replicates left open: not to be shown to meet
    alike: Mask  # open, and in every replicate like a cell that all its replicates left open
    contradictions: tuple[Contradiction, ...]


def say(form: Shape, seen: Seen, confidence: float) -> Said:
    """Put together what an objective's cells say."""
    found, silent = _orders(form, seen, confidence)
    if found:
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
            high, hope = (_carried(np.minimum, each, axis, direction) for each in (high, hope))
    low, high = np.where(decided, own_low, low), np.where(decided, own_high, high)
    torn = low > high  # neighbours disagree, but not beyond doubt
    return Said(
        low=np.where(torn, State.FAILS, low).astype(np.int8),
        high=np.where(torn, State.MEETS, high).astype(np.int8),
        hopeless=np.asarray(hope == State.OPEN),
        alike=alike,
        contradictions=tuple(found),
    )


def _carried(function: np.ufunc, values: States, axis: int, direction: int) -> States:
    """Running maxima or minima, towards larger values of the axis (direction 1) or smaller ones (-1)."""
    if direction > 0:
        forward: States = function.accumulate(values, axis)
        return forward
    backward: States = np.flip(function.accumulate(np.flip(values, axis), axis), axis)
    return backward


def _orders(form: Shape, seen: Seen, confidence: float) -> tuple[list[Contradiction], Mask]:
    """What goes the wrong way; and which cells, of a metric that may turn, speak for no smaller ring."""
    cells: list[Place] = [(ring, pool) for ring, pool in np.argwhere(seen.there).tolist()]
    if not form.turns:
        return _contradictions(seen, list(_ordered(cells, form)), confidence), np.zeros_like(seen.there)
    silent = np.asarray(np.cumsum(seen.there, axis=RING) <= 1)
    silent[seen.last] = ~seen.there[1 : seen.last].any(axis=RING)
    found = _contradictions(seen, list(_ordered(cells, form._replace(ring=0))), confidence)
    pairs = [(first, last) for first, last in combinations(cells, 2) if first[POOL] == last[POOL]]
    further, up, down = _differ(seen, pairs, confidence)
    again = {first for (first, _), better in zip(pairs, down, strict=True) if better}
    for (first, last), worse, surely in zip(pairs, further, up, strict=True):
        silent[last] |= worse or seen.states[first] == State.MEETS != seen.states[last]
        silent[first] |= worse and not _falls_after(seen, first)
        if surely and last in again:  # up, and down again
            found.append(Contradiction(first, last))
    return found, silent


def _ordered(cells: list[Place], form: Shape) -> Iterator[tuple[Place, Place]]:
    """Pairs of cells of which the second should be no worse than the first, by all that they differ in."""
    for first, last in combinations(cells, 2):
        steps = (np.sign(last[axis] - first[axis]) for axis in (RING, POOL))
        ways = {int(step) * way for step, way in zip(steps, (form.ring, form.pool), strict=True) if step}
        if ways == {-1}:
            yield first, last
        elif ways == {1}:
            yield last, first


def _contradictions(seen: Seen, pairs: list[tuple[Place, Place]], confidence: float) -> list[Contradiction]:
    """Of ordered pairs, those whose second cell is worse beyond doubt."""
    _, worse, _ = _differ(seen, pairs, confidence)
    return [Contradiction(*pair) for pair, wrong in zip(pairs, worse, strict=True) if wrong]


def _falls_after(seen: Seen, place: Place) -> bool:
    """Whether a larger simulated ring is better in the mean: the metric cannot have turned before this one."""
    ring, pool = place
    larger = seen.bad[ring + 1 :, pool][seen.there[ring + 1 :, pool]]
    return bool((stats.mean(larger).center < stats.mean(seen.bad[place]).center).any())


def _differ(seen: Seen, pairs: list[tuple[Place, Place]], confidence: float) -> tuple[Mask, Mask, Mask]:
    """Of each pair, whether the second is, so that it matters: worse in the mean, worse or better beyond doubt."""
    if not pairs:
        return (np.zeros(0, np.bool_),) * 3
    one, other = (np.array([seen.bad[pair[side]] for pair in pairs]) for side in (0, 1))
    found = stats.difference(other, one, confidence)
    matters = MATTERS * np.maximum(*(np.abs(stats.mean(each).center - seen.bound) for each in (one, other)))
    with np.errstate(invalid="ignore"):
        worse, better = found.center > matters, found.center < -matters
        return np.asarray(worse), np.asarray(worse & (found.low > 0)), np.asarray(better & (found.high < 0))


def _alike(seen: Seen, open_: Mask) -> Mask:
    """Open cells that would stay so: in every replicate they are like one that all its replicates left open."""
    found = np.zeros_like(open_)
    whole = seen.bad[open_ & seen.complete]
    away = np.abs(stats.mean(whole).center - seen.bound)
    for place in np.argwhere(open_ & ~seen.complete).tolist():
        apart = np.abs(whole - seen.bad[tuple(place)])
        near = np.where(np.isfinite(apart), apart, 0).max(axis=-1, initial=0) <= ALIKE * away
        found[tuple(place)] = bool((near & np.isfinite(apart).any(axis=-1)).any())
    return found
