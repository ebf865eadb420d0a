# SPDX-License-Identifier: MIT
"""The answer of a traffic mix: what to set, what that gains and costs, who is next, how sure it is, the commands."""

from __future__ import annotations

from typing import Any, NamedTuple

from sweep import format
from sweep.document.blocks import Block, Cell, Paragraph, Table
from sweep.document.statements import Claim, Count, MeanOfPoint, Number, Sentence, at, both, fixed, joined
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
    set_by = commands(analysis.data, chosen) if chosen else ()
    return (
        Table(f"{name}: the answer", ("what", "answer"), rows, prose=True),
        *([Paragraph("\n".join(set_by), code=True)] if set_by else []),
        map_of(analysis, mix),
        *([deciding(analysis, mix)] if found else []),
    )


def _facts(analysis: Analysis, mix: int, found: MixRanking, chosen: Choice | None) -> list[tuple[str, Sentence]]:
    if found.tone != "best":
        return [
            ("Set", Sentence(f"Nothing to recommend yet: {found.word}.", found.claim(analysis.data.mixes[mix]))),
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
    others = f", or as good: {format.joined(found.equals)}" if found.equals else ""
    if chosen is None:
        return joined([Sentence(f"{name}{others}.", claim), low_drops.sentence(analysis, mix, found.lead)])
    edge = " (the smallest simulated)" if chosen.ring.text.startswith("≤") else ""
    limit = f"at most {format.percent(low_drops.LOST)} % dropped at load {data.loads[chosen.cell[1]]:g}"
    text = f"{name}, ring {chosen.ring.ring}{edge}: {limit}{others}."
    return Sentence(text, claim, low_drops.ring_claim(analysis, mix, found.lead, chosen.ring))


def _next(analysis: Analysis, chosen: Choice | None) -> Sentence:
    """Who comes next in the cell that is recommended, and how far behind; "" if that is not decided there."""
    outcome = analysis.outcomes.get(chosen.cell) if chosen else None
    if chosen is None or outcome is None or not outcome.decided:
        return fixed("")
    data, winner = analysis.data, outcome.winner
    parts = []
    if winner.close:
        parts.append(f"{format.joined([data.columns[each] for each in winner.close])} {WITHIN}")
    behind = None
    if winner.runner_up is not None:
        behind = Number(winner.behind, format.percent(winner.behind), 100)
        parts.append(f"{data.columns[winner.runner_up]} {behind.text} % behind")
    first = f"{data.columns[winner.best]} first, " if winner.best != chosen.column else ""
    claim = winner_claim(analysis, chosen.cell, outcome, behind=behind)
    return Sentence(f"{first}{'; '.join(parts)} there." if parts else "", claim)


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
    beside = f" ({analysis.baseline}: {' and '.join(costs_of_columns[1])})" if len(costs_of_columns) > 1 else ""
    return Sentence(f"{own}{beside}.", *claims)


def _coordinates(data: Dataset, cell: CellIndex) -> tuple[float, int]:
    return data.loads[cell[1]], data.rings[cell[2]]


def _megabytes(pages: float) -> tuple[str, Number]:
    text = format.significant(float(page_census.megabytes(pages)))
    return f"{text} MB held", Number(pages, text, float(page_census.megabytes(1.0)))


def _time(ns: float) -> tuple[str, Number]:
    text, unit = format.time(ns).split()
    return f"p99 latency {text} {unit}", Number(ns, text, TIMES[unit])


def _sure(analysis: Analysis, mix: int, found: MixRanking) -> Sentence:
    """Cells decided, tied and open, how many decided ones may be wrong, and how many episodes were seen."""
    data, here = analysis.data, at(analysis.data.mixes[mix])
    strategies = data.strategies
    tied = sum(o.settled(strategies) and len(o.leaders(strategies)) > 1 for o in ranking.cells_of(analysis, mix))
    left = found.cells - found.settled
    counts = [
        (f"{found.settled} of {found.cells} cells decided", Count(found.settled, "cells", both(here, "settled"))),
        (f"{tied} of them ties", Count(tied, "cells", both(here, "settled and len(leaders) > 1"))),
        (f"{left} open", Count(left, "cells", both(here, "state <> 'none' and not settled"))),
    ]
    shown = [counts[0], *((text, claim) for text, claim in counts[1:] if claim.number)]
    text = f"{', '.join(text for text, _ in shown)}; at 95 % no decision of this report is wrong"
    claims: list[Claim] = [claim for _, claim in shown]
    if analysis.drops is not None and data.has("episodes"):
        seen = low_drops.fewest_episodes(analysis, mix)
        return Sentence(f"{text}; {seen} or more seen in each.", *claims, *seen.claims)
    return Sentence(f"{text}.", *claims)


def commands(data: Dataset, chosen: Choice) -> tuple[str, ...]:
    """The commands that set a ring and its coalescing, and the driver's pool, as far as the cell has them."""
    rows = data.index[(*chosen.cell, chosen.column)]
    row = int(rows[rows >= 0][0])

    def value(name: str) -> Any:
        return data.table.column(name)[row].as_py() if name in data.table.column_names else None

    ring = [f"{side} {size}" for side, size in (("rx", value("ring")), ("tx", value("nic.tx_ring"))) if size]
    coalescing = [
        f"{side}-{what} {int(number)}"
        for side, prefix in (("rx", "nic.coalesce"), ("tx", "nic.tx_coalesce"))
        for what in ("usecs", "frames")
        if (number := value(f"{prefix}.{what}")) and number == int(number)  # ethtool takes whole numbers
    ]
    pool = value("strategy.pool_size")
    return (
        f"ethtool -G DEV {' '.join(ring)}",
        *([f"ethtool -C DEV {' '.join(coalescing)}"] if coalescing else []),
        *([f"page_pool_params.pool_size = {pool};  // in the driver"] if pool else []),
    )
