# SPDX-License-Identifier: MIT
"""Shared by the charts: colours and lines of strategies, the key, and a panel of curves over the ring size.

Colours are CSS variables of the page, so one drawing serves light and dark; numbers on hover are each mark's
`description`, which `svg` turns into a <title>.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sweep import format, stats
from sweep.document.blocks import Key
from sweep.results.analysis import Analysis

LINES = ("solid", "dashed", "dotted")  # for the first, second and further variants of a strategy
DASHES = ([1, 0], [6, 3], [2, 2])
SHAPES = ("circle", "triangle-up", "square")
COLORS = 9  # of the page: --s0 (the baseline) to --s8, --c0 to --c8, see page.css
GOLDEN_ANGLE = 137  # degrees between hues, so that no two of hundreds are close: 360 and it have no common divisor
INK, FAINT = "var(--ink)", "var(--faint)"
Spec = dict[str, Any]
THOUSAND = 1000  # from this value on, axes are labelled 1k, 2M
SHARES = [0, 0.0001, 0.001, 0.01, 0.1, 1]
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


def panel(
    analysis: Analysis,
    means: stats.Estimate,
    title: str,
    scale: Spec,
    *,
    heading: str = "",
    labelled: bool = True,  # whether the axis of ring sizes has its numbers and name
    size: tuple[int, int] = (270, 150),  # width and height in pixels
) -> Spec:
    """Vega-Lite panel of `means` (rings, columns) over the ring size: a line per column, with its 95 % band."""
    data = analysis.data
    values: list[Spec] = []
    for ring, column in np.ndindex(means.center.shape):
        if not means.pairs[ring, column]:
            continue
        center, low, high = (float(bound[ring, column]) for bound in (means.center, means.low, means.high))
        if scale["type"] == "log" and center <= 0:
            continue
        floor = center / 10 if scale["type"] == "log" else min(center, 0.0)  # no metric here is below zero
        name = data.columns[column]
        interval_text = f" ({format.significant(low)} to {format.significant(high)})" if high > low else ""
        values.append(
            {
                "ring": data.rings[ring],
                "strategy": data.strategies[column],
                "column": name,
                "mean": center,
                "low": max(low, floor) if np.isfinite(low) else center,
                "high": high if np.isfinite(high) else center,
                "says": f"{name}, ring {data.rings[ring]}: {format.significant(center)}{interval_text}",
            }
        )
    x: Spec = {
        "field": "ring",
        "type": "quantitative",
        "title": "ring" if labelled else None,
        "scale": {"type": "log", "base": 2, "nice": False},
        "axis": {"values": list(data.rings), "labelOverlap": True, "grid": False, "format": "d", "labels": labelled},
    }
    highest = max([float(value["high"]) for value in values], default=0.0)
    axis: Spec = {"format": "~s" if highest >= THOUSAND else ".3~g", "tickCount": 5}
    if scale["type"] == "symlog":
        axis = {"values": [share for share in SHARES if share <= highest * 1.05] or [0], "format": "~g"}
        scale = scale | {"domainMin": 0, "domainMax": max(highest, 1e-4), "nice": False}
    axis["minExtent"] = 34  # so that panels line up
    y = {"type": "quantitative", "title": title, "scale": scale, "axis": axis}
    common: Spec = {"x": x, "color": color(analysis)}
    return {
        **({"title": heading} if heading else {}),
        "data": {"values": values},
        "width": size[0],
        "height": size[1],
        "layer": [*curves(analysis, common, y, width=1.5, size=28)],
    }


def curves(analysis: Analysis, common: Spec, y: Spec, *, width: float, size: int) -> tuple[Spec, Spec, Spec]:
    """The layers of lines over x: bands from `low` to `high`, lines through `mean`, and points that say their numbers.

    `width` of the lines in pixels, `size` of the points in square pixels.
    """
    return (
        {
            "mark": {"type": "area", "opacity": 0.18, "aria": False},
            "encoding": common | {"y": y | {"field": "low"}, "y2": {"field": "high"}, "detail": {"field": "column"}},
        },
        {
            "mark": {"type": "line", "strokeWidth": width, "aria": False},
            "encoding": common | {"y": y | {"field": "mean"}} | styled(analysis, "strokeDash", DASHES),
        },
        {
            "mark": {"type": "point", "filled": True, "size": size, "opacity": 1},
            "encoding": common
            | {"y": y | {"field": "mean"}, "description": {"field": "says"}}
            | styled(analysis, "shape", SHAPES),
        },
    )


def color(analysis: Analysis) -> Spec:
    """Vega-Lite encoding that gives a strategy the same colour in every chart; the key stands beside the chart."""
    strategies = list(dict.fromkeys(analysis.data.strategies))
    scale = {"domain": strategies, "range": [shade(place) for place in range(len(strategies))]}
    return {"field": "strategy", "type": "nominal", "legend": None, "scale": scale}


def styled(analysis: Analysis, channel: str, styles: tuple[Any, ...]) -> Spec:
    """Vega-Lite encoding in which variants of a strategy differ in `channel`: "strokeDash" or "shape"."""
    columns = analysis.data.columns
    scale = {"domain": columns, "range": [styles[place_among(analysis, column)] for column in range(len(columns))]}
    return {channel: {"field": "column", "type": "nominal", "legend": None, "scale": scale}}


def place_among(analysis: Analysis, column: int) -> int:
    """Index of a column among the variants of its strategy, at most that of the last line style."""
    return min(analysis.data.of(analysis.data.strategies[column]).index(column), len(LINES) - 1)


def shade(place: int, family: str = "s") -> str:
    """The CSS colour of a strategy (`family` "s") or a part ("c"); beyond those of the page a hue of its own."""
    return f"var(--{family}{place})" if place < COLORS else f"hsl({place * GOLDEN_ANGLE % 360},55%,50%)"


def key(analysis: Analysis, *, variants: bool = True) -> tuple[Key, ...]:
    data = analysis.data
    strategies = list(dict.fromkeys(data.strategies))
    if not variants:
        return tuple(Key(name, shade(place)) for place, name in enumerate(strategies))
    return tuple(
        Key(name, shade(strategies.index(data.strategies[column])), LINES[place], SHAPES[place])
        for column, name in enumerate(data.columns)
        for place in (place_among(analysis, column),)
    )
