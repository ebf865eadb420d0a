# SPDX-License-Identifier: MIT
"""Costs of a ring besides time: drops, allocator calls, pages held, reuse, cache misses and page walks."""

from __future__ import annotations

import numpy as np

from sweep.document.blocks import Block, Cell, Paragraph, Section, Table
from sweep.document.statements import Extreme, Lacking, Number, Sentence, at, fixed
from sweep.report.parts.differences import level_cell, noted
from sweep.results.analysis import Analysis

HELD_TWICE = fixed(
    "refcount_recycle: a slot keeps the page just received until the next lap beside the one posted, so it holds up"
    " to two pages a slot by its rule, readers or not"
)
HELD = "pages_held_mean_pages"
# Metric, title, whether the numbers are ratios shown in percent.
OTHERS = (
    ("drop_ratio", "dropped packets, %", True),
    ("allocator_calls_per_packet", "page allocator calls per packet", False),
    (HELD, "pages held, mean", False),
    ("reuse_ratio", "reused memory, %", True),
    ("cache_ns_per_packet", "cache misses, ns per packet", False),
    ("walk_reads_per_packet", "page-walk reads per packet", False),
)
HARDWARE = ("cache_ns_per_packet", "walk_reads_per_packet")  # 0 on a host without a model of cache or IOMMU


def section(analysis: Analysis) -> Section:
    """Absolute means of drops, allocator calls and pages held, a row per load and ring."""
    data = analysis.data
    blocks: list[Block] = []
    for metric, title, ratio in OTHERS:
        if not data.has(metric):
            blocks.append(Paragraph(Sentence(f'Not shown: {title} (the table has no "{metric}").', Lacking(metric))))
            continue
        if metric in HARDWARE and not np.nansum(data.values(metric)):
            nothing = Extreme("largest", f"avg({metric})", "", Number(0.0, "0"))
            blocks.append(Paragraph(Sentence(f"{title[0].upper()}{title[1:]}: 0 everywhere.", nothing)))
            continue
        means = data.estimate(metric)
        for mix, name in enumerate(data.mixes):
            rows = []
            for load, ring in np.ndindex(len(data.loads), len(data.rings)):
                estimates = [means[mix, load, ring, column] for column in range(len(data.columns))]
                if any(estimate.pairs for estimate in estimates):
                    cells = [Cell(f"{data.loads[load]:g}"), Cell(f"{data.rings[ring]}")]
                    for column, estimate in enumerate(estimates):
                        notes = analysis.steady.notes((mix, load, ring, column)) if estimate.pairs else ()
                        if metric == HELD and column in data.of("refcount_recycle"):
                            notes = (HELD_TWICE, *notes)
                        place = at(name, data.loads[load], data.rings[ring], data.columns[column])
                        cells.append(noted(level_cell(estimate, metric, place, ratio), *notes))
                    rows.append(tuple(cells))
            if rows:
                blocks.append(Table(f"{name}: {title}", ("load", "ring", *data.columns), tuple(rows)))
    return Section("What else a ring costs", tuple(blocks), detail=True)
