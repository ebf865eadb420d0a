# SPDX-License-Identifier: MIT
"""The answer of a traffic mix: what to set, what that gains and costs, who is next, how sure it is, the commands."""

from __future__ import annotations

from typing import NamedTuple

import pyarrow as pa

from sweep import format
from sweep.document.blocks import Block, Cell, Paragraph, Table
from sweep.document.statements import Claim, Count, MeanOfPoint, Number, Sentence, at, both, fixed, joined
from sweep.document.statements.templates import filled
from sweep.report.charts.deciding import deciding
from sweep.report.parts import ranking
from sweep.report.parts.marked_row import winner_claim
from sweep.report.parts.ranking import MixRanking
from sweep.results import page_census
from sweep.results.analysis import Analysis
from sweep.results.dataset import Dataset
from sweep.results.outcome import WITHIN, CellIndex

from . import losses, low_drops, verdicts
from .winners import map_of

P99 = "latency_p99_ns"
TIMES = {"ns": 1.0, "µs": 1e-3, "ms": 1e-6, "s": 1e-9}  # what a number of ns is multiplied by


RINGS = {"ring": "rx", "nic.tx_ring": "tx"}  # column, and what ethtool calls it
COALESCING = {
    f"nic.{prefix}coalesce.{what}": f"{side}-{what}"
    for side, prefix in (("rx", ""), ("tx", "tx_"))
    for what in ("usecs", "frames")
}
POOL_SIZE = "strategy.pool_size"
SETTINGS = (*RINGS, *COALESCING, POOL_SIZE)


class Choice(NamedTuple):
    """What an answer recommends."""

    column: int
    cell: CellIndex  # at the mix's highest load
    ring: low_drops.Smallest


def choice(analysis: Analysis, mix: int) -> Choice | None:
    """The winner of a mix with the smallest ring that is shown to keep its drops low; None if either is not decided."""
    found = ranking.mix_ranking(analysis, mix)
    if found is None or found.tone != "best":
        return None
    ring = low_drops.smallest_ring(analysis, mix, found.lead)
    if ring is None or ring.ring is None:
        return None
    return Choice(found.lead, (mix, analysis.last_load(mix), analysis.data.rings.index(ring.ring)), ring)


def blocks(analysis: Analysis, mix: int) -> tuple[Block, ...]:
    """The answer as a table, the commands that set it, the map of winners, and the curve that decides."""
    found, chosen = ranking.mix_ranking(analysis, mix), choice(analysis, mix)
    name = analysis.data.mixes[mix]
    facts = _facts(analysis, mix, found, chosen) if found else []
    rows = tuple((Cell(label), Cell(text, claims=text.claims)) for label, text in facts if text)
    set_by: tuple[str, ...] = ()
    if chosen:
        set_by = commands(analysis.data.table, int(analysis.data.index[(*chosen.cell, chosen.column)].max()))
    return (
        Table(f"{name}: the answer", ("what", "answer"), rows, prose=True),
        *([Paragraph("\n".join(set_by), code=True)] if set_by else []),
        map_of(analysis, mix),
        *([deciding(analysis, mix)] if found else []),
    )


def _facts(analysis: Analysis, mix: int, found: MixRanking, chosen: Choice | None) -> list[tuple[str, Sentence]]:
    if found.tone != "best":
        return [
            ("Set", Sentence(filled("nothing", word=found.word), found.claim(analysis.data.mixes[mix]))),
            ("Open", joined(verdicts.unsettled(analysis, mix))),
            ("So far", verdicts.fewest_means(analysis, mix)),
            ("Lost", losses.sentence(analysis, mix, max(found.lead, 0))),
            ("How sure", _sure(analysis, mix, found)),
        ]
    return [
        ("Set", _recommended(analysis, mix, found, chosen)),
        ("Gain", verdicts.against(analysis, mix, found.lead, short=True)),
        ("Next", _next(analysis, chosen)),
        ("Costs", _costs(analysis, chosen)),
        ("Lost", losses.sentence(analysis, mix, found.lead, chosen.cell[2] if chosen else None)),
        ("How sure", _sure(analysis, mix, found)),
    ]


def _recommended(analysis: Analysis, mix: int, found: MixRanking, chosen: Choice | None) -> Sentence:
    data = analysis.data
    name, claim = data.columns[found.lead], found.claim(data.mixes[mix])
    others = filled("others", names=format.joined(found.equals)) if found.equals else ""
    if chosen is None:
        return joined(
            [Sentence(filled("named", name=name, others=others), claim), low_drops.sentence(analysis, mix, found.lead)]
        )
    edge = filled("edge") if chosen.ring.text.startswith("≤") else ""
    limit, load = format.percent(low_drops.LOST), f"{data.loads[chosen.cell[1]]:g}"
    text = filled("recommended", name=name, ring=chosen.ring.ring, edge=edge, limit=limit, load=load, others=others)
    return Sentence(text, claim, low_drops.ring_claim(analysis, mix, found.lead, chosen.ring))


