# SPDX-License-Identifier: MIT
"""Vega-Lite specification: the share of variance of each axis, a panel per response."""

from __future__ import annotations

import numpy as np

from sweep import format
from sweep.document.blocks import Chart, Key
from sweep.report.parts.decomposed import DecomposedResponse

from .panels import CONFIG, INK, Spec

COLOR = "var(--s7)"
PER_ROW = 3  # panels beside each other


def chart(found: list[DecomposedResponse]) -> Chart:
    """Bars: each axis's share of variance with its interactions and the interval; ticks: its share alone."""
    panels = [_panel(response) for response in found if response.shares is not None]
    spec: Spec = {"concat": panels, "columns": PER_ROW, "spacing": 24, "config": CONFIG}
    keys = (Key("with others, and its 95 % interval", COLOR), Key("tick: alone", INK))
    return Chart("Share of variance", "share of variance of each axis, by response", spec, keys, live="shares")


def _panel(told: DecomposedResponse) -> Spec:
    assert told.shares is not None
    values = []
    for index, axis in enumerate(told.axes):
        alone, together = told.shares.alone[index], told.shares.together[index]
        center, low, high = (float(np.clip(side, 0, 1)) for side in (together.center, together.low, together.high))
        values.append(
            {
                "axis": axis,
                "share": center,
                "low": low if np.isfinite(low) else center,
                "high": high if np.isfinite(high) else center,
                "alone": float(np.clip(alone.center, 0, 1)),
                "says": f"{axis}: {format.percent(center)} % with others",
            }
        )
    share: Spec = {
        "type": "quantitative",
        "scale": {"domain": [0, 1]},
        "axis": {"format": "~%", "tickCount": 5},
        "title": None,
    }
    y: Spec = {"field": "axis", "type": "nominal", "sort": None, "title": None}
    return {
        "title": told.title,
        "data": {"values": values},
        "width": 200,
        "height": {"step": 24},
        "encoding": {"y": y},
        "layer": [
            {
                "mark": {"type": "bar", "fill": COLOR},
                "encoding": {"x": share | {"field": "share"}, "description": {"field": "says"}},
            },
            {
                "mark": {"type": "rule", "stroke": INK},
                "encoding": {"x": share | {"field": "low"}, "x2": {"field": "high"}},
            },
            {"mark": {"type": "tick", "color": INK, "thickness": 3}, "encoding": {"x": share | {"field": "alone"}}},
        ],
    }
