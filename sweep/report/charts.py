# SPDX-License-Identifier: MIT
"""Vega-Lite specifications: curves against ring size, and the map of winners."""

from __future__ import annotations

import numpy as np

from .. import stats
from . import numbers
from .analysis import Analysis
from .document import Chart, Key
from .outcome import DROPS_DIFFER, WITHIN, Outcome, pairs_wanted
from .panels import CONFIG, FAINT, INK, Spec, color, key, panel

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
            means = stats.mean(data.values(metric)[mix])
            panels = [
                panel(analysis, means[load], title, scale, heading=f"load {data.loads[load]:g}") for load in loads
            ]
            rows.append({"hconcat": panels})
    spec = {"vconcat": rows, "spacing": 24, "resolve": {"scale": {"y": "independent", "color": "shared"}}}
    never = [title for metric, title, _ in CURVES if data.has(metric) and not np.nansum(data.values(metric)[mix])]
    what = ", ".join(title for metric, title, _ in CURVES if data.has(metric) and title not in never)
    return Chart(
        f"{data.mixes[mix]} against ring size" + (f" ({', '.join(never)}: 0 everywhere)" if never else ""),
        f"{what} against ring size at loads {numbers.ranges([data.loads[load] for load in loads])}; bands are 95 %",
        spec | {"config": CONFIG},
        key(analysis),
    )


def winner_map(analysis: Analysis, mix: int) -> Chart:
    """Cells of ring and load in the colour of their winner, hatched where others are as good, grey if undecided."""
    data = analysis.data
    values = []
    for (m, load, ring), outcome in analysis.outcomes.items():
        if m != mix:
            continue
        settled = outcome.settled(data.strategies)
        values.append(
            {
                "ring": data.rings[ring],
                "load": data.loads[load],
                "strategy": data.strategies[outcome.winner.best],
                "settled": settled,
                "tie": settled and len(outcome.leaders(data.strategies)) > 1,
                "says": f"ring {data.rings[ring]}, load {data.loads[load]:g}: {_said(analysis, outcome)}",
            }
        )
    axes: Spec = {
        "x": {"field": "ring", "type": "ordinal", "title": "ring", "axis": {"labelAngle": 0}},
        "y": {"field": "load", "type": "ordinal", "title": "load", "sort": "descending"},
        "description": {"field": "says"},
    }
    layers = [
        {
            "mark": {"type": "rect", "stroke": "var(--page)"},
            "transform": [{"filter": "datum.settled"}],
            "encoding": axes | {"color": color(analysis)},
        },
        {
            "mark": {"type": "rect", "stroke": "var(--page)", "fill": FAINT},
            "transform": [{"filter": "!datum.settled"}],
            "encoding": axes,
        },
        {
            "mark": {"type": "rect", "fill": "url(#hatch)"},
            "transform": [{"filter": "datum.tie"}],
            "encoding": axes,
        },
    ]
    spec = {"data": {"values": values}, "width": {"step": 52}, "height": {"step": 30}, "layer": layers}
    text = f"winner per ring and load for {data.mixes[mix]}; hatched: another strategy is as good; grey: undecided"
    colors = (
        *key(analysis, variants=False),
        Key(f"hatched: another is {WITHIN}", INK, "dotted"),
        Key("undecided", FAINT),
    )
    return Chart(f"{data.mixes[mix]}: winner", text, spec | {"config": CONFIG}, colors)


def _said(analysis: Analysis, outcome: Outcome) -> str:
    names, winner = analysis.data.columns, outcome.winner
    if outcome.drops_differ:
        return DROPS_DIFFER
    if not outcome.settled(analysis.data.strategies):
        return f"{pairs_wanted([outcome])} between {', '.join(names[column] for column in winner.ties)}"
    said = " ≈ ".join(names[column] for column in (winner.best, *winner.close))
    if winner.runner_up is None:
        return said
    return f"{said}; {names[winner.runner_up]} {numbers.percent(winner.behind)} % behind"
