# SPDX-License-Identifier: MIT
"""Tables of ns per packet against the baseline, and of what else a ring costs: one per mix and load."""

from __future__ import annotations

import numpy as np

from .. import stats
from ..stats import Call
from . import numbers
from .analysis import Analysis
from .document import Block, Cell, Paragraph, Section, Table

ABSENT = Cell(numbers.MISSING, "missing")
ALONE = "one replicate: an interval needs 2 at least"
EXACT = "exact: the same in every pair"
EQUAL = "equal in every pair"
SMALL = f"different by less than {numbers.percent(stats.MARGIN)} %, which is taken as no difference"
LEGEND = (
    "* fewest ns per packet (several: no difference found between them) · lead: how far the next is behind"
    " · ~ no difference found at 95 % · negative: fewer ns than the baseline"
)

# What a ring costs beside time: metric, title, whether the numbers are ratios shown in percent.
OTHERS = (
    ("drop_ratio", "dropped packets, %", True),
    ("allocator_calls_per_packet", "page allocator calls per packet", False),
    ("pages_held_mean_pages", "pages held, mean", False),
)


def sections(analysis: Analysis) -> list[Section]:
    """One section per mix for ns per packet, and one in detail for the other metrics."""
    data = analysis.data
    found = []
    for mix, name in enumerate(data.mixes):
        tables = [table(analysis, mix, load) for load in range(len(data.loads)) if analysis.simulated(mix, load)]
        if tables:
            found.append(Section(f"{name}: strategies against {analysis.baseline}", tuple(tables)))
    return found


def other_metrics(analysis: Analysis) -> Section:
    """Absolute means of drops, allocator calls and pages held, a row per load and ring."""
    data = analysis.data
    blocks: list[Block] = []
    for metric, title, ratio in OTHERS:
        if not data.has(metric):
            blocks.append(Paragraph(f'Not shown: {title} (the table has no "{metric}").'))
            continue
        means = stats.mean(data.values(metric))
        for mix, name in enumerate(data.mixes):
            rows = []
            for load, ring in np.ndindex(len(data.loads), len(data.rings)):
                estimates = [means[mix, load, ring, column] for column in range(len(data.columns))]
                if any(estimate.pairs for estimate in estimates):
                    head = (Cell(f"{data.loads[load]:g}"), Cell(f"{data.rings[ring]}"))
                    rows.append((*head, *(_plain(estimate, ratio) for estimate in estimates)))
            if rows:
                blocks.append(Table(f"{name}: {title}", ("load", "ring", *data.columns), tuple(rows)))
    return Section("What else a ring costs", tuple(blocks), detail=True)


def table(analysis: Analysis, mix: int, load: int) -> Table:
    """ns per packet: the baseline with its interval, the others as paired differences in percent."""
    data = analysis.data
    rows = []
    for ring, size in enumerate(data.rings):
        winner = analysis.winners.get((mix, load, ring))
        if winner is None:
            continue
        cells = [_cell(analysis, (mix, load, ring, column)) for column in range(len(data.columns))]
        for column in winner.ties if winner.decided else ():
            cells[column] = Cell(f"* {cells[column].text}", "best", cells[column].detail, cells[column].notes)
        rows.append((Cell(str(size)), *cells, _lead(winner)))
    pairs = sorted({int(n) for n in np.unique(analysis.relative.pairs[mix, load]) if n})
    n = f"n={numbers.ranges([float(p) for p in pairs])} {'pair' if pairs == [1] else 'pairs'}"
    return Table(
        caption=f"{data.mixes[mix]} at load {data.loads[load]:g}, against {analysis.baseline}, ns per packet, {n}",
        header=("ring", *data.columns, "lead"),
        rows=tuple(rows),
        foot=(_means(analysis, mix, load),),
        legend=LEGEND if load == analysis.last_load(mix) else "",
    )