def _next(analysis: Analysis, chosen: Choice | None) -> Sentence:
    """Who comes next in the cell that is recommended, and how far behind; "" if that is not decided there."""
    outcome = analysis.outcomes.get(chosen.cell) if chosen else None
    if chosen is None or outcome is None or not outcome.decided:
        return fixed("")
    data, winner = analysis.data, outcome.winner
    parts = []
    if winner.close:
        in_order = sorted(winner.close)  # of the table: some costs are equal but for a rounding
        parts.append(filled("close", names=format.joined([data.columns[each] for each in in_order]), within=WITHIN))
    behind = None
    if winner.runner_up is not None:
        behind = Number(winner.behind, format.percent(winner.behind), 100)
        parts.append(filled("behind", name=data.columns[winner.runner_up], size=behind.text))
    first = filled("first", name=data.columns[winner.best]) if winner.best != chosen.column else ""
    claim = winner_claim(analysis, chosen.cell, outcome, behind=behind)
    return Sentence(filled("next", first=first, parts="; ".join(parts)) if parts else "", claim)


def _costs(analysis: Analysis, chosen: Choice | None) -> Sentence:
    """Memory held and p99 latency of what is recommended, beside those of the baseline."""
    if chosen is None:
        return fixed("")
    data, claims = analysis.data, list[Claim]()
    costs_of_columns = []
    for column in dict.fromkeys((chosen.column, 0)):
        parts = []
        place = at(data.mixes[chosen.cell[0]], *_coordinates(data, chosen.cell), data.columns[column])
        for metric, write in ((page_census.HELD, _megabytes), (P99, _time)):
            estimate = data.estimate(metric)[(*chosen.cell, column)] if data.has(metric) else None
            if estimate is not None and estimate.pairs and float(estimate.center) > 0:
                text, number = write(float(estimate.center))
                parts.append(text)
                claims.append(MeanOfPoint(metric, place, number))
        if parts:
            costs_of_columns.append(parts)
    if not costs_of_columns:
        return fixed("")
    own = " and ".join(costs_of_columns[0])
    beside = ""
    if len(costs_of_columns) > 1:
        beside = filled("beside", baseline=analysis.baseline, costs=" and ".join(costs_of_columns[1]))
    return Sentence(filled("costs", own=own, beside=beside), *claims)


def _coordinates(data: Dataset, cell: CellIndex) -> tuple[float, int]:
    return data.loads[cell[1]], data.rings[cell[2]]


def _megabytes(pages: float) -> tuple[str, Number]:
    text = format.significant(float(page_census.megabytes(pages)))
    return filled("held", size=text), Number(pages, text, float(page_census.megabytes(1.0)))


def _time(ns: float) -> tuple[str, Number]:
    text, unit = format.time(ns).split()
    return filled("latency", time=f"{text} {unit}"), Number(ns, text, TIMES[unit])


def _sure(analysis: Analysis, mix: int, found: MixRanking) -> Sentence:
    """Cells decided, tied and open, how many decided ones may be wrong, and how many episodes were seen."""
    data, here = analysis.data, at(analysis.data.mixes[mix])
    strategies = data.strategies
    tied = sum(o.settled(strategies) and len(o.leaders(strategies)) > 1 for o in ranking.cells_of(analysis, mix))
    left = found.cells - found.settled
    counts = [
        (
            filled("decided", settled=found.settled, cells=found.cells),
            Count(found.settled, "cells", both(here, "settled")),
        ),
        (filled("tied", tied=tied), Count(tied, "cells", both(here, "settled and len(leaders) > 1"))),
        (filled("open", left=left), Count(left, "cells", both(here, "state <> 'none' and not settled"))),
    ]
    shown = [counts[0], *((text, claim) for text, claim in counts[1:] if claim.number)]
    text = filled("sure", counts=", ".join(text for text, _ in shown))
    claims: list[Claim] = [claim for _, claim in shown]
    if analysis.drops is not None and data.has("episodes"):
        seen = low_drops.fewest_episodes(analysis, mix)
        return Sentence(filled("sure_seen", sure=text, seen=seen), *claims, *seen.claims)
    return Sentence(filled("sure_alone", sure=text), *claims)


def commands(table: pa.Table, row: int) -> tuple[str, ...]:
    """The commands that set a ring and its coalescing, and the driver's pool, as far as a row has them."""
    values = {name: table.column(name)[row].as_py() for name in SETTINGS if name in table.column_names}
    ring = [f"{side} {values[name]}" for name, side in RINGS.items() if values.get(name)]
    coalescing = [
        f"{option} {int(number)}"
        for name, option in COALESCING.items()
        if (number := values.get(name)) and number == int(number)  # ethtool takes whole numbers
    ]
    pool = values.get(POOL_SIZE)
    return (
        f"ethtool -G DEV {' '.join(ring)}",
        *([f"ethtool -C DEV {' '.join(coalescing)}"] if coalescing else []),
        *([f"page_pool_params.pool_size = {pool};  // in the driver"] if pool else []),
    )
