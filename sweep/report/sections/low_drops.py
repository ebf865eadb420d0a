# SPDX-License-Identifier: MIT
"""The smallest ring that keeps drops low, per column, at the highest load of a mix.

A ring keeps drops low if its whole interval is within the limit, and does not if the whole interval is beyond it.  The
answer is the smallest ring that does, if every smaller one is shown not to; else it is open.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from sweep import format
from sweep.document.statements import Absent, Extreme, NoClaim, Number, Sentence, SmallestRing, at, both
from sweep.document.statements.templates import filled
from sweep.fields.spread import DROPS
from sweep.results.analysis import Analysis

LOST = 0.001  # dropped share up to which a ring counts as big enough
OPEN = "open"


class Smallest(NamedTuple):
    """The smallest ring that keeps drops low, if known."""

    text: str  # as `numbers.on_axis` has it, or OPEN
    ring: int | None  # None: open, or no ring does
    undecided: int | None  # if the answer is open: the smallest ring that is shown neither to keep drops low nor not to


def smallest_ring(analysis: Analysis, mix: int, lead: int) -> Smallest | None:
    """The smallest ring with which a column is shown to drop no more than `LOST` at the highest load.

    None where drops were not measured.
    """
    if analysis.drops is None:
        return None
    drop_ratio = analysis.data.estimate(DROPS)[mix, analysis.last_load(mix), :, lead]
    simulated = [index for index in range(len(analysis.data.rings)) if np.isfinite(drop_ratio.center[index])]
    if not simulated:
        return None
    rings = [analysis.data.rings[index] for index in simulated]
    for index, ring in zip(simulated, rings, strict=True):
        if drop_ratio.high[index] <= LOST:
            return Smallest(format.on_axis(ring, rings), ring, None)
        if not drop_ratio.low[index] > LOST:
            return Smallest(OPEN, None, ring)
    return Smallest(format.on_axis(None, rings), None, None)


def ring_claim(analysis: Analysis, mix: int, lead: int, found: Smallest | None, *, shown: bool = True) -> SmallestRing:
    """The claim that `found` is the smallest ring that keeps drops low."""
    data = analysis.data
    ring, undecided = (None, None) if found is None else (found.ring, found.undecided)
    load = data.loads[analysis.last_load(mix)]
    return SmallestRing(data.mixes[mix], data.columns[lead], load, LOST, ring, undecided, shown)


def sentence(analysis: Analysis, mix: int, lead: int) -> Sentence:
    """Sentence on the smallest ring with which the leading column keeps drops low at the highest load."""
    data, load = analysis.data, analysis.last_load(mix)
    if analysis.drops is None:
        return Sentence("", NoClaim())
    name, column = data.mixes[mix], data.columns[lead]
    limit, at_load = format.percent(LOST), f"{data.loads[load]:g}"
    dropped = data.estimate(DROPS)[mix].center
    if not np.isfinite(dropped).any():
        return Sentence("", Absent("avg(drop_ratio)", at(name)))
    if not np.nansum(dropped):
        return _none(analysis, mix)
    smallest = smallest_ring(analysis, mix, lead)
    if smallest is None:
        absent = Absent("avg(drop_ratio)", at(name, data.loads[load], column=column))
        return Sentence(filled("unknown", name=column, load=at_load), absent)
    claim = ring_claim(analysis, mix, lead, smallest)
    if smallest.undecided is not None:
        text = filled("ring_open", limit=limit, load=at_load, ring=smallest.undecided)
        return Sentence(text, claim)
    if smallest.ring is None:
        drops = dropped[load, :, lead]
        lowest_drops = Number(float(np.nanmin(drops)), format.percent(float(np.nanmin(drops))), 100)
        condition = at(name, data.loads[load], column=column)
        text = filled("no_ring", limit=limit, load=at_load, least=lowest_drops.text)
        return Sentence(
            text, replace(claim, shown=False), Extreme("smallest", "avg(drop_ratio)", condition, lowest_drops)
        )
    edge_note = filled("ring_edge") if smallest.text.startswith("≤") else ""
    return Sentence(filled("ring", limit=limit, load=at_load, ring=smallest.text, edge=edge_note), claim)


def _none(analysis: Analysis, mix: int) -> Sentence:
    """Sentence that no packet was dropped, with the fewest episodes of any cell."""
    data, place = analysis.data, at(analysis.data.mixes[mix])
    nothing = Extreme("largest", "avg(drop_ratio)", place, Number(0.0, ""))
    if not data.has("episodes"):
        return Sentence(filled("no_drop"), nothing)
    seen = fewest_episodes(analysis, mix)
    return Sentence(filled("no_drop_seen", seen=seen), nothing, *seen.claims)


def fewest_episodes(analysis: Analysis, mix: int) -> Sentence:
    """ "123 stalls": the fewest independent episodes that any point of a mix has seen."""
    data = analysis.data
    episodes = np.nansum(data.values("episodes")[mix], axis=-1)[np.isfinite(data.values(DROPS)[mix]).any(axis=-1)]
    fewest = Number(float(episodes.min()), f"{int(episodes.min()):,}")
    word = data.episode(mix) if int(episodes.min()) == 1 else f"{data.episode(mix)}s"
    where = both(at(data.mixes[mix]), "drop_ratio is not null")
    return Sentence(f"{fewest.text} {word}", Extreme("smallest", "sum(episodes)", where, fewest))
