# SPDX-License-Identifier: MIT
"""Vega-Lite specification: slow allocations and idle memory against pool size / ring size, a line per mix."""

from __future__ import annotations

import numpy as np

from sweep import format
from sweep.document.blocks import Chart, Key
from sweep.results.analysis import Analysis
from sweep.results.dataset import Array

from .panels import CONFIG, Spec, shade

SIZE = (270, 150)  # of a panel, in pixels
SHARES = [0, 0.0001, 0.001, 0.01, 0.1, 1]
Lines = list[tuple[int, Array]]  # (mix, values by size)


def chart(analysis: Analysis, strategy: str, sizes: tuple[float, ...], slow: Lines, idle: Lines) -> Chart | None:
    """Two panels over pool size / ring size; None if no mix has two sizes."""
    mixes = analysis.data.mixes
    panels = []
    if slow:
        highest = max(max(float(np.nanmax(values)) for _, values in slow), 1e-4)
        y: Spec = {
            "title": "slow allocations per packet",
            "scale": {"type": "symlog", "constant": 1e-4, "domainMin": 0, "domainMax": highest, "nice": False},
            "axis": {"values": [share for share in SHARES if share <= highest * 1.05], "format": "~g"},
        }
        panels.append(_panel(mixes, sizes, slow, y, ""))
    if idle:
        panels.append(
            _panel(mixes, sizes, idle, {"title": "idle in cache and ring, MB", "scale": {"zero": True}}, " MB")
        )
    if not panels:
        return None
    title = f"{strategy} by size, at the highest load and the middle ring"
    spec: Spec = {"hconcat": panels, "spacing": 24, "resolve": {"scale": {"color": "shared"}}, "config": CONFIG}
    lines = dict.fromkeys(mix for mix, _ in slow + idle)
    description_text = "slow allocations per packet and MB idle against pool size over ring size"
    return Chart(title, f"{description_text}, {strategy}", spec, tuple(Key(mixes[mix], shade(mix)) for mix in lines))


def _panel(mixes: tuple[str, ...], sizes: tuple[float, ...], lines: Lines, y: Spec, unit: str) -> Spec:
    marks = [
        {"mix": mixes[mix], "size": size, "value": float(value)}
        | {"says": f"{mixes[mix]}, {size:g} times the ring: {format.significant(float(value))}{unit}"}
        for mix, values in lines
        for size, value in zip(sizes, values, strict=True)
        if np.isfinite(value)
    ]
    encoding: Spec = {
        "x": {
            "field": "size",
            "type": "quantitative",
            "title": "pool size / ring size",
            "scale": {"type": "log", "base": 2, "nice": False},
            "axis": {"values": list(sizes), "format": "~g", "grid": False},
        },
        "y": {"field": "value", "type": "quantitative"} | y,
        "color": {
            "field": "mix",
            "type": "nominal",
            "legend": None,
            "scale": {"domain": list(mixes), "range": [shade(mix) for mix in range(len(mixes))]},
        },
    }
    points: Spec = {"mark": {"type": "point", "filled": True, "size": 28, "opacity": 1}}
    return {
        "data": {"values": marks},
        "width": SIZE[0],
        "height": SIZE[1],
        "layer": [
            {"mark": {"type": "line", "strokeWidth": 1.5}, "encoding": encoding},
            points | {"encoding": encoding | {"description": {"field": "says"}}},
        ],
    }
