# SPDX-License-Identifier: MIT
"""The smallest ring that keeps drops low: per column, at the highest load of a mix.

A ring keeps them low if its whole interval is within the limit, it does not if its whole interval is beyond.  The
answer is the first that keeps them low, if every smaller one is shown not to; else it is open.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from sweep import format
from sweep.document.statements import Absent, Extreme, NoClaim, Number, Sentence, SmallestRing, at, both
from sweep.fields.spread import DROPS
from sweep.results.analysis import Analysis

LOST = 0.001  # dropped share up to which a ring counts as big enough
OPEN = "open"


class Smallest(NamedTuple):
    """An answer."""

    text: str  # as `numbers.on_axis` has it, or OPEN
    ring: int | None  # None: open, or no ring does
    undecided: int | None  # the smallest ring of which neither is shown, where that leaves it open


def smallest_ring(analysis: Analysis, mix: int, lead: int) -> Smallest | None:
    """The smallest ring with which a column is shown to drop no more than `LOST` at the highest load.

    None where drops were not measured.
    """
    if analysis.drops is None:
        return None
    found = analysis.data.estimate(DROPS)[mix, analysis.last_load(mix), :, lead]
    there = [place for place in range(len(analysis.data.rings)) if np.isfinite(found.center[place])]
    if not there:
        return None
    rings = [analysis.data.rings[place] for place in there]
    for place, ring in zip(there, rings, strict=True):
        if found.high[place] <= LOST:
            return Smallest(format.on_axis(ring, rings), ring, None)
        if not found.low[place] > LOST:
            return Smallest(OPEN, None, ring)
    return Smallest(format.on_axis(None, rings), None, None)


def ring_claim(analysis: Analysis, mix: int, lead: int, found: Smallest | None, *, shown: bool = True) -> SmallestRing:
    """What naming that ring claims."""
    data = analysis.data
    ring, undecided = (None, None) if found is None else (found.ring, found.undecided)
    load = data.loads[analysis.last_load(mix)]
    return SmallestRing(data.mixes[mix], data.columns[lead], load, LOST, ring, undecided, shown)


def sentence(analysis: Analysis, mix: int, lead: int) -> Sentence:
    """The smallest ring that keeps drops low at the highest load, for the leader."""
    data, load = analysis.data, analysis.last_load(mix)
    if analysis.drops is None:
        return Sentence("", NoClaim())
    name, column = data.mixes[mix], data.columns[lead]
    limit, where = f"{format.percent(LOST)} %", f"at load {data.loads[load]:g}"
    dropped = data.estimate(DROPS)[mix].center
    if not np.isfinite(dropped).any():
        return Sentence("", Absent("avg(drop_ratio)", at(name)))
    if not np.nansum(dropped):
        return _none(analysis, mix)
    found = smallest_ring(analysis, mix, lead)
    if found is None:
        absent = Absent("avg(drop_ratio)", at(name, data.loads[load], column=column))
        return Sentence(f"What {column} drops {where} is not known.", absent)
    claim = ring_claim(analysis, mix, lead, found)
    if found.undecided is not None:
        text = f"Which ring keeps its drops within {limit} {where} is open: ring {found.undecided} may or may not."
        return Sentence(text, claim)
    if found.ring is None:
        drops = dropped[load, :, lead]
        least = Number(float(np.nanmin(drops)), format.percent(float(np.nanmin(drops))), 100)
        here = at(name, data.loads[load], column=column)
        text = f"No ring keeps its drops within {limit} {where} (least {least.text} %)."
        return Sentence(text, replace(claim, shown=False), Extreme("smallest", "avg(drop_ratio)", here, least))
    edge = ", the smallest that was simulated" if found.text.startswith("≤") else ""
    return Sentence(f"The smallest ring that keeps its drops within {limit} {where} is {found.text}{edge}.", claim)


def _none(analysis: Analysis, mix: int) -> Sentence:
    """No packet was dropped: in how many episodes of each cell."""
    data, place = analysis.data, at(analysis.data.mixes[mix])
    nothing = Extreme("largest", "avg(drop_ratio)", place, Number(0.0, ""))
    if not data.has("episodes"):
        return Sentence("No packet was dropped.", nothing)
    episodes = np.nansum(data.values("episodes")[mix], axis=-1)[np.isfinite(data.values(DROPS)[mix]).any(axis=-1)]
    least = Number(float(episodes.min()), f"{int(episodes.min()):,}")
    word = data.episode(mix) if int(episodes.min()) == 1 else f"{data.episode(mix)}s"
    text = f"No packet was dropped, in {least.text} {word} of a cell or more."
    return Sentence(text, nothing, Extreme("smallest", "sum(episodes)", both(place, "drop_ratio is not null"), least))
