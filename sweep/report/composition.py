# SPDX-License-Identifier: MIT
"""Where time and pages go: cost split, page census, hold times against the ring lap, the pool's own counters.

All in one cell per mix, the middle ring at the highest load, but for the lap, which is told for every cell.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from . import histogram, numbers
from .analysis import Analysis
from .charts import SPLIT, cost_split
from .comparison import ABSENT, HELD_TWICE, noted
from .dataset import Array, Dataset
from .document import Block, Cell, Section, Table

CENSUS = (
    ("rx_ring_mean_buffers", "RX ring, buffers"),
    ("tx_ring_mean_buffers", "TX ring, buffers"),
    ("socket_mean_buffers", "socket, buffers"),
    ("pool_cache_mean_pages", "kept ready, pages"),
    ("pool_ring_mean_pages", "pool's ring, pages"),
    ("pages_held_mean_pages", "held, pages"),
    ("pages_held_peak", "held at most, pages"),
)
POOL = (
    *("alloc_fast", "alloc_slow", "alloc_slow_high_order", "alloc_empty", "alloc_refill", "alloc_waive"),
    *("recycle_cached", "recycle_cache_full", "recycle_ring", "recycle_ring_full", "recycle_released_refcnt"),
)
POOL_LEGEND = (
    "alloc_slow counts requests of up to 64 pages, not pages · the printed rate is (recycle_ring +"
    " recycle_cached) / (alloc_slow + alloc_fast), not a share of pages"
)
SHORT = "fewer than 10 packets lie beyond this quantile: too short a run for it"


def costs(analysis: Analysis) -> Section:
    """ns per packet by kind of work."""
    data = analysis.data
    parts = [part for part in SPLIT if data.has(f"{part}_ns_per_packet")]
    blocks: list[Block] = []
    for mix, load, ring in _middles(analysis) if parts else ():
        split = [analysis.mean(f"{part}_ns_per_packet")[mix, load, ring] for part in parts]
        total = analysis.absolute.center[mix, load, ring]
        rows = _by_column(analysis, (mix, load, ring), [*split, total])
        blocks.append(cost_split(analysis, mix, load, ring))
        blocks.append(Table(f"{_where(analysis, mix, load, ring)}: ns per packet", ("", *parts, "all"), rows))
    return Section("Where the time goes", tuple(blocks), detail=True)


def census(analysis: Analysis) -> Section:
    """Who holds how many pages and buffers, mean over the window."""
    data = analysis.data
    held = [(name, title) for name, title in CENSUS if data.has(name)]
    blocks: list[Block] = []
    for mix, load, ring in _middles(analysis) if held else ():
        means = [analysis.mean(name)[mix, load, ring] for name, _ in held]
        rows = _by_column(analysis, (mix, load, ring), means)
        blocks.append(Table(_where(analysis, mix, load, ring), ("", *(title for _, title in held)), _twice(data, rows)))
    return Section("Who holds the pages", tuple(blocks), detail=True)


def laps(analysis: Analysis) -> Section:
    """Time from wire to delivery or departure beside the ring lap, and what is reused, per load and ring."""
    data = analysis.data
    blocks: list[Block] = []
    if data.has("lap_ns", "latency_ns_histogram"):
        own = (data.of("refcount_recycle") or [0])[0]
        lap = analysis.mean("lap_ns")
        reuse = analysis.mean("reuse_ratio") if data.has("reuse_ratio") else np.full(lap.shape, np.nan)
        for mix, name in enumerate(data.mixes):
            rows = []
            for load, ring in np.argwhere(analysis.absolute.pairs[mix, ..., own] > 0):
                cell = (mix, int(load), int(ring), own)
                counts = data.histogram("latency_ns_histogram", cell)
                head = (
                    Cell(f"{data.loads[load]:g}"),
                    Cell(str(data.rings[ring])),
                    Cell(numbers.time(float(lap[cell]))),
                )
                shares = (histogram.share_below(counts, float(lap[cell])), float(reuse[cell]))
                tails = (_quantile(counts, q) for q in (0.5, 0.99, 0.999))
                rows.append((*head, *tails, *(_share(share) for share in shares)))
            header = ("load", "ring", "lap", "p50", "p99", "p99.9", "gone in a lap", "reused")
            if rows:
                blocks.append(Table(f"{name}: {data.columns[own]}", header, tuple(rows)))
    return Section("Ring lap and time from wire to release", tuple(blocks), detail=True)


def pool(analysis: Analysis) -> Section:
    """The kernel's counters in the middle cell, and the recycle rate as its tool prints it beside the true one."""
    data = analysis.data
    columns = data.of("page_pool")
    blocks: list[Block] = []
    for mix, load, ring in _middles(analysis) if columns and data.has(*POOL[:2]) else ():
        names = [name for name in POOL if data.has(name)]
        sums = {name: np.nansum(data.values(name)[mix, load, ring], axis=-1) for name in (*names, *_extra(analysis))}
        rows = [(Cell(name), *(Cell(f"{int(sums[name][column]):,}") for column in columns)) for name in names]
        for title, rate in (("recycle rate, as ynl prints it", _tool_rate), ("reused, of posted pages", _true_rate)):
            rows.append((Cell(title), *(_share(rate(sums, column)) for column in columns)))
        header = ("", *(data.columns[column] for column in columns))
        legend = POOL_LEGEND if not blocks else ""
        blocks.append(
            Table(f"{_where(analysis, mix, load, ring)}, sum of replicates", header, tuple(rows), legend=legend)
        )
    return Section("The pool's own counters", tuple(blocks), detail=True)


