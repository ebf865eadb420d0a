# SPDX-License-Identifier: MIT
"""The answer first: per traffic mix, in words with numbers, who wins, by how much, and what it drops."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np

from sweep import format, stats
from sweep.document.blocks import Finding, Findings, Section
from sweep.document.statements import (
    Absent,
    Claim,
    Count,
    Difference,
    Extreme,
    FewestMean,
    NoClaim,
    Number,
    Sentence,
    Values,
    at,
    both,
    joined,
    quoted,
)
from sweep.report.parts.judging import spanned
from sweep.report.parts.standing import Standing, cells_of, standing
from sweep.results.analysis import Analysis
from sweep.results.dataset import Array
from sweep.results.outcome import DROPS_OPEN, WITHIN, pairs_wanted
from sweep.results.steady import MARKED

from . import low_drops

CALLS = "allocator_calls_per_packet"
RATIO = "exp(avg(ln(ns_per_packet / base_ns))) - 1"  # `base_ns`: of the baseline, in the same cell and pair


def verdicts(analysis: Analysis) -> Section:
    """One paragraph per mix: who wins, by how much, what it drops and how often it asks the allocator."""
    items = tuple(_verdict(analysis, mix) for mix in range(len(analysis.data.mixes)))
    return Section("Verdict", (Findings(items),))


def _verdict(analysis: Analysis, mix: int) -> Finding:
    name, found = analysis.data.mixes[mix], standing(analysis, mix)
    if found is None:
        nothing = Absent("avg(ns_per_packet)", at(name))
        said = Sentence("No valid simulation has a cost per packet.", nothing)
        return Finding(name, Sentence("nothing to say", nothing), said, ())
    word = Sentence(found.word, found.claim(name))
    unsettled = _unsettled(analysis, mix)
    if found.lead < 0:
        lines = [*unsettled, _fewest_means(analysis, mix), _steady(analysis, mix)]
        return Finding(name, word, joined(lines), (), found.tone)
    lines = [_share(name, found)]
    others = {strategy: times for strategy, times in found.alone.items() if strategy != found.first and times}
    if others:
        lines.append(_elsewhere(analysis, mix, others))
    lines += unsettled
    lines += [
        _against(analysis, mix, found.lead),
        _calls(analysis, mix, found.lead),
        low_drops.sentence(analysis, mix, found.lead),
    ]
    lines.append(_steady(analysis, mix))
    return Finding(name, word, joined(lines), (), found.tone)


def _share(mix: str, found: Standing) -> Sentence:
    name, alone = found.first, found.alone[found.first]
    which = f"all {found.cells}" if found.among == found.cells > 2 else f"{found.among} of {found.cells}"
    where = f"{which} cells of ring and load"
    near = " and ".join(f"{strategy} in {times}" for strategy, times in found.beside.items() if times)
    if not near:
        return Sentence(f"{name} takes the fewest ns per packet in {where}.", found.claim(mix))
    lone = f"alone in {alone}" if alone else "never alone"
    text = f"{name} takes the fewest ns per packet, or is {WITHIN} of that, in {where}: {lone}, together with {near}."
    return Sentence(text, found.claim(mix))


def _fewest_means(analysis: Analysis, mix: int) -> Sentence:
    """Where nobody wins: who has the smallest mean, whatever it drops, and in how many cells."""
    data, name = analysis.data, analysis.data.mixes[mix]
    means = analysis.absolute.center[mix]  # (loads, rings, columns)
    there = means[np.isfinite(means).any(axis=-1)]  # (cells, columns)
    smallest = there == np.nanmin(there, axis=-1, keepdims=True)
    found = Counter({s: int(smallest[:, data.of(s)].any(axis=-1).sum()) for s in dict.fromkeys(data.strategies)})
    parts = [(strategy, times) for strategy, times in found.most_common() if times]
    said = format.joined([f"{strategy} in {times}" for strategy, times in parts])
    claims = (FewestMean(name, strategy, times, len(there)) for strategy, times in parts)
    return Sentence(f"The smallest mean is that of {said} of {format.count(len(there), 'cell')}.", *claims)


def _unsettled(analysis: Analysis, mix: int) -> list[Sentence]:
    """How many cells have no winner, and what it would take."""
    cells, here = cells_of(analysis, mix), at(analysis.data.mixes[mix])
    drops = sum(outcome.drops_open for outcome in cells)
    left = [o for o in cells if not o.drops_open and not o.settled(analysis.data.strategies)]
    lines = []
    if left:
        where = both(here, "state <> 'drops' and not settled")
        wanted = pairs_wanted(left, where)
        are = "is" if len(left) == 1 else "are"
        claims = (Count(len(left), "cells", where), *wanted.claims)
        lines.append(Sentence(f"{format.count(len(left), 'cell')} {are} {wanted}.", *claims))
    if drops:
        more = f"{format.percent(stats.DROP_MARGIN)} percentage points more"
        text = (
            f"{format.count(drops, 'cell')} {'is' if drops == 1 else 'are'} {DROPS_OPEN} (one with fewer ns is"
            f" shown neither to drop over {more} than the least, nor not to)."
        )
        lines.append(Sentence(text, Count(drops, "cells", both(here, "state = 'drops'"))))
    return lines


def _steady(analysis: Analysis, mix: int) -> Sentence:
    here, cells = at(analysis.data.mixes[mix]), analysis.steady.cells(mix)
    count = Count(cells, "cells", both(here, MARKED), shown=bool(cells))
    if not cells:
        return Sentence("", count)
    found = analysis.steady
    kinds = [(found.short, "short", "too short"), (found.unsteady, "moving or drifting", "not steady")]
    marked = [(name, word) for mask, name, word in kinds if mask[mix].any()]
    why = " or ".join(word for _, word in marked)
    text = f"Runs in {format.count(cells, 'cell')} of ring and load are {why}, see the footnotes of its tables."
    return Sentence(text, count, Count(cells, "cells", both(here, " or ".join(name for name, _ in marked))))


def _elsewhere(analysis: Analysis, mix: int, others: dict[str, int]) -> Sentence:
    """Who else leads cells alone, and at which rings."""
    data, parts = analysis.data, []
    claims: list[Claim] = []
    for strategy, wins in others.items():
        rings = sorted(
            {
                r
                for (m, _, r), outcome in analysis.outcomes.items()
                if m == mix and outcome.settled(data.strategies) and outcome.leaders(data.strategies) == {strategy}
            }
        )
        sizes = format.stretches([data.rings[ring] for ring in rings], data.rings)
        where = both(at(data.mixes[mix]), f"settled and leaders = [{quoted(strategy)}]")
        claims.append(Count(wins, "cells", where))
        claims.append(
            Values("ring", where, tuple(float(data.rings[r]) for r in rings), tuple(re.findall(r"\d+", sizes)))
        )
        parts.append(f"{strategy} wins {wins} (ring {sizes})")
    return Sentence(f"Elsewhere {', '.join(parts)}.", *claims)


def _against(analysis: Analysis, mix: int, lead: int) -> Sentence:
    """Geometric mean over the cells, interval over the pairs, smallest and largest cell."""
    data, name = analysis.data, analysis.data.mixes[mix]
    if lead == 0:
        return _others(analysis, mix)
    logs = _log_ratios(analysis, mix, lead)
    if not len(logs):
        return Sentence("", Absent(RATIO, at(name, column=data.columns[lead])))
    found = overall(analysis, mix, lead).ratios()
    cells = np.expm1(stats.mean(logs).center)
    low, high = (format.percent(float(value), signed=True) for value in (cells.min(), cells.max()))
    center, half = float(found.center), float(found.high - found.center)
    spread = f"from {low} to {high} % over the cells" if low != high else f"{low} % in every cell"
    where = at(name, column=data.columns[lead])
    ends = (
        Extreme("smallest", RATIO, where, Number(float(cells.min()), low, 100)),
        Extreme("largest", RATIO, where, Number(float(cells.max()), high, 100)),
    )
    if not np.isfinite(half):
        return Sentence(f"Against {analysis.baseline}: {spread}.", *ends)
    less = "fewer" if center < 0 else "more"
    shown = format.percent(abs(center))
    around = f" ±{format.half_width(half)}" if half else ""
    mean = f"{shown}{around} % {less} ns per packet"
    claim = Difference(
        name,
        data.columns[lead],
        analysis.baseline,
        Number(center, f"{shown}{around} % {less}"),
        Number(half, format.half_width(half), 100) if half else None,
        "",
    )
    text = f"Against {analysis.baseline}, {data.columns[lead]} takes {mean} (geometric mean; {spread})."
    return Sentence(text, claim, *ends)


def _others(analysis: Analysis, mix: int) -> Sentence:
    """How the others stand where the baseline leads: the largest difference either way."""
    where = both(at(analysis.data.mixes[mix]), "not base")
    others = analysis.relative.ratios().center[mix][..., 1:]
    known = others[np.isfinite(others)]
    if not known.size:
        return Sentence("", Absent(RATIO, where))
    said, claims = [], list[Claim]()
    for which, value in (("smallest", float(known.min())), ("largest", float(known.max()))):
        if (value > 0) == (which == "largest") and value:
            text = format.percent(abs(value))
            said.append(f"up to {text} % {'more' if value > 0 else 'fewer'}")
            claims.append(Extreme(which, RATIO, where, Number(value, text, float(np.copysign(100, value)))))
    if not said:
        return Sentence("The others take as many.", Extreme("largest", RATIO, where, Number(0.0, "")))
    return Sentence(f"The others take {' and '.join(reversed(said))}.", *claims)


def overall(analysis: Analysis, mix: int, lead: int) -> stats.Estimate:
    """Logarithm of the geometric mean of the ratios to the baseline, over all cells of a mix."""
    logs = _log_ratios(analysis, mix, lead)
    over = logs.mean(axis=0) if len(logs) else np.full(analysis.data.pairs, np.nan)
    return stats.mean(over, analysis.data.confidence)


def _log_ratios(analysis: Analysis, mix: int, lead: int) -> Array:
    """Of a column to the baseline, shape (cells of ring and load, pairs)."""
    logs = stats.log_ratio(analysis.ns[mix, :, :, lead], analysis.ns[mix, :, :, 0]).reshape(-1, analysis.data.pairs)
    return logs[np.isfinite(logs).any(axis=-1)]


def _calls(analysis: Analysis, mix: int, lead: int) -> Sentence:
    data, name = analysis.data, analysis.data.mixes[mix]
    parts, claims = [], list[Claim]()
    for column in dict.fromkeys((lead, 0)) if data.has(CALLS) else ():
        calls = spanned(analysis.mean(CALLS)[mix][..., column], f"avg({CALLS})", at(name, column=data.columns[column]))
        if calls.text != format.MISSING:
            parts.append(f"{data.columns[column]} {calls.text}")
            claims += calls.claims
    if not parts:
        return Sentence("", NoClaim())
    return Sentence(f"Page allocator calls per packet: {'; '.join(parts)}.", *claims)
