# SPDX-License-Identifier: MIT
"""Share of variance of each axis of a sample: first-order indices from the points that there are, with intervals.

A response of strategies at points, (strategies, points, replicates), is averaged over strategies and replicates, and
regressed on all axes together, a curve for each: Legendre polynomials of the axis's ranks for a number, the means of
its values for a name and for a number of few values.  What an axis's curve explains, less what as many terms explain by
chance, is its share alone: the first-order Sobol' index (RS-HDMR, [li-2002]; from given data, [plischke-2013]).
Strategies are crossed with the points in full, so their share alone and that with all interactions need no curve: they
are means of squares of differences at equal points; errors of replicates are taken off by multiplying different
replicates, as in `variance`.

Intervals are of the points as a random sample: the influence of each point on a share [da-veiga-2013], and the
spread that a curve has by chance where the share is near zero.  Points of a space-filling design lie more evenly than
random ones, so these intervals are on the wide side.

Assumptions: points are spread over the axes independently of each other (`where:` removes some: then shares of axes
overlap); a curve of degree 3 to 6, as the points allow, follows the response.  What has sharper edges is
underestimated, and what is missing there is in the rest, with the interactions.

Not modelled: an axis's share with others (total index) and interactions between axes, which a few hundred points in
many dimensions do not tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.polynomial import legendre
from numpy.typing import NDArray
from scipy.special import stdtrit

from . import CONFIDENCE, Array, Estimate

DEGREES = (6, 5, 4, 3)  # of curves: the first that the points allow
POINTS_PER_TERM = 4  # of all curves together, at least: the others tell what is left by chance


class SampledAxis(NamedTuple):
    """The coordinates of the points along one axis."""

    codes: NDArray[np.int64]  # (points,) index of the value, in rising order for a number
    is_number: bool


@dataclass(frozen=True)
class FirstOrder:
    """Shares of the variance of a simulation's response over strategies, points and replicates."""

    alone: Estimate  # of each axis, (axes,)
    degree: int  # of the curves along numbers
    strategy: Estimate | None  # share alone of the strategies; None of one strategy
    strategy_with_others: Estimate | None  # with all interactions
    replicates: float  # share of chance: between replicates; NaN with one replicate
    variance: float  # the total, in the square of the response's unit


def points_needed(axes: Sequence[SampledAxis]) -> int:
    """The fewest points that tell the shares of these axes."""
    return POINTS_PER_TERM * (1 + sum(_terms(axis, DEGREES[-1]) for axis in axes))


def first_order(response: Array, axes: Sequence[SampledAxis], confidence: float = CONFIDENCE) -> FirstOrder | None:
    """Shares of `response`, (strategies, points, replicates), NaN where a replicate is missing.

    Every cell has a replicate, and there are `points_needed` of points.  None if the response does not vary.
    """
    cells = np.nanmean(response, axis=-1)
    squares = np.nanmean((response - cells.mean()) ** 2, axis=-1).mean(axis=0)  # (points,)
    total, points = float(squares.mean()), len(squares)
    if not total > 0:
        return None

    def shares(values: Array, influence: Array, chance: Array | float = 0.0) -> Estimate:
        """Shares of parts (k,) of the variance; `influence` (k, points) on them, and their variance by chance (k,)."""
        centers = values / total
        of_share = (influence - centers[:, None] * (squares - total)) / total
        error = np.sqrt(of_share.var(axis=1, ddof=1) / points + chance / total**2)
        half = stdtrit(points - 1, (1 + confidence) / 2) * error
        nothing = np.full(len(values), np.nan)
        n = np.full(len(values), points)
        return Estimate(centers, centers - half, centers + half, error * np.sqrt(points), n, nothing)

    terms_of = {degree: [_terms(axis, degree) for axis in axes] for degree in DEGREES}
    fits = [degree for degree in DEGREES if POINTS_PER_TERM * (1 + sum(terms_of[degree])) <= points]
    degree = max(fits, default=DEGREES[-1])
    curves, residual, terms = _curves(cells.mean(axis=0), axes, degree)
    noise = float(residual @ residual) / max(points - 1 - sum(terms_of[degree]), 1)
    explained = ((curves**2).sum(axis=1) - terms * noise) / points
    influence = curves * (curves + 2 * residual) - explained[:, None]
    several = len(cells) > 1
    strategies, of_strategies = _strategies(response, cells)
    return FirstOrder(
        alone=shares(explained, influence, 2 * terms * noise**2 / points**2),
        degree=degree,
        strategy=shares(strategies[:1], of_strategies[:1])[0] if several else None,
        strategy_with_others=shares(strategies[1:], of_strategies[1:])[0] if several else None,
        replicates=_of_replicates(response) / total,
        variance=total,
    )


