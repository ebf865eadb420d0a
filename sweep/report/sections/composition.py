# SPDX-License-Identifier: MIT
"""Cost of a packet by kind of work, and the time from wire to release compared with the ring lap.

The cost is shown in the cell that represents a mix, the lap in every cell.
"""

from __future__ import annotations

import numpy as np

from sweep import format
from sweep.document.blocks import Block, Cell, Section, Table
from sweep.document.statements import fixed
from sweep.fields.counters import LATENCY
from sweep.fields.metrics import COSTS
from sweep.report.charts import bars
from sweep.report.parts import cells, views
from sweep.report.parts.differences import ABSENT
from sweep.report.parts.panels import Panel, Split
from sweep.results import histogram
from sweep.results.analysis import Analysis
from sweep.results.dataset import Array

SHORT = fixed("fewer than 10 packets lie beyond this quantile: too short a run for it")


def means(analysis: Analysis) -> dict[str, Array]:
    """ns per packet of every kind of work that the table has, shape of the cube without pairs."""
    return {part: analysis.mean(name) for part, name in COSTS.items() if analysis.data.has(name)}


TITLE = "Where the time goes"
LIVE = Split("costs", TITLE, "part", "ns per packet", "ns per packet", "ns", means)


def costs(analysis: Analysis) -> Section:
    """The section on ns per packet by kind of work, with a chart and a table per mix."""
    data = analysis.data
    found = means(analysis)
    parts = tuple(found)
    blocks: list[Block] = []
    for cell in cells.middles(analysis) if parts else ():
        ns_of_part = {part: ns[cell] for part, ns in found.items()}
        rows = cells.by_column(analysis, cell, [*ns_of_part.values(), analysis.absolute.center[cell]])
        place = cells.place(analysis, cell)
        columns = cells.present(analysis, cell)
        names = tuple(data.columns[column] for column in columns)
        view = bars.bars(
            names, {part: ns[columns] for part, ns in ns_of_part.items()}, "ns per packet", "ns", parts=parts
        )
        text = f"ns per packet by kind of work, {place}"
        blocks.append(bars.stacked(f"{place}: where the time goes", text, parts, view, live=LIVE.name))
        blocks.append(Table(f"{place}: ns per packet", ("", *parts, "all"), rows))
    return Section(TITLE, tuple(blocks), detail=True)


def laps(analysis: Analysis) -> Section:
    """The section on the time from wire to delivery or departure, the ring lap and the reused share."""
    data = analysis.data
    blocks: list[Block] = []
    if data.has("lap_ns", LATENCY):
        column = (data.of("refcount_recycle") or [0])[0]
        lap = analysis.mean("lap_ns")
        reuse = analysis.mean("reuse_ratio") if data.has("reuse_ratio") else np.full(lap.shape, np.nan)
        for mix, name in enumerate(data.mixes):
            rows = []
            for load, ring in np.argwhere(analysis.absolute.pairs[mix, ..., column] > 0):
                cell = (mix, int(load), int(ring), column)
                counts = data.histogram(LATENCY, cell)
                coordinates = (
                    Cell(f"{data.loads[load]:g}"),
                    Cell(str(data.rings[ring])),
                    Cell(format.time(float(lap[cell]))),
                )
                shares = (histogram.share_below(counts, float(lap[cell])), float(reuse[cell]))
                quantile_cells = (_quantile(counts, q) for q in (0.5, 0.99, 0.999))
                rows.append((*coordinates, *quantile_cells, *(cells.share(share) for share in shares)))
            header = ("load", "ring", "lap", "p50", "p99", "p99.9", "gone in a lap", "reused")
            if rows:
                blocks.append(Table(f"{name}: {data.columns[column]}", header, tuple(rows)))
    return Section("Ring lap and time from wire to release", tuple(blocks), detail=True)


def _quantile(counts: np.ndarray, q: float) -> Cell:
    if not counts.sum():
        return ABSENT
    if not histogram.reaches(counts, q):
        return Cell(format.MISSING, "missing", notes=(SHORT,))
    return Cell(format.time(histogram.quantile(counts, q)))


PANELS = (Panel(costs, views.CPU, LIVE), Panel(laps, views.LATENCY))
