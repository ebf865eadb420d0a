# SPDX-License-Identifier: MIT
"""Vega-Lite specification: every choice of strategy and ring as a point of memory and ns, joined along the front."""

from __future__ import annotations

from typing import Any

import numpy as np

from sweep import format
from sweep.document.blocks import Chart, Key
from sweep.report.parts.choices import Choices
from sweep.results.analysis import Analysis

from .panels import CONFIG, INK, SHAPES, Spec, color, key, styled

MOST_LOADS = 4
SIZE = (270, 190)  # of a panel, in pixels


def chart(analysis: Analysis, found: list[Choices]) -> Chart:
    """A chart of one mix with a panel per load, four loads at most."""
    if len(found) > MOST_LOADS:
        found = [found[index] for index in np.linspace(0, len(found) - 1, MOST_LOADS).round().astype(int)]
    name = analysis.data.mixes[found[0].mix]
    loads = format.ranges([analysis.data.loads[choices.load] for choices in found])
    spec: Spec = {"hconcat": [_panel(analysis, choices) for choices in found], "config": CONFIG}
    return Chart(
        f"{name}: memory held and ns per packet",
        f"every strategy and ring at loads {loads}; joined: the Pareto front, in which drops and p99 count too",
        spec,
        (*key(analysis), Key("on the front", INK), Key("the knee: a large ring around it", INK, "dotted")),
        live="pareto",
    )


def _panel(analysis: Analysis, choices: Choices) -> Spec:
    data = analysis.data
    titles = [objective.title for objective in choices.objectives]
    memory = titles.index("held, MB") if "held, MB" in titles else 0
    values: list[dict[str, Any]] = []
    for choice, (ring, column) in enumerate(choices.places):
        means = choices.means[choice].tolist()
        objectives_text = ", ".join(
            f"{objective.title} {objective.text(mean)}"
            for objective, mean in zip(choices.objectives, means, strict=True)
        )
        values.append(
            {
                "memory": means[memory],
                "ns": means[0],
                "strategy": data.strategies[column],
                "column": data.columns[column],
                "front": choice in choices.front.kept,
                "knee": choice == choices.front.knee,
                "says": f"{data.columns[column]}, ring {data.rings[ring]}: {objectives_text}",
            }
        )
    axes: Spec = {
        "x": {"field": "memory", "type": "quantitative", "title": "held, MB", "scale": {"type": "log", "nice": False}}
        | {"axis": {"tickCount": 5, "format": "~g", "grid": False}},
        "y": {"field": "ns", "type": "quantitative", "title": "ns per packet", "scale": {"zero": False}}
        | {"axis": {"tickCount": 5, "minExtent": 34}},
    }
    points = axes | {"color": color(analysis), "description": {"field": "says"}} | styled(analysis, "shape", SHAPES)
    return {
        "title": f"load {data.loads[choices.load]:g}",
        "data": {"values": values},
        "width": SIZE[0],
        "height": SIZE[1],
        "layer": [
            {
                "transform": [{"filter": "datum.front"}],
                "mark": {"type": "line", "stroke": INK, "strokeWidth": 1, "opacity": 0.6},
                "encoding": axes | {"order": {"field": "memory"}},
            },
            {
                "transform": [{"filter": "!datum.front"}],
                "mark": {"type": "point", "filled": True, "size": 22, "opacity": 0.35},
                "encoding": points,
            },
            {
                "transform": [{"filter": "datum.front"}],
                "mark": {"type": "point", "filled": True, "size": 60, "opacity": 1},
                "encoding": points,
            },
            {
                "transform": [{"filter": "datum.knee"}],
                "mark": {"type": "point", "filled": False, "size": 260, "stroke": INK, "strokeWidth": 1.5},
                "encoding": axes,
            },
        ],
    }
