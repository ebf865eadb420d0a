# SPDX-License-Identifier: MIT
"""How large a pool should be for its RX ring: slow allocations and idle memory by pool size and by lag.

*Lag* is the time from wire to delivery or departure that one packet in a hundred exceeds, also given in laps of the
RX ring: that many laps of pages are out at once.  *Idle* is the memory in the pool's cache and ring.
Sizes are those of the sweep file; the kernel may clamp them.

Source: [kicinski-2025-09-23], a ring of 32 k entries caches milliseconds of traffic that nobody needs; clamp to 16 k.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from sweep import format, stats
from sweep.document.blocks import Block, Cell, Paragraph, Section, Table
from sweep.document.statements import Claim, Count, Extreme, LargeEnough, Number, Sentence, Values, both, fixed, quoted
from sweep.fields.constants import PAGE_BYTES
from sweep.fields.counters import LATENCY
from sweep.report.charts.pool_size import chart
from sweep.report.claims.pool import NEVER, POOL_SIZE
from sweep.report.parts import cells, views
from sweep.report.parts.panels import Panel
from sweep.results import histogram, page_census
from sweep.results.analysis import Analysis
from sweep.results.dataset import Array

TITLE = "How large a pool for its ring"
RATIO = f"round({POOL_SIZE} / ring, 3)"
VARY = "--set 'axes.strategy.pool_size=[ring//4, ring, 2*ring]'"
MOST_RINGS = 3
IDLE = f"(avg(pool_cache_mean_pages) + avg(pool_ring_mean_pages)) * {PAGE_BYTES} / 1e6"  # in a claim
LEGEND = (
    "lag: 99 % quantile of the time from wire to delivery or departure, all sizes together, then in laps of the RX"
    " ring · idle: pages in the pool's cache and ring, mean over the window"
)


@dataclass(frozen=True)
class Pools:
    """A strategy's pools by size; arrays have shape (mixes, loads, rings, sizes), NaN where not simulated."""

    name: str
    columns: tuple[int, ...]  # of the dataset, all variants
    sizes: tuple[float, ...]  # pool size over ring size, rising
    slow: Array  # slow allocations per packet
    idle: Array  # MB


def section(analysis: Analysis) -> Section:
    """A chart and two tables per strategy whose pool size varies relative to the ring; else how to vary it."""
    data = analysis.data
    if not data.has("strategy.pool_size", "alloc_slow", "rx_packets"):
        return Section(TITLE, (), detail=True)
    pools_of_strategies = [
        pools for name in dict.fromkeys(data.strategies) if (pools := _pools(analysis, name)) is not None
    ]
    varied = [pools for pools in pools_of_strategies if len(pools.sizes) > 1]
    if not varied:
        sizes = format.ranges(sorted({size for pools in pools_of_strategies for size in pools.sizes}))
        return Section(
            TITLE,
            (Paragraph(_untested(analysis, sizes, pools_of_strategies)),),
            detail=True,
        )
    blocks: list[Block] = []
    for pools in varied:
        blocks.append(Paragraph(_answer(analysis, pools)))
        size_chart = chart(
            analysis, pools.name, pools.sizes, _middle(analysis, pools.slow), _middle(analysis, pools.idle)
        )
        blocks += [size_chart] if size_chart else []
        blocks.append(_table(analysis, pools, "slow allocations per packet", pools.slow, ""))
        if np.isfinite(pools.idle).any():
            legend = fixed(LEGEND if pools is varied[-1] else "")
            blocks.append(_table(analysis, pools, "idle in cache and ring, MB", pools.idle, legend))
    return Section(TITLE, tuple(blocks), detail=True)


