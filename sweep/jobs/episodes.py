# SPDX-License-Identifier: MIT
"""How many stalls or bursts the windows of a sweep will see, before anything runs.

A window sees as many stalls as the mean time from one to the next, both as the sweep file gives them, fits into its
mean length; and as many bursts as the mean length of a burst fits into its packets.  Losses come in these, so what a
cell can show depends on their number, not on that of its packets (`sweep.evidence`).

Not modelled: busy periods, whose number is a result of the simulation; how much the numbers of single windows scatter.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from sweep import units
from sweep.config import Sweep
from sweep.episodes import FEWEST_EPISODES, episode_word
from sweep.model.lane import prepare
from sweep.model.randomness import quantiles
from sweep.model.scenario import Distribution, Scenario, Traffic
from sweep.schema.parameters import arrivals_text

# Episodes to ask for, so that a Poisson number of them is one standard deviation above the fewest: 36 - 6 = 30.
ENOUGH = 36
DECISIVE = ("traffic", "nic", "queues", "load_ppm", "packets", "warmup")  # fields of a scenario


@dataclass(frozen=True)
class Cell:
    """What is expected of the windows of one mix at one load, link and number of queues."""

    load: float
    packets: int  # in the measured window
    mean_ps: Fraction | None  # from the start of one episode to that of the next; None where that is not forecast
    episodes: Fraction  # in one window


@dataclass(frozen=True)
class Expected:
    """What the windows of one traffic mix will see."""

    mix: str
    episode: str  # "stall" or "burst"; "busy period" where their number is not forecast
    cells: tuple[Cell, ...]  # by load
    replicates: int

    @property
    def is_forecast(self) -> bool:
        return all(cell.mean_ps is not None for cell in self.cells)

    @property
    def fewest(self) -> Fraction:
        """In one window of the cell that sees fewest."""
        return min(cell.episodes for cell in self.cells)

    @property
    def most(self) -> Fraction:
        """In one window of the cell that sees most."""
        return max(cell.episodes for cell in self.cells)

    @property
    def is_short(self) -> bool:
        """Whether all replicates of a cell see so few that nothing can be said not to happen there."""
        return self.is_forecast and self.fewest * self.replicates < FEWEST_EPISODES

    @property
    def enough_replicates(self) -> int:
        """So many replicates of these windows see ENOUGH in every cell."""
        return ceil(ENOUGH / self.fewest)

    @property
    def enough_ps(self) -> int:
        """Windows of this length see ENOUGH in every cell, with these replicates; rounded up to two digits."""
        longest = max(cell.mean_ps for cell in self.cells if cell.mean_ps is not None)
        return units.rounded_up(ceil(ENOUGH * longest / self.replicates))


def expected(sweep: Sweep) -> tuple[Expected, ...]:
    """Of every mix, in the order of the points; one that has stalls at some points and none at others is told twice."""
    found: dict[tuple[str, str], list[Cell]] = {}
    for mix, word, cell in sweep.scenarios.each(_cell, *DECISIVE).values:
        found.setdefault((mix, word), []).append(cell)
    return tuple(
        Expected(mix, word, tuple(sorted(cells, key=lambda cell: (cell.load, cell.packets))), sweep.replicates)
        for (mix, word), cells in found.items()
    )


def _cell(scenario: Scenario) -> tuple[str, str, Cell]:
    """Its mix, what an episode of it is called, and what is expected of it."""
    gap_ps, window = prepare.mean_gap_ps(scenario, scenario.load_ppm), scenario.packets - scenario.warmup
    word, mean_ps = _episode(scenario.traffic, gap_ps)
    episodes = window * gap_ps / mean_ps if mean_ps else Fraction(0)
    return scenario.traffic.name, word, Cell(scenario.load_ppm / units.MILLION, window, mean_ps, episodes)


def _episode(traffic: Traffic, gap_ps: int) -> tuple[str, Fraction | None]:
    """What an episode of a mix is called, and the mean time from one to the next."""
    reader = traffic.reader
    word = episode_word("stalls" if reader.stall_every_ps else None, arrivals_text(traffic.arrivals))
    if reader.stall_every_ps and reader.stall_for_ps:
        if not traffic.local_ppm:  # a reader that has nothing to read is never seen to stall
            return word, None
        return word, _mean(reader.stall_every_ps) + _mean(reader.stall_for_ps)
    if prepare.bursts(traffic):
        return word, prepare.burst_mean(traffic) * gap_ps
    return word, None


def _mean(law: Distribution) -> Fraction:
    return quantiles.mean(quantiles.table(law))
