# SPDX-License-Identifier: MIT
"""Maps of the winner over ring and load, one per mix: a letter and colour per cell, hatched if it is open."""

from __future__ import annotations

from sweep import format
from sweep.document.blocks import Block, Cell, Key, Paragraph, Section, Table
from sweep.document.statements import Sentence, Values, at, fixed, joined
from sweep.report.charts.panels import FAINT, INK, key, shade
from sweep.report.parts.differences import ABSENT
from sweep.report.parts.letters import letter
from sweep.report.parts.marked_row import winner_claim
from sweep.results.analysis import Analysis
from sweep.results.outcome import DROPS_OPEN, WITHIN, pairs_wanted

LEGEND = fixed(
    f"the letter is that of the winner; ≈ and those {WITHIN} of it · ? and those of which it is undecided which takes"
    f" the fewest · ≠ {DROPS_OPEN} · – not simulated"
)


def maps(analysis: Analysis) -> Section:
    """A map per mix: the winner's letter per ring and load; an undecided cell has the letters of all that may win."""
    data = analysis.data
    letters = ", ".join(f"{letter(i)} {name}" for i, name in enumerate(data.columns))
    letter_key = Sentence(f"{letters}.", Values("col", "", tuple(data.columns), tuple(data.columns), "points"))
    blocks: list[Block] = [Paragraph(letter_key), Paragraph(_legend(analysis))]
    blocks += (map_of(analysis, mix) for mix in range(len(data.mixes)))
    return Section("Winner over ring and load", tuple(blocks), beside=True)


def map_of(analysis: Analysis, mix: int) -> Table:
    """The map of a mix: a row per load, the highest first, and a cell per ring."""
    data, name = analysis.data, analysis.data.mixes[mix]
    rows = []
    for load in reversed(range(len(data.loads))):
        cells = [_cell(analysis, (mix, load, ring)) for ring in range(len(data.rings))]
        rows.append((Cell(f"load {data.loads[load]:g}"), *cells))
    header = (name, *(str(ring) for ring in data.rings))
    return Table(f"{name}: fewest ns per packet, by ring", header, tuple(rows), map=True, key=_key(analysis))


def _legend(analysis: Analysis) -> Sentence:
    return joined([LEGEND, pairs_wanted(analysis.outcomes.values(), "")], " · ")


def _key(analysis: Analysis) -> tuple[Key, ...]:
    return (*key(analysis, variants=False), Key("hatched: open", INK, "hatched"))


def _cell(analysis: Analysis, where: tuple[int, int, int]) -> Cell:
    outcome = analysis.outcomes.get(where)
    if outcome is None:
        return ABSENT
    data = analysis.data
    names, winner, strategies = data.columns, outcome.winner, data.strategies
    notes = analysis.steady.notes(where)
    settled = outcome.settled(strategies)
    color = shade(list(dict.fromkeys(strategies)).index(strategies[winner.best])) if settled else FAINT
    claims = (winner_claim(analysis, where, outcome),)
    if outcome.drops_open:
        faster = ", ".join(names[column] for column in outcome.faster_droppers)
        detail = f"{DROPS_OPEN}, of those with fewer ns: {faster}"
        return Cell("≠", "tie", detail, notes, color, True, claims)
    if not outcome.decided:
        tied_letters = "".join(letter(column) for column in sorted(winner.ties))
        undecided_note = pairs_wanted([outcome], at(data.mixes[where[0]], data.loads[where[1]], data.rings[where[2]]))
        detail = f"{undecided_note}; fewest in the mean of those that drop no more: {names[winner.best]}"
        return Cell(f"?{tied_letters}", "tie", detail, notes, color, not settled, (*claims, *undecided_note.claims))
    close_letters = "".join(letter(column) for column in sorted(winner.close))
    detail = names[winner.best] + (f"; {WITHIN}: " + ", ".join(names[i] for i in winner.close) if close_letters else "")
    if winner.runner_up is not None:
        detail += f"; {names[winner.runner_up]} {format.percent(winner.behind)} % behind"
    text = letter(winner.best) + (f"≈{close_letters}" if close_letters else "")
    return Cell(text, "best", detail, notes, color, False, claims)
