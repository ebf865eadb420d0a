# SPDX-License-Identifier: MIT
"""Claims about pools: S1 (a pool never touches the allocator), S4 (router, not host), S6 (2 MB regions).

"Never" is fewer than one slow allocation in 10,000 packets.  Source: see `linux_mm_2016`.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from sweep import format, stats
from sweep.document.statements import (
    Claim,
    Compared,
    Count,
    Extreme,
    NotCostlier,
    Number,
    Sentence,
    ThresholdCounts,
    VerdictByRule,
    at,
    both,
    named,
)
from sweep.evidence import per_packet
from sweep.report.parts.claim_verdicts import (
    NOT_TESTED,
    REFUTED,
    SIZE_OPEN,
    SUPPORTED,
    UNDECIDED,
    Judgement,
    claimed_range,
    for_all,
    sides,
    usually,
)
from sweep.results.analysis import METRIC, Analysis
from sweep.results.dataset import Array
from sweep.stats import Call

NEVER = 1e-4  # slow allocations per packet
POOL_SIZE = '"strategy.pool_size"'  # in SQL
RATE = "avg(alloc_slow / nullif(rx_packets, 0))"
POOL, ROUTER, OTHER = "strategy = 'page_pool'", "kind = 'router'", "kind <> 'router'"
ENOUGH = f"coalesce({POOL_SIZE} >= ring, false)"


def s1(analysis: Analysis) -> Judgement:
    data = analysis.data
    columns, routers = data.of("page_pool"), analysis.mixes("router")
    rate = per_packet("alloc_slow", data.cells)[:, :, :, columns]
    rings = np.array(data.rings, dtype=np.float64)[:, None]
    enough = stats.mean(data.values("strategy.pool_size")[:, :, :, columns]).center >= rings
    good = bad = cells = 0
    evidence = []
    for what, chosen, size in (
        ("of the ring's size or larger", enough, ENOUGH),
        ("smaller than the ring", ~enough, f"not {ENOUGH}"),
    ):
        sided = sides(rate[routers], NEVER)
        inside = chosen[routers] & sided.present
        where = both(POOL, ROUTER, size, "alloc_slow / nullif(rx_packets, 0) is not null")
        if not inside.any():
            evidence.append(Sentence(f"No router cell has a pool {what}.", Count(0, "points", where, shown=False)))
            continue
        zero = int((inside & (rate.center[routers] == 0)).sum())
        largest = float(np.nanmax(rate.center[routers][inside]))
        most = format.significant(largest, 2)
        text = (
            f"Pool {what}: 0 slow allocations per packet after warm-up in {zero} of {int(inside.sum())} router cells;"
            f" at most {most} per packet."
        )
        claims: list[Claim] = [
            Count(zero, "points", both(where, "alloc_slow = 0")),
            Count(int(inside.sum()), "points", where),
            Extreme("largest", RATE, where, Number(largest, most)),
        ]
        if chosen is enough:
            good, bad, cells = (int((side & inside).sum()) for side in (sided.below, sided.above, sided.present))
            claims.append(ThresholdCounts(RATE, NEVER, where, good, bad, cells, shown=False))
        evidence.append(Sentence(text, *claims))
    word = for_all(good, bad, cells)
    others = [mix for mix in range(len(data.mixes)) if mix not in routers]
    puts = _ring_puts(analysis, columns)
    if puts is None:
        rest = rate.center[others][enough[others]]
        if np.isfinite(rest).any():
            span = claimed_range(rest, RATE, both(POOL, OTHER, ENOUGH))
            text = f"Beside routers, with such a pool: {span.text} slow allocations per packet."
            evidence.append(Sentence(text, *span.claims))
        return word, evidence
    if cells and not puts[routers].any():
        text = (
            "The pool's size plays no part here: 0 ring puts in the router cells, every page goes straight back to the"
            " cache. So how large a pool has to be is not tested."
        )
        evidence.append(Sentence(text, Count(0, "points", both(POOL, ROUTER, _putting(analysis)))))
        if word == SUPPORTED:
            word = Sentence(SIZE_OPEN, VerdictByRule(SIZE_OPEN, "all", good, bad, cells))
    ratio = stats.mean(data.values("strategy.pool_size")[:, :, :, columns]).center / rings
    for kind, condition, mixes in (("router", ROUTER, routers), ("other", OTHER, others)):
        where = both(POOL, condition, _putting(analysis))
        evidence += _by_size(kind, where, rate.center[mixes], ratio[mixes], puts[mixes])
    return word, evidence


def slow_rate(analysis: Analysis) -> Array:
    """Slow allocations per packet, (mixes, loads, rings, columns, pairs); NaN without a packet."""
    slow, packets = (analysis.data.values(name) for name in ("alloc_slow", "rx_packets"))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(packets > 0, slow / packets, np.nan))


def _put_counters(analysis: Analysis) -> list[str]:
    return [name for name in ("recycle_ring", "recycle_ring_full") if analysis.data.has(name)]


def _putting(analysis: Analysis) -> str:
    """SQL condition: a page was put into the pool's ring, or would have been if the ring had had room."""
    return " + ".join(f"coalesce({name}, 0)" for name in _put_counters(analysis)) + " > 0"


