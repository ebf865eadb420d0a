# SPDX-License-Identifier: MIT
"""Pareto fronts with a knee: the choices that no other dominates, and where further trade-offs gain little.

A point is on the front if no other is as good in every objective and better in one.  Of points that are nearly equal
one is enough: a point of the front is left out if a kept one is at most the tolerance worse in every objective.  So
the kept points are a short approximation of the front with a known error.

The knee is the point farthest below the plane through the ends of the front: the smallest sum of objectives, each
scaled to run from 0 at its best to 1 at its worst on the front.  Points are considered in the order of that sum, so
those that give up much of one objective for little of another are the first to be left out.

Source: [papadimitriou-2000] (approximate Pareto sets); [das-1999] and [branke-2004] (knees).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from . import Array


@dataclass(frozen=True)
class Front:
    """A Pareto front; points are given by their index."""

    kept: tuple[int, ...]  # by the first objective
    alike: dict[int, tuple[int, ...]]  # a kept point -> others of the front that are within the tolerance either way
    left_out: int  # points of the front that are not kept
    knee: int | None  # None if no objective varies over the front by more than its tolerance


def front(points: Array, tolerance: Array) -> Front:
    """The front of `points` (points, objectives), smaller is better, NaN excludes; `tolerance` (objectives,)."""
    known = np.flatnonzero(np.isfinite(points).all(axis=1))
    nondominated = [int(place) for place in known if not dominated(points, int(place), known)]
    scaled = _scaled(points[nondominated], tolerance)
    order = [nondominated[place] for place in np.lexsort((*points[nondominated].T[::-1], scaled))]
    kept: list[int] = []
    for place in order:
        if not any((points[other] <= points[place] + tolerance).all() for other in kept):
            kept.append(place)
    alike = {
        place: tuple(
            other
            for other in nondominated
            if other != place and (np.abs(points[other] - points[place]) <= tolerance).all()
        )
        for place in kept
    }
    knee = order[0] if len(kept) > 1 and scaled.any() else None
    return Front(
        tuple(sorted(kept, key=lambda place: tuple(points[place]))), alike, len(nondominated) - len(kept), knee
    )


def dominated(points: Array, place: int, among: NDArray[np.int64]) -> bool:
    """Whether another point is as good as point `place` in every objective and better in one."""
    others = points[among]
    as_good, better = (others <= points[place]).all(axis=1), (others < points[place]).any(axis=1)
    return bool((as_good & better).any())


def _scaled(points: Array, tolerance: Array) -> Array:
    """Sum of the objectives per point, each scaled to 0..1; those that vary less than the tolerance are ignored."""
    if not len(points):
        return np.zeros(0)
    spread = np.ptp(points, axis=0)
    varies = spread > tolerance
    share = (points - points.min(axis=0)) / np.where(varies, spread, 1.0)
    return np.asarray(share[:, varies].sum(axis=1))
