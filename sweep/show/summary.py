# SPDX-License-Identifier: MIT
"""Results of one simulation beside the other replicates of its point: derived metrics, time, pages.

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
from .text_drawing import bars

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
    """The section of derived metrics: the value of this simulation, and the mean of the replicates."""
    estimates = [
        (column, estimate(chosen, column.name))
        for column in columns(chosen.row.schema, Role.METRIC)
        if chosen.value(column.name) is not None
    ]
    lines = [
        (
            column.name,
            _number(chosen.value(column.name)),
            _number(float(over_replicates.center)),
            _interval(over_replicates),
            "" if column.unit == "1" else column.unit,
        )
        for column, over_replicates in estimates
    ]
    pairs = int(estimates[0][1].pairs) if estimates else 0
    header = ("metric", f"replicate {chosen.value('replicate')}", f"mean of {pairs}", "95 % interval", "unit")
    legend = "" if pairs > 1 else "an interval needs two valid replicates at least"
    return Section("What came of it", (words_and_numbers(header, lines, legend),))


def costs(chosen: Chosen) -> Section:
    """The section of CPU time per packet by heading, with shares and bars; the headings add up to the total."""
    ns_of_heading = {heading: chosen.value(name) for heading, name in COSTS.items()}
    ns_of_heading = {name: value for name, value in ns_of_heading.items() if value is not None}
    total_ns = chosen.value(TOTAL)
    if not ns_of_heading or total_ns is None:
        return Section("Where the time of a packet goes", ())
    bar_texts = bars(list(ns_of_heading.values()), BAR)
    lines = [
        (name, _number(value), _mean(chosen, COSTS[name]), _share(value, total_ns), bar_text)
        for (name, value), bar_text in zip(ns_of_heading.items(), bar_texts, strict=True)
    ]
    lines.append(("in all", _number(total_ns), _mean(chosen, TOTAL), _share(total_ns, total_ns), ""))
    header = ("ns per packet", f"replicate {chosen.value('replicate')}", "mean ± 95 %", "share", "")
    return Section("Where the time of a packet goes", (words_and_numbers(header, lines),))


def census(chosen: Chosen) -> Section:
    """The section of pages by holder: mean over the window with a bar, and the values at its start and end."""
    places_present = [holder for holder in HOLDERS if chosen.value(holder[1]) is not None]
    values = [float(chosen.value(mean)) for _, mean, _, _ in places_present]
    lines = [
        (title, format.coarse(value), *(_count(chosen, name) for name in (start, end)), bar_text)
        for (title, _, start, end), value, bar_text in zip(places_present, values, bars(values, BAR), strict=True)
    ]
    peak = chosen.value("pages_held_peak")
    legend = f"at most {peak:,} pages were held at a time" if peak is not None else ""
    header = ("buffers or pages", "mean", "at the start", "at the end", "")
    return Section("Who holds the pages", (words_and_numbers(header, lines, legend),) if lines else ())


def estimate(chosen: Chosen, name: str) -> stats.Estimate:
    """Mean of a metric over the valid replicates of the point."""
    rows = chosen.point.filter(valid(chosen.point))
    confidence = stats.confidence_of(published(chosen.point.schema))
    return evidence.estimate(name, evidence.TableRows(rows).cells(np.arange(len(rows))), confidence)


def valid(table: pa.Table) -> pa.Array | pa.ChunkedArray:
    """Mask of the rows that break no law."""
    if "valid" not in table.column_names:
        return pa.array(np.ones(len(table), np.bool_))
    return pc.equal(table.column("valid"), True).fill_null(False)


def _mean(chosen: Chosen, name: str) -> str:
    over_replicates = estimate(chosen, name)
    if not over_replicates.known:
        return _number(float(over_replicates.center))
    half = "" if bool(over_replicates.exact) else f" ± {_number(float(over_replicates.half), 2)}"
    return f"{_number(float(over_replicates.center))}{half}"


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
    """A table whose first and last column are text and whose other columns are numbers, aligned right."""
    rows = [tuple(line) for line in lines]
    last = len(header) - 1
    widths = [max(len(name), *(len(row[column]) for row in rows)) for column, name in enumerate(header)]
    aligned_rows = [
        tuple(Cell(text if column in (0, last) else text.rjust(widths[column])) for column, text in enumerate(row))
        for row in rows
    ]
    heads = tuple(name if column in (0, last) else name.rjust(widths[column]) for column, name in enumerate(header))
    return Table("", heads, tuple(aligned_rows), legend=legend, prose=True)
