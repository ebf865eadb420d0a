# SPDX-License-Identifier: MIT
"""The report on one screen: who wins in each mix, the verdicts on the claims, warnings, and the next commands."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

import pyarrow as pa

from sweep import format
from sweep.document.blocks import Block, Cell, Document, Finding, Paragraph, Section, Table
from sweep.document.statements import Absent, Claim, Count, Sentence, at, both, fixed, joined
from sweep.report.parts.differences import ABSENT
from sweep.results.analysis import Analysis
from sweep.results.dataset import Dataset
from sweep.results.steady import MARKED

from . import contents
from .claims import linux_mm_2016, user
from .parts import cells, differences, marked_row, ranking
from .projection import metric_tables
from .sections import losses, low_drops, quality, sampled, verdicts

LEGEND = fixed("* fewest · ≈ as good as it · ? undecided which is · ~ no difference from the baseline found")


def document(table: pa.Table, location: str = "") -> Document:
    """The short form of `contents.document`.  Raises SweepError if the table holds no simulation."""
    return of(*contents.compared(table), location)


def of(data: Dataset, analysis: Analysis | None, location: str = "") -> Document:
    """The short form of `contents.of`."""
    if analysis is None:
        return contents.of(data, analysis, location)
    if data.sample is not None:
        return sampled.brief(analysis, str(data.metadata.get("name") or "sweep"), contents.subtitle(data), location)
    return Document(
        title=str(data.metadata.get("name") or "sweep"),
        subtitle=contents.subtitle(data),
        sections=(
            Section("Verdict", (verdict_table(analysis), *_middles(analysis))),
            Section(losses.TITLE, tuple(losses.summary(analysis))),
            Section("Claims", _claims(user.judge(analysis), linux_mm_2016.asked(analysis))),
            Section(
                "To mind",
                tuple(Paragraph(warning) for warning in quality.warnings(analysis) or (quality.well(analysis),)),
            ),
            Section("Next", _next(analysis, shlex.quote(location) if location else "LOCATION")),
        ),
    )


def verdict_table(analysis: Analysis) -> Table:
    """A row per mix: who wins, how often, by how much, and the smallest ring that hardly drops."""
    data = analysis.data
    if data.sample is not None:
        return sampled.verdict_table(analysis)
    rows = []
    for mix, name in enumerate(data.mixes):
        mix_standing = ranking.mix_ranking(analysis, mix)
        if mix_standing is None:
            rows.append((Cell(name), Cell("nothing to say", claims=(_nothing(name),)), *[ABSENT] * 3))
            continue
        steady = analysis.steady.cells(mix)
        note = f"{format.count(steady, 'cell')} not steady or too short: marked in the full report"
        marked = Count(steady, "cells", both(at(name), MARKED))
        left = mix_standing.cells - mix_standing.settled
        won = f"{mix_standing.among} of {mix_standing.cells}" + (f", {left} open" if left else "")
        ahead = ABSENT
        if mix_standing.lead >= 1:
            ahead = differences.against(
                analysis, verdicts.overall(analysis, mix, mix_standing.lead), mix, mix_standing.lead
            )
        lead = max(mix_standing.lead, 0)
        ring = low_drops.smallest_ring(analysis, mix, lead)
        claim = low_drops.ring_claim(analysis, mix, lead, ring)
        rows.append(
            (
                Cell(name, notes=(Sentence(note, marked),) if steady else ()),
                Cell(
                    mix_standing.short,
                    mix_standing.tone,
                    notes=_whose(analysis, mix, mix_standing),
                    claims=(mix_standing.claim(name),),
                ),
                Cell(won, claims=(mix_standing.claim(name),)),
                Cell(ahead.text, ahead.tone, ahead.detail, claims=ahead.claims),
                Cell(ring.text, claims=(claim,)) if ring is not None else ABSENT,
            )
        )
    return Table(
        f"Fewest ns per packet over all rings and loads, and how far it is from {analysis.baseline}",
        ("traffic mix", "winner", "cells won", "difference", "smallest ring"),
        tuple(rows),
        legend=fixed(
            f"smallest ring: shown to drop at most {format.percent(low_drops.LOST)} % at the highest load, and all"
            f" smaller ones more; {low_drops.OPEN}: too little was seen; ≤ and >: beyond it none was simulated"
        ),
        prose=True,
    )


def named_rows(analysis: Analysis, table: Table) -> list[tuple[Cell, ...]]:
    """The rows of `verdict_table` without footnotes; a winner that has several variants is called by its variant."""
    rows = []
    for mix, row in enumerate(table.rows):
        cells = [replace(cell, notes=()) for cell in row]
        found = ranking.mix_ranking(analysis, mix)
        if found is not None and found.tone == "best":
            column = analysis.data.columns[found.lead]
            cells[1] = replace(cells[1], text=" ≈ ".join((column, *found.equals)))
        elif cells[3] != ABSENT:
            cells[3] = ABSENT  # of nobody that this row names
        rows.append(tuple(cells))
    return rows


def _nothing(mix: str) -> Claim:
    return Absent("avg(ns_per_packet)", at(mix))


def _whose(analysis: Analysis, mix: int, found: ranking.MixRanking) -> tuple[Sentence, ...]:
    """Whose numbers the row has, if the verdict does not name it: the strategy leading most cells, or the baseline."""
    if found.tone == "best" and analysis.data.columns[found.lead] == found.first:
        return ()
    name = analysis.data.mixes[mix]
    if found.lead >= 0:
        column = analysis.data.columns[found.lead]
        return (Sentence(f"its numbers here are those of {column}", found.claim(name)),)
    ring = low_drops.smallest_ring(analysis, mix, 0)
    if ring is None:
        return ()
    claim = low_drops.ring_claim(analysis, mix, 0, ring, shown=False)
    return (Sentence(f"its smallest ring is that of {analysis.baseline}", claim),)


def _middles(analysis: Analysis) -> list[Block]:
    """ns per packet in one cell per mix (highest load, middle ring), for each strategy's variant that leads most."""
    data = analysis.data
    best = Counter(
        leader for outcome in analysis.outcomes.values() for leader in (outcome.winner.best, *outcome.winner.close)
    )
    columns = [max(data.of(name), key=lambda leader: best[leader]) for name in dict.fromkeys(data.strategies)]
    columns[0] = 0  # the baseline is what the others are compared with
    rows = []
    for mix, load, ring in cells.middles(analysis):
        cell_name = f"{data.mixes[mix]}, {data.loads[load]:g}, {data.rings[ring]}"
        rows.append((Cell(cell_name), *marked_row.row(analysis, (mix, load, ring), columns)))
    if not rows or len(data.columns) < 2:
        return []
    caption = f"ns per packet against {analysis.baseline} in one cell of each mix: its highest load, its middle ring"
    hidden = len(data.columns) - len(columns)
    more = f"of those shown; {format.count(hidden, 'more variant')} in the full report" if hidden else ""
    count = Count(len(data.columns), "distinct col of points", shown=False)
    legend = joined([LEGEND, Sentence(more, count)], " · ")
    header = ("mix, load, ring", *(data.columns[column] for column in columns))
    return [Table(caption, header, tuple(rows), legend=legend)]


def _claims(own: list[Finding], thread: list[Finding]) -> tuple[Block, ...]:
    blocks: list[Block] = []
    if own:
        rows = tuple(
            (Cell(finding.word, finding.tone, claims=finding.word.claims), Cell(finding.name)) for finding in own
        )
        blocks.append(Table("Of the sweep file", ("verdict", "claim"), rows, prose=True))
    if not thread:
        return tuple(blocks)
    verdicts_text = " · ".join(f"{finding.name} {finding.word}" for finding in thread)
    claims = [claim for finding in thread for claim in finding.word.claims]
    return (*blocks, Paragraph(Sentence(f"Of the 2016 thread: {verdicts_text}.", *claims)))


def _next(analysis: Analysis, location: str) -> tuple[Block, ...]:
    base = shlex.quote(metric_tables.typed_name(analysis.data, 0))
    commands: Iterable[str] = (
        f"sweep report {location} --full",
        f"sweep report {location} --row ring --col strategy --metric drop_ratio,p99 --baseline {base}",
    )
    return tuple(Paragraph(command, code=True) for command in commands)
