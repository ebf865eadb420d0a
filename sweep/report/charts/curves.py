# SPDX-License-Identifier: MIT
"""Vega-Lite specifications: curves against ring size."""

from __future__ import annotations

import numpy as np

from sweep import format
from sweep.document.blocks import Chart
from sweep.results.analysis import Analysis

from .panels import CONFIG, key, panel

# metric, title of the axis, scale, whether the zero of a linear axis must show
CURVES = (
    ("ns_per_packet", "ns per packet", {"type": "linear", "zero": False}),
    ("allocator_calls_per_packet", "allocator calls per packet", {"type": "symlog", "constant": 1e-4}),
    ("drop_ratio", "dropped share", {"type": "symlog", "constant": 1e-4}),
    ("pages_held_mean_pages", "pages held, mean", {"type": "log", "nice": True}),
)
MOST_LOADS = 4


def curves(analysis: Analysis, mix: int) -> Chart:
    """Rows of metrics, columns of loads, lines of strategies with 95 % bands; x is the ring size."""
    data = analysis.data
    loads = [load for load in range(len(data.loads)) if analysis.simulated(mix, load)]
    if len(loads) > MOST_LOADS:
        loads = [loads[i] for i in np.linspace(0, len(loads) - 1, MOST_LOADS).round().astype(int)]
    rows = []
    for metric, title, scale in CURVES:
        if data.has(metric) and np.nansum(data.values(metric)[mix]):
            means = data.estimate(metric)[mix]
            panels = [
                panel(analysis, means[load], title, scale, heading=f"load {data.loads[load]:g}") for load in loads
            ]
            rows.append({"hconcat": panels})
    spec = {"vconcat": rows, "spacing": 24, "resolve": {"scale": {"y": "independent", "color": "shared"}}}
    always_zero = [title for metric, title, _ in CURVES if data.has(metric) and not np.nansum(data.values(metric)[mix])]
    titles = ", ".join(title for metric, title, _ in CURVES if data.has(metric) and title not in always_zero)
    return Chart(
        f"{data.mixes[mix]} against ring size" + (f" ({', '.join(always_zero)}: 0 everywhere)" if always_zero else ""),
        f"{titles} against ring size at loads {format.ranges([data.loads[load] for load in loads])}; bands are 95 %",
        spec | {"config": CONFIG},
        key(analysis),
        live="curves",
    )