def _extra(analysis: Analysis) -> list[str]:
    return [name for name in ("pages_taken", "posted_buffers") if analysis.data.has(name)]


def _tool_rate(sums: dict[str, np.ndarray], column: int) -> float:
    asked = sum(float(sums[name][column]) for name in ("alloc_slow", "alloc_fast") if name in sums)
    back = sum(float(sums[name][column]) for name in ("recycle_ring", "recycle_cached") if name in sums)
    return back / asked if asked else float("nan")


def _true_rate(sums: dict[str, np.ndarray], column: int) -> float:
    posted = float(sums["posted_buffers"][column]) if "posted_buffers" in sums else 0.0
    return 1 - float(sums["pages_taken"][column]) / posted if posted and "pages_taken" in sums else float("nan")


def _middles(analysis: Analysis) -> Iterator[tuple[int, int, int]]:
    """Per mix: its highest load and the middle of the rings simulated there."""
    for mix in range(len(analysis.data.mixes)):
        load = analysis.last_load(mix)
        rings = np.flatnonzero(analysis.absolute.pairs[mix, load].any(axis=-1)) if load >= 0 else np.zeros(0, int)
        if rings.size:
            yield mix, load, int(rings[rings.size // 2])


def _where(analysis: Analysis, mix: int, load: int, ring: int) -> str:
    data = analysis.data
    return f"{data.mixes[mix]} at load {data.loads[load]:g}, ring {data.rings[ring]}"


def _by_column(analysis: Analysis, where: tuple[int, int, int], values: list[Array]) -> tuple[tuple[Cell, ...], ...]:
    """A row per strategy simulated in the cell `where`; `values` are arrays over the strategies, a column each."""
    return tuple(
        (
            Cell(name, notes=analysis.steady.notes((*where, column))),
            *(_number(float(value[column])) for value in values),
        )
        for column, name in enumerate(analysis.data.columns)
        if analysis.absolute.pairs[(*where, column)]
    )


def _twice(data: Dataset, rows: tuple[tuple[Cell, ...], ...]) -> tuple[tuple[Cell, ...], ...]:
    """The rows, with the footnote on the strategy that holds two pages a slot."""
    own = {data.columns[column] for column in data.of("refcount_recycle")}
    return tuple((noted(head, HELD_TWICE), *rest) if head.text in own else (head, *rest) for head, *rest in rows)


def _number(value: float) -> Cell:
    return Cell(numbers.coarse(value)) if np.isfinite(value) else ABSENT


def _quantile(counts: np.ndarray, q: float) -> Cell:
    if not counts.sum():
        return ABSENT
    if not histogram.reaches(counts, q):
        return Cell(numbers.MISSING, "missing", notes=(SHORT,))
    return Cell(numbers.time(histogram.quantile(counts, q)))


def _share(value: float) -> Cell:
    return Cell(f"{numbers.percent(value)} %") if np.isfinite(value) else ABSENT
