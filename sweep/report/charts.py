# SPDX-License-Identifier: MIT
"""Vega-Lite specifications: curves against ring size, map of winners, cost split.

Colours are CSS variables of the page, so one drawing serves light and dark; numbers on hover are each mark's
`description`, which `svg` turns into a <title>.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import stats
from . import numbers
from .analysis import Analysis
from .document import Chart, Key
from .outcome import DROPS_DIFFER, WITHIN, Outcome, pairs_wanted

LINES = ("solid", "dashed", "dotted")  # of the first, second and further variants of a strategy
DASHES = ([1, 0], [6, 3], [2, 2])
SHAPES = ("circle", "triangle-up", "square")
COLORS = 8  # --s0 (the baseline) to --s7, see page.html.j2
INK, FAINT = "var(--ink)", "var(--faint)"
Spec = dict[str, Any]

# metric, title of the axis, scale, whether the zero of a linear axis must show
CURVES = (
    ("ns_per_packet", "ns per packet", {"type": "linear", "zero": False}),
    ("allocator_calls_per_packet", "allocator calls per packet", {"type": "symlog", "constant": 1e-4}),
    ("drop_ratio", "dropped share", {"type": "symlog", "constant": 1e-4}),
    ("pages_held_mean_pages", "pages held, mean", {"type": "log", "nice": True}),
)
SHARES = [0, 0.0001, 0.001, 0.01, 0.1, 1]
SPLIT = ("stack", "poll", "allocate", "recycle", "dma", "lock", "copy", "remote")
MOST_LOADS = 4
CONFIG: Spec = {
    "font": "system-ui, sans-serif",
    "background": None,
    "view": {"stroke": None},
    "axis": {"labelColor": INK, "titleColor": INK, "gridColor": FAINT, "domainColor": FAINT, "tickColor": FAINT}
    | {"titleFontWeight": "normal", "gridOpacity": 0.6, "labelLimit": 300},
    "axisY": {"titlePadding": 12},
    "title": {"color": INK, "fontWeight": "normal", "fontSize": 12},
    "legend": {"labelColor": INK, "titleColor": INK, "labelLimit": 300},
}


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
            rows.append({"hconcat": [_panel(analysis, means[load], metric, title, scale, load) for load in loads]})
    spec = {"vconcat": rows, "spacing": 24, "resolve": {"scale": {"y": "independent", "color": "shared"}}}
    never = [title for metric, title, _ in CURVES if data.has(metric) and not np.nansum(data.values(metric)[mix])]
    what = ", ".join(title for metric, title, _ in CURVES if data.has(metric) and title not in never)
    return Chart(
        f"{data.mixes[mix]} against ring size" + (f" ({', '.join(never)}: 0 everywhere)" if never else ""),
        f"{what} against ring size at loads {numbers.ranges([data.loads[load] for load in loads])}; bands are 95 %",
        spec | {"config": CONFIG},
        _key(analysis),
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
            "encoding": axes | {"color": _color(analysis)},
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
    key = (
        *_key(analysis, variants=False),
        Key(f"hatched: another is {WITHIN}", INK, "dotted"),
        Key("undecided", FAINT),
    )
    return Chart(f"{data.mixes[mix]}: winner", text, spec | {"config": CONFIG}, key)


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


def cost_split(analysis: Analysis, mix: int, load: int, ring: int) -> Chart:
    """Stacked bars of ns per packet by what they were spent on."""
    data = analysis.data
    parts = [part for part in SPLIT if data.has(f"{part}_ns_per_packet")]
    values = []
    for place, part in enumerate(parts):
        means = analysis.mean(f"{part}_ns_per_packet")[mix, load, ring]
        for column, ns in enumerate(means):
            if np.isfinite(ns):
                name = data.columns[column]
                says = f"{name}: {part} {numbers.significant(float(ns))} ns"
                values.append({"strategy": name, "part": part, "place": place, "ns": float(ns), "says": says})
    key = tuple(Key(part, f"var(--c{place})") for place, part in enumerate(parts))
    color = {"domain": parts, "range": [entry.color for entry in key]}
    spec = {
        "data": {"values": values},
        "width": 620,
        "height": {"step": 26},
        "mark": {"type": "bar", "stroke": "var(--page)", "strokeWidth": 0.5},
        "encoding": {
            "y": {"field": "strategy", "type": "nominal", "title": None, "sort": list(data.columns)},
            "x": {"field": "ns", "type": "quantitative", "title": "ns per packet", "stack": "zero"},
            "color": {"field": "part", "type": "nominal", "legend": None, "scale": color},
            "order": {"field": "place"},
            "description": {"field": "says"},
        },
    }
    where = f"{data.mixes[mix]} at load {data.loads[load]:g}, ring {data.rings[ring]}"
    return Chart(
        f"{where}: where the time goes", f"ns per packet by kind of work, {where}", spec | {"config": CONFIG}, key
    )


def _panel(analysis: Analysis, means: stats.Estimate, metric: str, title: str, scale: Spec, load: int) -> Spec:
    data = analysis.data
    values: list[Spec] = []
    for ring, column in np.ndindex(means.center.shape):
        if not means.pairs[ring, column]:
            continue
        center, low, high = (float(side[ring, column]) for side in (means.center, means.low, means.high))
        if scale["type"] == "log" and center <= 0:
            continue
        floor = 0.0 if scale["type"] == "symlog" else center / 10 if scale["type"] == "log" else -np.inf
        name = data.columns[column]
        half = f" ± {numbers.significant(high - center, 2)}" if np.isfinite(high) and high > center else ""
        values.append(
            {
                "ring": data.rings[ring],
                "strategy": data.strategies[column],
                "column": name,
                "mean": center,
                "low": max(low, floor) if np.isfinite(low) else center,
                "high": high if np.isfinite(high) else center,
                "says": f"{name}, ring {data.rings[ring]}: {numbers.significant(center)}{half}",
            }
        )
    x: Spec = {
        "field": "ring",
        "type": "quantitative",
        "title": "ring",
        "scale": {"type": "log", "base": 2, "nice": False},
        "axis": {"values": list(data.rings), "labelOverlap": True, "grid": False, "format": "d"},
    }
    axis: Spec = {"values": SHARES, "format": "~g"} if scale["type"] == "symlog" else {"format": "~s", "tickCount": 5}
    if scale["type"] == "symlog":
        top = max([float(value["high"]) for value in values], default=0.0)
        axis["values"] = [share for share in SHARES if share <= top * 1.05] or [0]
        scale = scale | {"domainMin": 0, "domainMax": max(top, 1e-4), "nice": False}
    axis["minExtent"] = 34  # so that panels line up
    y = {"type": "quantitative", "title": title, "scale": scale, "axis": axis}
    shared: Spec = {"x": x, "color": _color(analysis)}
    return {
        "title": f"load {data.loads[load]:g}",
        "data": {"values": values},
        "width": 270,
        "height": 150,
        "layer": [
            {
                "mark": {"type": "area", "opacity": 0.18},
                "encoding": shared
                | {"y": y | {"field": "low"}, "y2": {"field": "high"}, "detail": {"field": "column"}},
            },
            {
                "mark": {"type": "line", "strokeWidth": 1.5},
                "encoding": shared | {"y": y | {"field": "mean"}} | _styled(analysis, "strokeDash", DASHES),
            },
            {
                "mark": {"type": "point", "filled": True, "size": 28, "opacity": 1},
                "encoding": shared
                | {"y": y | {"field": "mean"}, "description": {"field": "says"}}
                | _styled(analysis, "shape", SHAPES),
            },
        ],
    }


def _color(analysis: Analysis) -> Spec:
    """The same colour for a strategy in every chart; the key stands beside the drawing."""
    strategies = list(dict.fromkeys(analysis.data.strategies))
    scale = {"domain": strategies, "range": [_shade(place) for place in range(len(strategies))]}
    return {"field": "strategy", "type": "nominal", "legend": None, "scale": scale}


def _styled(analysis: Analysis, channel: str, styles: tuple[Any, ...]) -> Spec:
    """Variants of a strategy share its colour and differ in `channel`: "strokeDash" or "shape"."""
    columns = analysis.data.columns
    scale = {"domain": columns, "range": [styles[_place(analysis, column)] for column in range(len(columns))]}
    return {channel: {"field": "column", "type": "nominal", "legend": None, "scale": scale}}


def _place(analysis: Analysis, column: int) -> int:
    """Of a column among the variants of its strategy."""
    return min(analysis.data.of(analysis.data.strategies[column]).index(column), len(LINES) - 1)


def _shade(place: int) -> str:
    return f"var(--s{place % COLORS})"


def _key(analysis: Analysis, *, variants: bool = True) -> tuple[Key, ...]:
    data = analysis.data
    strategies = list(dict.fromkeys(data.strategies))
    if not variants:
        return tuple(Key(name, _shade(place)) for place, name in enumerate(strategies))
    return tuple(
        Key(name, _shade(strategies.index(data.strategies[column])), LINES[_place(analysis, column)])
        for column, name in enumerate(data.columns)
    )