def difference_cell(estimate: stats.Estimate) -> Cell:
    """A paired relative difference, given as logarithms of ratios, as text: never a number without its interval."""
    found = estimate.ratios()
    match estimate.call(float(np.log1p(stats.MARGIN))):
        case Call.TOO_FEW:
            return ABSENT if estimate.pairs == 0 else Cell(f"n={int(estimate.pairs)}", "missing", notes=(ALONE,))
        case Call.TIE:
            equal = bool(estimate.exact)
            return Cell("~", "tie", _interval(found), (EQUAL,) if equal else ())
        case Call.EQUIVALENT:
            return Cell("~", "tie", _interval(found), (SMALL,))
        case call:
            tone = "better" if call == Call.LOWER else "worse"
            center = numbers.percent(float(found.center), signed=True)
            if estimate.exact:
                return Cell(f"{center} %", tone, notes=(EXACT,))
            half = numbers.half_width(float(np.fmax(found.high - found.center, found.center - found.low)))
            return Cell(f"{center} ±{half} %", tone, _interval(found))


def _cell(analysis: Analysis, where: tuple[int, int, int, int]) -> Cell:
    if where[-1] == 0:
        return _plain(analysis.absolute[where], relative=True)
    if analysis.absolute.pairs[where] and not analysis.absolute.pairs[(*where[:3], 0)]:
        value = numbers.significant(float(analysis.absolute.center[where]))
        return Cell(f"({value} ns)", notes=(f"{analysis.baseline} was not simulated here: nothing to compare with",))
    cell = difference_cell(analysis.relative[where])
    note = f"drops over {numbers.percent(stats.DROP_MARGIN)} percentage points "
    if analysis.drops_more[where]:
        cell = _noted(cell, f"{note}more packets than {analysis.baseline}: fewer ns would not be faster")
    if analysis.drops_less[where]:
        cell = _noted(cell, f"{note}fewer packets than {analysis.baseline}: more ns would not be slower")
    return cell


def _noted(cell: Cell, note: str) -> Cell:
    return Cell(cell.text, cell.tone, cell.detail, (*cell.notes, note))


def _plain(estimate: stats.Estimate, ratio: bool = False, *, relative: bool = False) -> Cell:
    """A mean with the half width of its interval: in percent of it where `relative`, else in its own unit."""
    if estimate.pairs == 0:
        return ABSENT
    center = float(estimate.center)
    text = numbers.percent(center) if ratio else numbers.significant(center)
    if estimate.pairs == 1:
        return Cell(text, notes=(ALONE,))
    half = float(estimate.high - estimate.center)
    if half == 0 or center == 0:
        return Cell(text)
    if relative:
        return Cell(f"{text} ±{numbers.half_width(half / center)} %")
    return Cell(text, detail=f"± {numbers.percent(half) if ratio else numbers.significant(half, 2)}")


def _interval(found: stats.Estimate) -> str:
    low, high = (numbers.percent(float(side), signed=True) for side in (found.low, found.high))
    return f"95 % interval {low} to {high} %, n={int(found.pairs)}"


def _lead(winner: stats.Winner) -> Cell:
    if not winner.decided:
        return ABSENT
    if winner.runner_up is None:
        return Cell("tie", "tie") if len(winner.ties) > 1 else ABSENT
    return Cell(f"{numbers.percent(winner.behind)} %")


def _means(analysis: Analysis, mix: int, load: int) -> tuple[Cell, ...]:
    """Geometric means over the rings at which both sides are whole, with the interval over the pairs."""
    ns = analysis.ns[mix, load]  # (rings, columns, pairs)
    cells = [Cell("geomean")]
    for column in range(ns.shape[1]):
        logs = stats.log_ratio(ns[:, column], ns[:, 0]) if column else np.log(ns[:, 0])
        run = np.asarray(np.isfinite(logs).any(axis=-1))
        pairs = np.isfinite(logs[run]).all(axis=0) if run.any() else np.zeros(logs.shape[-1], dtype=bool)
        over = np.where(pairs, np.where(run[:, None], logs, 0.0).sum(axis=0) / max(int(run.sum()), 1), np.nan)
        estimate = stats.mean(over)
        if column == 0:
            cells.append(Cell(numbers.significant(float(np.exp(estimate.center)))) if estimate.pairs else ABSENT)
            continue
        cell = difference_cell(estimate)
        rings, used = int(analysis.absolute.pairs[mix, load].any(axis=-1).sum()), int(run.sum())
        cells.append(_noted(cell, f"over {used} of {rings} rings") if used < rings and estimate.pairs else cell)
    return (*cells, Cell(""))
