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
from functools import cache
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
class WindowForecast:
    """The episodes that windows of one mix will see at one load, link and number of queues."""

    load: float
    packets: int  # in the measured window
    mean_ps: Fraction | None  # from the start of one episode to that of the next; None where that is not forecast
    episodes: Fraction  # in one window


@dataclass(frozen=True)
class EpisodeForecast:
    """The episodes that the windows of one traffic mix will see, cell by cell."""

    mix: str
    episode: str  # "stall" or "burst"; "busy period" where their number is not forecast
    cells: tuple[WindowForecast, ...]  # by load
    replicates: int

    @property
    def is_forecast(self) -> bool:
        return all(cell.mean_ps is not None for cell in self.cells)

    @property
    def fewest(self) -> Fraction:
        """Episodes in one window of the cell that sees the fewest."""
        return min(cell.episodes for cell in self.cells)

    @property
    def most(self) -> Fraction:
        """Episodes in one window of the cell that sees the most."""
        return max(cell.episodes for cell in self.cells)

    @property
    def is_short(self) -> bool:
        """Whether all replicates of a cell see so few that nothing can be said not to happen there."""
        return self.is_forecast and self.fewest * self.replicates < FEWEST_EPISODES

    @property
    def enough_replicates(self) -> int:
        """Replicates with which every cell sees ENOUGH episodes, at these window lengths."""
        return ceil(ENOUGH / self.fewest)

    @property
    def enough_ps(self) -> int:
        """Window length, ps, at which every cell sees ENOUGH episodes in its replicates; rounded up to two digits."""
        longest = max(cell.mean_ps for cell in self.cells if cell.mean_ps is not None)
        return units.rounded_up(ceil(ENOUGH * longest / self.replicates))


def forecast_episodes(sweep: Sweep) -> tuple[EpisodeForecast, ...]:
    """The forecast of every mix, in the order of the points; a mix with stalls at only some points is listed twice."""
    cells_by_mix: dict[tuple[str, str], list[WindowForecast]] = {}
    for mix, episode, cell in sweep.scenarios.each(_cell, *DECISIVE).values:
        cells_by_mix.setdefault((mix, episode), []).append(cell)
    return tuple(
        EpisodeForecast(
            mix, episode, tuple(sorted(cells, key=lambda cell: (cell.load, cell.packets))), sweep.replicates
        )
        for (mix, episode), cells in cells_by_mix.items()
    )


def _cell(scenario: Scenario) -> tuple[str, str, WindowForecast]:
    """Mix of a scenario, what an episode of it is called, and the forecast of its cell."""
    gap_ps, window = prepare.mean_gap_ps(scenario, scenario.load_ppm), scenario.packets - scenario.warmup
    episode, mean_ps = _episode(scenario.traffic, gap_ps)
    episodes = window * gap_ps / mean_ps if mean_ps else Fraction(0)
    return scenario.traffic.name, episode, WindowForecast(scenario.load_ppm / units.MILLION, window, mean_ps, episodes)


def _episode(traffic: Traffic, gap_ps: int) -> tuple[str, Fraction | None]:
    """What an episode of a mix is called, and the mean time from the start of one to the next, ps; None if unknown."""
    reader = traffic.reader
    name = episode_word("stalls" if reader.stall_every_ps else None, arrivals_text(traffic.arrivals))
    if reader.stall_every_ps and reader.stall_for_ps:
        if not traffic.local_ppm:  # a reader that has nothing to read is never seen to stall
            return name, None
        return name, _mean(reader.stall_every_ps) + _mean(reader.stall_for_ps)
    if prepare.bursts(traffic):
        return name, prepare.burst_mean(traffic) * gap_ps
    return name, None


@cache
def _mean(law: Distribution) -> Fraction:
    return quantiles.mean(quantiles.table(law))
