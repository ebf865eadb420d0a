# SPDX-License-Identifier: MIT
"""The interactive charts of the page: their choices, and Vega-Lite specifications that charts.js fills with data.

A data row has the fields that the specification draws, and `says`, its tooltip.  Colours are the page's CSS variables,
as in the still pictures, so light and dark themes need no second drawing.  `libraries` is Vega, Vega-Lite and
Vega-Embed as bundled by vl_convert, with Vega's interpreter of expressions, so that the page needs no `eval`.  The
bundle is a file of the package, because bundling takes a second: `python checks/libraries.py` makes it.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from sweep.report.charts.panels import CONFIG, INK, Spec
from sweep.report.parts.panels import Split

LIBRARIES = "libraries.js.gz"
OPEN = "url(#open)"  # a pattern of the page
SIZE: Spec = {"width": "container", "autosize": {"type": "fit-x", "contains": "padding"}, "background": None}
SAYS: Spec = {"tooltip": {"field": "says"}, "description": {"field": "says"}}
COLOR: Spec = {"field": "color", "type": "nominal", "scale": None, "legend": None}
X: Spec = {"field": "x", "type": "quantitative"}
Y: Spec = {"field": "y", "type": "quantitative"}
NO_WORDS: Spec = {"aria": False, "tooltip": None}
RING_AXIS: Spec = X | {
    "title": "ring",
    "scale": {"type": "log", "base": 2, "nice": False},
    "axis": {"grid": False, "format": "d"},
}
SHAPE: Spec = {"shape": {"field": "shape", "type": "nominal", "scale": None, "legend": None}}

ANSWER: Spec = {  # the curve that decides a mix, as high as the page has it: less on a phone
    "height": "container",
    "autosize": {"type": "fit", "contains": "padding"},
    "encoding": {"x": X | {"axis": {"grid": False, "labelOverlap": True}}, "color": COLOR},
    "layer": [
        {
            "transform": [{"filter": "datum.open"}],
            "mark": {"type": "rect", "fill": OPEN, **NO_WORDS},
            "encoding": {"x": X | {"field": "from"}, "x2": {"field": "to"}, "color": {"value": OPEN}},
        },
        {
            "mark": {"type": "area", "opacity": 0.18, **NO_WORDS},
            "encoding": {"y": Y | {"field": "low"}, "y2": {"field": "high"}, "detail": {"field": "name"}},
        },
        {
            "mark": {"type": "rule", "opacity": 0.6, **NO_WORDS},
            "encoding": {"y": Y | {"field": "low"}, "y2": {"field": "high"}, "detail": {"field": "name"}},
        },
        {
            "mark": {"type": "line", "strokeWidth": 1.75, **NO_WORDS},
            "encoding": {"y": Y, "detail": {"field": "name"}}
            | {"strokeDash": {"field": "dash", "type": "nominal", "scale": None, "legend": None}},
        },
        {
            "mark": {"type": "point", "filled": True, "size": 40, "opacity": 1},
            "encoding": {"y": Y} | SHAPE | SAYS,
        },
    ],
}
CURVES: Spec = {
    "height": 320,
    "encoding": {"x": RING_AXIS, "color": COLOR, "detail": {"field": "name"}},
    "layer": [
        {
            "mark": {"type": "area", "opacity": 0.18, **NO_WORDS},
            "encoding": {"y": Y | {"field": "low"}, "y2": {"field": "high"}},
        },
        {
            "mark": {"type": "line", "strokeWidth": 1.75, **NO_WORDS},
            "encoding": {"y": Y, "strokeDash": {"field": "dash", "type": "nominal", "scale": None, "legend": None}},
        },
        {
            "mark": {"type": "point", "filled": True, "size": 60, "opacity": 1},
            "encoding": {"y": Y} | SHAPE | SAYS,
        },
    ],
}
BARS: Spec = {
    "height": {"step": 30},
    "mark": {"type": "bar", "stroke": "var(--page)", "strokeWidth": 0.5},
    "encoding": {
        "y": {"field": "name", "type": "nominal", "title": None, "sort": None},
        "x": X | {"stack": "zero", "axis": {"tickCount": 6}},
        "color": COLOR,
        "order": {"field": "place"},
    }
    | SAYS,
}
PARETO: Spec = {
    "height": 360,
    "config": CONFIG | {"axisX": {"grid": False}},
    "encoding": {"x": X, "y": Y},
    "layer": [
        {
            "transform": [{"filter": "datum.edge"}],
            "mark": {"type": "line", "stroke": INK, "strokeWidth": 1, "opacity": 0.6, "interpolate": "step-after"}
            | NO_WORDS,
        },
        {
            "transform": [{"filter": "datum.knee"}],
            "mark": {"type": "point", "filled": False, "size": 320, "stroke": INK, "strokeWidth": 1.5} | NO_WORDS,
        },
        {
            "mark": {"type": "point", "filled": True},
            "encoding": {
                "color": COLOR,
                "size": {"condition": {"test": "datum.front", "value": 90}, "value": 35},
                "opacity": {"condition": {"test": "datum.front", "value": 1}, "value": 0.4},
            }
            | SHAPE
            | SAYS,
        },
    ],
}
PERCENT = "format(100 * datum.value, '~g') + ' %'"  # not "~%": a scale makes that whole percents, four ticks of "0%"
SHARE_AXIS: Spec = {
    "title": "share of variance",
    "axis": {"labelExpr": PERCENT, "tickCount": 5},
    "scale": {"domain": [0, 1]},
}
SHARES: Spec = {
    "height": {"step": 30},
    "encoding": {"y": {"field": "name", "type": "nominal", "title": None, "sort": None}},
    "layer": [
        {"mark": {"type": "bar", "color": "var(--s7)"}, "encoding": {"x": X | SHARE_AXIS} | SAYS},
        {
            "mark": {"type": "rule", "color": INK, **NO_WORDS},
            "encoding": {"x": X | {"field": "low"}, "x2": {"field": "high"}},
        },
        {"mark": {"type": "tick", "color": INK, "thickness": 3, **NO_WORDS}, "encoding": {"x": X | {"field": "alone"}}},
    ],
}
ACROSS: Spec = {"name": "x", "label": "Across", "first": 1 / 3}  # preselected option, as a fraction of the list
UP: Spec = {"name": "y", "label": "Up", "first": 0}
OVER: Spec = {"name": "over", "label": "Over", "first": 0}
MIX: Spec = {"name": "mix", "label": "Traffic mix", "first": 0}
LOAD: Spec = {"name": "load", "label": "Load", "first": 1}
RING: Spec = {"name": "ring", "label": "Ring", "first": 0.5}
VIEWS: tuple[Spec, ...] = (
    {"name": "answer", "fill": "answer", "spec": ANSWER, "choose": [], "title": "", "head": []},
    {
        "name": "curves",
        "fill": "curves",
        "spec": CURVES,
        "choose": [{"name": "metric", "label": "Metric", "first": 0}, OVER, MIX, LOAD, RING],
        "title": "{metric}: {place}, with bands of 95 %",
        "head": ["strategy", "over", "mean", "pairs"],
        "key": True,
    },
    {
        "name": "pareto",
        "fill": "pareto",
        "spec": PARETO,
        "choose": [ACROSS, UP, MIX, LOAD],
        "title": "{y} and {x}: {mix} at load {load}",
        "head": ["strategy", "ring", "across", "up", "on the front"],
        "key": True,
    },
    {
        "name": "shares",
        "fill": "shares",
        "spec": SHARES,
        "choose": [{"name": "response", "label": "Of", "first": 0}],
        "title": "Share of the variance of {response}; bar: together with others, and its 95 % interval; tick: alone",
        "head": ["axis", "with others", "alone"],
    },
)


def view(name: str) -> Spec:
    """One view with its whole specification."""
    (template,) = (view for view in VIEWS if view["name"] == name)
    return _whole(template)


def split(panel: Split, colors: Sequence[Spec]) -> Spec:
    """The view of what a number is made of; `colors`: name and color of each part."""
    return _whole(
        {
            "name": panel.name,
            "fill": "bars",
            "spec": BARS,
            "choose": [MIX, LOAD, RING],
            "title": f"{panel.heading}: {{mix}} at load {{load}}, ring {{ring}}",
            "head": ["strategy", panel.part, panel.quantity],
        }
    ) | {"columns": panel.name, "title_of_x": panel.axis, "unit": panel.unit, "parts": colors}


def _whole(view: Spec) -> Spec:
    """A view with what all specifications share."""
    return view | {"spec": SIZE | {"config": CONFIG} | view["spec"]}


class Libraries(NamedTuple):
    """A script that loads nothing: itself, compressed with gzip, as base64; and its SHA-256 digest, as base64."""

    packed: str
    digest: str


@cache
def libraries() -> Libraries:
    """Vega, Vega-Lite and Vega-Embed as one script."""
    data = files("sweep.report.page").joinpath(LIBRARIES).read_bytes()
    digest = hashlib.sha256(gzip.decompress(data)).digest()
    return Libraries(base64.b64encode(data).decode("ascii"), base64.b64encode(digest).decode("ascii"))
