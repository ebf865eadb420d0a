# SPDX-License-Identifier: MIT
"""Share of variance per axis: functional ANOVA of a full grid, without the bias from the variance of replicates.

A response over a full grid is the sum of a constant, a main effect of each axis, and an interaction of each set of
axes, all with mean zero and orthogonal, so that their variances add up to that of the response.  An axis's share
alone is that of its main effect, its share with others that of all effects it has a part in: what would be lost if it
were fixed.

Every replicate gives each effect once more, with its own error.  The square of an effect holds that error's variance;
the product of the same effect in two different replicates does not, because replicates are independent.  So the mean
over pairs of different replicates estimates an effect's variance without bias, also where errors are shared inside a
replicate, as they are here: all strategies and rings of a replicate meet the same packets.  What is left of the mean
square is the replicates' own share.  Intervals are jackknife intervals over the replicates.

Assumptions: the values of an axis count equally and are all there is (shares belong to this grid, not to the world);
replicates are independent.  Below three replicates there is no interval, with one the error cannot be taken off.

Not modelled: a grid with holes.  `full_part` chooses a part without any, and the caller must say what it left out.

Source: [hoeffding-1948], the decomposition; [efron-1981], the decomposition and the jackknife; [sobol-2001], shares
alone and with others (total effects).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from . import CONFIDENCE, Array, Estimate

Axes = tuple[int, ...]


@dataclass(frozen=True)
class Shares:
    """Shares of the variance of a simulation's response over grid and replicates; effects and replicates sum to 1."""

    alone: Estimate  # (axes,) main effects
    together: Estimate  # (axes,) all effects that an axis has a part in: these overlap
    effects: dict[Axes, Estimate]  # every effect, a single number each
    replicates: Estimate  # the share of the replicates alone
    variance: float  # the total, in the square of the response's unit


def shares(response: Array, confidence: float = CONFIDENCE) -> Shares | None:
    """Decompose `response`, shape (a, b, ..., replicates), without gaps.  None if it does not vary."""
    axes, replicates = response.ndim - 1, response.shape[-1]
    products = _products(response)
    all_replicates = list(range(replicates))
    if _total(products, all_replicates) <= 0:
        return None
    subsets = [subset for subset in products if subset]
    member = np.array([[axis in subset for subset in subsets] for axis in range(axes)], dtype=np.float64)

    def told(chosen: list[int]) -> Array:
        """Shares over the replicates `chosen`: of effects, axes alone, axes with interactions, and replicates."""
        total = _total(products, chosen)
        effects = np.array([_shared(products[subset], chosen) for subset in subsets])
        alone_effects = [effects[subsets.index((axis,))] for axis in range(axes)]
        replicates_share = total - effects.sum() if replicates > 1 else 0.0
        with np.errstate(divide="ignore", invalid="ignore"):  # without the only replicate that varies: no interval
            return np.array([*effects, *alone_effects, *(member @ effects), replicates_share]) / total

    all_shares = told(all_replicates)
    half = np.full_like(all_shares, np.nan)
    if replicates >= 3:
        without = np.array(
            [told([replicate for replicate in all_replicates if replicate != omitted]) for omitted in all_replicates]
        )
        spread = np.sqrt((replicates - 1) / replicates * ((without - without.mean(axis=0)) ** 2).sum(axis=0))
        half = stdtrit(replicates - 1, (1 + confidence) / 2) * spread
    n = np.full(len(all_shares), replicates)
    estimated = Estimate(all_shares, all_shares - half, all_shares + half, half, n, np.full_like(all_shares, np.nan))
    start = len(subsets)
    return Shares(
        alone=estimated[start : start + axes],
        together=estimated[start + axes : start + 2 * axes],
        effects={subset: estimated[place] for place, subset in enumerate(subsets)},
        replicates=estimated[-1],
        variance=_total(products, all_replicates),
    )


def full_part(present: NDArray[np.bool_]) -> list[NDArray[np.int64]]:
    """Values of each axis that form a grid without gaps, found by removing those with the most missing cells."""
    kept = [np.arange(size) for size in present.shape]
    while True:
        part = present[np.ix_(*kept)]
        if part.all():
            return kept
        every = range(part.ndim)
        missing = [1 - part.mean(axis=tuple(other for other in every if other != axis)) for axis in every]
        # If several values miss equally much, removing one from the longest axis loses the least.
        worst = max(every, key=lambda axis: (round(float(missing[axis].max()), 12), len(kept[axis])))
        kept[worst] = np.delete(kept[worst], int(missing[worst].argmax()))


def _products(response: Array) -> dict[Axes, Array]:
    """For every effect, the mean over the grid of its products between replicates, shape (replicates, replicates)."""
    centered = response - response.mean()  # so that a large constant costs no digits
    parts: dict[Axes, Array] = {(): centered}
    for axis in range(response.ndim - 1):
        finer = {}
        for subset, part in parts.items():
            mean = part.mean(axis=axis, keepdims=True)
            finer[subset] = mean
            finer[(*subset, axis)] = part - mean
        parts = finer
    flat = {subset: part.reshape(-1, part.shape[-1]) for subset, part in parts.items()}
    return {subset: part.T @ part / len(part) for subset, part in flat.items()}


def _shared(products: Array, chosen: list[int]) -> float:
    """Mean product of an effect in two different replicates; with one replicate, its square."""
    part = products[np.ix_(chosen, chosen)]
    count = len(chosen)
    return float((part.sum() - np.trace(part)) / (count * (count - 1))) if count > 1 else float(part[0, 0])


def _total(products: dict[Axes, Array], chosen: list[int]) -> float:
    """Variance of one simulation: the sum of the effects' mean squares, for the constant only its replicate part."""
    squares = sum(float(np.trace(part[np.ix_(chosen, chosen)])) / len(chosen) for part in products.values())
    return squares - _shared(products[()], chosen)
