# SPDX-License-Identifier: MIT
"""The Pareto front of ns per packet, memory held, drops and p99 over strategies and rings, per mix and load.

A choice is a strategy with its variant and a ring size.  The front is that of the means; a choice on it is marked
where a paired comparison cannot rule out that another is as good in every objective.  Costs, times and memory count
by ratios, so a step from 1 to 2 MB weighs as much as one from 10 to 20.

Not modelled: budgets.  With a budget, consider only the rows within it.
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
from sweep.report.parts import views
from sweep.report.parts.choices import Choices, MinimizedQuantity
from sweep.report.parts.differences import noted
from sweep.report.parts.panels import Panel
from sweep.results.analysis import METRIC, Analysis
from sweep.results.dataset import Array
from sweep.results.measures import too_short
from sweep.stats import pareto

from .composition import SHORT as TAIL_SHORT

OPEN = "not beyond doubt: in the pairs at hand another choice may be as good in everything"
TIGHT, MEMORY, TAIL = stats.MARGIN, 0.02, 0.05  # relative tolerances of ns, memory and p99 (which comes from buckets)


def section(analysis: Analysis) -> Section:
    """A chart per mix, a table per mix and load."""
    all_choices = fronts(analysis)
    blocks: list[Block] = []
    for mix in dict.fromkeys(choices.mix for choices in all_choices):
        choices_of_mix = [choices for choices in all_choices if choices.mix == mix]
        blocks += [
            chart(analysis, choices_of_mix),
            *(_table(analysis, choices, last=choices is all_choices[-1]) for choices in choices_of_mix),
        ]
    return Section("What can be had together: Pareto fronts", tuple(blocks), detail=True)


def fronts(analysis: Analysis) -> list[Choices]:
    """The choices and their front, of every mix and load with at least two choices."""
    data, objectives = analysis.data, _objectives(analysis)
    cells = product(range(len(data.mixes)), range(len(data.loads)))
    rows = too_short(data.table, 0.99) if data.has("latency_p99_ns") else np.zeros(len(data.table), dtype=bool)
    short = np.append(rows, False)[data.index].any(axis=-1)  # index -1: the False appended
    choices_of_cells = (_choices(objectives, np.asarray(short), mix, load, data.confidence) for mix, load in cells)
    return [choices for choices in choices_of_cells if choices is not None]


def _objectives(analysis: Analysis) -> list[MinimizedQuantity]:
    data = analysis.data

    def ratio(
        title: str, metric: str, tolerance: float, text: Callable[[float], str], scale: float = 1
    ) -> MinimizedQuantity:
        values = data.values(metric) * scale
        costs = np.log(np.where(values > 0, values, np.nan))
        expression = f"avg(ln({metric})) filter ({metric} > 0)"
        return MinimizedQuantity(title, values, costs, float(np.log1p(tolerance)), text, expression)

    objectives = [ratio("ns per packet", METRIC, TIGHT, format.significant)]
    if data.has("pages_held_mean_pages"):
        objectives.append(ratio("held, MB", "pages_held_mean_pages", MEMORY, format.significant, PAGE_BYTES / 1e6))
    if analysis.drops is not None:
        share = analysis.drops
        objectives.append(
            MinimizedQuantity("dropped, %", share, share, stats.DROP_MARGIN, format.percent, "avg(drop_ratio)")
        )
    if data.has("latency_p99_ns"):
        objectives.append(ratio("p99", "latency_p99_ns", TAIL, format.time))
    return objectives


def _choices(
    every: list[MinimizedQuantity], short: NDArray[np.bool_], mix: int, load: int, confidence: float
) -> Choices | None:
    costs_here = [(objective, objective.costs[mix, load]) for objective in every]
    with_costs = [(objective, costs) for objective, costs in costs_here if np.isfinite(costs).any()]
    if not with_costs or with_costs[0][0] is not every[0]:
        return None
    present = np.all([np.isfinite(costs).any(axis=-1) for _, costs in with_costs], axis=0)
    rings, columns = np.nonzero(present)
    if len(rings) < 2:
        return None
    samples = np.array([costs[rings, columns] for _, costs in with_costs])  # (objectives, choices, pairs)
    tolerance = np.array([objective.tolerance for objective, _ in with_costs])
    points = stats.mean(samples).center.T
    front = pareto.front(points, tolerance)
    values = [stats.mean(objective.values[mix, load][rings, columns]).center for objective, _ in with_costs]
    return Choices(
        mix=mix,
        load=load,
        objectives=tuple(objective for objective, _ in with_costs),
        places=tuple(zip(rings.tolist(), columns.tolist(), strict=True)),
        means=np.array(values).T,
        front=front,
        short=short[mix, load][rings, columns],
        open=tuple(place for place in front.kept if _open(samples, points, tolerance, place, confidence)),
    )


def _open(samples: Array, points: Array, tolerance: Array, place: int, confidence: float) -> bool:
    """Whether another choice, beyond the tolerances of `place`, is not shown to be worse than it in any objective."""
    as_good = (points <= points[place] + tolerance).all(axis=1)  # as good as this one, which represents them
    worse = stats.mean(samples - samples[:, place : place + 1], confidence)
    with np.errstate(invalid="ignore"):
        shown_worse = (worse.low > 0).any(axis=0)
    return bool((~shown_worse & ~as_good).any())


def _table(analysis: Analysis, choices: Choices, *, last: bool) -> Table:
    data, front = analysis.data, choices.front
    rows = []
    for choice in front.kept:
        ring, column = choices.places[choice]
        similar_choices = [_named(analysis, choices, other) for other in front.alike[choice]]
        claim = _claim(analysis, choices, choice)
        notes = (
            [Sentence(f"much the same in everything: {', '.join(similar_choices)}", claim)] if similar_choices else []
        )
        notes += [fixed(OPEN)] if choice in choices.open else []
        notes += [TAIL_SHORT] if choices.short[choice] else []
        where = (choices.mix, choices.load, ring, column)
        knee = choice == front.knee
        text = f"* {data.columns[column]}" if knee else data.columns[column]
        name = Cell(text, "best" if knee else "", claims=(claim,))
        cells = [
            Cell(objective.text(value))
            for objective, value in zip(choices.objectives, choices.means[choice].tolist(), strict=True)
        ]
        rows.append((noted(name, *notes, *analysis.steady.notes(where)), Cell(str(data.rings[ring])), *cells))
    cell_name = f"{data.mixes[choices.mix]} at load {data.loads[choices.load]:g}"
    left_out_text = f", {front.left_out} left out as hardly better" if front.left_out else ""
    return Table(
        f"{cell_name}: the front of {format.count(len(choices.places), 'choice')}{left_out_text}",
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


PANELS = (Panel(section, views.TRADES),)
