# SPDX-License-Identifier: MIT
"""The ranking of the strategies in a mix: how many cells of ring and load each leads, alone or tied with others."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from sweep import format
from sweep.document.statements import MixLeader
from sweep.document.statements.templates import filled
from sweep.results.analysis import Analysis
from sweep.results.outcome import DROPS_OPEN, WITHIN, Outcome


@dataclass(frozen=True)
class MixRanking:
    """The ranking of the strategies over the cells of ring and load of one mix."""

    word: str  # the verdict
    equals: tuple[str, ...]  # strategies as good as the winner, named in the verdict
    tone: str  # of a finding
    first: str  # the strategy that leads most cells; "" if nothing is decided
    lead: int  # column of its variant that leads most cells; -1 if nothing is decided
    cells: int  # cells of the mix
    settled: int  # cells with a winner
    among: int  # settled cells led by `first`, alone or tied
    alone: dict[str, int]  # strategy -> cells that it leads alone
    beside: dict[str, int]  # strategy -> cells that it leads tied with `first`

    @property
    def short(self) -> str:
        """The verdict in short: the winner, and those as good after "≈"."""
        return " ≈ ".join((self.first, *self.equals)) if self.equals else self.word

    def claim(self, mix: str) -> MixLeader:
        """The claim that the verdict makes about mix `mix`."""
        return MixLeader(
            mix,
            self.first,
            self.among,
            self.alone.get(self.first, 0),
            self.cells,
            self.settled,
            tuple(self.beside.items()),
            self.word,
        )


def mix_ranking(analysis: Analysis, mix: int) -> MixRanking | None:
    """The ranking of the strategies in a mix; None if the mix has no valid simulation."""
    data = analysis.data
    strategies = list(dict.fromkeys(data.strategies))
    cells = cells_of(analysis, mix)
    if not cells:
        return None
    led = [outcome.leaders(data.strategies) for outcome in cells if outcome.settled(data.strategies)]
    if not led:
        return MixRanking(_undecided(cells), (), "tie", "", -1, len(cells), 0, 0, {}, {})
    best = Counter(data.strategies[outcome.winner.best] for outcome in cells)
    among = {name: sum(name in leaders for leaders in led) for name in strategies}
    alone = {name: sum(leaders == {name} for leaders in led) for name in strategies}
    first = max(strategies, key=lambda name: (among[name], alone[name], best[name]))
    # The leading strategy is represented by its variant that leads most often.
    lead = max(
        data.of(first),
        key=lambda column: sum(
            column in (each_outcome.winner.best, *each_outcome.winner.close) for each_outcome in cells
        ),
    )
    beside = {name: sum({name, first} <= leaders for leaders in led) for name in strategies if name != first}
    equals: tuple[str, ...] = ()
    won = len(led) * 2 > len(cells) and among[first] * 2 > len(cells)
    if won:
        equals = _equals(alone[first], beside, len(led))
        word = f"{first}, with {' and '.join(equals)} {WITHIN}" if equals else first
    else:
        word = _undecided(cells) if len(led) * 2 <= len(cells) else filled("no_winner")
    tone = "best" if won else "tie"
    return MixRanking(word, equals, tone, first, lead, len(cells), len(led), among[first], alone, beside)


def cells_of(analysis: Analysis, mix: int) -> list[Outcome]:
    """The outcomes of the cells of ring and load of a mix."""
    return [outcome for (m, _, _), outcome in analysis.outcomes.items() if m == mix]


def _equals(alone: int, beside: dict[str, int], settled: int) -> tuple[str, ...]:
    """The strategies tied with the leader in half of the settled cells or more; () if it is alone in most."""
    return () if alone * 2 > settled else tuple(strategy for strategy, times in beside.items() if times * 2 >= settled)


def _undecided(cells: list[Outcome]) -> str:
    """The verdict of a mix where most cells have no winner: drops, or too few pairs."""
    if sum(outcome.drops_open for outcome in cells) * 2 > len(cells):
        return DROPS_OPEN
    pairs = [outcome.winner.pairs for outcome in cells]
    return filled("undecided", pairs=format.count(max(pairs), "pair"))
