# SPDX-License-Identifier: MIT
"""The map of winners over ring and load, one per mix, drawn and in letters."""

from __future__ import annotations

from string import ascii_uppercase

from . import numbers
from .analysis import Analysis
from .charts import winner_map
from .comparison import ABSENT
from .document import Block, Cell, Paragraph, Section, Table

LEGEND = "~ no difference found between these · ? one replicate only · – not simulated"


def maps(analysis: Analysis) -> Section:
    """Winner per ring and load, by letter; ties carry all letters."""
    data = analysis.data
    blocks: list[Block] = [Paragraph(", ".join(f"{letter(i)} {name}" for i, name in enumerate(data.columns)) + ".")]
    for mix, name in enumerate(data.mixes):
        rows = []
        for load in reversed(range(len(data.loads))):
            cells = [_cell(analysis, (mix, load, ring)) for ring in range(len(data.rings))]
            rows.append((Cell(f"load {data.loads[load]:g}"), *cells))
        header = (name, *(str(ring) for ring in data.rings))
        legend = LEGEND if mix == len(data.mixes) - 1 else ""
        blocks.append(winner_map(analysis, mix))
        blocks.append(Table(f"{name}: fewest ns per packet, by ring", header, tuple(rows), legend=legend))
    return Section("Winner over ring and load", tuple(blocks), beside=True)


def letter(column: int) -> str:
    """A, B, ..., Z, A1, ..."""
    return ascii_uppercase[column % 26] + (str(column // 26) if column >= 26 else "")


def _cell(analysis: Analysis, where: tuple[int, int, int]) -> Cell:
    winner = analysis.winners.get(where)
    if winner is None:
        return ABSENT
    names = analysis.data.columns
    if not winner.decided:
        return Cell(f"{letter(winner.best)}?", "missing", f"{names[winner.best]}, one replicate only")
    if len(winner.ties) > 1:
        ties = "".join(letter(column) for column in sorted(winner.ties))
        return Cell(f"~{ties}", "tie", "no difference between " + ", ".join(names[i] for i in winner.ties))
    behind = (
        "" if winner.runner_up is None else f"; {names[winner.runner_up]} {numbers.percent(winner.behind)} % behind"
    )
    return Cell(letter(winner.best), "best", f"{names[winner.best]}{behind}")