def _terms(axis: SampledAxis, degree: int) -> int:
    """Number of terms of an axis's curve."""
    values = len(np.unique(axis.codes))
    return min(values - 1, degree) if axis.is_number else values - 1


def _curves(response: Array, axes: Sequence[SampledAxis], degree: int) -> tuple[Array, Array, Array]:
    """The curve of each axis at the points, (axes, points), the residual, (points,), and each curve's terms, (axes,).

    Terms are counted as what they explain by chance is: together, in variances of the residual.
    """
    bases = [basis - basis.mean(axis=0) for basis in (_basis(axis, degree) for axis in axes)]
    together = np.concatenate(bases, axis=1)
    inverse = np.linalg.pinv(together.T @ together)
    centered = response - response.mean()
    weights = inverse @ together.T @ centered
    ends = np.cumsum([0, *(basis.shape[1] for basis in bases)])
    curves, terms = [], []
    for basis, start, end in zip(bases, ends[:-1], ends[1:], strict=True):
        curves.append(basis @ weights[start:end])
        terms.append(np.trace(inverse[start:end, start:end] @ basis.T @ basis))
    return np.array(curves), centered - together @ weights, np.array(terms)


def _basis(axis: SampledAxis, degree: int) -> Array:
    """What a response is regressed on along an axis, (points, terms), besides a constant."""
    _, codes, counts = np.unique(axis.codes, return_inverse=True, return_counts=True)
    if not axis.is_number or len(counts) <= degree + 1:
        return np.asarray(codes[:, None] == np.arange(1, len(counts)), np.float64)
    ranks = np.cumsum(counts) - (counts - 1) / 2  # the mean rank of equal values, from 1
    places = (2 * ranks[codes] - 1) / len(codes) - 1  # from -1 to 1
    return np.asarray(legendre.legvander(places, degree)[:, 1:], np.float64)


def _strategies(response: Array, cells: Array) -> tuple[Array, Array]:
    """The variances that strategies make alone and with others, (2,), and each point's influence on them."""
    apart = cells - cells.mean(axis=0)
    means = apart.mean(axis=1, keepdims=True)
    alone = (means**2).mean() - (apart.var(axis=1, ddof=1) / cells.shape[1]).mean()
    each = response - response.mean(axis=0)  # NaN in replicates that a strategy lacks
    known = np.isfinite(each).sum(axis=-1)
    squares_of_sums, sums_of_squares = np.nansum(each, axis=-1) ** 2, np.nansum(each**2, axis=-1)
    products = (squares_of_sums - sums_of_squares) / np.maximum(known * (known - 1), 1)
    together = np.where(known > 1, products, apart**2).mean(axis=0)
    influence = np.stack([2 * (means * (apart - means)).mean(axis=0), together - together.mean()])
    return np.array([alone, together.mean()]), influence


def _of_replicates(response: Array) -> float:
    """The variance of replicates of a cell; NaN if every cell has one."""
    several = np.isfinite(response).sum(axis=-1) > 1
    return float(np.nanvar(response[several], axis=-1, ddof=1).mean()) if several.any() else np.nan
