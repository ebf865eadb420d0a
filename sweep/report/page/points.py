# SPDX-License-Identifier: MIT
"""The data of every point that the page carries: coordinates, means with intervals, costs and pages by part, an id.

A point is one mix, load, ring and column of the dataset, its replicates taken together.  The numbers are those of the
tables, so a chart drawn in the page agrees with the tables.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sweep import stats
from sweep.report import contents
from sweep.report.charts.bars import shade as part_shade
from sweep.report.charts.panels import DASHES, LINES, SHAPES, SHARES, Spec, place_among, shade
from sweep.report.parts import marked_row, reproduction
from sweep.report.sections import importance, pareto
from sweep.results import page_census, steady
from sweep.results.analysis import METRIC, Analysis
from sweep.results.dataset import Dataset
from sweep.safe_text import chart_text, visible_values

from . import decided
from .decided import Columns, Where
from .live import PERCENT, split, view
from .packing import codes, packed, rounded

MEAN_BITS, HALF_BITS, PART_BITS = 16, 7, 13  # of mantissa: of these, tables show 3, 2 and 3 digits, and whole pages
RATIO_BITS = 22  # answers take extremes and differences of these
SHORT, MOVING, FRONT, KNEE = 1, 2, 4, 8  # bits of a point's `flags`
AGAINST = "against"  # carried though it be zero everywhere: answers say so
SIGNS = ("", "*", "≈", "?")  # as in the tables
LEGEND = (
    "* fewest ns per packet in its cell of mix, load and ring · ≈ as good as it · ? undecided which is fewest"
    f" · 1 {steady.SHORT} · 2 {steady.UNSTEADY}"
)


@dataclass(frozen=True)
class PageMetric:
    """A metric that charts can show; `kind` is its number format: "plain", "share", "time" or "ratio" (of logs)."""

    name: str
    title: str
    kind: str = "plain"
    scale: str = "linear"  # "linear", "log", "symlog" (with its zero)
    listed: bool = True  # has a column in the table of all points


METRICS = (
    PageMetric(METRIC, "ns per packet"),
    PageMetric(AGAINST, "against {baseline}, ns per packet", "ratio"),
    PageMetric("drop_ratio", "dropped share", "share", "symlog"),
    PageMetric("latency_p99_ns", "p99 latency", "time", "log"),
    PageMetric("held_mb", "memory held, MB", "plain", "log"),
    PageMetric("allocator_calls_per_packet", "allocator calls per packet", "plain", "symlog"),
    PageMetric("latency_p50_ns", "p50 latency", "time", "log", listed=False),
    PageMetric("reuse_ratio", "reused share", "share", listed=False),
    PageMetric("cpu_busy_ratio", "CPU busy", "share", listed=False),
    PageMetric("throughput_mpps", "Mpps", "plain", listed=False),
    PageMetric("zone_lock_takes_per_packet", "zone lock takes per packet", "plain", "symlog", listed=False),
    PageMetric("walk_reads_per_packet", "page-walk reads per packet", "plain", "symlog", listed=False),
)
TIMES = (
    "datum.value >= 1e6 ? format(datum.value / 1e6, '~g') + ' ms' :"
    " datum.value >= 1e3 ? format(datum.value / 1e3, '~g') + ' µs' : format(datum.value, '~g') + ' ns'"
)
AXES: dict[str, Spec] = {
    "plain": {"labelExpr": "format(datum.value, datum.value >= 1e4 ? '~s' : '~g')"},
    "share": {"labelExpr": PERCENT},
    "time": {"labelExpr": TIMES},
    "ratio": {"labelExpr": f"(datum.value > 0 ? '+' : '') + {PERCENT}"},
}
SCALED = {"held_mb": (page_census.HELD, float(page_census.megabytes(1.0))), "throughput_mpps": ("throughput_pps", 1e-6)}
OBJECTIVES = (METRIC, "held_mb", "drop_ratio", "latency_p99_ns")  # axes of the Pareto view


class PackedPoints(NamedTuple):
    """The packed points of a page, and the heading of the table of all points."""

    packed: str
    heading: tuple[str, ...]  # of the table of all points


def packed_points(analysis: Analysis, location: str) -> PackedPoints:
    """All points, packed; the commands among them name `location`."""
    data = analysis.data
    places = np.argwhere((data.index >= 0).any(axis=-1))  # (points, 4): mix, load, ring, column
    where = tuple(places.T)
    columns = {name: codes(place) for name, place in zip(("mix", "load", "ring", "column"), where, strict=True)}
    columns["pairs"] = codes(analysis.absolute.pairs[where])
    columns["flags"] = _flags(analysis)[where]
    columns["sign"] = _signs(analysis)[where]
    columns |= decided.columns(analysis, where)
    settings, columns["setting"] = decided.settings(data, where)
    metrics = _metrics(analysis, where, columns)
    objectives, shares = [name for name in OBJECTIVES if name in columns], _shares(analysis)
    view_names = ["answer", "curves", *(["pareto"] if len(objectives) > 1 else []), *(["shares"] if shares else [])]
    ids = reproduction.shortened(data.table)
    if ids:
        id_characters = "".join(ids[row] for row in _first_rows(data.index[where]))
        columns["id"] = np.frombuffer(id_characters.encode("ascii"), dtype=np.uint8).reshape(len(places), -1)
    header = {
        "rows": len(places),
        "mixes": data.mixes,
        "loads": data.loads,
        "rings": data.rings,
        "strategies": _strategies(analysis),
        "metrics": metrics,
        "objectives": objectives,
        "shares": shares,
        "views": [*map(view, view_names), *_splits(analysis, where, columns)],
        "signs": SIGNS,
        "axes": decided.axes(data),
    }
    header = visible_values(header, chart_text) | decided.header(analysis)
    header |= visible_values({"commands": _commands(data, location) if ids else [], "settings": settings})
    listed = (str(metric["title"]) for metric in metrics if metric["listed"])
    return PackedPoints(packed(header, columns), ("strategy", "traffic mix", "load", "ring", *listed, "again"))


def _metrics(analysis: Analysis, where: Where, columns: Columns) -> list[Spec]:
    """The metrics with a value other than zero; adds their means and half intervals to `columns`."""
    metrics = []
    for metric in METRICS:
        estimate = _estimate(analysis, metric.name)
        if estimate is None or not (metric.name == AGAINST or np.nan_to_num(estimate.center[where]).any()):
            continue
        columns[metric.name] = rounded(estimate.center[where], RATIO_BITS if metric.kind == "ratio" else MEAN_BITS)
        half, lower = ((side - estimate.center)[where] for side in (estimate.high, estimate.low))
        columns[f"{metric.name}_half"] = rounded(half, HALF_BITS)
        if not np.allclose(half, -lower, rtol=0.05, atol=0, equal_nan=True):
            columns[f"{metric.name}_lower"] = rounded(-lower, HALF_BITS)
        title = metric.title.format(baseline=analysis.baseline)
        metrics.append({"name": metric.name, "kind": metric.kind, "listed": metric.listed} | _axis(metric, title))
    return metrics


def _axis(metric: PageMetric, title: str) -> Spec:
    """Title, scale and axis as Vega-Lite properties."""
    scale: Spec = {"type": metric.scale} | ({"zero": False} if metric.scale == "linear" else {"nice": False})
    axis: Spec = {"tickCount": 6} | AXES[metric.kind]
    if metric.scale == "symlog":
        scale |= {"constant": SHARES[1], "domainMin": 0}
        axis["values"] = [*SHARES, 10]
    return {"title": title, "axis": {"title": title, "scale": scale, "axis": axis}}


def _first_rows(index: NDArray[np.int64]) -> NDArray[np.int64]:
    """The row of each point's first replicate, (points,); `index` has shape (points, pairs)."""
    return np.take_along_axis(index, (index >= 0).argmax(axis=-1)[:, None], axis=-1)[:, 0]


