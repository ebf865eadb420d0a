# SPDX-License-Identifier: MIT
"""What a filter leaves of a report, decided as in the whole: the reference that the filtered page is held against."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pyarrow as pa

from sweep.document.statements import Sentence
from sweep.document.statements.templates import filled
from sweep.evidence import Losses
from sweep.format import count
from sweep.report.parts import ranking
from sweep.report.sections import answer, losses, low_drops, verdicts
from sweep.results.analysis import Analysis
from tests.report.checks_of_losses import DROPPED
from tests.report.claims_in_sql import Told

Fact = tuple[str, Sentence]


def selected(analysis: Analysis, loads: list[int], rings: list[int]) -> Analysis:
    """The analysis at these loads and rings, by number; every cell keeps the outcome that it has in the whole."""
    data = analysis.data

    def cut(cube: Any) -> Any:
        return cube[:, loads][:, :, rings]

    part = replace(
        data,
        loads=tuple(data.loads[load] for load in loads),
        rings=tuple(data.rings[ring] for ring in rings),
        index=cut(data.index),
        _cubes={},
    )
    if data.losses is not None:
        found = data.losses
        cuts = (cut(found.counts), cut(found.first), cut(found.shown))
        vars(part)["losses"] = Losses(*cuts, found.causes)  # a cached property: decided in the whole
    outcomes = {
        (mix, loads.index(load), rings.index(ring)): outcome
        for (mix, load, ring), outcome in analysis.outcomes.items()
        if load in loads and ring in rings
    }
    return replace(
        analysis,
        data=part,
        ns=cut(analysis.ns),
        contest=cut(analysis.contest),
        drops=None if analysis.drops is None else cut(analysis.drops),
        absolute=cut(analysis.absolute),
        relative=cut(analysis.relative),
        outcomes=outcomes,
    )


def facts(analysis: Analysis, mix: int) -> list[Fact]:
    """What the answer of a mix says."""
    found = ranking.mix_ranking(analysis, mix)
    told = answer._facts(analysis, mix, found, answer.choice(analysis, mix)) if found else []
    return [(label, text) for label, text in told if text]


def facts_of(analysis: Analysis, mix: int, strategy: str) -> list[Fact]:
    """What it says where a strategy is selected."""
    found = ranking.mix_ranking(analysis, mix)
    if found is None:
        return []
    data, cells = analysis.data, ranking.cells_of(analysis, mix)
    near = {
        column: sum(column in (each.winner.best, *each.winner.close) for each in cells) for column in data.of(strategy)
    }
    lead = max(near, key=lambda column: near[column])
    led = [each.leaders(data.strategies) for each in cells if each.settled(data.strategies)]
    among, alone = sum(strategy in each for each in led), sum(each == {strategy} for each in led)
    text = filled("chosen", name=data.columns[lead], among=among, cells=count(len(cells), "cell"), alone=alone)
    said = [text, low_drops.sentence(analysis, mix, lead)]
    ring = low_drops.smallest_ring(analysis, mix, lead)
    chosen = None
    if ring is not None and ring.ring is not None:
        cell = (mix, analysis.last_load(mix), data.rings.index(ring.ring))
        chosen = answer.Choice(lead, cell, ring) if cell in analysis.outcomes else None
    told = [
        ("Set", Sentence(" ".join(filter(None, said)), found.claim(data.mixes[mix]))),
        ("Gain", verdicts.against(analysis, mix, lead, short=True)),
        ("Costs", answer._costs(analysis, chosen)),
        ("Lost", losses.sentence(analysis, mix, lead, chosen.cell[2] if chosen else None)),
        ("How sure", answer._sure(analysis, mix, found)),
    ]
    return [(label, text) for label, text in told if text]


class ToldOfSome(Told):
    """The relations of a table without what a filter leaves out; the cells were decided before it."""

    def __init__(self, table: pa.Table, col: str | None, loads: list[float], rings: list[int]) -> None:
        super().__init__(table, col=col)
        own = " + ".join(f"coalesce({name}, 0)" for name in DROPPED if self.has(name)) or "0"
        self.family_of_losses = len(self.all(f"select 1 from rows group by mix, load, ring, col having sum({own}) > 0"))
        left = f"load in ({', '.join(map(repr, loads))}) and ring in ({', '.join(map(str, rings))})"
        for relation in ("cells", "points", "rows"):
            self.sql.execute(f"delete from {relation} where not ({left})")
        highest = "(select max(load) from rows as r where r.mix = {}.mix and ns_per_packet is not null)".format
        self.sql.execute(f"update points set last = coalesce(load = {highest('points')}, false)")
        self.sql.execute(f"update mixes set last_load = {highest('mixes')}")


def selections(analysis: Analysis) -> Iterator[tuple[list[int], list[int]]]:
    """Every load, every ring, and one of both."""
    loads, rings = range(len(analysis.data.loads)), range(len(analysis.data.rings))
    if len(loads) > 1:
        yield from (([load], list(rings)) for load in loads)
    if len(rings) > 1:
        yield from ((list(loads), [ring]) for ring in rings)
    if len(loads) > 1 and len(rings) > 1:
        yield [loads[-1]], [rings[0]]
