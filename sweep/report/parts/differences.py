# SPDX-License-Identifier: MIT
"""Cells of tables: a mean with its interval, or a paired difference from the baseline, with the claim it makes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from sweep import format, stats
from sweep.document.blocks import Cell
from sweep.document.statements import Absent, CostDifference, DropsDiffer, MeanOfPoint, Number, Sentence, at, fixed
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
    """The format of a difference and of half its interval."""

    center: Callable[[float], str]  # with its sign
    half: Callable[[float], str]
    unit: str  # with a leading space
    small: Sentence  # the footnote of a difference that is too small to count


PERCENT = Form(lambda value: format.percent(value, signed=True), format.half_width, " %", SMALL)


def relative_cell(estimate: stats.Estimate) -> Cell:
    """A cell with a paired relative difference and its interval; `estimate` is of logarithms of ratios."""
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
    """A cell with the paired difference of a column from the baseline, and its claim."""
    cell = relative_cell(estimate)
    if not estimate.pairs:
        return cell
    call, ratio = estimate.call(float(np.log1p(stats.MARGIN))), estimate.ratios()
    center, half = float(ratio.center), float(ratio.half)
    no_center = call in (Call.TOO_FEW, Call.TIE)
    claim = CostDifference(
        analysis.data.mixes[mix],
        analysis.data.columns[column],
        analysis.baseline,
        None if no_center else Number(center, format.percent(center, signed=True), 100),
        None if call == Call.TOO_FEW or ratio.exact else Number(half, format.half_width(half), 100),
        CALLS[call],
        load,
        ring,
        int(ratio.pairs),
    )
    return replace(cell, claims=(*cell.claims, claim))


def difference_cell(found: stats.Estimate, call: Call, form: Form) -> Cell:
    """A cell with a paired difference and its interval, in the tone that `call` gives it."""
    if call == Call.TOO_FEW:
        note = ALONE if found.pairs == 1 else TOO_LITTLE
        return ABSENT if found.pairs == 0 else Cell(f"n={int(found.pairs)}", "missing", notes=(note,))
    low, high = (form.center(float(bound)) for bound in (found.low, found.high))
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
    """ns per packet of a strategy at one mix, load and ring, with a footnote if its runs are not steady."""
    notes = analysis.steady.notes(where) if analysis.absolute.pairs[where] else ()
    return noted(_difference(analysis, where), *notes)


def _difference(analysis: Analysis, where: tuple[int, int, int, int]) -> Cell:
    data = analysis.data
    mix, load, ring = data.mixes[where[0]], data.loads[where[1]], data.rings[where[2]]
    point_condition, name, base = (
        at(mix, load, ring, data.columns[where[-1]]),
        data.columns[where[-1]],
        analysis.baseline,
    )
    if where[-1] == 0:
        return level_cell(analysis.absolute[where], METRIC, point_condition, relative=True)
    if analysis.absolute.pairs[where] and not analysis.relative.pairs[where]:
        center = float(analysis.absolute.center[where])
        value = Number(center, format.significant(center))
        base_simulated = bool(analysis.absolute.pairs[(*where[:3], 0)])
        why = f"{base} was not simulated here: nothing to compare with"
        if base_simulated:
            why = f"{base} has no replicate with a cost in common: nothing to compare with"
        note = Sentence(why, Absent("avg(ns_per_packet / base_ns)", point_condition))
        return Cell(f"({value.text} ns)", notes=(note,), claims=(MeanOfPoint(METRIC, point_condition, value),))
    cell = against(analysis, analysis.relative[where], where[0], where[-1], load, ring)
    points = f"{format.percent(stats.DROP_MARGIN)} percentage points"
    for mask, direction, text in (
        (analysis.drops_more, "more", f"drops over {points} more packets than {base}: fewer ns would not be faster"),
        (analysis.drops_less, "less", f"drops over {points} fewer packets than {base}: more ns would not be slower"),
        (analysis.drops_open, "open", f"mean drops differ by over {points} from {base}, not beyond doubt"),
    ):
        if mask[where]:
            return noted(cell, Sentence(text, DropsDiffer(mix, load, ring, name, base, direction)))
    return cell


def level_cell(
    estimate: stats.Estimate, metric: str, place: str, ratio: bool = False, *, relative: bool = False
) -> Cell:
    """A cell with a mean and half its interval: in percent of the mean if `relative`, else in the metric's unit."""
    if estimate.pairs == 0:
        return ABSENT
    center = float(estimate.center)
    text = format.percent(center) if ratio else format.significant(center)
    value = Number(center, text, 100.0 if ratio else 1.0)
    level_claim = MeanOfPoint(metric, place, value)
    if not estimate.known:
        return Cell(text, notes=(ALONE if estimate.pairs == 1 else TOO_LITTLE,), claims=(level_claim,))
    half = float(estimate.half)
    if half == 0 or center == 0:
        return Cell(text, claims=(level_claim,))
    if relative:
        shown_half_ratio = Number(half / center, format.half_width(half / center), 100)
        return Cell(
            f"{text} ±{shown_half_ratio.text} %",
            claims=(MeanOfPoint(metric, place, value, shown_half_ratio, relative=True),),
        )
    shown_half = format.percent(half) if ratio else format.significant(half, 2)
    return Cell(text, detail=f"± {shown_half}", claims=(level_claim,))
