# SPDX-License-Identifier: MIT
"""The curve that decides a traffic mix: ns per packet, or drops where these are what is open, with its intervals."""

from __future__ import annotations

import numpy as np

from sweep import format
from sweep.document.blocks import Chart, Key
from sweep.fields.spread import DROPS
from sweep.report.parts.letters import letter
from sweep.results.analysis import METRIC, Analysis
from sweep.results.outcome import Outcome

from .panels import CONFIG, INK, Spec, color, curves, key

OPEN = "url(#open)"  # a pattern of the page


def deciding(analysis: Analysis, mix: int) -> Chart:
    """Lines of strategies with 95 % bands at the highest load, over ring size; over load if there is one ring.

    Hatched where it is open who wins.
    """
    data, last = analysis.data, analysis.last_load(mix)
    here = {where: outcome for where, outcome in analysis.outcomes.items() if where[0] == mix}
    over_rings = len({ring for _, _, ring in here}) > 1
    ring = min((ring for _, _, ring in here), default=0)
    places = [(mix, last, each) for each in range(len(data.rings))] if over_rings else []
    places = places or [(mix, load, ring) for load in range(len(data.loads))]
    places = [where for where in places if where in here]
    axis = [float(data.rings[where[2]] if over_rings else data.loads[where[1]]) for where in places]
    drops = sum(outcome.drops_open for outcome in here.values()) * 2 > len(here)
    values = _values(analysis, DROPS if drops else METRIC, places, axis)
    hatched = [x for x, where in zip(axis, places, strict=True) if _open(analysis, here[where])]
    banded = any(value["high"] > value["low"] for value in values)
    bands = "bands: 95 %" if banded else "no bands: nothing varies, or too little was seen"
    shown = "dropped share" if drops else "ns per packet"
    fixed = f"load {data.loads[last]:g}" if over_rings else f"ring {data.rings[ring]}"
    title = f"{data.mixes[mix]}: {shown} over {'ring size' if over_rings else 'load'}, {fixed}; {bands}"
    legend = (
        *(each._replace(text=f"{letter(column)} {each.text}") for column, each in enumerate(key(analysis))),
        Key("hatched: open", INK, "hatched"),
    )
    return Chart(title, title, _spec(analysis, values, axis, hatched, over_rings, shown), legend)


def _open(analysis: Analysis, outcome: Outcome) -> bool:
    return not outcome.settled(analysis.data.strategies)


def _values(analysis: Analysis, metric: str, places: list[tuple[int, int, int]], axis: list[float]) -> list[Spec]:
    """A value per column and place, with the ends of its interval; without one they are the mean itself."""
    data, means = analysis.data, analysis.data.estimate(metric)
    write = (lambda share: f"{format.percent(share)} %") if metric == DROPS else format.significant
    values = []
    for x, where in zip(axis, places, strict=True):
        for column, name in enumerate(data.columns):
            estimate = means[(*where, column)]
            center = float(estimate.center)
            if not np.isfinite(center):
                continue
            low, high = (float(end) if np.isfinite(end) else center for end in (estimate.low, estimate.high))
            interval = f" ({write(low)} to {write(high)})" if high > low else ""
            values.append(
                {"x": x, "column": name, "strategy": data.strategies[column], "mean": center, "low": max(low, 0.0)}
                | {"high": high, "says": f"{name}, {x:g}: {write(center)}{interval}"}
            )
    return values


def _spec(
    analysis: Analysis, values: list[Spec], axis: list[float], hatched: list[float], over_rings: bool, title: str
) -> Spec:
    step = 2**0.5 if over_rings else 0.0
    gap = min(np.diff(sorted(axis)), default=0.1) / 2
    strips = [{"x": x / step, "to": x * step} if over_rings else {"x": x - gap, "to": x + gap} for x in hatched]
    domain = [axis[0] / step, axis[-1] * step] if over_rings else [axis[0] - gap, axis[-1] + gap] if axis else [0, 1]
    scale: Spec = {"type": "log", "base": 2} if over_rings else {"type": "linear"}
    x: Spec = {
        "field": "x",
        "type": "quantitative",
        "title": "ring" if over_rings else "load",
        "scale": scale | {"domain": domain, "nice": False},
        "axis": {"values": axis, "labelOverlap": True, "grid": False, "format": "d" if over_rings else "~g"},
    }
    y: Spec = {
        "type": "quantitative",
        "title": title,
        "scale": {"zero": False},
        "axis": {"tickCount": 5, "format": "~%" if title != "ns per packet" else "~s"},
    }
    lines = {"x": x, "color": color(analysis)}
    bands, means, points = curves(analysis, lines, y, width=1.75, size=40)
    return {
        "width": "container",
        "height": "container",  # as high as the page has it: less on a phone
        "autosize": {"type": "fit", "contains": "padding"},
        "config": CONFIG,
        "data": {"values": values},
        "layer": [
            {
                "data": {"values": strips},
                "mark": {"type": "rect", "fill": OPEN, "aria": False},
                "encoding": {"x": x, "x2": {"field": "to"}},
            },
            bands,
            {
                "mark": {"type": "rule", "aria": False, "opacity": 0.6},
                "encoding": lines | {"y": y | {"field": "low"}, "y2": {"field": "high"}, "detail": {"field": "column"}},
            },
            means,
            points,
        ],
    }