def _estimate(analysis: Analysis, name: str) -> stats.Estimate | None:
    """Means of a metric, (mixes, loads, rings, columns); None if the table has no such column."""
    data = analysis.data
    if name == AGAINST:
        return analysis.relative if len(data.columns) > 1 else None
    column, scale = SCALED.get(name, (name, 1.0))
    return data.estimate(column).scaled(scale) if data.has(column) else None


def _flags(analysis: Analysis) -> NDArray[np.uint8]:
    flags = analysis.steady.short * np.uint8(SHORT) | analysis.steady.unsteady * np.uint8(MOVING)
    for choices in pareto.fronts(analysis):
        for choice in choices.front.kept:
            flags[(choices.mix, choices.load, *choices.places[choice])] |= FRONT | (
                KNEE if choice == choices.front.knee else 0
            )
    return np.asarray(flags, dtype=np.uint8)


def _signs(analysis: Analysis) -> NDArray[np.uint8]:
    sign_codes = np.zeros(analysis.absolute.pairs.shape, dtype=np.uint8)
    for cell, outcome in analysis.outcomes.items():
        for column, (sign, _) in marked_row.signs(outcome).items():
            sign_codes[(*cell, column)] = SIGNS.index(sign)
    return sign_codes


def _splits(analysis: Analysis, where: Where, columns: Columns) -> list[Spec]:
    """The views that split a number into parts; adds the parts to `columns`."""
    views = []
    for panel in (panel.split for panel in contents.panels() if panel.split):
        parts = panel.parts(analysis)
        present = [part for part, values in parts.items() if np.nan_to_num(values[where]).any()]
        for part in present:
            columns[f"{panel.name}:{part}"] = rounded(parts[part][where], PART_BITS)
        colors = [{"name": part, "color": part_shade(tuple(parts), part)} for part in present]
        views += [split(panel, colors)] if present else []
    return views


