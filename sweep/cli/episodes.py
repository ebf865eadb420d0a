# SPDX-License-Identifier: MIT
"""What `sweep plan` says of windows before anything runs: their packets, and the stalls or bursts to be seen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from .words import count, of

if TYPE_CHECKING:
    from sweep.config import Sweep
    from sweep.jobs.episodes import Cell, Expected

LOADS_LISTED = 4  # of a mix; of more, the first and the last
MIXES_LISTED = 8
MOST_REPLICATES = 1000  # more of them are no advice


def lines(sweep: Sweep) -> list[str]:
    """A line for each mix: how many packets its windows have, if the file gives their length as a time; and one for
    each mix with stalls or bursts: how many of them will be seen.
    """
    from sweep.jobs.episodes import expected

    found = expected(sweep)
    in_time = any(column.values != (None,) for column in (sweep.scenarios.duration_ps, sweep.scenarios.warmup_ps))
    cells: dict[str, list[Cell]] = {}
    for each in found:
        cells.setdefault(each.mix, []).extend(each.cells)
    windows = _some(_packets(mix, own) for mix, own in cells.items()) if in_time else []
    return [*windows, *_some(_seen(each) for each in found if each.is_forecast)]


def warnings(sweep: Sweep) -> list[str]:
    """A line for each mix whose replicates will see too few stalls or bursts."""
    from sweep.jobs.episodes import expected

    return _some(_seen(each) for each in expected(sweep) if each.is_short)


def _packets(mix: str, cells: Sequence[Cell]) -> str:
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


def _seen(mix: Expected) -> str:
    """host: 1.1 to 5.9 stalls in a window, 5.5 to 29 in all 5 replicates"""
    each = _between(mix.fewest, mix.most)
    text = f"{mix.mix}: {each} {mix.episode}s in a window"
    if mix.replicates > 1:
        every = _between(mix.fewest * mix.replicates, mix.most * mix.replicates)
        text += f", {every} in all {of(mix.replicates, 'replicate')}"
    return text + (_too_few(mix) if mix.is_short else "")


def _too_few(mix: Expected) -> str:
    """What would be enough."""
    from sweep.fields.scenario import LONGEST_PS
    from sweep.jobs.episodes import ENOUGH
    from sweep.units import time_text

    ways = [f"duration: {time_text(mix.enough_ps)}"] if mix.enough_ps <= LONGEST_PS else []
    if mix.enough_replicates <= MOST_REPLICATES:
        ways.append(f"replicates: {mix.enough_replicates}")
    enough = f"; {' or '.join(ways)} would see {ENOUGH} or more" if ways else ""
    return f": too few to say what is never lost{enough}"


def _between(low: Fraction, high: Fraction) -> str:
    first, last = _amount(low), _amount(high)
    return first if first == last else f"{first} to {last}"


def _amount(number: Fraction) -> str:
    """Never more than it is: 29.9 is told as 29, 0.456 as 0.45."""
    if number >= 10:
        return count(int(number))
    scaled, digits = (int(number * 10), 1) if number >= 1 else (int(number * 100), 2)
    return f"{scaled / 10**digits:g}"


def _some(texts: Iterable[str]) -> list[str]:
    every = list(texts)
    more = len(every) - MIXES_LISTED
    return every if more <= 1 else [*every[:MIXES_LISTED], f"and {count(more)} more mixes"]
