# SPDX-License-Identifier: MIT
"""Claims about pools: S1 (a pool never touches the allocator), S4 (router, not host), S6 (2 MB regions).

"Never" is fewer than one slow allocation in 10,000 packets.  Source: see `seed_claims`.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from .. import stats
from ..stats import Call
from . import numbers
from .analysis import Analysis
from .dataset import Array
from .judging import NOT_TESTED, REFUTED, SIZE_OPEN, SUPPORTED, UNDECIDED, Judgement, for_all, sides, span, usually

NEVER = 1e-4  # slow allocations per packet


def s1(analysis: Analysis) -> Judgement:
    data = analysis.data
    columns, routers = data.of("page_pool"), analysis.mixes("router")
    rate = stats.mean((data.values("alloc_slow") / data.values("rx_packets"))[:, :, :, columns])
    rings = np.array(data.rings, dtype=np.float64)[:, None]
    enough = stats.mean(data.values("pool_size")[:, :, :, columns]).center >= rings
    evidence, good, bad, cells = [], 0, 0, 0
    for what, chosen in (("of the ring's size or larger", enough), ("smaller than the ring", ~enough)):
        sided = sides(rate[routers], NEVER)
        inside = chosen[routers] & sided.present
        if not inside.any():
            evidence.append(f"No router cell has a pool {what}.")
            continue
        zero = int((inside & (rate.center[routers] == 0)).sum())
        most = numbers.significant(float(np.nanmax(rate.center[routers][inside])), 2)
        evidence.append(
            f"Pool {what}: 0 slow allocations per packet after warm-up in {zero} of {int(inside.sum())} router cells;"
            f" at most {most} per packet."
        )
        if chosen is enough:
            good, bad, cells = (int((side & inside).sum()) for side in (sided.below, sided.above, sided.present))
    puts = _ring_puts(analysis, columns)
    others = [mix for mix in range(len(data.mixes)) if mix not in routers]
    word = for_all(good, bad, cells)
    if puts is None:
        rest = rate.center[others][enough[others]]
        if np.isfinite(rest).any():
            evidence.append(f"Beside routers, with such a pool: {span(rest)} slow allocations per packet.")
        return word, evidence
    if cells and not puts[routers].any():
        evidence.append(
            "The pool's size plays no part here: 0 ring puts in the router cells, every page goes straight back to the"
            " cache. So how large a pool has to be is not tested."
        )
        word = SIZE_OPEN if word == SUPPORTED else word
    ratio = stats.mean(data.values("pool_size")[:, :, :, columns]).center / rings
    for where, mixes in (("router", routers), ("other", others)):
        evidence += _by_size(where, rate.center[mixes], ratio[mixes], puts[mixes])
    return word, evidence


def _ring_puts(analysis: Analysis, columns: list[int]) -> NDArray[np.bool_] | None:
    """Cells in which a page was put into the pool's ring, or would have been had it had room; None if not known."""
    names = [name for name in ("recycle_ring", "recycle_ring_full") if analysis.data.has(name)]
    if "recycle_ring" not in names:
        return None
    total = sum(np.nansum(analysis.data.values(name)[:, :, :, columns], axis=-1) for name in names)
    return np.asarray(total) > 0


def _by_size(where: str, rate: Array, ratio: Array, puts: NDArray[np.bool_]) -> Iterator[str]:
    """Slow allocations by the pool's size, over the cells in which that size can matter."""
    sizes = np.unique(ratio[puts & np.isfinite(rate)])
    parts = [f"{span(rate[puts & (ratio == size)])} at {size:.3g}" for size in sizes]
    if parts:
        cells = numbers.count(int((puts & np.isfinite(rate)).sum()), f"{where} cell")
        yield f"In {cells} with ring puts, slow allocations per packet by pool size / ring size: {'; '.join(parts)}."


def s4(analysis: Analysis) -> Judgement:
    data = analysis.data
    hosts, routers = analysis.mixes("host"), analysis.mixes("router")
    pool, demand = data.of("page_pool"), data.of("page_allocator", "refcount_recycle")
    evidence, fine, worse, cells = [], 0, 0, 0
    for where, chosen in (("router", routers), ("host", hosts)):
        if not chosen:
            evidence.append(f"No {where} mix in this sweep.")
            continue
        ratios = stats.ratio(analysis.ns[chosen][..., pool, None, :], analysis.ns[chosen][..., None, demand, :])
        calls = ratios.calls(float(np.log1p(stats.MARGIN)))
        present = ratios.pairs.max(axis=-1) > 0
        even = (calls == Call.LOWER) | (calls == Call.EQUIVALENT) | (ratios.exact & (ratios.center == 0))
        fits = (even | (ratios.pairs == 0)).all(axis=-1) & present
        dearer = (calls == Call.HIGHER).any(axis=-1)
        if where == "host":
            fine, worse, cells = int(fits.sum()), int(dearer.sum()), int(present.sum())
        evidence.append(
            f"{where}: page_pool takes no more ns per packet than page_allocator and refcount_recycle in"
            f" {int(fits.sum())} of {int(present.sum())} cells, more than one of them in {int(dearer.sum())}."
        )
    evidence += [line for mix in routers + hosts for line in _starvation(analysis, mix, pool)]
    if not hosts or not routers:
        return NOT_TESTED, evidence
    return usually(worse, fine, cells), evidence


def _starvation(analysis: Analysis, mix: int, pool: list[int]) -> Iterator[str]:
    """What the pool asks of the allocator, and what it and the allocator hold, in one mix."""
    data = analysis.data
    slow = "with stalling readers" if analysis.stalls(mix) else ""
    parts = []
    if data.has("alloc_slow", "rx_packets"):
        rate = stats.mean((data.values("alloc_slow") / data.values("rx_packets"))[mix][..., pool, :]).center
        parts.append(f"{span(rate)} slow allocations per packet")
    if data.has("pages_held_mean_pages"):
        held = analysis.mean("pages_held_mean_pages")[mix]
        rings = np.array(data.rings, dtype=np.float64)[None, :, None]
        (allocator, *_) = data.of("page_allocator")
        own, others = (held / rings)[..., pool], (held / rings)[..., [allocator]]
        parts.append(f"it holds {span(own)} pages per descriptor, page_allocator {span(others)}")
    if parts:
        yield f"{data.mixes[mix]}{f' ({slow})' if slow else ''}: page_pool has {'; '.join(parts)}."


def s6(analysis: Analysis) -> Judgement:
    data = analysis.data
    huge, pool = data.of("hugepage_pool"), data.of("page_pool")[:1]
    found = stats.ratio(analysis.ns[..., huge, :], analysis.ns[..., pool, :])
    calls = found.calls(float(np.log1p(stats.MARGIN)))
    cells = int((found.pairs > 0).sum())
    better, worse = int((calls == Call.LOWER).sum()), int((calls == Call.HIGHER).sum())
    evidence = [
        f"hugepage_pool against page_pool: cheaper in {better} of {cells} cells, dearer in {worse},"
        f" {span(found.ratios().center, 'percent')}."
    ]
    if better and worse:
        return SUPPORTED, evidence
    return (REFUTED if max(better, worse) * 3 >= cells * 2 else UNDECIDED), evidence
