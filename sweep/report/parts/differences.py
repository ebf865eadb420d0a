# SPDX-License-Identifier: MIT
"""A number in a cell: a mean with its interval, or the paired difference from the baseline and what it claims."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from sweep import format, stats
from sweep.document.blocks import Cell
from sweep.document.statements import Absent, Difference, DropsDiffer, Level, Number, Sentence, at, fixed
from sweep.results.analysis import METRIC, Analysis
from sweep.results.outcome import WITHIN
from sweep.stats import Call

ABSENT = Cell(format.MISSING, "missing")
ALONE = fixed("one replicate: an interval needs 2 at least")
TOO_LITTLE = fixed("too little seen for an interval: too few independent episodes")
EXACT = fixed("exact: the same in every pair")
EQUAL = fixed("equal in every pair")
SMALL = fixed(f"a difference was found, but {WITHIN}: too small to count")


class Form(NamedTuple):
    """How a difference and half its interval are written."""

    center: Callable[[float], str]  # with its sign
    half: Callable[[float], str]
    unit: str  # with the blank before it
    small: Sentence  # the footnote of a difference that is too small to count


PERCENT = Form(lambda value: format.percent(value, signed=True), format.half_width, " %", SMALL)


def relative_cell(estimate: stats.Estimate) -> Cell:
    """A paired relative difference, given as logarithms of ratios, as text: never a number without its interval."""
    return difference_cell(estimate.ratios(), estimate.call(float(np.log1p(stats.MARGIN))), PERCENT)


CALLS = {
    Call.TOO_FEW: "few",
    Call.LOWER: "lower",
    Call.HIGHER: "higher",
    Call.TIE: "tie",
    Call.EQUIVALENT: "equivalent",
}


def against(
    analysis: Analysis,
    estimate: stats.Estimate,
    mix: int,
    column: int,
    load: float | None = None,
    ring: int | None = None,
) -> Cell:
    """The paired difference of a column from the baseline, with what it claims."""
    cell = relative_cell(estimate)
    if not estimate.pairs:
        return cell
    call, found = estimate.call(float(np.log1p(stats.MARGIN))), estimate.ratios()
    center, half = float(found.center), float(found.half)
    plain = call in (Call.TOO_FEW, Call.TIE)
    claim = Difference(
        analysis.data.mixes[mix],
        analysis.data.columns[column],
        analysis.baseline,
        None if plain else Number(center, format.percent(center, signed=True), 100),
        None if call == Call.TOO_FEW or found.exact else Number(half, format.half_width(half), 100),
        CALLS[call],
        load,
        ring,
        int(found.pairs),
    )
    return replace(cell, claims=(*cell.claims, claim))


def difference_cell(found: stats.Estimate, call: Call, form: Form) -> Cell:
    """A paired difference and what its interval says, as text."""
    if call == Call.TOO_FEW:
        why = ALONE if found.pairs == 1 else TOO_LITTLE
        return ABSENT if found.pairs == 0 else Cell(f"n={int(found.pairs)}", "missing", notes=(why,))
    low, high = (form.center(float(side)) for side in (found.low, found.high))
    half = form.half(float(found.half))
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


def noted(cell: Cell, *notes: Sentence) -> Cell:
    """The cell with more footnotes."""
    return replace(cell, notes=(*cell.notes, *notes))


def point_cell(analysis: Analysis, where: tuple[int, int, int, int]) -> Cell:
    """A strategy in one cell of mix, load and ring: what it costs, with a footnote where its runs are not steady."""
    notes = analysis.steady.notes(where) if analysis.absolute.pairs[where] else ()
    return noted(_difference(analysis, where), *notes)


def _difference(analysis: Analysis, where: tuple[int, int, int, int]) -> Cell:
    data = analysis.data
    mix, load, ring = data.mixes[where[0]], data.loads[where[1]], data.rings[where[2]]
    place, name, base = at(mix, load, ring, data.columns[where[-1]]), data.columns[where[-1]], analysis.baseline
    if where[-1] == 0:
        return level_cell(analysis.absolute[where], METRIC, place, relative=True)
    if analysis.absolute.pairs[where] and not analysis.relative.pairs[where]:
        center = float(analysis.absolute.center[where])
        value = Number(center, format.significant(center))
        simulated = bool(analysis.absolute.pairs[(*where[:3], 0)])
        why = f"{base} was not simulated here: nothing to compare with"
        if simulated:
            why = f"{base} has no replicate with a cost in common: nothing to compare with"
        note = Sentence(why, Absent("avg(ns_per_packet / base_ns)", place))
        return Cell(f"({value.text} ns)", notes=(note,), claims=(Level(METRIC, place, value),))
    cell = against(analysis, analysis.relative[where], where[0], where[-1], load, ring)
    points = f"{format.percent(stats.DROP_MARGIN)} percentage points"
    for found, way, text in (
        (analysis.drops_more, "more", f"drops over {points} more packets than {base}: fewer ns would not be faster"),
        (analysis.drops_less, "less", f"drops over {points} fewer packets than {base}: more ns would not be slower"),
        (analysis.drops_open, "open", f"mean drops differ by over {points} from {base}, not beyond doubt"),
    ):
        if found[where]:
            return noted(cell, Sentence(text, DropsDiffer(mix, load, ring, name, base, way)))
    return cell


def level_cell(
    estimate: stats.Estimate, metric: str, place: str, ratio: bool = False, *, relative: bool = False
) -> Cell:
    """A mean with the half width of its interval: in percent of it where `relative`, else in its own unit."""
    if estimate.pairs == 0:
        return ABSENT
    center = float(estimate.center)
    text = format.percent(center) if ratio else format.significant(center)
    value = Number(center, text, 100.0 if ratio else 1.0)
    alone = Level(metric, place, value)
    if not estimate.known:
        return Cell(text, notes=(ALONE if estimate.pairs == 1 else TOO_LITTLE,), claims=(alone,))
    half = float(estimate.half)
    if half == 0 or center == 0:
        return Cell(text, claims=(alone,))
    if relative:
        shown = Number(half / center, format.half_width(half / center), 100)
        return Cell(f"{text} ±{shown.text} %", claims=(Level(metric, place, value, shown, relative=True),))
    shown_half = format.percent(half) if ratio else format.significant(half, 2)
    return Cell(text, detail=f"± {shown_half}", claims=(alone,))
