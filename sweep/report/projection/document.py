# SPDX-License-Identifier: MIT
"""A published table laid out as the user chooses: any parameter as row, column or table, any metrics and baseline.

Nothing is simulated again.  Without a baseline, cells are means with 95 % intervals; with one, they are paired
differences from it, in the form of all other tables of the report.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from sweep import format, stats
from sweep.document.blocks import Block, Cell, Document, Paragraph, Section, Table
from sweep.document.statements import Sentence, fixed
from sweep.errors import SweepError
from sweep.fields.spread import DROPS
from sweep.report.parts.differences import ABSENT, ALONE, TOO_LITTLE, Form, difference_cell, noted, relative_cell
from sweep.report.parts.reproduction import again, shortened
from sweep.results import coordinates, dataset, measures, selection
from sweep.results.axes import Axes, lay_out
from sweep.results.dataset import Dataset
from sweep.results.measures import Measure

from .metric_tables import Baseline, MetricGrid, baseline, grids, typed_name
from .scales import Scale, scale

DEFAULT_METRIC = "ns_per_packet"
OTHERS = (DROPS, "latency_p50_ns", "latency_p99_ns", "allocator_calls_per_packet", "pages_held_mean_pages")


@dataclass(frozen=True)
class ProjectionRequest:
    """The layout asked for; an empty field is a default, `tables` None a table per value of what else varies."""

    rows: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    tables: tuple[str, ...] | None = None
    metrics: tuple[str, ...] = ()
    filter: str = ""
    baseline: str = ""

    @property
    def empty(self) -> bool:
        return self == ProjectionRequest()


@dataclass(frozen=True, eq=False)
class Projection:
    """A request and its numbers, grid by grid."""

    request: ProjectionRequest
    data: Dataset
    axes: Axes
    base: Baseline | None
    grids: tuple[MetricGrid, ...]
    found: int  # simulations before the filter


def project(table: pa.Table, request: ProjectionRequest) -> Projection:
    """Lay out a published table as requested.  Raises SweepError for unknown names and selections without values."""
    wanted = list(dict.fromkeys(request.metrics or (DEFAULT_METRIC,)))
    for name in wanted:
        measures.measure(table.slice(0, 0), name)  # reports an unknown name before anything is computed
    selected = selection.select(table, request.filter) if request.filter else table
    data = dataset.read(selected)
    if data.sample is not None:
        raise SweepError(
            f"this run is a sample of {data.sample.asked:,} points, no grid: there is nothing to lay out by rows,"
            f" columns and tables, for {', '.join(data.sample.axes)} differ from point to point\n"
            '  next: sweep query LOCATION "from points" --format csv; or run a full grid of the parameters that matter'
        )
    if not len(data.table):
        raise SweepError(
            f"none of {format.count(data.rows, 'simulation')} is valid: there is nothing to show\n"
            "  next: leave the projection out; the report says which laws they broke"
        )
    axes = lay_out(data, *_defaults(request))
    base = baseline(data, axes, request.baseline) if request.baseline else None
    requested_measures = [measures.measure(data.table, name) for name in wanted]
    for measure in requested_measures:
        if not np.isfinite(measure.values[axes.used]).any():
            raise SweepError(
                f'--metric "{measure.name}" has no value in {format.count(len(axes.used), "simulation")}: no strategy'
                " here has it, or no packet was counted\n  next: choose another metric, or widen --filter"
            )
    return Projection(request, data, axes, base, tuple(grids(data, axes, requested_measures, base)), len(table))


def whole(table: pa.Table) -> ProjectionRequest:
    """The request for what the report's main tables show: all cells, against the sweep's baseline."""
    data = dataset.read(table)
    names = [name for name in (DEFAULT_METRIC, *OTHERS) if data.has(name)]
    return ProjectionRequest(metrics=tuple(names), baseline=typed_name(data, 0) if data.columns else "")


def _defaults(request: ProjectionRequest) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...] | None]:
    """Parameters of rows, columns and tables; by default rings by strategies unless the request uses them elsewhere."""
    named = {*request.rows, *request.columns, *(request.tables or ())}
    rows = request.rows or tuple(name for name in ("ring", "load", "traffic") if name not in named)[:1]
    columns = request.columns or tuple(name for name in ("strategy",) if name not in {*named, *rows})
    return rows, columns, request.tables


def document(projection: Projection, location: str = "") -> Document:
    """The projection as a document; `location` is where the run directory is, for the commands in it."""
    data, request = projection.data, projection.request
    name = str(data.metadata.get("name") or "sweep")
    used = len(projection.axes.used)
    of_all = f" of {projection.found:,}" if used < projection.found else ""
    parts = [f"{used:,}{of_all} simulations" if of_all else format.count(used, "simulation")]
    if request.filter:
        parts.append(f"those with {request.filter}")
    if projection.base:
        parts.append(f"against {projection.base.name}")
    sections = []
    for measure in dict.fromkeys(grid.measure for grid in projection.grids):
        grids_of_measure = [grid for grid in projection.grids if grid.measure is measure]
        tables = tuple(_table(projection, grid, scale(grids_of_measure)) for grid in grids_of_measure)
        meaning = (Paragraph(f"{measure.name}: {measure.meaning}."),) if measure.meaning else ()
        sections.append(Section(scale(grids_of_measure).titled(measure.name), (*meaning, *tables)))
    sections.append(Section("How to read and repeat this", (*_legend(projection), *_repeat(projection, location))))
    return Document(name, ": ".join([parts[0], ", ".join(parts[1:])]) if parts[1:] else parts[0], tuple(sections))


def _table(projection: Projection, grid: MetricGrid, unit: Scale) -> Table:
    axes = projection.axes
    pairs = sorted({int(pairs_text) for pairs_text in np.unique(grid.absolute.pairs) if pairs_text})
    pairs_text = f"n={format.ranges([float(p) for p in pairs])}"
    location = " · ".join(value if name == "strategy" else f"{name} {value}" for name, value in grid.where)
    rows = []
    for row, label in enumerate(grid.rows):
        cells = [_cell(projection, grid, unit, (row, column), pairs[-1]) for column in range(len(grid.columns))]
        rows.append((Cell(" · ".join(label) or "all"), *cells))
    header = tuple(
        " · ".join(
            value if axis.name == "strategy" else f"{axis.name} {value}"
            for axis, value in zip(axes.columns, label, strict=True)
        )
        for label in grid.columns
    )
    return Table(
        caption=f"{location or unit.titled(grid.measure.name)}, {pairs_text}",
        header=(" · ".join(axis.name for axis in axes.rows), *(name or grid.measure.name for name in header)),
        rows=tuple(rows),
        foot=_foot(projection, grid, unit),
    )


def _cell(projection: Projection, grid: MetricGrid, unit: Scale, cell: tuple[int, int], most: int) -> Cell:
    absolute = grid.absolute[cell]
    if not absolute.pairs:
        return ABSENT
    notes = grid.notes.get(cell, ())
    if projection.base is None or grid.base[cell]:
        fewer = (fixed(f"n={int(absolute.pairs)}, not {most}"),) if 2 <= absolute.pairs < most else ()
        return noted(value(absolute, unit), *notes, *fewer)
    against = grid.against[cell]
    if not against.pairs:
        missing = fixed(f"{projection.base.name} was not simulated here: nothing to compare with")
        return noted(Cell(f"({unit.number(float(absolute.center))})"), missing, *notes)
    difference = compared(against, grid.measure, unit)
    fewer = (fixed(f"n={int(against.pairs)} pairs, not {most}"),) if 2 <= against.pairs < most else ()
    return noted(difference, *_drops(grid, cell, projection.base.name), *notes, *fewer)


def value(found: stats.Estimate, unit: Scale) -> Cell:
    """A cell with a mean and half its interval: in percent of a mean above zero, else in the metric's unit."""
    if not found.pairs:
        return ABSENT
    center = float(found.center)
    text = unit.number(center)
    if not found.known:
        return Cell(text, notes=(ALONE if found.pairs == 1 else TOO_LITTLE,))
    half = float(found.half)
    if not half:
        return Cell(text)
    detail = f"95 % interval {unit.number(float(found.low))} to {unit.number(float(found.high))}, n={int(found.pairs)}"
    if center <= 0 or unit.percent or half > center:
        return Cell(f"{text} ±{unit.half(half)}", detail=detail)
    return Cell(f"{text} ±{format.half_width(half / center)} %", detail=detail)


