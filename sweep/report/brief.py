# SPDX-License-Identifier: MIT
"""The report on one screen: who wins in each mix, what became of the claims, what to mind, what to type next."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterable

import pyarrow as pa

from . import cells, comparison, contents, dataset, numbers, quality, seed_claims, sheets, user_claims, verdicts
from .analysis import Analysis, analyse
from .comparison import ABSENT
from .document import Block, Cell, Document, Finding, Paragraph, Section, Table

LEGEND = "* fewest · ≈ as good as it · ? undecided which is · ~ no difference from the baseline found"


def document(table: pa.Table, location: str = "") -> Document:
    """The short form of `contents.document`.  Raises SweepError if the table holds no simulation."""
    data = dataset.read(table)
    if not len(data.table):
        return contents.document(table, location)
    analysis = analyse(data)
    return Document(
        title=str(data.metadata.get("name") or "sweep"),
        subtitle=contents.subtitle(data),
        sections=(
            Section("Verdict", (verdict_table(analysis), *_middles(analysis))),
            Section("Claims", _claims(user_claims.judge(analysis), seed_claims.judge(analysis))),
            Section("To mind", tuple(Paragraph(line) for line in quality.warnings(analysis) or (_well(data),))),
            Section("Next", _next(analysis, shlex.quote(location) if location else "LOCATION")),
        ),
    )


def verdict_table(analysis: Analysis) -> Table:
    """A row per mix: who wins, how often, by how much, and the smallest ring that hardly drops."""
    data = analysis.data
    rows = []
    for mix, name in enumerate(data.mixes):
        found = verdicts.standing(analysis, mix)
        if found is None:
            rows.append((Cell(name), Cell("nothing to say"), *[ABSENT] * 3))
            continue
        steady = analysis.steady.cells(mix)
        note = f"{numbers.count(steady, 'cell')} not steady or too short: marked in the full report"
        left = found.cells - found.settled
        won = f"{found.among} of {found.cells}" + (f", {left} open" if left else "")
        whose = (f"its numbers here are those of {found.first}",) if found.tone != "best" and found.lead >= 0 else ()
        ahead = ABSENT if found.lead < 1 else comparison.relative_cell(verdicts.overall(analysis, mix, found.lead))
        ring = verdicts.smallest_ring(analysis, mix, max(found.lead, 0))
        rows.append(
            (
                Cell(name, notes=(note,) if steady else ()),
                Cell(found.short, found.tone, notes=whose),
                Cell(won),
                Cell(ahead.text, ahead.tone, ahead.detail),
                Cell(ring) if ring is not None else ABSENT,
            )
        )
    return Table(
        f"Fewest ns per packet over all rings and loads, and how far it is from {analysis.baseline}",
        ("traffic mix", "winner", "cells won", "difference", "smallest ring"),
        tuple(rows),
        legend=(
            f"smallest ring: that drops at most {numbers.percent(verdicts.LOST)} % at the highest load; "
            "≤ and >: beyond it none was simulated"
        ),
        prose=True,
    )


def _middles(analysis: Analysis) -> list[Block]:
    """One cell per mix: its highest load, the middle of its rings; of a strategy's variants the one that leads most."""
    data = analysis.data
    best = Counter(place for found in analysis.outcomes.values() for place in (found.winner.best, *found.winner.close))
    columns = [max(data.of(name), key=lambda place: best[place]) for name in dict.fromkeys(data.strategies)]
    columns[0] = 0  # the baseline is what the others are compared with
    rows = []
    for mix, load, ring in cells.middles(analysis):
        shown = comparison.row(analysis, (mix, load, ring))
        at = f"{data.mixes[mix]}, {data.loads[load]:g}, {data.rings[ring]}"
        rows.append((Cell(at), *(shown[column] for column in columns)))
    if not rows or len(data.columns) < 2:
        return []
    caption = f"ns per packet against {analysis.baseline} in one cell of each mix: its highest load, its middle ring"
    hidden = len(data.columns) - len(columns)
    more = f" · {numbers.count(hidden, 'more variant')} in the full report" if hidden else ""
    header = ("mix, load, ring", *(data.columns[column] for column in columns))
    return [Table(caption, header, tuple(rows), legend=LEGEND + more)]


def _claims(own: list[Finding], thread: list[Finding]) -> tuple[Block, ...]:
    blocks: list[Block] = []
    if own:
        rows = tuple((Cell(finding.word, finding.tone), Cell(finding.name)) for finding in own)
        blocks.append(Table("Of the sweep file", ("verdict", "claim"), rows, prose=True))
    said = " · ".join(f"{finding.name} {finding.word}" for finding in thread)
    return (*blocks, Paragraph(f"Of the 2016 thread: {said}."))


def _next(analysis: Analysis, location: str) -> tuple[Block, ...]:
    base = shlex.quote(sheets.typed(analysis.data, 0))
    commands: Iterable[str] = (
        f"sweep report {location} --full",
        f"sweep report {location} --row ring --col strategy --metric drop_ratio,p99 --baseline {base}",
    )
    return tuple(Paragraph(command, code=True) for command in commands)


def _well(data: dataset.Dataset) -> str:
    return f"Nothing: all {data.rows:,} simulations kept their laws, and every cell is steady."
