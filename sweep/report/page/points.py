# SPDX-License-Identifier: MIT
"""What the page carries of every point: its place, means with intervals, parts of its costs and pages, a row's id.

A point is one mix, load, ring and column of the dataset, its replicates taken together.  The numbers are those of the
tables, so a chart drawn in the page and a table written here say the same.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sweep import stats
from sweep.foreign import drawn, everywhere
from sweep.report import contents
from sweep.report.charts.bars import shade as part_shade
from sweep.report.charts.panels import DASHES, LINES, SHAPES, SHARES, Spec, place_among, shade
from sweep.report.parts import marked_row, reproduction
from sweep.report.sections import importance, pareto
from sweep.results import holders, steady
from sweep.results.analysis import METRIC, Analysis
from sweep.results.dataset import Dataset

from .live import PERCENT, split, view
from .packing import codes, packed, rounded

Where = tuple[NDArray[np.int64], ...]  # an index of the cube without pairs
Columns = dict[str, NDArray[Any]]

MEAN_BITS, HALF_BITS, PART_BITS = 16, 7, 13  # of mantissa: of these, tables show 3, 2 and 3 digits, and whole pages
SHORT, MOVING, FRONT, KNEE = 1, 2, 4, 8  # bits of a point's `flags`
SIGNS = ("", "*", "≈", "?")  # as in the tables
LEGEND = (
    "* fewest ns per packet in its cell of mix, load and ring · ≈ as good as it · ? undecided which is fewest"
    f" · 1 {steady.SHORT} · 2 {steady.UNSTEADY}"
)


@dataclass(frozen=True)
class Metric:
    """What the charts can show; `kind` says how a number is written: "plain", "share", "time" or "ratio" (of logs)."""

    name: str
    title: str
    kind: str = "plain"
    scale: str = "linear"  # "linear", "log", "symlog" (with its zero)
    listed: bool = True  # has a column in the table of all points


METRICS = (
    Metric(METRIC, "ns per packet"),
    Metric("against", "against {baseline}, ns per packet", "ratio"),
    Metric("drop_ratio", "dropped share", "share", "symlog"),
    Metric("latency_p99_ns", "p99 latency", "time", "log"),
    Metric("held_mb", "memory held, MB", "plain", "log"),
    Metric("allocator_calls_per_packet", "allocator calls per packet", "plain", "symlog"),
    Metric("latency_p50_ns", "p50 latency", "time", "log", listed=False),
    Metric("reuse_ratio", "reused share", "share", listed=False),
    Metric("cpu_busy_ratio", "CPU busy", "share", listed=False),
    Metric("throughput_mpps", "Mpps", "plain", listed=False),
    Metric("zone_lock_takes_per_packet", "zone lock takes per packet", "plain", "symlog", listed=False),
    Metric("walk_reads_per_packet", "page-walk reads per packet", "plain", "symlog", listed=False),
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
SCALED = {"held_mb": (holders.HELD, float(holders.megabytes(1.0))), "throughput_mpps": ("throughput_pps", 1e-6)}
OBJECTIVES = (METRIC, "held_mb", "drop_ratio", "latency_p99_ns")  # axes of the Pareto view


class Carried(NamedTuple):
    """What a page carries."""

    packed: str
    heading: tuple[str, ...]  # of the table of all points


def carried(analysis: Analysis, location: str) -> Carried:
    """All points; commands in them name `location`."""
    data = analysis.data
    places = np.argwhere((data.index >= 0).any(axis=-1))  # (points, 4): mix, load, ring, column
    where = tuple(places.T)
    columns = {name: codes(place) for name, place in zip(("mix", "load", "ring", "column"), where, strict=True)}
    columns["pairs"] = codes(analysis.absolute.pairs[where])
    columns["flags"] = _flags(analysis)[where]
    columns["sign"] = _signs(analysis)[where]
    metrics = _metrics(analysis, where, columns)
    objectives, shares = [name for name in OBJECTIVES if name in columns], _shares(analysis)
    chosen = ["curves", *(["pareto"] if len(objectives) > 1 else []), *(["shares"] if shares else [])]
    ids = reproduction.shortened(data.table)
    if ids:
        first = "".join(ids[row] for row in _first_rows(data.index[where]))
        columns["id"] = np.frombuffer(first.encode("ascii"), dtype=np.uint8).reshape(len(places), -1)
    header = {
        "rows": len(places),
        "mixes": data.mixes,
        "loads": data.loads,
        "rings": data.rings,
        "strategies": _strategies(analysis),
        "metrics": metrics,
        "objectives": objectives,
        "shares": shares,
        "views": [*map(view, chosen), *_splits(analysis, where, columns)],
        "signs": SIGNS,
    }
    header = everywhere(header, drawn) | {"commands": everywhere(_commands(data, location) if ids else [])}
    listed = (str(metric["title"]) for metric in metrics if metric["listed"])
    return Carried(packed(header, columns), ("strategy", "traffic mix", "load", "ring", *listed, "again"))


def _metrics(analysis: Analysis, where: Where, columns: Columns) -> list[Spec]:
    """Those that have a value other than zero; their means and half intervals go into `columns`."""
    found = []
    for metric in METRICS:
        estimate = _estimate(analysis, metric.name)
        if estimate is None or not np.nan_to_num(estimate.center[where]).any():
            continue
        columns[metric.name] = rounded(estimate.center[where], MEAN_BITS)
        columns[f"{metric.name}_half"] = rounded((estimate.high - estimate.center)[where], HALF_BITS)
        title = metric.title.format(baseline=analysis.baseline)
        found.append({"name": metric.name, "kind": metric.kind, "listed": metric.listed} | _axis(metric, title))
    return found


def _axis(metric: Metric, title: str) -> Spec:
    """Title, scale and axis in Vega-Lite's words."""
    scale: Spec = {"type": metric.scale} | ({"zero": False} if metric.scale == "linear" else {"nice": False})
    axis: Spec = {"tickCount": 6} | AXES[metric.kind]
    if metric.scale == "symlog":
        scale |= {"constant": SHARES[1], "domainMin": 0}
        axis["values"] = [*SHARES, 10]
    return {"title": title, "axis": {"title": title, "scale": scale, "axis": axis}}


