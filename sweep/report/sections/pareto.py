# SPDX-License-Identifier: MIT
"""What can be had together: the Pareto front of ns per packet, memory held, drops and p99, per mix and load.

A choice is a strategy with its variant and a ring size.  The front is that of the means; a choice on it is marked
where a paired comparison cannot rule out that another is as good in everything.  Costs, times and memory count by
ratios, so a step from 1 to 2 MB weighs as much as one from 10 to 20.

Not modelled: budgets.  A reader with one takes the rows within it.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np
from numpy.typing import NDArray

from sweep import format, stats
from sweep.document.blocks import Block, Cell, Section, Table
from sweep.document.statements import OnFront, Sentence, fixed
from sweep.fields.constants import PAGE_BYTES
from sweep.report.charts.pareto import chart
from sweep.report.parts.choices import Choices, Objective
from sweep.report.parts.differences import noted
from sweep.report.parts.panels import Panel
from sweep.results.analysis import METRIC, Analysis
from sweep.results.dataset import Array
from sweep.results.measures import too_short
from sweep.stats import pareto

from .composition import SHORT as TAIL_SHORT

OPEN = "not beyond doubt: in the pairs at hand another choice may be as good in everything"
TIGHT, MEMORY, TAIL = stats.MARGIN, 0.02, 0.05  # ratios that a reader would not tell apart; a p99 comes from buckets


def section(analysis: Analysis) -> Section:
    """A drawing per mix, a table per mix and load."""
    found = fronts(analysis)
    blocks: list[Block] = []
    for mix in dict.fromkeys(each.mix for each in found):
        mine = [each for each in found if each.mix == mix]
        blocks += [chart(analysis, mine), *(_table(analysis, each, last=each is found[-1]) for each in mine)]
    return Section("What can be had together: Pareto fronts", tuple(blocks), detail=True)


def fronts(analysis: Analysis) -> list[Choices]:
    """Of every mix and load with two choices or more."""
    data, every = analysis.data, _objectives(analysis)
    cells = product(range(len(data.mixes)), range(len(data.loads)))
    rows = too_short(data.table, 0.99) if data.has("latency_p99_ns") else np.zeros(len(data.table), dtype=bool)
    short = np.append(rows, False)[data.index].any(axis=-1)  # index -1: the False appended
    found = (_choices(every, np.asarray(short), mix, load, data.confidence) for mix, load in cells)
    return [choices for choices in found if choices is not None]


def _objectives(analysis: Analysis) -> list[Objective]:
    data = analysis.data

    def ratio(title: str, metric: str, tolerance: float, text: Callable[[float], str], scale: float = 1) -> Objective:
        values = data.values(metric) * scale
        costs = np.log(np.where(values > 0, values, np.nan))
        told = f"avg(ln({metric})) filter ({metric} > 0)"
        return Objective(title, values, costs, float(np.log1p(tolerance)), text, told)

    found = [ratio("ns per packet", METRIC, TIGHT, format.significant)]
    if data.has("pages_held_mean_pages"):
        found.append(ratio("held, MB", "pages_held_mean_pages", MEMORY, format.significant, PAGE_BYTES / 1e6))
    if analysis.drops is not None:
        share = analysis.drops
        found.append(Objective("dropped, %", share, share, stats.DROP_MARGIN, format.percent, "avg(drop_ratio)"))
    if data.has("latency_p99_ns"):
        found.append(ratio("p99", "latency_p99_ns", TAIL, format.time))
    return found


def _choices(
    every: list[Objective], short: NDArray[np.bool_], mix: int, load: int, confidence: float
) -> Choices | None:
    here = [(objective, objective.costs[mix, load]) for objective in every]
    known = [(objective, costs) for objective, costs in here if np.isfinite(costs).any()]
    if not known or known[0][0] is not every[0]:
        return None
    present = np.all([np.isfinite(costs).any(axis=-1) for _, costs in known], axis=0)
    rings, columns = np.nonzero(present)
    if len(rings) < 2:
        return None
    samples = np.array([costs[rings, columns] for _, costs in known])  # (objectives, choices, pairs)
    tolerance = np.array([objective.tolerance for objective, _ in known])
    points = stats.mean(samples).center.T
    found = pareto.front(points, tolerance)
    values = [stats.mean(objective.values[mix, load][rings, columns]).center for objective, _ in known]
    return Choices(
        mix=mix,
        load=load,
        objectives=tuple(objective for objective, _ in known),
        places=tuple(zip(rings.tolist(), columns.tolist(), strict=True)),
        means=np.array(values).T,
        front=found,
        short=short[mix, load][rings, columns],
        open=tuple(place for place in found.kept if _open(samples, points, tolerance, place, confidence)),
    )


def _open(samples: Array, points: Array, tolerance: Array, place: int, confidence: float) -> bool:
    """Whether a choice, not told apart from this one, is not shown to be worse in any objective."""
    like = (points <= points[place] + tolerance).all(axis=1)  # as good as this one: it stands for them
    worse = stats.mean(samples - samples[:, place : place + 1], confidence)
    with np.errstate(invalid="ignore"):
        shown = (worse.low > 0).any(axis=0)
    return bool((~shown & ~like).any())


def _table(analysis: Analysis, choices: Choices, *, last: bool) -> Table:
    data, found = analysis.data, choices.front
    rows = []
    for place in found.kept:
        ring, column = choices.places[place]
        alike = [_named(analysis, choices, other) for other in found.alike[place]]
        claim = _claim(analysis, choices, place)
        notes = [Sentence(f"much the same in everything: {', '.join(alike)}", claim)] if alike else []
        notes += [fixed(OPEN)] if place in choices.open else []
        notes += [TAIL_SHORT] if choices.short[place] else []
        where = (choices.mix, choices.load, ring, column)
        knee = place == found.knee
        text = f"* {data.columns[column]}" if knee else data.columns[column]
        name = Cell(text, "best" if knee else "", claims=(claim,))
        cells = [
            Cell(objective.text(value))
            for objective, value in zip(choices.objectives, choices.means[place].tolist(), strict=True)
        ]
        rows.append((noted(name, *notes, *analysis.steady.notes(where)), Cell(str(data.rings[ring])), *cells))
    table_of = f"{data.mixes[choices.mix]} at load {data.loads[choices.load]:g}"
    more = f", {found.left_out} left out as hardly better" if found.left_out else ""
    return Table(
        f"{table_of}: the front of {format.count(len(choices.places), 'choice')}{more}",
        ("strategy", "ring", *(objective.title for objective in choices.objectives)),
        tuple(rows),
        legend=fixed(_legend() if last else ""),
    )


def _claim(analysis: Analysis, choices: Choices, place: int) -> OnFront:
    data = analysis.data
    ring, column = choices.places[place]
    alike = [choices.places[other] for other in choices.front.alike[place]]
    return OnFront(
        data.mixes[choices.mix],
        data.loads[choices.load],
        data.rings[ring],
        data.columns[column],
        tuple(objective.expression for objective in choices.objectives),
        tuple((data.rings[r], data.columns[c]) for r, c in alike),
    )


def _legend() -> str:
    return (
        "* the knee: from here, a little more of one thing costs most of another · hardly better, much the same: by"
        f" {format.percent(TIGHT)} % of the ns, {format.percent(MEMORY)} % of the memory,"
        f" {format.percent(stats.DROP_MARGIN)} percentage points of drops and {format.percent(TAIL)} % of p99 at most"
    )


def _named(analysis: Analysis, choices: Choices, place: int) -> str:
    ring, column = choices.places[place]
    return f"{analysis.data.columns[column]} at ring {analysis.data.rings[ring]}"


PANELS = (Panel(section),)
