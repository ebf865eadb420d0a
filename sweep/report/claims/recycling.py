# SPDX-License-Identifier: MIT
"""Claims about recycling in place: S2 (a big ring is enough), S3 (the rule is cheap), S5 (readers beat the ring lap).

"Hardly ever" is one call in 100 packets; "usually" is nine buffers in ten, in two thirds of the cells.
The lap rule joins S2 and S5: a page is looked at again after ring size / packet rate, and is reused if it is back.
Source: see `linux_mm_2016`; the lap rule is inferred from S2 and S5 and tested here.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from sweep import format, stats
from sweep.document.statements import (
    BelowFromRing,
    Claim,
    Compared,
    Count,
    LapRule,
    Number,
    Sentence,
    ThresholdCounts,
    Values,
    at,
    both,
    named,
)
from sweep.fields.counters import LATENCY
from sweep.fields.metrics import PAGE_COSTS
from sweep.report.parts.claim_verdicts import UNDECIDED, ClaimedRange, Judgement, claimed_range, for_all, sides, usually
from sweep.results.analysis import Analysis
from sweep.results.histogram import share_below
from sweep.stats import Call

HARDLY_EVER = 0.01  # allocator calls per packet
OVERLOAD = 0.01  # drop ratio beyond which a queue cannot keep up: then every page is held for as long as it may be
CALLS = "allocator_calls_per_packet"
USUALLY = 0.9  # share of posted buffers that were reused


def s2(analysis: Analysis) -> Judgement:
    data = analysis.data
    good = bad = curves = 0
    evidence = []
    (column, *_) = data.of("refcount_recycle")
    overloaded, chosen = _overloaded(analysis, column), analysis.mixes("router", "host", "mixed", stalls=False)
    expression = f"avg({CALLS})"
    for mix in chosen:
        parts, claims = [], list[Claim]()
        for load in range(len(data.loads)):
            calls = data.estimate(CALLS)[mix, load, :, column]
            against_threshold = sides(calls, HARDLY_EVER)
            present = against_threshold.present & ~overloaded[mix, load]
            if not present.any():
                continue
            last = int(np.flatnonzero(present)[-1])
            curves, good, bad = (
                curves + 1,
                good + bool(against_threshold.below[last]),
                bad + bool(against_threshold.above[last]),
            )
            rings_from_there = np.flatnonzero(
                present & ~(present & ~against_threshold.below)[::-1].cumsum()[::-1].astype(bool)
            )
            where = both(at(data.mixes[mix], data.loads[load], column=data.columns[column]), f"not ({_over(analysis)})")
            if rings_from_there.size:
                ring = data.rings[rings_from_there[0]]
                claims.append(BelowFromRing(expression, HARDLY_EVER, where, ring, data.rings[last]))
                ring_text = f"from ring {ring}"
            else:
                outcome_text = "not up to" if against_threshold.above[last] else "still open at"
                center = float(calls.center[last])
                center_number = Number(center, format.percent(center), 100)
                ring_text = f"{outcome_text} ring {data.rings[last]} ({center_number.text} % there)"
                beyond = bool(against_threshold.above[last])
                claims.append(
                    BelowFromRing(expression, HARDLY_EVER, where, None, data.rings[last], beyond, center_number)
                )
            parts.append(f"{ring_text} at load {data.loads[load]:g}")
        if parts:
            text = f"{data.mixes[mix]}: under 1 call in 100 packets {', '.join(parts)}."
            evidence.append(Sentence(text, *claims))
    evidence += _set_apart(analysis, overloaded, column, CALLS, chosen, "allocator calls per packet")
    evidence += _lap_rule(analysis, column)
    evidence += _tx_against_rx(analysis, column)
    return for_all(good, bad, curves), evidence


def s3(analysis: Analysis) -> Judgement:
    data = analysis.data
    pages, cost = np.sum([data.values(part) for part in PAGE_COSTS], axis=0), " + ".join(PAGE_COSTS)
    (own, *_), (allocator, *_) = data.of("refcount_recycle"), data.of("page_allocator")
    name, other = data.columns[own], data.columns[allocator]
    reuse = "reuse_ratio >= 0.9"
    found = stats.difference(pages[..., own, :], pages[..., allocator, :], data.confidence)
    compared = found.pairs > 0
    cells = (stats.mean(data.values("reuse_ratio")[..., own, :]).center >= USUALLY) & compared
    whole = int(compared.sum())
    where = f"col = '{name}' and {reuse}"
    if not cells.any():
        none = Compared(cost, where, other, None, None, 0)
        text = "In no cell are 90 % of its buffers reused, so the rule itself is never seen at work."
        return Sentence(UNDECIDED, none), [Sentence(text, none)]
    calls = found.calls()
    good, bad = int((cells & (calls == Call.LOWER)).sum()), int((cells & (calls == Call.HIGHER)).sum())
    costs = stats.mean(pages).center
    these = [tuple(int(i) for i in cell) for cell in np.argwhere(cells)]
    places = " or ".join(f"({at(data.mixes[m], data.loads[k], data.rings[r])})" for m, k, r in these)
    everywhere = Compared(cost, named([name]), other, None, None, whole)
    claim = Compared(cost, where, other, good, bad, int(cells.sum()))

    def told(columns: list[int]) -> ClaimedRange:
        condition = both(named([data.columns[column] for column in columns]), places)
        return claimed_range(costs[..., columns][cells], f"avg({cost})", condition)

    pool, owns, others = data.of("page_pool"), told([own]), told([allocator])
    against, pools = "", tuple[Claim, ...]()
    if pool:
        span = told(pool)
        against, pools = f", page_pool {span.text} ns", span.claims
    rule = claimed_range(
        (analysis.mean("recycle_ns_per_packet")[..., own] / analysis.absolute.center[..., own])[cells],
        "avg(recycle_ns_per_packet) / avg(ns_per_packet)",
        both(named([name]), places),
        "percent",
    )
    counted = f"{int(cells.sum())} of {whole} cells"
    evidence = [
        Sentence(
            f"Where it reuses 90 % of its buffers ({counted}), pages cost {owns.text} ns per packet (allocate, recycle,"
            f" DMA, lock); {other} {others.text} ns{against}.",
            *(claim, everywhere, *owns.claims, *others.claims, *pools),
        ),
        Sentence(f"It is cheaper than {other} in {good} of these cells and dearer in {bad}.", claim),
        Sentence(f"The rule itself (recycle) is {rule.text} of a packet's CPU time.", *rule.claims),
    ]
    return usually(good, bad, int(cells.sum())), evidence


def s5(analysis: Analysis) -> Judgement:
    data = analysis.data
    (column, *_) = data.of("refcount_recycle")
    good = bad = cells = 0
    evidence = []
    overloaded, hosts = _overloaded(analysis, column), analysis.mixes("host")
    expression = "avg(reuse_ratio)"
    for mix in hosts:
        reuse = data.estimate("reuse_ratio")[mix, ..., column]
        against_threshold = sides(reuse, USUALLY)
        present = against_threshold.present & ~overloaded[mix]
        if not present.any():
            continue
        above, below, counted = (
            int((side & present).sum()) for side in (against_threshold.above, against_threshold.below, present)
        )
        stalled = " (stalling readers, not counted)" if analysis.stalls(mix) else ""
        if not stalled:
            good, bad, cells = good + above, bad + below, cells + counted
        reuse_present = np.where(present, reuse.center, np.nan)
        where = both(at(data.mixes[mix], column=data.columns[column]), f"not ({_over(analysis)})")
        ends = {
            ring: claimed_range(reuse_present[:, ring], expression, f"{where} and ring = {data.rings[ring]}", "percent")
            for ring in _ends(present)
        }
        ring_texts = ", ".join(f"ring {data.rings[ring]}: {span.text}" for ring, span in ends.items())
        text = (
            f"{data.mixes[mix]}{stalled}: 90 % of the buffers are reused in {above} of {counted} cells; over the loads,"
            f" {ring_texts}."
        )
        side = ThresholdCounts(expression, USUALLY, where, None, above, counted)
        evidence.append(Sentence(text, side, *(claim for span in ends.values() for claim in span.claims)))
    evidence += _set_apart(analysis, overloaded, column, "reuse_ratio", hosts, "of the buffers reused", "percent")
    evidence += _lap_rule(analysis, column)
    return usually(good, bad, cells), evidence


def _lap_rule(analysis: Analysis, column: int) -> list[Sentence]:
    """In how many cells the reused share is the share of packets that are released within a ring lap."""
    data = analysis.data
    if not data.has("reuse_ratio", "lap_ns", LATENCY):
        return []
    reuse, lap = (stats.mean(data.values(name)[..., column, :]).center for name in ("reuse_ratio", "lap_ns"))
    cells_near, errors = 0, []
    for cell in _cells(analysis, column):
        share_within_lap = share_below(data.histogram(LATENCY, (*cell, column)), float(lap[cell]))
        if np.isfinite(share_within_lap) and np.isfinite(reuse[cell]):
            errors.append(abs(share_within_lap - reuse[cell]))
            cells_near += errors[-1] <= 0.1
    if not errors:
        return []
    gap = float(np.median(errors))
    median_gap = Number(gap, f"{100 * gap:.1f}", 100)
    text = (
        f"The lap rule (a page is reused if it is back within ring size / packet rate): reuse is within 10 percentage"
        f" points of the share of packets gone within a lap in {cells_near} of {len(errors)} cells"
        f" (median gap {median_gap.text} points)."
    )
    return [Sentence(text, LapRule(data.columns[column], int(cells_near), len(errors), median_gap))]


def _tx_against_rx(analysis: Analysis, column: int) -> list[Sentence]:
    data = analysis.data
    routers = analysis.mixes("router")
    if not routers or not data.has("tx_ring_mean_buffers", "rx_ring_mean_buffers"):
        return []
    tx, rx = (analysis.mean(f"{side}_ring_mean_buffers")[routers][..., column] for side in ("tx", "rx"))
    both_known = np.isfinite(tx) & np.isfinite(rx)
    fewer, known = int((tx[both_known] < rx[both_known]).sum()), int(both_known.sum())
    where = both(
        named([data.columns[column]]), "kind = 'router'", "tx_ring_mean_buffers + rx_ring_mean_buffers is not null"
    )
    text = f"Fewer buffers in the TX ring than posted on the RX ring in {fewer} of {known} router cells."
    less = Count(fewer, "points", both(where, "tx_ring_mean_buffers < rx_ring_mean_buffers"))
    return [Sentence(text, less, Count(known, "points", where))]


def _over(analysis: Analysis) -> str:
    """SQL condition: the point is overloaded."""
    return "false" if analysis.drops is None else f"coalesce(drop_ratio > {OVERLOAD}, false)"


def _overloaded(analysis: Analysis, column: int) -> NDArray[np.bool_]:
    """Cells that drop too much to say anything about recycling; shape (mixes, loads, rings)."""
    if analysis.drops is None:
        return np.zeros(analysis.ns.shape[:3], dtype=bool)
    with np.errstate(invalid="ignore"):
        return np.asarray(stats.mean(analysis.drops[..., column, :]).center > OVERLOAD)


def _set_apart(
    analysis: Analysis,
    over: NDArray[np.bool_],
    column: int,
    metric: str,
    mixes: list[int],
    what: str,
    form: str = "plain",
) -> Iterator[Sentence]:
    """One sentence on the overloaded cells of `mixes`, which are not counted; none if there are none."""
    data, values = analysis.data, analysis.mean(metric)[..., column]
    parts, claims = [], list[Claim]()
    for mix in mixes:
        for load in np.flatnonzero(over[mix].any(axis=-1)):
            cells = over[mix, load]
            rings = [data.rings[ring] for ring in np.flatnonzero(cells)]
            where = both(at(data.mixes[mix], data.loads[load], column=data.columns[column]), _over(analysis))
            span = claimed_range(values[mix, load][cells], f"avg({metric})", where, form)
            ring_text = format.stretches(rings, data.rings)
            parts.append(f"{data.mixes[mix]} at load {data.loads[load]:g}, ring {ring_text}: {span.text} {what}")
            ends = (str(rings[0]), str(rings[-1]))
            claims += [*span.claims, Values("ring", where, tuple(map(float, rings)), ends, "points")]
    if parts:
        text = f"Overloaded (over {format.percent(OVERLOAD)} % dropped), so not counted: {'; '.join(parts)}."
        yield Sentence(text, *claims)


def _cells(analysis: Analysis, column: int) -> Iterator[tuple[int, int, int]]:
    for mix, load, ring in np.argwhere(analysis.absolute.pairs[..., column] > 0):
        yield int(mix), int(load), int(ring)


def _ends(present: np.ndarray) -> list[int]:
    """Indices of the first and the last ring with values; one index if they are the same."""
    rings = np.flatnonzero(present.any(axis=0))
    return [int(ring) for ring in dict.fromkeys((rings[0], rings[-1]))] if rings.size else []