def _ring_puts(analysis: Analysis, columns: list[int]) -> NDArray[np.bool_] | None:
    """Cells in which `_putting` holds, (mixes, loads, rings, chosen columns); None if the table has no such counter."""
    names = _put_counters(analysis)
    if "recycle_ring" not in names:
        return None
    total = sum(np.nansum(analysis.data.values(name)[:, :, :, columns], axis=-1) for name in names)
    return np.asarray(total) > 0


def _by_size(kind: str, where: str, rate: Array, ratio: Array, puts: NDArray[np.bool_]) -> Iterator[Sentence]:
    """Slow allocations per packet by the pool's size, over the cells in which pages went through its ring."""
    has_rate = puts & np.isfinite(rate)
    parts, claims = [], list[Claim]()
    for size in np.unique(ratio[has_rate & np.isfinite(ratio)]):
        span = claimed_range(rate[puts & (ratio == size)], RATE, both(where, f"{POOL_SIZE} / ring = {float(size)!r}"))
        parts.append(f"{span.text} at {size:.3g}")
        claims += span.claims
    if parts:
        count = int(has_rate.sum())
        cells = format.count(count, f"{kind} cell")
        text = f"In {cells} with ring puts, slow allocations per packet by pool size / ring size: {'; '.join(parts)}."
        count_claim = Count(count, "points", both(where, "alloc_slow / nullif(rx_packets, 0) is not null"))
        yield Sentence(text, count_claim, *claims)


def s4(analysis: Analysis) -> Judgement:
    data = analysis.data
    hosts, routers = analysis.mixes("host"), analysis.mixes("router")
    pool, demand = data.of("page_pool"), data.of("page_allocator", "refcount_recycle")
    rivals = format.joined(list(dict.fromkeys(data.strategies[column] for column in demand)))
    evidence, cells_that_fit, worse, cells = [], 0, 0, 0
    for kind, chosen in (("router", routers), ("host", hosts)):
        where = both(POOL, f"kind = '{kind}'")
        if not chosen:
            evidence.append(
                Sentence(f"No {kind} mix in this sweep.", Count(0, "points", f"kind = '{kind}'", shown=False))
            )
            continue
        pools, others = analysis.ns[chosen][..., pool, None, :], analysis.ns[chosen][..., None, demand, :]
        ratios = stats.ratio(pools, others, data.confidence)
        calls = ratios.calls(float(np.log1p(stats.MARGIN)))
        present = ratios.pairs.max(axis=-1) > 0
        even = (calls == Call.LOWER) | (calls == Call.EQUIVALENT) | (ratios.exact & (ratios.center == 0))
        fits = (even | (ratios.pairs == 0)).all(axis=-1) & present
        costlier = (calls == Call.HIGHER).any(axis=-1)
        counts = tuple(int(mask.sum()) for mask in (fits, costlier, present))
        if kind == "host":
            cells_that_fit, worse, cells = counts
        any_rival = "one of them" if len({data.strategies[column] for column in demand}) > 1 else "it"
        text = (
            f"{kind}: page_pool takes no more ns per packet than {rivals} in {counts[0]} of {counts[2]} cells,"
            f" more than {any_rival} in {counts[1]}."
        )
        evidence.append(Sentence(text, NotCostlier(where, tuple(data.columns[column] for column in demand), *counts)))
    evidence += [line for mix in routers + hosts for line in _starvation(analysis, mix, pool)]
    if not hosts or not routers:
        missing = [f"kind = '{kind}'" for kind, chosen in (("host", hosts), ("router", routers)) if not chosen]
        none = (Count(0, "points", condition, shown=False) for condition in missing)
        return Sentence(NOT_TESTED, *none), evidence
    return usually(worse, cells_that_fit, cells), evidence


