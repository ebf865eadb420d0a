# SPDX-License-Identifier: MIT
"""The lines of `sweep plan` about windows: their packets, and the stalls or bursts expected in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from sweep.format import count as plural

from .numbers import count

if TYPE_CHECKING:
    from sweep.config import Sweep
    from sweep.jobs.episodes import EpisodeForecast, WindowForecast

LOADS_LISTED = 4  # of a mix; if there are more, only the lowest and the highest
MIXES_LISTED = 8
MOST_REPLICATES = 1000  # more are not recommended to anybody


def lines(sweep: Sweep) -> list[str]:
    """A line per mix with the packets of its windows, if the file gives their length as a time; and a line per mix with
    stalls or bursts on how many of them are expected.
    """
    from sweep.jobs.episodes import forecast_episodes

    forecasts = forecast_episodes(sweep)
    in_time = any(column.values != (None,) for column in (sweep.scenarios.duration_ps, sweep.scenarios.warmup_ps))
    cells: dict[str, list[WindowForecast]] = {}
    for forecast in forecasts:
        cells.setdefault(forecast.mix, []).extend(forecast.cells)
    windows = _some(_packets(mix, cells_of_mix) for mix, cells_of_mix in cells.items()) if in_time else []
    return [*windows, *_some(_seen(forecast) for forecast in forecasts if forecast.is_forecast)]


def warnings(sweep: Sweep) -> list[str]:
    """A line for each mix whose replicates are expected to see too few stalls or bursts."""
    from sweep.jobs.episodes import forecast_episodes

    return _some(_seen(forecast) for forecast in forecast_episodes(sweep) if forecast.is_short)


def _packets(mix: str, cells: Sequence[WindowForecast]) -> str:
    """host: 130,948 packets in a window at load 0.1, 392,843 at load 0.3"""
    at: dict[float, list[int]] = {}
    for cell in sorted(cells, key=lambda cell: cell.load):
        at.setdefault(cell.load, []).append(cell.packets)
    if len(at) > LOADS_LISTED:
        every = [cell.packets for cell in cells]
        return f"{mix}: {_range(every)} packets in a window, loads {min(at):g} to {max(at):g}"
    first, *more = at
    told = [f"{_range(at[first])} packets in a window at load {first:g}"]
    return f"{mix}: " + ", ".join([*told, *(f"{_range(at[load])} at load {load:g}" for load in more)])


def _range(packets: Sequence[int]) -> str:
    low, high = count(min(packets)), count(max(packets))
    return low if low == high else f"{low} to {high}"


def _seen(mix: EpisodeForecast) -> str:
    """host: 1.1 to 5.9 stalls in a window, 5.5 to 29 in all 5 replicates"""
    per_window = _between(mix.fewest, mix.most)
    text = f"{mix.mix}: {per_window} {mix.episode}s in a window"
    if mix.replicates > 1:
        in_all = _between(mix.fewest * mix.replicates, mix.most * mix.replicates)
        text += f", {in_all} in all {plural(mix.replicates, 'replicate')}"
    return text + (_too_few(mix) if mix.is_short else "")


def _too_few(mix: EpisodeForecast) -> str:
    """The end of a line about too few episodes: which duration or replicates would be enough."""
    from sweep.fields.scenario import LONGEST_PS
    from sweep.jobs.episodes import ENOUGH
    from sweep.units import time_text

    remedies = [f"duration: {time_text(mix.enough_ps)}"] if mix.enough_ps <= LONGEST_PS else []
    if mix.enough_replicates <= MOST_REPLICATES:
        remedies.append(f"replicates: {mix.enough_replicates}")
    advice = f"; {' or '.join(remedies)} would see {ENOUGH} or more" if remedies else ""
    return f": too few to say what is never lost{advice}"


def _between(low: Fraction, high: Fraction) -> str:
    first, last = _amount(low), _amount(high)
    return first if first == last else f"{first} to {last}"


def _amount(number: Fraction) -> str:
    """A number of episodes, rounded down so that it is never overstated: 29.9 is "29", 0.456 is "0.45"."""
    if number >= 10:
        return count(int(number))
    scaled, digits = (int(number * 10), 1) if number >= 1 else (int(number * 100), 2)
    return f"{scaled / 10**digits:g}"


def _some(texts: Iterable[str]) -> list[str]:
    all_lines = list(texts)
    more = len(all_lines) - MIXES_LISTED
    return all_lines if more <= 1 else [*all_lines[:MIXES_LISTED], f"and {count(more)} more mixes"]
