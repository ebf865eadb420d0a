# SPDX-License-Identifier: MIT
"""The published table seen another way: any parameter as row, column or table, any metrics, any baseline.

Nothing is run again.  Without a baseline, cells are means with 95 % intervals; with one, they are paired differences
from it, in the words of every other table of the report.  A small set of values becomes a document like any other.
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

from .scales import Scale, scale
from .sheets import Baseline, Sheet, baseline, sheets, typed

DEFAULT_METRIC = "ns_per_packet"
OTHERS = (DROPS, "latency_p50_ns", "latency_p99_ns", "allocator_calls_per_packet", "pages_held_mean_pages")


@dataclass(frozen=True)
class Request:
    """What the reader asked for; empty is "not said", `tables` None is "by whatever else varies"."""

    rows: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    tables: tuple[str, ...] | None = None
    metrics: tuple[str, ...] = ()
    filter: str = ""
    baseline: str = ""

    @property
    def empty(self) -> bool:
        return self == Request()


@dataclass(frozen=True, eq=False)
class Projection:
    """What was asked for, laid out."""

    request: Request
    data: Dataset
    axes: Axes
    base: Baseline | None
    sheets: tuple[Sheet, ...]
    found: int  # simulations before the filter


def project(table: pa.Table, request: Request) -> Projection:
    """Lay out a published table as asked.  Raises SweepError for names that are not there and choices of nothing."""
    wanted = list(dict.fromkeys(request.metrics or (DEFAULT_METRIC,)))
    for name in wanted:
        measures.measure(table.slice(0, 0), name)  # a wrong name is told before anything is computed
    chosen = selection.select(table, request.filter) if request.filter else table
    data = dataset.read(chosen)
    if not len(data.table):
        raise SweepError(
            f"none of {format.count(data.rows, 'simulation')} is valid: there is nothing to show\n"
            "  next: leave the projection out; the report says which laws they broke"
        )
    axes = lay_out(data, *_defaults(request))
    base = baseline(data, axes, request.baseline) if request.baseline else None
    found = [measures.measure(data.table, name) for name in wanted]
    for measure in found:
        if not np.isfinite(measure.values[axes.used]).any():
            raise SweepError(
                f'--metric "{measure.name}" has no value in {format.count(len(axes.used), "simulation")}: no strategy'
                " here has it, or no packet was counted\n  next: choose another metric, or widen --filter"
            )
    return Projection(request, data, axes, base, tuple(sheets(data, axes, found, base)), len(table))


def whole(table: pa.Table) -> Request:
    """What the main tables of the report show: all cells, against the baseline of the sweep."""
    data = dataset.read(table)
    names = [name for name in (DEFAULT_METRIC, *OTHERS) if data.has(name)]
    return Request(metrics=tuple(names), baseline=typed(data, 0) if data.columns else "")


def _defaults(request: Request) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...] | None]:
    """Rings by strategies, as far as these are not named elsewhere."""
    named = {*request.rows, *request.columns, *(request.tables or ())}
    rows = request.rows or tuple(name for name in ("ring", "load", "traffic") if name not in named)[:1]
    columns = request.columns or tuple(name for name in ("strategy",) if name not in {*named, *rows})
    return rows, columns, request.tables


def document(projection: Projection, location: str = "") -> Document:
    """The projection as a document; `location` is where the run directory is, for the commands in it."""
    data, request = projection.data, projection.request
    name = str(data.metadata.get("name") or "sweep")
    used = len(projection.axes.used)
    of = f" of {projection.found:,}" if used < projection.found else ""
    parts = [f"{used:,}{of} simulations" if of else format.count(used, "simulation")]
    if request.filter:
        parts.append(f"those with {request.filter}")
    if projection.base:
        parts.append(f"against {projection.base.name}")
    sections = []
    for measure in dict.fromkeys(sheet.measure for sheet in projection.sheets):
        mine = [sheet for sheet in projection.sheets if sheet.measure is measure]
        tables = tuple(_table(projection, sheet, scale(mine)) for sheet in mine)
        about = (Paragraph(f"{measure.name}: {measure.meaning}."),) if measure.meaning else ()
        sections.append(Section(scale(mine).titled(measure.name), (*about, *tables)))
    sections.append(Section("How to read and repeat this", (*_legend(projection), *_repeat(projection, location))))
    return Document(name, ": ".join([parts[0], ", ".join(parts[1:])]) if parts[1:] else parts[0], tuple(sections))


def _table(projection: Projection, sheet: Sheet, unit: Scale) -> Table:
    axes = projection.axes
    pairs = sorted({int(n) for n in np.unique(sheet.absolute.pairs) if n})
    n = f"n={format.ranges([float(p) for p in pairs])}"
    where = " · ".join(value if name == "strategy" else f"{name} {value}" for name, value in sheet.where)
    rows = []
    for row, label in enumerate(sheet.rows):
        cells = [_cell(projection, sheet, unit, (row, column), pairs[-1]) for column in range(len(sheet.columns))]
        rows.append((Cell(" · ".join(label) or "all"), *cells))
    header = tuple(
        " · ".join(
            value if axis.name == "strategy" else f"{axis.name} {value}"
            for axis, value in zip(axes.columns, label, strict=True)
        )
        for label in sheet.columns
    )
    return Table(
        caption=f"{where or unit.titled(sheet.measure.name)}, {n}",
        header=(" · ".join(axis.name for axis in axes.rows), *(name or sheet.measure.name for name in header)),
        rows=tuple(rows),
        foot=_foot(projection, sheet, unit),
    )


def _cell(projection: Projection, sheet: Sheet, unit: Scale, cell: tuple[int, int], most: int) -> Cell:
    found = sheet.absolute[cell]
    if not found.pairs:
        return ABSENT
    notes = sheet.notes.get(cell, ())
    if projection.base is None or sheet.base[cell]:
        fewer = (fixed(f"n={int(found.pairs)}, not {most}"),) if 2 <= found.pairs < most else ()
        return noted(value(found, unit), *notes, *fewer)
    against = sheet.against[cell]
    if not against.pairs:
        missing = fixed(f"{projection.base.name} was not simulated here: nothing to compare with")
        return noted(Cell(f"({unit.number(float(found.center))})"), missing, *notes)
    shown = compared(against, sheet.measure, unit)
    fewer = (fixed(f"n={int(against.pairs)} pairs, not {most}"),) if 2 <= against.pairs < most else ()
    return noted(shown, *_drops(sheet, cell, projection.base.name), *notes, *fewer)


def value(found: stats.Estimate, unit: Scale) -> Cell:
    """A mean with its interval: relative where the number is above zero, else in its own unit."""
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


def _drops(sheet: Sheet, cell: tuple[int, int], base: str) -> tuple[Sentence, ...]:
    """Doing less work is not being faster: said where a number per packet is compared and drops differ."""
    more = sheet.drops[cell]
    margin = stats.DROP_MARGIN
    if not sheet.measure.per_packet or not more.pairs or abs(float(more.center)) <= margin:
        return ()
    points = f"over {format.percent(margin)} percentage points"
    if more.pairs >= 2 and not (more.low > 0 or more.high < 0):
        return (fixed(f"mean drops differ by {points} from {base}, not beyond doubt"),)
    if more.center > 0:
        return (fixed(f"drops {points} more packets than {base}: less per packet would not be faster"),)
    return (fixed(f"drops {points} fewer packets than {base}: more per packet would not be slower"),)


def _foot(projection: Projection, sheet: Sheet, unit: Scale) -> tuple[tuple[Cell, ...], ...]:
    """Means over the rows, geometric where the metric is compared by ratios; none where rows are rivals."""
    axes, base = projection.axes, projection.base
    shared = {atom.name for atom in axes.atoms[1:]} - ({axes.atoms[base.atom].name} if base else set())
    if len(sheet.rows) < 2 or not {axis.name for axis in axes.rows} <= shared:
        return ()
    cells = [Cell("geomean" if sheet.measure.relative else "mean")]
    for column in range(len(sheet.columns)):
        own = base is None or sheet.base[:, column].any()
        found = (sheet.row_mean if own else sheet.row_mean_against)[column]
        count = int(sheet.row_counts[0 if own else 1][column])
        if own and found.pairs:
            center = float(np.exp(found.center)) if sheet.measure.relative else float(found.center)
            cell = Cell(unit.number(center))
        else:
            cell = compared(found, sheet.measure, unit) if found.pairs else ABSENT
        some = count < len(sheet.rows) and found.pairs > 0
        cells.append(noted(cell, fixed(f"over {count} of {len(sheet.rows)} rows")) if some else cell)
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
        kinds = dict.fromkeys(_kind(sheet.measure) for sheet in projection.sheets)
        lines.append(
            f"Paired differences from {base.name}, whose own cells are means: {', '.join(kinds)}; with 95 % intervals."
            " ~ no difference found, with the half width of its interval; – not simulated."
        )
        atom = axes.atoms[base.atom].name
        if coordinates.said(projection.data.table, atom, "decides") == "packets":
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
    data, sheet = projection.data, projection.sheets[0]
    ids = shortened(data.table)
    if not ids:
        return []
    first = ids[int(next(iter(sheet.members.values()))[0])]
    return again(data, location, first, "one simulation of the first cell")