def compared(found: stats.Estimate, measure: Measure, unit: Scale) -> Cell:
    """A paired difference, in percent or in the metric's own unit; its tone says which way is better."""
    if measure.relative:
        cell = relative_cell(found)
    else:
        points = f"{unit.number(measure.margin)} percentage points"
        small = fixed(f"a difference was found, but within {points}: too small to count")
        cell = difference_cell(found, found.call(measure.margin), Form(unit.signed, unit.half, "", small))
    if cell.tone in ("better", "worse") and measure.better >= 0:
        other = {"better": "worse", "worse": "better"}[cell.tone]
        return replace(cell, tone=other if measure.better else "")
    return cell


def _drops(grid: MetricGrid, cell: tuple[int, int], base: str) -> tuple[Sentence, ...]:
    """Footnote where a number per packet is compared and drops differ: fewer packets handled is not faster."""
    more = grid.drops[cell]
    margin = stats.DROP_MARGIN
    if not grid.measure.per_packet or not more.pairs or abs(float(more.center)) <= margin:
        return ()
    points = f"over {format.percent(margin)} percentage points"
    if more.pairs >= 2 and not (more.low > 0 or more.high < 0):
        return (fixed(f"mean drops differ by {points} from {base}, not beyond doubt"),)
    if more.center > 0:
        return (fixed(f"drops {points} more packets than {base}: less per packet would not be faster"),)
    return (fixed(f"drops {points} fewer packets than {base}: more per packet would not be slower"),)


