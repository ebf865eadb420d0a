# SPDX-License-Identifier: MIT
"""Maps of the winner over ring and load, one per mix: a letter and colour per cell, hatched if others are as good."""

from __future__ import annotations

from string import ascii_uppercase

from sweep import format
from sweep.document.blocks import Block, Cell, Key, Paragraph, Section, Table
from sweep.document.statements import Sentence, Values, at, fixed, joined
from sweep.report.charts.panels import FAINT, INK, key, shade
from sweep.report.parts.differences import ABSENT
from sweep.report.parts.marked_row import winner_claim
from sweep.results.analysis import Analysis
from sweep.results.outcome import DROPS_OPEN, WITHIN, pairs_wanted

LEGEND = fixed(
    f"A≈B: A takes the fewest, B is shown to be {WITHIN} of it · ?AB: undecided which of these takes the fewest"
    f" · ≠ {DROPS_OPEN} · – not simulated"
)


def maps(analysis: Analysis) -> Section:
    """A map per mix: the winner's letter per ring and load; an undecided cell has the letters of all that may win."""
    data = analysis.data
    letters = ", ".join(f"{letter(i)} {name}" for i, name in enumerate(data.columns))
    letter_key = Sentence(f"{letters}.", Values("col", "", tuple(data.columns), tuple(data.columns), "points"))
    blocks: list[Block] = [Paragraph(letter_key), Paragraph(_legend(analysis))]
    for mix, name in enumerate(data.mixes):
        rows = []
        for load in reversed(range(len(data.loads))):
            cells = [_cell(analysis, (mix, load, ring)) for ring in range(len(data.rings))]
            rows.append((Cell(f"load {data.loads[load]:g}"), *cells))
        header = (name, *(str(ring) for ring in data.rings))
        caption = f"{name}: fewest ns per packet, by ring"
        blocks.append(Table(caption, header, tuple(rows), map=True, key=_key(analysis)))
    return Section("Winner over ring and load", tuple(blocks), beside=True)


def _legend(analysis: Analysis) -> Sentence:
    return joined([LEGEND, pairs_wanted(analysis.outcomes.values(), "")], " · ")


def _key(analysis: Analysis) -> tuple[Key, ...]:
    others = (Key(f"hatched: another is {WITHIN}", INK, "hatched"), Key("undecided", FAINT))
    return (*key(analysis, variants=False), *others)


def letter(column: int) -> str:
    """The letter of a column in the maps: A, B, ..., Z, A1, ..."""
    return ascii_uppercase[column % 26] + (str(column // 26) if column >= 26 else "")


def _cell(analysis: Analysis, where: tuple[int, int, int]) -> Cell:
    outcome = analysis.outcomes.get(where)
    if outcome is None:
        return ABSENT
    data = analysis.data
    names, winner, strategies = data.columns, outcome.winner, data.strategies
    notes = analysis.steady.notes(where)
    settled = outcome.settled(strategies)
    color = shade(list(dict.fromkeys(strategies)).index(strategies[winner.best])) if settled else FAINT
    hatched = settled and len(outcome.leaders(strategies)) > 1
    claims = (winner_claim(analysis, where, outcome),)
    if outcome.drops_open:
        faster = ", ".join(names[column] for column in outcome.faster_droppers)
        detail = f"{DROPS_OPEN}, of those with fewer ns: {faster}"
        return Cell("≠", "tie", detail, notes, color, claims=claims)
    if not outcome.decided:
        tied_letters = "".join(letter(column) for column in sorted(winner.ties))
        undecided_note = pairs_wanted([outcome], at(data.mixes[where[0]], data.loads[where[1]], data.rings[where[2]]))
        detail = f"{undecided_note}; fewest in the mean of those that drop no more: {names[winner.best]}"
        return Cell(f"?{tied_letters}", "tie", detail, notes, color, hatched, (*claims, *undecided_note.claims))
    close_letters = "".join(letter(column) for column in sorted(winner.close))
    detail = names[winner.best] + (f"; {WITHIN}: " + ", ".join(names[i] for i in winner.close) if close_letters else "")
    if winner.runner_up is not None:
        detail += f"; {names[winner.runner_up]} {format.percent(winner.behind)} % behind"
    text = letter(winner.best) + (f"≈{close_letters}" if close_letters else "")
    return Cell(text, "best", detail, notes, color, hatched, claims)