def _starvation(analysis: Analysis, mix: int, pool: list[int]) -> Iterator[Sentence]:
    """In one mix: the pool's slow allocations per packet, and the pages per descriptor of pool and allocator."""
    data, mix_condition = analysis.data, at(analysis.data.mixes[mix])
    stalls_text = "with stalling readers" if analysis.stalls(mix) else ""
    parts, claims = [], list[Claim]()
    if data.has("alloc_slow", "rx_packets"):
        span = claimed_range(stats.mean(slow_rate(analysis)[mix][..., pool, :]).center, RATE, both(mix_condition, POOL))
        parts.append(f"{span.text} slow allocations per packet")
        claims += span.claims
    if data.has("pages_held_mean_pages"):
        held = analysis.mean("pages_held_mean_pages")[mix]
        rings = np.array(data.rings, dtype=np.float64)[None, :, None]
        (allocator, *_) = data.of("page_allocator")
        per_descriptor = "avg(pages_held_mean_pages) / any_value(ring)"
        pool_span = claimed_range((held / rings)[..., pool], per_descriptor, both(mix_condition, POOL))
        other = both(mix_condition, named([data.columns[allocator]]))
        allocator_span = claimed_range((held / rings)[..., [allocator]], per_descriptor, other)
        parts.append(f"it holds {pool_span.text} pages per descriptor, {data.columns[allocator]} {allocator_span.text}")
        claims += pool_span.claims + allocator_span.claims
    if parts:
        text = f"{data.mixes[mix]}{f' ({stalls_text})' if stalls_text else ''}: page_pool has {'; '.join(parts)}."
        yield Sentence(text, *claims)


def s6(analysis: Analysis) -> Judgement:
    data = analysis.data
    huge, pool = data.of("hugepage_pool"), data.of("page_pool")[:1]
    log_ratios = stats.ratio(analysis.ns[..., huge, :], analysis.ns[..., pool, :], data.confidence)
    calls = log_ratios.calls(float(np.log1p(stats.MARGIN)))
    cells = int((log_ratios.pairs > 0).sum())
    better, worse = int((calls == Call.LOWER).sum()), int((calls == Call.HIGHER).sum())
    where = "strategy = 'hugepage_pool'"
    against = data.columns[pool[0]]
    if not cells:
        none = Compared(METRIC, where, against, None, None, 0, ratio=True)
        return Sentence(NOT_TESTED, none), [Sentence(f"hugepage_pool and {against} have no cell in common.", none)]
    ratios = log_ratios.ratios().center
    known = ratios[np.isfinite(ratios)]
    low, high = (Number(float(end), format.percent(float(end)), 100) for end in (known.min(), known.max()))
    claim = Compared(METRIC, where, against, better, worse, cells, True, stats.MARGIN, low, high)
    span = f"{low.text} %" if low.text == high.text else f"{low.text} to {high.text} %"
    text = f"hugepage_pool against {against}: cheaper in {better} of {cells} cells, dearer in {worse}, {span}."
    word = SUPPORTED if better and worse else REFUTED if max(better, worse) * 3 >= cells * 2 else UNDECIDED
    counted = Compared(METRIC, where, against, better, worse, cells, True, stats.MARGIN)
    return Sentence(word, counted), [Sentence(text, claim)]