def _foot(projection: Projection, grid: MetricGrid, unit: Scale) -> tuple[tuple[Cell, ...], ...]:
    """A row of means over the rows, geometric for metrics compared by ratios; () if rows cannot be averaged."""
    axes, base = projection.axes, projection.base
    shared = {atom.name for atom in axes.atoms[1:]} - ({axes.atoms[base.atom].name} if base else set())
    if len(grid.rows) < 2 or not {axis.name for axis in axes.rows} <= shared:
        return ()
    cells = [Cell("geomean" if grid.measure.relative else "mean")]
    for column in range(len(grid.columns)):
        baseline_column = base is None or grid.base[:, column].any()
        estimate = (grid.row_mean if baseline_column else grid.row_mean_against)[column]
        rows_used = int(grid.row_counts[0 if baseline_column else 1][column])
        if baseline_column and estimate.pairs:
            center = float(np.exp(estimate.center)) if grid.measure.relative else float(estimate.center)
            cell = Cell(unit.number(center))
        else:
            cell = compared(estimate, grid.measure, unit) if estimate.pairs else ABSENT
        only_some = rows_used < len(grid.rows) and estimate.pairs > 0
        cells.append(noted(cell, fixed(f"over {rows_used} of {len(grid.rows)} rows")) if only_some else cell)
    return (tuple(cells),)


def _legend(projection: Projection) -> list[Block]:
    axes, base = projection.axes, projection.base
    lines = []
    if axes.averaged:
        over = (
            f"{axis.name} ({', '.join(axis.labels[code] for code in np.unique(axis.codes))})" for axis in axes.averaged
        )
        lines.append(f"Averaged inside each cell, replicate by replicate: {', '.join(over)}.")
    if base is None:
        lines.append("Means of the replicates with their 95 % intervals (Student's t); – not simulated.")
    else:
        kinds = dict.fromkeys(_kind(grid.measure) for grid in projection.grids)
        lines.append(
            f"Paired differences from {base.name}, whose own cells are means: {', '.join(kinds)}; with 95 % intervals."
            " ~ no difference found, with the half width of its interval; – not simulated."
        )
        atom = axes.atoms[base.atom].name
        if coordinates.column_metadata(projection.data.table, atom, "decides") == "packets":
            lines.append(
                f"Simulations that differ in {atom} met other packets: a pair shares its replicate's number only."
            )
        lines.append("Many cells are compared: among a hundred, a few will stray outside their interval.")
    if projection.data.invalid:
        lines.append(f"Not used: {format.count(len(projection.data.invalid), 'simulation')} that broke a law.")
    return [Paragraph(line) for line in lines]


def _kind(measure: Measure) -> str:
    if measure.relative:
        return "relative differences in percent"
    return f"{measure.name} in {'percentage points' if measure.share else 'its own unit'}"


def _repeat(projection: Projection, location: str) -> list[Block]:
    """The commands for one simulation of the first cell."""
    data, grid = projection.data, projection.grids[0]
    ids = shortened(data.table)
    if not ids:
        return []
    first = ids[int(next(iter(grid.members.values()))[0])]
    return again(data, location, first, "one simulation of the first cell")
