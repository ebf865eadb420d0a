# SPDX-License-Identifier: MIT
"""How the strategies of a mix stand: who leads how many cells of ring and load, alone or beside others."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from sweep import format
from sweep.document.statements import Led
from sweep.results.analysis import Analysis
from sweep.results.outcome import DROPS_OPEN, WITHIN, Outcome


@dataclass(frozen=True)
class Standing:
    """How the strategies of one mix stand, over its cells of ring and load."""

    word: str  # the verdict
    equals: tuple[str, ...]  # as good as the winner, named in the verdict
    tone: str  # of a finding
    first: str  # the strategy that leads most cells; "" if nothing is decided
    lead: int  # the column that speaks for it; -1 if nothing is decided
    cells: int
    settled: int  # cells with a winner
    among: int  # of these, led by `first`, alone or not
    alone: dict[str, int]  # strategy -> cells that it leads alone
    beside: dict[str, int]  # strategy -> cells that it leads together with `first`

    @property
    def short(self) -> str:
        """The verdict in two words: those as good as the winner after "≈"."""
        return " ≈ ".join((self.first, *self.equals)) if self.equals else self.word

    def claim(self, mix: str) -> Led:
        """What the verdict claims of its mix."""
        return Led(
            mix,
            self.first,
            self.among,
            self.alone.get(self.first, 0),
            self.cells,
            self.settled,
            tuple(self.beside.items()),
            self.word,
        )


def standing(analysis: Analysis, mix: int) -> Standing | None:
    """How the strategies stand in a mix; None for one without a valid simulation."""
    data = analysis.data
    strategies = list(dict.fromkeys(data.strategies))
    cells = cells_of(analysis, mix)
    if not cells:
        return None
    led = [outcome.leaders(data.strategies) for outcome in cells if outcome.settled(data.strategies)]
    if not led:
        return Standing(_undecided(cells), (), "tie", "", -1, len(cells), 0, 0, {}, {})
    best = Counter(data.strategies[outcome.winner.best] for outcome in cells)
    among = {s: sum(s in leaders for leaders in led) for s in strategies}
    alone = {s: sum(leaders == {s} for leaders in led) for s in strategies}
    first = max(strategies, key=lambda s: (among[s], alone[s], best[s]))
    # Among variants of the leading strategy the one that leads most often speaks for it.
    lead = max(data.of(first), key=lambda c: sum(c in (o.winner.best, *o.winner.close) for o in cells))
    beside = {s: sum({s, first} <= leaders for leaders in led) for s in strategies if s != first}
    equals: tuple[str, ...] = ()
    won = len(led) * 2 > len(cells) and among[first] * 2 > len(cells)
    if won:
        equals = _equals(alone[first], beside, len(led))
        word = f"{first}, with {' and '.join(equals)} {WITHIN}" if equals else first
    else:
        word = _undecided(cells) if len(led) * 2 <= len(cells) else "no single winner"
    tone = "best" if won else "tie"
    return Standing(word, equals, tone, first, lead, len(cells), len(led), among[first], alone, beside)


def cells_of(analysis: Analysis, mix: int) -> list[Outcome]:
    """The outcomes of the cells of ring and load of a mix."""
    return [outcome for (m, _, _), outcome in analysis.outcomes.items() if m == mix]


def _equals(alone: int, beside: dict[str, int], settled: int) -> tuple[str, ...]:
    """Those as good as the leader in half of the settled cells or more, unless it is alone in most."""
    return () if alone * 2 > settled else tuple(strategy for strategy, times in beside.items() if times * 2 >= settled)


def _undecided(cells: list[Outcome]) -> str:
    """Why most cells have no winner."""
    if sum(outcome.drops_open for outcome in cells) * 2 > len(cells):
        return DROPS_OPEN
    pairs = [outcome.winner.pairs for outcome in cells]
    return f"undecided with {format.count(max(pairs), 'pair')}"
