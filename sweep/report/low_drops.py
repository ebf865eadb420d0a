# SPDX-License-Identifier: MIT
"""The smallest ring that keeps drops low: per column, at the highest load of a mix."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .. import stats
from . import numbers
from .analysis import Analysis
from .statements import Absent, Extreme, NoClaim, Number, Sentence, SmallestRing, at

LOST = 0.001  # dropped share up to which a ring counts as big enough


def smallest_ring(analysis: Analysis, mix: int, lead: int) -> str | None:
    """The smallest ring with which a column drops no more than `LOST` at the highest load, as `numbers.on_axis` has it.

    None where drops were not measured.
    """
    if analysis.drops is None:
        return None
    drops = stats.mean(analysis.drops[mix, analysis.last_load(mix), :, lead]).center
    there = [(ring, share) for ring, share in zip(analysis.data.rings, drops, strict=True) if np.isfinite(share)]
    enough = [ring for ring, share in there if share <= LOST]
    return numbers.on_axis(min(enough, default=None), [ring for ring, _ in there]) if there else None


def ring_claim(analysis: Analysis, mix: int, lead: int, shown: str | None) -> SmallestRing:
    """What naming that ring claims; `shown` as `smallest_ring` has it."""
    data = analysis.data
    ring = None if shown is None or shown.startswith(">") else int(shown.removeprefix("≤ "))
    return SmallestRing(data.mixes[mix], data.columns[lead], data.loads[analysis.last_load(mix)], LOST, ring)


def sentence(analysis: Analysis, mix: int, lead: int) -> Sentence:
    """The smallest ring that keeps drops low at the highest load, for the leader."""
    data, load = analysis.data, analysis.last_load(mix)
    if analysis.drops is None:
        return Sentence("", NoClaim())
    name, column = data.mixes[mix], data.columns[lead]
    limit, where = f"{numbers.percent(LOST)} %", f"at load {data.loads[load]:g}"
    dropped = stats.mean(analysis.drops[mix]).center
    if not np.isfinite(dropped).any():
        return Sentence("", Absent("avg(drop_ratio)", at(name)))
    if not np.nansum(dropped):
        return Sentence("Nothing is dropped.", Extreme("largest", "avg(drop_ratio)", at(name), Number(0.0, "")))
    drops = dropped[load, :, lead]
    if not np.isfinite(drops).any():
        absent = Absent("avg(drop_ratio)", at(name, data.loads[load], column=column))
        return Sentence(f"What {column} drops {where} is not known.", absent)
    enough = smallest_ring(analysis, mix, lead)
    if enough is None:
        return Sentence("", NoClaim())
    claim = ring_claim(analysis, mix, lead, enough)
    if enough.startswith(">"):
        least = Number(float(np.nanmin(drops)), numbers.percent(float(np.nanmin(drops))), 100)
        here = at(name, data.loads[load], column=column)
        text = f"No ring keeps its drops within {limit} {where} (least {least.text} %)."
        return Sentence(text, replace(claim, shown=False), Extreme("smallest", "avg(drop_ratio)", here, least))
    edge = ", the smallest that was simulated" if enough.startswith("≤") else ""
    return Sentence(f"The smallest ring that keeps its drops within {limit} {where} is {enough}{edge}.", claim)