def _strategies(analysis: Analysis) -> list[dict[str, Any]]:
    data = analysis.data
    order = list(dict.fromkeys(data.strategies))
    return [
        {
            "name": name,
            "strategy": data.strategies[column],
            "color": shade(order.index(data.strategies[column])),
            "line": LINES[place_among(analysis, column)],
            "dash": DASHES[place_among(analysis, column)],
            "shape": SHAPES[place_among(analysis, column)],
        }
        for column, name in enumerate(data.columns)
    ]


def _shares(analysis: Analysis) -> list[dict[str, Any]]:
    """Share of variance per response and axis: alone, and with interactions, the latter with its interval."""
    responses_shares = []
    for response in importance.responses(analysis):
        if response.shares is None:
            continue
        alone, together = response.shares.alone, response.shares.together
        rows = [
            {"axis": axis, "alone": _share(alone[index])[0], "together": _share(together[index])}
            for index, axis in enumerate(response.axes)
        ]
        responses_shares.append({"title": response.title, "rows": rows})
    return responses_shares


def _share(estimate: stats.Estimate) -> tuple[float, float | None, float | None]:
    """Center, low and high of an estimate, clipped to 0..1; low and high are None if there is no interval."""
    center, low, high = (float(np.clip(side, 0, 1)) for side in (estimate.center, estimate.low, estimate.high))
    known = bool(np.isfinite(estimate.low))
    return round(center, 5), round(low, 5) if known else None, round(high, 5) if known else None


def _commands(data: Dataset, location: str) -> list[dict[str, str]]:
    """The commands that reproduce a row, with {id} in place of its id."""
    command_elsewhere = reproduction.elsewhere(reproduction.command(data.metadata) or "sweep run FILE")
    place = shlex.quote(location) if location else "LOCATION"
    return [
        {"title": "From the sweep file alone, in a new directory", "text": f"{command_elsewhere} --only {{id}}"},
        {
            "title": "In the run directory: all of it, run again, compared bit for bit",
            "text": f"sweep show {place} {{id}} --check",
        },
    ]
