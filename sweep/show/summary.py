# SPDX-License-Identifier: MIT
"""What came of one simulation, beside the other replicates of its point: derived metrics, time, pages.

Means and 95 % intervals are over the valid replicates of the point (Student's t, see `sweep.stats`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sweep import evidence, format, stats
from sweep.document.blocks import Cell, Section, Table
from sweep.fields.column import columns
from sweep.fields.field import Role
from sweep.fields.metrics import COSTS
from sweep.results.dataset import published

from .choose import Chosen
from .strokes import bars

BAR = 32  # characters
TOTAL = "ns_per_packet"
HOLDERS = (  # title, mean, at the start of the window, at its end
    ("on the RX ring", "rx_ring_mean_buffers", "", "rx_ring_end_buffers"),
    ("in the TX ring", "tx_ring_mean_buffers", "", "tx_ring_end_buffers"),
    ("in the socket, or deferred", "socket_mean_buffers", "", "socket_end_buffers"),
    ("kept by the strategy, ready", "pool_cache_mean_pages", "pool_cache_start_pages", "pool_cache_end_pages"),
    ("in the pool's ring", "pool_ring_mean_pages", "pool_ring_start_pages", "pool_ring_end_pages"),
    ("free in regions in use", "provider_mean_pages", "provider_start_pages", "provider_end_pages"),
    ("free on per-CPU lists", "pcp_mean_pages", "", ""),
    ("held: taken, not given back", "pages_held_mean_pages", "pages_held_start", "pages_held_end"),
)


def metrics(chosen: Chosen) -> Section:
    """Every derived metric that has a value: of this simulation, and over the replicates."""
    found = [
        (column, estimate(chosen, column.name))
        for column in columns(chosen.row.schema, Role.METRIC)
        if chosen.value(column.name) is not None
    ]
    lines = [
        (
            column.name,
            _number(chosen.value(column.name)),
            _number(float(over.center)),
            _interval(over),
            "" if column.unit == "1" else column.unit,
        )
        for column, over in found
    ]
    pairs = int(found[0][1].pairs) if found else 0
    header = ("metric", f"replicate {chosen.value('replicate')}", f"mean of {pairs}", "95 % interval", "unit")
    legend = "" if pairs > 1 else "an interval needs two valid replicates at least"
    return Section("What came of it", (words_and_numbers(header, lines, legend),))


def costs(chosen: Chosen) -> Section:
    """Where the CPU time of a packet goes: each heading, its share, a bar; they add up to the whole."""
    own = {heading: chosen.value(name) for heading, name in COSTS.items()}
    own = {name: value for name, value in own.items() if value is not None}
    whole = chosen.value(TOTAL)
    if not own or whole is None:
        return Section("Where the time of a packet goes", ())
    drawn = bars(list(own.values()), BAR)
    lines = [
        (name, _number(value), _mean(chosen, COSTS[name]), _share(value, whole), stroke)
        for (name, value), stroke in zip(own.items(), drawn, strict=True)
    ]
    lines.append(("in all", _number(whole), _mean(chosen, TOTAL), _share(whole, whole), ""))
    header = ("ns per packet", f"replicate {chosen.value('replicate')}", "mean ± 95 %", "share", "")
    return Section("Where the time of a packet goes", (words_and_numbers(header, lines),))


def census(chosen: Chosen) -> Section:
    """Who holds the pages: means over the window with bars, and both ends."""
    held = [holder for holder in HOLDERS if chosen.value(holder[1]) is not None]
    values = [float(chosen.value(mean)) for _, mean, _, _ in held]
    lines = [
        (title, format.coarse(value), *(_count(chosen, name) for name in (start, end)), stroke)
        for (title, _, start, end), value, stroke in zip(held, values, bars(values, BAR), strict=True)
    ]
    peak = chosen.value("pages_held_peak")
    legend = f"at most {peak:,} pages were held at a time" if peak is not None else ""
    header = ("buffers or pages", "mean", "at the start", "at the end", "")
    return Section("Who holds the pages", (words_and_numbers(header, lines, legend),) if lines else ())


def estimate(chosen: Chosen, name: str) -> stats.Estimate:
    """Mean of a metric over the valid replicates of the point."""
    rows = chosen.point.filter(valid(chosen.point))
    confidence = stats.confidence_of(published(chosen.point.schema))
    return evidence.estimate(name, evidence.Rows(rows).cells(np.arange(len(rows))), confidence)


def valid(table: pa.Table) -> pa.Array | pa.ChunkedArray:
    """Which rows obey the laws."""
    if "valid" not in table.column_names:
        return pa.array(np.ones(len(table), np.bool_))
    return pc.equal(table.column("valid"), True).fill_null(False)


def _mean(chosen: Chosen, name: str) -> str:
    over = estimate(chosen, name)
    if not over.known:
        return _number(float(over.center))
    half = "" if bool(over.exact) else f" ± {_number(float(over.half), 2)}"
    return f"{_number(float(over.center))}{half}"


def _interval(over: stats.Estimate) -> str:
    if not over.known:
        return format.MISSING
    return "exact" if bool(over.exact) else f"{_number(float(over.low))} to {_number(float(over.high))}"


def _number(value: float, digits: int = 4) -> str:
    return format.significant(value, digits)


def _share(value: float, whole: float) -> str:
    return f"{format.percent(value / whole)} %" if whole else format.MISSING


def _count(chosen: Chosen, name: str) -> str:
    value = chosen.value(name) if name else None
    return "" if value is None else f"{value:,}"


def words_and_numbers(header: Sequence[str], lines: Sequence[Iterable[str]], legend: str = "") -> Table:
    """Words first, then numbers to the right, then words or bars; all columns side by side."""
    rows = [tuple(line) for line in lines]
    last = len(header) - 1
    widths = [max(len(name), *(len(row[column]) for row in rows)) for column, name in enumerate(header)]
    told = [
        tuple(Cell(text if column in (0, last) else text.rjust(widths[column])) for column, text in enumerate(row))
        for row in rows
    ]
    heads = tuple(name if column in (0, last) else name.rjust(widths[column]) for column, name in enumerate(header))
    return Table("", heads, tuple(told), legend=legend, prose=True)
