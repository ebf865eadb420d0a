# SPDX-License-Identifier: MIT
"""The loads among which the highest is searched, and whether an objective can be asked of them.

Where the user gives none they have equal ratios, because the answer is to have a relative precision: throughput as
[rfc 2544] defines it, no-drop and partial-drop rate as [fdio-2021] does, are quoted to a per cent.
"""

from __future__ import annotations

from collections.abc import Sequence

from sweep.model.lane import prepare

from ..config import Objective, Sweep
from ..errors import ConfigError
from ..units import MILLION
from .cube import Cube
from .directions import shape

AXIS = "axes.load"
LOWEST_PPM = 10_000
STEPS = 924  # from 1 % to 100 % of the link's packet rate by 0.5 % each, half of a per cent: ln(100) / ln(1.005)
BELOW_PEAK = 0.995  # of the load inside of a burst, which a mean load has to be below
DIGITS = 4  # of a load, so that neighbours are told apart


def override(sweep: Sweep, sets: Sequence[str]) -> list[str]:
    """The override that gives a sweep these loads; none if `sets` give loads already."""
    if any(text.partition("=")[0].strip() == AXIS for text in sets):
        return []
    peaks = [found.peak_ppm for mix in sweep.scenarios["traffic"].values if (found := prepare.bursts(mix))]
    highest = min([MILLION, *(int(peak * BELOW_PEAK) for peak in peaks)])
    return [f"{AXIS}={{log: [{LOWEST_PPM / MILLION:g}, {highest / MILLION:g}, {STEPS + 1}]}}"]


def check(cube: Cube, objectives: Sequence[Objective]) -> None:
    """Raise ConfigError for an objective that has no highest load."""
    for objective in objectives:
        if shape(objective.metric).of_badness(objective.sign).load < 0:
            raise ConfigError(
                f'"{objective.text}" is easier to meet at a higher load, so there is no highest that it allows\n'
                "  next: sweep size FILE --find load with an objective that gets harder, such as drop_ratio < 0.5 %"
            )
        asked = cube.of(objective.points, False)
        if ((asked != asked.any(axis=2, keepdims=True)) & cube.there).any():
            raise ConfigError(
                f'"{objective.text}" speaks of some loads only, and the load is what is searched\n'
                "  next: leave the load out of its condition; say which loads to search with "
                "--set 'axes.load={log: [0.1, 0.5, 300]}'"
            )
