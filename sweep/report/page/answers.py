# SPDX-License-Identifier: MIT
"""The first screen of the page: what was asked, in a line, and an answer per traffic mix, of which one is open."""

from __future__ import annotations

from sweep.document.blocks import Cell, Section
from sweep.document.statements import Claim, Count, Sentence
from sweep.report import brief
from sweep.report.sections import answer
from sweep.results import coordinates
from sweep.results.analysis import Analysis

SETTING = (("host", ""), ("nic", "NIC "), ("kernel", "Linux "))  # column, and what its value is called


def question(analysis: Analysis, subtitle: str) -> Sentence:
    """The host, NIC and kernel that were simulated, where there is one each, before what the subtitle counts."""
    table, parts, claims = analysis.data.table, [], list[Claim]()
    for name, title in SETTING:
        values = set(coordinates.column_texts(table, name)) if name in table.column_names else set()
        value = values.pop() if len(values) == 1 else None
        if value:
            parts.append(f"{title}{value}")
            claims.append(Count(1, f"distinct {name} of rows", shown=False))
    own = subtitle.claims if isinstance(subtitle, Sentence) else ()
    return Sentence(
        f"Fewest ns per packet on {', '.join(parts)}? {subtitle}" if parts else str(subtitle), *claims, *own
    )


def answers(analysis: Analysis) -> list[Section]:
    """A section per mix; folded it says who wins, by how much, in how many cells, and with which ring."""
    table = brief.verdict_table(analysis)
    return [
        Section(row[0].text, answer.blocks(analysis, mix), answer=_line(table.header, row))
        for mix, row in enumerate(brief.named_rows(analysis, table))
    ]


def _line(header: tuple[str, ...], row: tuple[Cell, ...]) -> tuple[Cell, ...]:
    """The entries of a row but for the mix and what is missing; those after the winner say what they are."""
    first, *others = row[1:]
    named = (
        Cell(f"{name} {cell.text}", cell.tone, claims=cell.claims)
        for name, cell in zip(header[2:], others, strict=True)
        if cell.tone != "missing"
    )
    return (first, *named)