def _untested(analysis: Analysis, sizes: str, found: list[Pools]) -> Sentence:
    sizes_seen = tuple(sorted({size for pools in found for size in pools.sizes}))
    claim = Values(RATIO, f"{POOL_SIZE} is not null", sizes_seen, (f"{sizes_seen[0]:g}",), "points")
    subject = "the pool of each strategy has" if len(found) > 1 else "every pool has"
    return Sentence(f"Not tested: {subject} {sizes}× the ring's size. To vary it: {VARY}.", claim)


def _pools(analysis: Analysis, strategy: str) -> Pools | None:
    data = analysis.data
    columns = data.of(strategy)
    sizes = stats.mean(data.values("strategy.pool_size")[..., columns, :]).center  # (mixes, loads, rings, own columns)
    ratio = np.round(sizes / np.array(data.rings, dtype=np.float64)[:, None], 3)
    if not np.isfinite(ratio).any():
        return None
    with np.errstate(invalid="ignore", divide="ignore"):
        slow = stats.mean((data.values("alloc_slow") / data.values("rx_packets"))[..., columns, :]).center
    idle = np.full(slow.shape, np.nan)
    if data.has("pool_cache_mean_pages", "pool_ring_mean_pages"):
        pages = analysis.mean("pool_cache_mean_pages") + analysis.mean("pool_ring_mean_pages")
        idle = page_census.megabytes(pages[..., columns])
    distinct_sizes = [float(size) for size in np.unique(ratio[np.isfinite(ratio)])]

    def by_size(values: Array) -> Array:
        values_of_size = [np.where(ratio == size, values, np.nan) for size in distinct_sizes]
        return np.stack([stats.mean(values_at_size).center for values_at_size in values_of_size], axis=-1)

    return Pools(strategy, tuple(columns), tuple(distinct_sizes), by_size(slow), by_size(idle))


def _answer(analysis: Analysis, pools: Pools) -> Sentence:
    """The first sentence: the smallest size that avoids the slow path, then the memory that each size leaves idle."""
    compared = np.isfinite(pools.slow).sum(axis=-1) > 1
    slow_rates = pools.slow[compared]  # (cells, sizes)
    is_enough = ~(slow_rates >= NEVER)
    enough_from_here = np.logical_and.accumulate(is_enough[:, ::-1], axis=1)[:, ::-1]  # this size and all larger
    enough_from_here &= np.isfinite(slow_rates)  # a size that was not simulated is no answer
    cells_by_size = Counter(pools.sizes[int(np.argmax(row))] if row.any() else np.inf for row in enough_from_here)
    total = format.count(len(slow_rates), "cell")
    parts = [
        f"{format.on_axis(size, pools.sizes)}× in {cells_by_size[size]}" for size in pools.sizes if cells_by_size[size]
    ]
    if cells_by_size[np.inf]:
        never_enough = np.argwhere(compared)[~enough_from_here.any(axis=1)]
        mixes = dict.fromkeys(analysis.data.mixes[mix] for mix, _, _ in never_enough)
        parts.append(f"none of these in {cells_by_size[np.inf]} ({', '.join(mixes)})")
    sizes: list[float | None] = [*pools.sizes, None]
    counted = tuple((size, cells_by_size[np.inf if size is None else size]) for size in sizes)
    claims: list[Claim] = [
        LargeEnough(pools.name, NEVER, tuple(entry for entry in counted if entry[1]), len(slow_rates))
    ]
    answer_text = (
        f"{pools.name}: large enough, with fewer than one slow allocation in {1 / NEVER:,.0f} packets, is"
        f" {'; '.join(parts)} of {total} of mix, load and ring."
    )
    if np.isfinite(pools.idle).any():
        idle = list(_idle(pools, pools.idle[compared]))
        claims += [claim for entry in idle for claim in entry.claims]
        answer_text += f" Idle in cache and ring, median over the cells: {', '.join(idle)}."
    if analysis.data.has("recycle_ring"):
        puts = np.nansum(analysis.data.values("recycle_ring")[:, :, :, list(pools.columns)], axis=(-2, -1))
        cells_with_puts = int((puts[compared] > 0).sum())
        answer_text += (
            f" Pages came back through the pool's ring, so that its size can matter, in {cells_with_puts} of {total}."
        )
        putting = both(_compared(pools), "coalesce(recycle_ring, 0) > 0")
        claims.append(Count(cells_with_puts, "distinct (mix, load, ring) of points", putting))
    return Sentence(answer_text, *claims)


