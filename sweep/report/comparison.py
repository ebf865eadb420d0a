# SPDX-License-Identifier: MIT
"""Tables of ns per packet against the baseline, and of what else a ring costs: one per mix and load."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from .. import stats
from ..stats import Call
from . import numbers
from .analysis import Analysis
from .document import Block, Cell, Paragraph, Section, Table
from .outcome import DROPS_DIFFER, WITHIN, CellIndex, Outcome, pairs_wanted

ABSENT = Cell(numbers.MISSING, "missing")
ALONE = "one replicate: an interval needs 2 at least"
EXACT = "exact: the same in every pair"
EQUAL = "equal in every pair"
SMALL = f"a difference was found, but {WITHIN}: too small to count"
HELD_TWICE = (
    "refcount_recycle: a slot keeps the page just received until the next lap beside the one posted, so it holds up"
    " to two pages a slot by its rule, readers or not"
)
DROPS_NOTE = (
    f"the one with the fewest ns drops over {numbers.percent(stats.DROP_MARGIN)} percentage points more packets in the"
    " mean, not beyond doubt"
)
HELD = "pages_held_mean_pages"
LEGEND = (
    f"* fewest ns per packet · ≈ shown to be {WITHIN} of the fewest · ? undecided which takes the fewest"
    " · lead: how far the next is behind · ~ no difference from the baseline found at 95 %, with the half width of"
    " its interval · negative: fewer ns than the baseline"
)

# What a ring costs beside time: metric, title, whether the numbers are ratios shown in percent.
OTHERS = (
    ("drop_ratio", "dropped packets, %", True),
    ("allocator_calls_per_packet", "page allocator calls per packet", False),
    (HELD, "pages held, mean", False),
    ("reuse_ratio", "reused memory, %", True),
    ("cache_ns_per_packet", "cache misses, ns per packet", False),
    ("walk_reads_per_packet", "page-walk reads per packet", False),
)
HARDWARE = ("cache_ns_per_packet", "walk_reads_per_packet")  # nothing on a host where they are not modelled


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
        if metric in HARDWARE and not np.nansum(data.values(metric)):
            blocks.append(Paragraph(f"{title[0].upper()}{title[1:]}: 0 everywhere."))
            continue
        means = stats.mean(data.values(metric))
        for mix, name in enumerate(data.mixes):
            rows = []
            for load, ring in np.ndindex(len(data.loads), len(data.rings)):
                estimates = [means[mix, load, ring, column] for column in range(len(data.columns))]
                if any(estimate.pairs for estimate in estimates):
                    cells = [Cell(f"{data.loads[load]:g}"), Cell(f"{data.rings[ring]}")]
                    for column, estimate in enumerate(estimates):
                        notes = analysis.steady.notes((mix, load, ring, column)) if estimate.pairs else ()
                        if metric == HELD and column in data.of("refcount_recycle"):
                            notes = (HELD_TWICE, *notes)
                        cells.append(noted(_plain(estimate, ratio), *notes))
                    rows.append(tuple(cells))
            if rows:
                blocks.append(Table(f"{name}: {title}", ("load", "ring", *data.columns), tuple(rows)))
    return Section("What else a ring costs", tuple(blocks), detail=True)


def table(analysis: Analysis, mix: int, load: int) -> Table:
    """ns per packet: the baseline with its interval, the others as paired differences in percent."""
    data = analysis.data
    rows = []
    wanted = pairs_wanted(outcome for (m, at, _), outcome in analysis.outcomes.items() if (m, at) == (mix, load))
    for ring, size in enumerate(data.rings):
        outcome = analysis.outcomes.get((mix, load, ring))
        if outcome is None:
            continue
        rows.append((Cell(str(size)), *row(analysis, (mix, load, ring)), _lead(outcome, wanted)))
    pairs = sorted({int(n) for n in np.unique(analysis.relative.pairs[mix, load]) if n})
    n = f"n={numbers.ranges([float(p) for p in pairs])} {'pair' if pairs == [1] else 'pairs'}"
    return Table(
        caption=f"{data.mixes[mix]} at load {data.loads[load]:g}, against {analysis.baseline}, ns per packet, {n}",
        header=("ring", *data.columns, "lead"),
        rows=tuple(rows),
        foot=(_means(analysis, mix, load),),
        legend=LEGEND if load == analysis.last_load(mix) else "",
    )


def row(analysis: Analysis, where: CellIndex) -> list[Cell]:
    """The columns of one cell that has an outcome, those marked that are not shown to lose."""
    cells = [_cell(analysis, (*where, column)) for column in range(len(analysis.data.columns))]
    for column, (sign, tone) in signs(analysis.outcomes[where]).items():
        cells[column] = replace(cells[column], text=f"{sign} {cells[column].text}", tone=tone)
    return cells


class Form(NamedTuple):
    """How a difference and half its interval are written."""

    center: Callable[[float], str]  # with its sign
    half: Callable[[float], str]
    unit: str  # with the blank before it
    small: str  # the footnote of a difference that is too small to count


PERCENT = Form(lambda value: numbers.percent(value, signed=True), numbers.half_width, " %", SMALL)


def relative_cell(estimate: stats.Estimate) -> Cell:
    """A paired relative difference, given as logarithms of ratios, as text: never a number without its interval."""
    return difference_cell(estimate.ratios(), estimate.call(float(np.log1p(stats.MARGIN))), PERCENT)


def difference_cell(found: stats.Estimate, call: Call, form: Form) -> Cell:
    """A paired difference and what its interval says, as text."""
    if call == Call.TOO_FEW:
        return ABSENT if found.pairs == 0 else Cell(f"n={int(found.pairs)}", "missing", notes=(ALONE,))
    low, high = (form.center(float(side)) for side in (found.low, found.high))
    half = form.half(float(np.fmax(found.high - found.center, found.center - found.low)))
    interval = f"95 % interval {low} to {high}{form.unit}, n={int(found.pairs)}"
    if call == Call.TIE:
        if found.exact:
            return Cell("~", "tie", interval, (EQUAL,))
        return Cell(f"~ ±{half}{form.unit}", "tie", interval)
    small = call == Call.EQUIVALENT
    tone = "tie" if small else "better" if call == Call.LOWER else "worse"
    center, notes = form.center(float(found.center)), (form.small,) if small else ()
    if found.exact:
        return Cell(f"{center}{form.unit}", tone, notes=(EXACT, *notes))
    return Cell(f"{center} ±{half}{form.unit}", tone, interval, notes)


def noted(cell: Cell, *notes: str) -> Cell:
    """The cell with more footnotes."""
    return replace(cell, notes=(*cell.notes, *notes))


def _cell(analysis: Analysis, where: tuple[int, int, int, int]) -> Cell:
    notes = analysis.steady.notes(where) if analysis.absolute.pairs[where] else ()
    return noted(_difference(analysis, where), *notes)


def _difference(analysis: Analysis, where: tuple[int, int, int, int]) -> Cell:
    if where[-1] == 0:
        return _plain(analysis.absolute[where], relative=True)
    if analysis.absolute.pairs[where] and not analysis.absolute.pairs[(*where[:3], 0)]:
        value = numbers.significant(float(analysis.absolute.center[where]))
        return Cell(f"({value} ns)", notes=(f"{analysis.baseline} was not simulated here: nothing to compare with",))
    cell = relative_cell(analysis.relative[where])
    points = f"{numbers.percent(stats.DROP_MARGIN)} percentage points"
    if analysis.drops_more[where]:
        return noted(cell, f"drops over {points} more packets than {analysis.baseline}: fewer ns would not be faster")
    if analysis.drops_less[where]:
        return noted(cell, f"drops over {points} fewer packets than {analysis.baseline}: more ns would not be slower")
    if analysis.drops_open[where]:
        return noted(cell, f"mean drops differ by over {points} from {analysis.baseline}, not beyond doubt")
    return cell


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


def signs(outcome: Outcome) -> dict[int, tuple[str, str]]:
    """Sign and tone of the columns that are not shown to lose."""
    winner = outcome.winner
    if winner.pairs < 2:
        return {}
    if outcome.drops_differ:
        return dict.fromkeys((*outcome.faster_droppers, winner.best), ("?", "tie"))
    if not outcome.decided:
        return dict.fromkeys(winner.ties, ("?", "tie"))
    return {winner.best: ("*", "best"), **dict.fromkeys(winner.close, ("≈", "tie"))}


def _lead(outcome: Outcome, wanted: str) -> Cell:
    """How far the next is behind, or why that cannot be said; `wanted` is the table's word on its pairs."""
    winner = outcome.winner
    if outcome.drops_differ:
        return Cell(DROPS_DIFFER, "tie", notes=(DROPS_NOTE,))
    if not outcome.decided:
        return Cell("undecided", "tie", notes=(wanted,))
    if winner.runner_up is None:
        return Cell(WITHIN, "tie") if winner.close else ABSENT
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
        cell = relative_cell(estimate)
        rings, used = int(analysis.absolute.pairs[mix, load].any(axis=-1).sum()), int(run.sum())
        cells.append(noted(cell, f"over {used} of {rings} rings") if used < rings and estimate.pairs else cell)
    return (*cells, Cell(""))
