# SPDX-License-Identifier: MIT
"""Charts of predicted against measured values, with a panel per unit, and of the errors of each experiment.

A mechanism has both a colour and a shape, so that marks can be told apart by either.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sweep import format
from sweep.document.blocks import Chart, Key
from sweep.report.charts.panels import COLORS, CONFIG, FAINT, INK
from sweep.validate.judge import ExperimentOutcome
from sweep.validate.verdict import CALIBRATION, JudgedRow

SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right", "triangle-left")
BAND = 0.2  # drawn around the identity line
EDGE = 1.0  # errors beyond are drawn here
SIDE = 250  # of a panel, pixels
PANELS_IN_A_ROW = 3

# unit -> the unit of its panel, and by how much it is larger
SCALES: Mapping[str, tuple[str, float]] = {
    **{"pps": ("Mpps", 1e-6), "kpps": ("Mpps", 1e-3), "Mpps": ("Mpps", 1.0)},
    **{"Mbit/s": ("Gbit/s", 1e-3), "Gbit/s": ("Gbit/s", 1.0)},
    **{"ps": ("ns", 1e-3), "ns": ("ns", 1.0), "us": ("ns", 1e3), "ms": ("ns", 1e6), "s": ("ns", 1e9)},
}
Spec = dict[str, Any]


def predicted_against_measured(outcomes: Sequence[ExperimentOutcome]) -> Chart:
    """A log-log chart per unit, with the identity line and a band of 20 %; hollow marks are calibration rows."""
    points = [point for outcome in outcomes for row in outcome.rows if (point := _point(outcome.experiment.name, row))]
    mechanisms = _mechanisms(outcomes)
    panels = [
        _panel(unit, [point for point in points if point["unit"] == unit], mechanisms)
        for unit in dict.fromkeys(point["unit"] for point in points)
    ]
    rows = [{"hconcat": panels[start : start + PANELS_IN_A_ROW]} for start in range(0, len(panels), PANELS_IN_A_ROW)]
    return Chart(
        "Predicted against measured",
        f"predicted against measured values of {len(points)} rows, with the line of equal values and a band of 20 %",
        {"vconcat": rows, "spacing": 24, "config": CONFIG},
        (*_key(mechanisms), Key("equal, and ±20 %", INK, "dotted"), Key("hollow: calibration", FAINT, "solid")),
    )


def errors(outcomes: Sequence[ExperimentOutcome]) -> Chart:
    """A chart with a line of marks per experiment: the relative error of each row, clipped at the edge."""
    mechanisms = _mechanisms(outcomes)
    values: list[Spec] = [
        {
            "experiment": outcome.experiment.name,
            "error": 100 * min(max(row.error, -EDGE), EDGE),
            "mechanism": row.mechanism,
            "says": _said(outcome.experiment.name, row),
        }
        for outcome in outcomes
        for row in outcome.rows
        if row.error is not None and row.verdict != CALIBRATION
    ]
    names = list(dict.fromkeys(value["experiment"] for value in values))
    widest = max([100 * BAND, *(abs(float(value["error"])) for value in values)]) * 1.05
    edge = " (100 % and more at the edge)" if widest > 100 * EDGE else ""
    x: Spec = {
        "type": "quantitative",
        "title": f"error of the prediction, %{edge}",
        "scale": {"domain": [-widest, widest]},
    }
    band = {"values": [{"low": -100 * BAND, "high": 100 * BAND}]}
    spec: Spec = {
        "width": 640,
        "height": {"step": 22},
        "layer": [
            {
                "data": band,
                "mark": {"type": "rect", "fill": FAINT, "opacity": 0.45},
                "encoding": {"x": x | {"field": "low"}, "x2": {"field": "high"}},
            },
            {
                "data": {"values": values},
                "mark": {"type": "point", "filled": True, "size": 42, "opacity": 0.85},
                "encoding": {
                    "y": {"field": "experiment", "type": "nominal", "title": None, "sort": names},
                    "x": x | {"field": "error"},
                    "description": {"field": "says"},
                    **_styled(mechanisms),
                },
            },
        ],
        "config": CONFIG,
    }
    text = f"error of each of {len(values)} predicted rows, by experiment; the band is 20 %"
    return Chart("Errors by experiment", text, spec, _key(mechanisms))


def _panel(unit: str, points: list[Spec], mechanisms: Sequence[str]) -> Spec:
    values = [float(point[side]) for point in points for side in ("measured", "predicted")]
    low, high = min(values) / 1.4, max(values) * 1.4
    scale = {"type": "log", "domain": [low, high], "nice": False}
    axis: Spec = {"format": "~g", "tickCount": 4, "labelOverlap": True}
    x: Spec = {"type": "quantitative", "title": f"measured, {unit}", "scale": scale, "axis": axis}
    y: Spec = {"type": "quantitative", "title": f"predicted, {unit}", "scale": scale, "axis": axis}
    line = {
        "values": [
            {"at": at, "equal": at, "low": max(at * (1 - BAND), low), "high": min(at * (1 + BAND), high)}
            for at in (low, low / (1 - BAND), high / (1 + BAND), high)
        ]
    }
    marks: Spec = {"x": x | {"field": "measured"}, "y": y | {"field": "predicted"}, "description": {"field": "says"}}
    layers: list[Spec] = [
        {
            "data": line,
            "mark": {"type": "area", "opacity": 0.45, "fill": FAINT},
            "encoding": {"x": x | {"field": "at"}, "y": y | {"field": "low"}, "y2": {"field": "high"}},
        },
        {
            "data": line,
            "mark": {"type": "line", "stroke": INK, "strokeWidth": 1, "strokeDash": [2, 2]},
            "encoding": {"x": x | {"field": "at"}, "y": y | {"field": "equal"}},
        },
    ]
    for filled in (False, True):
        layers.append(
            {
                "data": {"values": [point for point in points if point["fitted"] != filled]},
                "mark": {"type": "point", "filled": filled, "size": 42, "opacity": 0.85},
                "encoding": marks | _styled(mechanisms),
            }
        )
    return {"width": SIDE, "height": SIDE, "layer": layers}


def _point(experiment: str, row: JudgedRow) -> Spec | None:
    """The mark of a row; None if a value has no logarithm."""
    if row.predicted is None or row.predicted <= 0 or row.measured <= 0:
        return None
    unit, factor = SCALES.get(row.unit, (row.unit, 1.0))
    return {
        "unit": unit,
        "measured": row.measured * factor,
        "predicted": row.predicted * factor,
        "mechanism": row.mechanism,
        "fitted": row.verdict == CALIBRATION,
        "says": _said(experiment, row),
    }


def _said(experiment: str, row: JudgedRow) -> str:
    measured, predicted = (format.significant(value, 4) for value in (row.measured, row.predicted or 0.0))
    error = "" if row.error is None else f", {format.percent(row.error, signed=True)} %"
    return f"{experiment} {row.id}: measured {measured}, predicted {predicted} {row.unit}{error}"


def _mechanisms(outcomes: Sequence[ExperimentOutcome]) -> list[str]:
    return list(dict.fromkeys(row.mechanism for outcome in outcomes for row in outcome.rows))


def _styled(mechanisms: Sequence[str]) -> Spec:
    places = range(len(mechanisms))
    color = {"domain": mechanisms, "range": [_color(place) for place in places]}
    shape = {"domain": mechanisms, "range": [SHAPES[place % len(SHAPES)] for place in places]}
    field: Spec = {"field": "mechanism", "type": "nominal", "legend": None}
    return {"color": field | {"scale": color}, "shape": field | {"scale": shape}}


def _color(place: int) -> str:
    """The colour of a mechanism: those of strategies in reports, the grey of the baseline last."""
    return f"var(--s{(place + 1) % COLORS})"


def _key(mechanisms: Sequence[str]) -> tuple[Key, ...]:
    marks = ("●", "■", "▲", "◆", "✚", "▼", "▶", "◀")
    return tuple(
        Key(f"{marks[place % len(marks)]} {mechanism}", _color(place)) for place, mechanism in enumerate(mechanisms)
    )
