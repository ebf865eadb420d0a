# SPDX-License-Identifier: MIT
"""A pool's statistics: the kernel's counters, the rates computed from them, and which CPU frees the pages.

The published tool divides (recycle_ring + recycle_cached) by (alloc_slow + alloc_fast).  That leaves refills out and
counts a bulk of up to 64 new pages as one, so it is not a share of pages; the true page hit rate is 1 - new pages /
all allocations (alloc_fast + alloc_refill + alloc_slow + alloc_slow_high_order).

Source: tools/net/ynl/samples/page-pool.c [kicinski-2023-11-22]; laws 12.1, 12.6, 12.7 of docs/theory.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from sweep import format
from sweep.document.blocks import Block, Cell, Paragraph, Section, Table
from sweep.document.statements import Claim, Extreme, Lacking, Number, Sentence, at, both, fixed, named
from sweep.report.parts import cells, views
from sweep.report.parts.claim_verdicts import claimed_range
from sweep.report.parts.panels import Panel
from sweep.results.analysis import Analysis
from sweep.results.dataset import Array
from sweep.results.outcome import CellIndex

TITLE = "What the pool's statistics mean"
COUNTERS = (
    *("alloc_fast", "alloc_slow", "alloc_slow_high_order", "alloc_empty", "alloc_refill", "alloc_waive"),
    *("recycle_cached", "recycle_cache_full", "recycle_ring", "recycle_ring_full", "recycle_released_refcnt"),
)
OTHERS = ("pages_taken", "deferred_frees", "released_buffers")
# The rates below as aggregates over the rows of a point, in a claim.
DIRECT = "sum(recycle_cached) / nullif(sum(recycle_cached + recycle_ring + recycle_ring_full), 0)"
TOOL = "sum(recycle_ring + recycle_cached) / nullif(sum(alloc_slow + alloc_fast), 0)"
HIT = "1 - sum(pages_taken) / nullif(sum(alloc_fast + alloc_refill + alloc_slow + alloc_slow_high_order), 0)"
Sums = Mapping[str, Array]  # counter -> shape (columns,), sum of the replicates


def _sum(of: Sums, *names: str) -> Array:
    return np.asarray(np.sum([of[name] for name in names], axis=0))


def _over(top: Array, bottom: Array) -> Array:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(bottom > 0, top / bottom, np.nan))


def tool_rate(of: Sums) -> Array:
    """The recycle rate as the tool prints it."""
    return _over(_sum(of, "recycle_ring", "recycle_cached"), _sum(of, "alloc_slow", "alloc_fast"))


def hit_rate(of: Sums) -> Array:
    """Share of the pages handed out that did not come from the page allocator; below 0 while the pool fills."""
    allocations = _sum(of, "alloc_fast", "alloc_refill", "alloc_slow", "alloc_slow_high_order")
    return np.asarray(1 - _over(of["pages_taken"], allocations))


def direct_share(of: Sums) -> Array:
    """Share of the pages put back that went straight into the cache, on the CPU that allocates."""
    return _over(of["recycle_cached"], _sum(of, "recycle_cached", "recycle_ring", "recycle_ring_full"))


ROWS: tuple[tuple[str, Callable[[Sums], Array], bool], ...] = (  # title, value, whether it is a share
    ("recycle rate, as ynl prints it", tool_rate, True),
    ("true page hit rate", hit_rate, True),
    ("new pages per slow", lambda of: _over(of["pages_taken"], _sum(of, "alloc_slow", "alloc_slow_high_order")), False),
    ("fast per refill", lambda of: _over(of["alloc_fast"], of["alloc_refill"]), False),
    ("direct, of pages put back", direct_share, True),
    ("ring, of pages put back", lambda of: 1 - direct_share(of), True),
    (
        "cache full, of direct puts",
        lambda of: _over(of["recycle_cache_full"], _sum(of, "recycle_cached", "recycle_cache_full")),
        True,
    ),
    ("freed by deferral, of buffers", lambda of: _over(of["deferred_frees"], of["released_buffers"]), True),
)
MEANINGS = (
    "alloc_slow counts requests to the page allocator of up to 64 pages, not pages. A refill moves up to 64 pages from"
    " the ring to the cache and hands out one itself, so fast per refill is 63 where nothing comes back direct, and"
    " more where direct puts feed the cache. recycle_cache_full counts a direct put that went on to the ring, so its"
    " page is counted there again. recycle_released_refcnt counts pages given up since somebody else still held them;"
    " alloc_waive, ring pages given up for their NUMA node.",
    "Direct puts are made on the CPU that allocates, without a lock; ring puts by any other, or by a process. TCP's"
    " reader on another CPU has left what it has read to the CPU that allocated it since Linux 5.19, UDP's since 6.18,"
    " which turns ring puts into direct ones.",
)


def section(analysis: Analysis) -> Section:
    """A sentence on the two rates and where pages are freed, then a table per mix.  No blocks without the counters."""
    data = analysis.data
    columns = column_of(analysis)
    names = [name for name in (*COUNTERS, *OTHERS) if data.has(name)]
    if not columns or not set(COUNTERS) <= set(names):
        return Section(TITLE, (), detail=True)
    sums_of_cells = [(cell, _sums(analysis, cell, columns, names)) for cell in cells.middles(analysis)]
    sums_of_cells = [(cell, sums) for cell, sums in sums_of_cells if _sum(sums, "alloc_fast", "alloc_slow").any()]
    if not sums_of_cells:
        return Section(TITLE, (), detail=True)
    blocks: list[Block] = [Paragraph(_answer(analysis, sums_of_cells)), *(Paragraph(fixed(text)) for text in MEANINGS)]
    for cell, sums in sums_of_cells:
        rows = [(Cell(name), *(Cell(f"{int(value):,}") for value in sums[name])) for name in COUNTERS]
        for title, value, ratio in ROWS:
            rates = _told(value, sums)
            show = cells.share if ratio else cells.number
            if rates is not None:
                rows.append((Cell(title), *(show(float(rate)) for rate in rates)))
        caption = f"{cells.place(analysis, cell)}, sum of replicates"
        blocks.append(Table(caption, ("", *(data.columns[column] for column in columns)), tuple(rows)))
    return Section(TITLE, tuple(blocks), detail=True)


def _counts(analysis: Analysis, column: int) -> bool:
    data = analysis.data
    return data.has("alloc_fast") and bool(np.isfinite(data.values("alloc_fast")[..., column, :]).any())


def _sums(analysis: Analysis, cell: CellIndex, columns: list[int], names: list[str]) -> Sums:
    return {name: np.nansum(analysis.data.values(name)[cell][columns], axis=-1) for name in names}


def _told(value: Callable[[Sums], Array], of: Sums) -> Array | None:
    """The rate over the columns, or None if the table lacks a counter for it."""
    try:
        return value(of)
    except KeyError:
        return None


def _answer(analysis: Analysis, chosen: list[tuple[CellIndex, Sums]]) -> Sentence:
    """The first sentence: how far the printed rate is from the true one, then the share freed on the allocating CPU."""
    data, claims, parts = analysis.data, list[Claim](), []
    for cell, of in chosen:
        span = claimed_range(direct_share(of), DIRECT, _pools(analysis, cell), "percent")
        if span.text != format.MISSING:
            parts.append(f"{data.mixes[cell[0]]} {span.text}")
            claims += span.claims
    direct_text = f" Of the pages put back, on the allocating CPU (direct): {'; '.join(parts)}." if parts else ""
    if "pages_taken" not in chosen[0][1]:
        text = f"The table does not count new pages, so the true page hit rate is not known.{direct_text}"
        return Sentence(text, Lacking("pages_taken"), *claims)
    gap_of_cells = [
        (float(np.nanmax(np.abs(tool_rate(of) - hit_rate(of)), initial=0)), cell, of) for cell, of in chosen
    ]
    gap, cell, of = max(gap_of_cells, key=lambda each: each[0])
    column = int(np.nanargmax(np.nan_to_num(np.abs(tool_rate(of) - hit_rate(of)))))
    printed_text, true_text = (format.percent(float(rate(of)[column])) for rate in (tool_rate, hit_rate))
    points = format.significant(gap * 100, 2)
    places = " or ".join(f"({_pools(analysis, each)})" for each, _ in chosen)
    column_where = both(_pools(analysis, cell), named([data.columns[column_of(analysis)[column]]]))
    rates = [(TOOL, tool_rate(of)[column], printed_text), (HIT, hit_rate(of)[column], true_text)]
    claims.append(Extreme("largest", f"abs({TOOL} - ({HIT}))", places, Number(gap, points, 100)))
    claims += [
        Extreme("largest", rate, column_where, Number(float(rate_value), text, 100)) for rate, rate_value, text in rates
    ]
    text = (
        f"The recycle rate that the kernel's tool prints lies up to {points} percentage points from the true page hit"
        f" rate ({data.mixes[cell[0]]}: {printed_text} % printed, {true_text} % true).{direct_text}"
    )
    return Sentence(text, *claims)


def column_of(analysis: Analysis) -> list[int]:
    """Columns of the dataset that have a pool's counters."""
    return [column for column in range(len(analysis.data.columns)) if _counts(analysis, column)]


def _pools(analysis: Analysis, cell: CellIndex) -> str:
    """SQL condition: the points of a cell that have a pool's counters."""
    data = analysis.data
    return both(at(data.mixes[cell[0]], data.loads[cell[1]], data.rings[cell[2]]), "alloc_fast is not null")


PANELS = (Panel(section, views.RINGS),)
