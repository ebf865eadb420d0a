# SPDX-License-Identifier: MIT
"""Vega-Lite specifications: stacked bars, one per strategy, of the parts of a number."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sweep import format
from sweep.document.blocks import Chart, Key
from sweep.results.dataset import Array

from . import panels
from .panels import CONFIG, Spec

HEIGHT = 26  # of a bar, in pixels
SPARSE: Spec = {"tickCount": 5, "labelOverlap": True}
PADDING = {"left": 16, "top": 5, "right": 8, "bottom": 5}  # names are wider in a browser than vl_convert assumes


def stacked(title: str, description: str, parts: tuple[str, ...], *views: Spec, live: str = "") -> Chart:
    """A chart of one or more views made by `bars`, side by side with the same rows, and the key to their parts."""
    spec: Spec = {"hconcat": list(views), "spacing": 24} if len(views) > 1 else dict(views[0])
    spec |= {"padding": PADDING, "config": CONFIG}
    return Chart(title, description, spec, tuple(Key(part, shade(parts, part)) for part in parts), live)


def bars(
    columns: tuple[str, ...],
    values: Mapping[str, Array],
    axis: str,
    unit: str,
    *,
    parts: tuple[str, ...],
    width: int = 620,
    named: bool = True,  # whether the bars have their names beside them
) -> Spec:
    """Bars of `values`, part -> shape (columns,); NaN draws nothing.  `parts` fixes order and colours."""
    marks = [
        {"strategy": name, "part": part, "place": position, "value": float(values[part][column])}
        | {"says": f"{name}: {part} {format.coarse(float(values[part][column]))} {unit}"}
        for position, part in enumerate(parts)
        if part in values
        for column, name in enumerate(columns)
        if np.isfinite(values[part][column])
    ]
    y = {"field": "strategy", "type": "nominal", "title": None, "sort": list(columns)}
    return {
        "data": {"values": marks},
        "width": width,
        "height": {"step": HEIGHT},
        "mark": {"type": "bar", "stroke": "var(--page)", "strokeWidth": 0.5},
        "encoding": {
            "y": y if named else y | {"axis": None},
            "x": {"field": "value", "type": "quantitative", "title": axis, "stack": "zero"} | {"axis": SPARSE},
            "color": {
                "field": "part",
                "type": "nominal",
                "legend": None,
                "scale": {"domain": list(parts), "range": [shade(parts, part) for part in parts]},
            },
            "order": {"field": "place"},
            "description": {"field": "says"},
        },
    }


def shade(parts: tuple[str, ...], part: str) -> str:
    """The CSS colour of a part: the same in every chart with the same parts."""
    return panels.shade(parts.index(part), "c")