def _first_rows(index: NDArray[np.int64]) -> NDArray[np.int64]:
    """Of every point the row of its first replicate; `index` has shape (points, pairs)."""
    return np.take_along_axis(index, (index >= 0).argmax(axis=-1)[:, None], axis=-1)[:, 0]


def _estimate(analysis: Analysis, name: str) -> stats.Estimate | None:
    """Shape of the cube without pairs; None if the table has no such column."""
    data = analysis.data
    if name == "against":
        return analysis.relative if len(data.columns) > 1 else None
    column, scale = SCALED.get(name, (name, 1.0))
    return data.estimate(column).scaled(scale) if data.has(column) else None


def _flags(analysis: Analysis) -> NDArray[np.uint8]:
    found = analysis.steady.short * np.uint8(SHORT) | analysis.steady.unsteady * np.uint8(MOVING)
    for choices in pareto.fronts(analysis):
        for place in choices.front.kept:
            found[(choices.mix, choices.load, *choices.places[place])] |= FRONT | (
                KNEE if place == choices.front.knee else 0
            )
    return np.asarray(found, dtype=np.uint8)


def _signs(analysis: Analysis) -> NDArray[np.uint8]:
    found = np.zeros(analysis.absolute.pairs.shape, dtype=np.uint8)
    for cell, outcome in analysis.outcomes.items():
        for column, (sign, _) in marked_row.signs(outcome).items():
            found[(*cell, column)] = SIGNS.index(sign)
    return found


def _splits(analysis: Analysis, where: Where, columns: Columns) -> list[Spec]:
    """The views of what a number is made of; its parts go into `columns`."""
    found = []
    for panel in (panel.split for panel in contents.panels() if panel.split):
        parts = panel.parts(analysis)
        present = [part for part, values in parts.items() if np.nan_to_num(values[where]).any()]
        for part in present:
            columns[f"{panel.name}:{part}"] = rounded(parts[part][where], PART_BITS)
        colors = [{"name": part, "color": part_shade(tuple(parts), part)} for part in present]
        found += [split(panel, colors)] if present else []
    return found


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
    """Share of variance per response and axis, with the interval of what an axis has a part in."""
    found = []
    for told in importance.responses(analysis):
        if told.shares is None:
            continue
        alone, together = told.shares.alone, told.shares.together
        rows = [
            {"axis": axis, "alone": _share(alone[place])[0], "together": _share(together[place])}
            for place, axis in enumerate(told.axes)
        ]
        found.append({"title": told.title, "rows": rows})
    return found


def _share(estimate: stats.Estimate) -> tuple[float, float | None, float | None]:
    """Center, low, high, within 0 and 1; None where there is no interval."""
    center, low, high = (float(np.clip(side, 0, 1)) for side in (estimate.center, estimate.low, estimate.high))
    known = bool(np.isfinite(estimate.low))
    return round(center, 5), round(low, 5) if known else None, round(high, 5) if known else None


def _commands(data: Dataset, location: str) -> list[dict[str, str]]:
    """The commands that bring back a row, with {id} where its id goes."""
    made = reproduction.elsewhere(reproduction.command(data.metadata) or "sweep run FILE")
    place = shlex.quote(location) if location else "LOCATION"
    return [
        {"title": "From the sweep file alone, in a new directory", "text": f"{made} --only {{id}}"},
        {
            "title": "In the run directory: all of it, run again, compared bit for bit",
            "text": f"sweep show {place} {{id}} --check",
        },
    ]
