# SPDX-License-Identifier: MIT
"""Claims about recycling in place: S2 (a big ring is enough), S3 (the rule is tiny), S5 (readers beat the lap).

"Hardly ever" is one call in 100 packets; "usually" is nine buffers in ten, in two thirds of the cells.
The lap rule joins S2 and S5: a page is looked at again after ring size / packet rate, and is reused if it is back.
Source: see `seed_claims`; fidelity section 0 (lap rule, inferred there and tested here).
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
from .histogram import share_below
from .judging import UNDECIDED, Judgement, for_all, sides, span, usually

HARDLY_EVER = 0.01  # allocator calls per packet
OVERLOAD = 0.01  # drop ratio beyond which a queue cannot keep up: then every page is held for as long as it may be
USUALLY = 0.9  # share of posted buffers that were reused


def s2(analysis: Analysis) -> Judgement:
    data = analysis.data
    evidence, good, bad, curves = [], 0, 0, 0
    (column, *_) = data.of("refcount_recycle")
    over, chosen = _overloaded(analysis, column), analysis.mixes("router", "host", "mixed", stalls=False)
    for mix in chosen:
        parts = []
        for load in range(len(data.loads)):
            calls = stats.mean(data.values("allocator_calls_per_packet")[mix, load, :, column])
            sided = sides(calls, HARDLY_EVER)
            present = sided.present & ~over[mix, load]
            if not present.any():
                continue
            last = int(np.flatnonzero(present)[-1])
            curves, good, bad = curves + 1, good + bool(sided.below[last]), bad + bool(sided.above[last])
            reached = np.flatnonzero(present & ~(present & ~sided.below)[::-1].cumsum()[::-1].astype(bool))
            if reached.size:
                knee = f"from ring {data.rings[reached[0]]}"
            else:
                far = "not up to" if sided.above[last] else "still open at"
                knee = f"{far} ring {data.rings[last]} ({numbers.percent(float(calls.center[last]))} % there)"
            parts.append(f"{knee} at load {data.loads[load]:g}")
        if parts:
            evidence.append(f"{data.mixes[mix]}: under 1 call in 100 packets {', '.join(parts)}.")
    calls_in_all = analysis.mean("allocator_calls_per_packet")[..., column]
    evidence += _set_apart(analysis, over, calls_in_all, chosen, "allocator calls per packet")
    evidence += _lap_rule(analysis, column)
    evidence += _tx_against_rx(analysis, column)
    return for_all(good, bad, curves), evidence


def s3(analysis: Analysis) -> Judgement:
    data = analysis.data
    parts = [f"{part}_ns_per_packet" for part in ("allocate", "recycle", "dma", "lock")]
    pages = np.sum([data.values(part) for part in parts], axis=0)
    (own, *_), (allocator, *_) = data.of("refcount_recycle"), data.of("page_allocator")
    reuses = stats.mean(data.values("reuse_ratio")[..., own, :]).center >= USUALLY
    found = stats.difference(pages[..., own, :], pages[..., allocator, :])
    cells = reuses & (found.pairs > 0)
    if not cells.any():
        return UNDECIDED, ["In no cell are 90 % of its buffers reused, so the rule itself is never seen at work."]
    calls = found.calls()
    good, bad = int((cells & (calls == Call.LOWER)).sum()), int((cells & (calls == Call.HIGHER)).sum())
    costs = stats.mean(pages).center
    pool = data.of("page_pool")
    against = f", page_pool {span(costs[..., pool][cells])} ns" if pool else ""
    recycle = analysis.mean("recycle_ns_per_packet")[..., own]
    evidence = [
        f"Where it reuses 90 % of its buffers ({int(cells.sum())} of {int((found.pairs > 0).sum())} cells), pages cost"
        f" {span(costs[..., own][cells])} ns per packet (allocate, recycle, DMA, lock);"
        f" page_allocator {span(costs[..., allocator][cells])} ns{against}.",
        f"It is cheaper than page_allocator in {good} of these cells and dearer in {bad}.",
        f"The rule itself (recycle) is {span((recycle / analysis.absolute.center[..., own])[cells], 'percent')}"
        " of a packet's CPU time.",
    ]
    return usually(good, bad, int(cells.sum())), evidence


def s5(analysis: Analysis) -> Judgement:
    data = analysis.data
    (column, *_) = data.of("refcount_recycle")
    evidence, good, bad, cells = [], 0, 0, 0
    over, hosts = _overloaded(analysis, column), analysis.mixes("host")
    for mix in hosts:
        reuse = stats.mean(data.values("reuse_ratio")[mix, ..., column, :])
        sided = sides(reuse, USUALLY)
        present = sided.present & ~over[mix]
        if not present.any():
            continue
        above, below, counted = (int((side & present).sum()) for side in (sided.above, sided.below, present))
        stalled = " (stalling readers, not counted)" if analysis.stalls(mix) else ""
        if not stalled:
            good, bad, cells = good + above, bad + below, cells + counted
        kept = np.where(present, reuse.center, np.nan)
        ends = [f"ring {data.rings[ring]}: {span(kept[:, ring], 'percent')}" for ring in _ends(present)]
        evidence.append(
            f"{data.mixes[mix]}{stalled}: 90 % of the buffers are reused in {above} of {counted} cells; over the loads,"
            f" {', '.join(ends)}."
        )
    evidence += _set_apart(
        analysis, over, analysis.mean("reuse_ratio")[..., column], hosts, "of the buffers reused", "percent"
    )
    evidence += _lap_rule(analysis, column)
    return usually(good, bad, cells), evidence


def _lap_rule(analysis: Analysis, column: int) -> list[str]:
    """Is the share reused the share whose time from wire to release fits into a ring lap?"""
    data = analysis.data
    if not data.has("reuse_ratio", "lap_ns", "latency_ns_histogram"):
        return []
    reuse, lap = (stats.mean(data.values(name)[..., column, :]).center for name in ("reuse_ratio", "lap_ns"))
    near, errors = 0, []
    for cell in _cells(analysis, column):
        held = share_below(data.histogram("latency_ns_histogram", (*cell, column)), float(lap[cell]))
        if np.isfinite(held) and np.isfinite(reuse[cell]):
            errors.append(abs(held - reuse[cell]))
            near += errors[-1] <= 0.1
    if not errors:
        return []
    return [
        f"The lap rule (a page is reused if it is back within ring size / packet rate): reuse is within 10 percentage"
        f" points of the share of packets gone within a lap in {near} of {len(errors)} cells"
        f" (median gap {100 * float(np.median(errors)):.1f} points)."
    ]


def _tx_against_rx(analysis: Analysis, column: int) -> list[str]:
    data = analysis.data
    routers = analysis.mixes("router")
    if not routers or not data.has("tx_ring_mean_buffers", "rx_ring_mean_buffers"):
        return []
    tx, rx = (analysis.mean(f"{side}_ring_mean_buffers")[routers][..., column] for side in ("tx", "rx"))
    both = np.isfinite(tx) & np.isfinite(rx)
    fewer = int((tx[both] < rx[both]).sum())
    return [f"Fewer buffers in the TX ring than posted on the RX ring in {fewer} of {int(both.sum())} router cells."]


def _overloaded(analysis: Analysis, column: int) -> NDArray[np.bool_]:
    """Cells that drop so much that they say nothing about recycling; shape (mixes, loads, rings)."""
    if analysis.drops is None:
        return np.zeros(analysis.ns.shape[:3], dtype=bool)
    with np.errstate(invalid="ignore"):
        return np.asarray(stats.mean(analysis.drops[..., column, :]).center > OVERLOAD)


def _set_apart(
    analysis: Analysis, over: NDArray[np.bool_], values: Array, mixes: list[int], what: str, form: str = "plain"
) -> Iterator[str]:
    """The overloaded cells of some mixes, one line."""
    data, parts = analysis.data, []
    for mix in mixes:
        for load in np.flatnonzero(over[mix].any(axis=-1)):
            cells = over[mix, load]
            rings = numbers.ranges([float(data.rings[ring]) for ring in np.flatnonzero(cells)])
            where = f"{data.mixes[mix]} at load {data.loads[load]:g}, ring {rings}"
            parts.append(f"{where}: {span(values[mix, load][cells], form)} {what}")
    if parts:
        yield f"Overloaded (over {numbers.percent(OVERLOAD)} % dropped), so not counted: {'; '.join(parts)}."


def _cells(analysis: Analysis, column: int) -> Iterator[tuple[int, int, int]]:
    for mix, load, ring in np.argwhere(analysis.absolute.pairs[..., column] > 0):
        yield int(mix), int(load), int(ring)


def _ends(present: np.ndarray) -> list[int]:
    """First and last ring with values."""
    rings = np.flatnonzero(present.any(axis=0))
    return [int(ring) for ring in dict.fromkeys((rings[0], rings[-1]))] if rings.size else []