def _compared(pools: Pools) -> str:
    """SQL condition: points of the strategy in cells where at least two pool sizes were simulated."""
    rows_condition = (
        f"strategy = {quoted(pools.name)} and {POOL_SIZE} is not null"
        " and alloc_slow / nullif(rx_packets, 0) is not null"
    )
    having = f"having count(distinct {RATIO}) > 1"
    cells = f"select (mix, load, ring) from points where {rows_condition} group by mix, load, ring {having}"
    return f"strategy = {quoted(pools.name)} and (mix, load, ring) in ({cells})"


def _idle(pools: Pools, idle: Array) -> Iterator[Sentence]:
    """ "0.38 MB at 0.25× (at most 1.2)" for each size; `idle` has shape (cells, sizes), MB."""
    for index, size in enumerate(pools.sizes):
        finite = idle[:, index][np.isfinite(idle[:, index])]
        if finite.size:
            median_number, largest_number = (
                Number(float(value), format.significant(float(value), 2)) for value in (np.median(finite), finite.max())
            )
            where = both(_compared(pools), f"{RATIO} = {size!r}")
            extremes = (("median", median_number), ("largest", largest_number))
            claims = (Extreme(extreme, IDLE, where, number, "cell means") for extreme, number in extremes)
            yield Sentence(f"{median_number.text} MB at {_times(size)} (at most {largest_number.text})", *claims)


def _middle(analysis: Analysis, values: Array) -> list[tuple[int, Array]]:
    """(mix, values by size) in the cell that represents each mix, for mixes with at least two sizes."""
    return [(cell[0], values[cell]) for cell in cells.middles(analysis) if np.isfinite(values[cell]).sum() > 1]


def _table(analysis: Analysis, pools: Pools, what: str, values: Array, legend: str) -> Table:
    data, rows = analysis.data, []
    for mix, name in enumerate(data.mixes):
        load = analysis.last_load(mix)
        simulated = np.flatnonzero(np.isfinite(values[mix, load]).sum(axis=-1) > 1) if load >= 0 else np.zeros(0, int)
        if len(simulated) > MOST_RINGS:
            simulated = simulated[np.linspace(0, len(simulated) - 1, MOST_RINGS).round().astype(int)]
        for ring in map(int, simulated):
            own = (cells.significant(float(value)) for value in values[mix, load, ring])
            rows.append((Cell(name), Cell(str(data.rings[ring])), *_lag(analysis, pools, (mix, load, ring)), *own))
    header = ("", "ring", "lag", "lag, laps", *(_times(size) for size in pools.sizes))
    caption = f"{pools.name}: {what}, by pool size over ring size, at the highest load"
    return Table(caption, header, tuple(rows), legend=legend)


def _lag(analysis: Analysis, pools: Pools, cell: tuple[int, int, int]) -> tuple[Cell, Cell]:
    data = analysis.data
    if not data.has(LATENCY, "lap_ns"):
        return Cell(format.MISSING), Cell(format.MISSING)
    counts = data.histogram(LATENCY, (*cell, list(pools.columns)))
    if not histogram.reaches(counts, 0.99):
        return Cell(format.MISSING), Cell(format.MISSING)
    lag = histogram.quantile(counts, 0.99)
    lap = float(np.nanmax(analysis.mean("lap_ns")[cell][list(pools.columns)], initial=0))
    return Cell(format.time(lag)), cells.significant(lag / lap if lap else float("nan"))


def _times(size: float) -> str:
    return f"{size:g}×"


PANELS = (Panel(section, views.RINGS),)
