# SPDX-License-Identifier: MIT
"""The verdict per traffic mix: which strategy wins, by how much, and what it drops."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np

from sweep import format, stats
from sweep.document.blocks import Finding, Findings, Section
from sweep.document.statements import (
    Absent,
    Claim,
    CostDifference,
    Count,
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
from sweep.document.statements.templates import filled
from sweep.report.parts.claim_verdicts import claimed_range
from sweep.report.parts.ranking import MixRanking, cells_of, mix_ranking
from sweep.results.analysis import Analysis
from sweep.results.dataset import Array
from sweep.results.outcome import WITHIN, pairs_wanted
from sweep.results.steady import MARKED

from . import losses, low_drops

CALLS = "allocator_calls_per_packet"
RATIO = "exp(avg(ln(ns_per_packet / base_ns))) - 1"  # `base_ns`: of the baseline, in the same cell and pair


def verdicts(analysis: Analysis) -> Section:
    """One paragraph per mix: who wins, by how much, what it drops and how often it asks the allocator."""
    items = tuple(_verdict(analysis, mix) for mix in range(len(analysis.data.mixes)))
    return Section("Verdict", (Findings(items),))


def _verdict(analysis: Analysis, mix: int) -> Finding:
    name, mix_standing = analysis.data.mixes[mix], mix_ranking(analysis, mix)
    if mix_standing is None:
        nothing = Absent("avg(ns_per_packet)", at(name))
        no_value = Sentence("No valid simulation has a cost per packet.", nothing)
        return Finding(name, Sentence("nothing to say", nothing), no_value, ())
    word = Sentence(mix_standing.word, mix_standing.claim(name))
    open_cells = unsettled(analysis, mix)
    if mix_standing.lead < 0:
        lines = [*open_cells, fewest_means(analysis, mix), losses.sentence(analysis, mix, 0), _steady(analysis, mix)]
        return Finding(name, word, joined(lines), (), mix_standing.tone)
    lines = [_share(name, mix_standing)]
    others = {
        strategy: times for strategy, times in mix_standing.alone.items() if strategy != mix_standing.first and times
    }
    if others:
        lines.append(_elsewhere(analysis, mix, others))
    lines += open_cells
    lines += [
        against(analysis, mix, mix_standing.lead),
        _calls(analysis, mix, mix_standing.lead),
        low_drops.sentence(analysis, mix, mix_standing.lead),
        losses.sentence(analysis, mix, mix_standing.lead),
    ]
    lines.append(_steady(analysis, mix))
    return Finding(name, word, joined(lines), (), mix_standing.tone)


def _share(mix: str, found: MixRanking) -> Sentence:
    name, alone = found.first, found.alone[found.first]
    which = f"all {found.cells}" if found.among == found.cells > 2 else f"{found.among} of {found.cells}"
    where = f"{which} cells of ring and load"
    near = " and ".join(f"{strategy} in {times}" for strategy, times in found.beside.items() if times)
    if not near:
        return Sentence(f"{name} takes the fewest ns per packet in {where}.", found.claim(mix))
    lone = f"alone in {alone}" if alone else "never alone"
    text = f"{name} takes the fewest ns per packet, or is {WITHIN} of that, in {where}: {lone}, together with {near}."
    return Sentence(text, found.claim(mix))


def fewest_means(analysis: Analysis, mix: int) -> Sentence:
    """For a mix without a winner: in how many cells each strategy has the smallest mean, regardless of drops."""
    data, name = analysis.data, analysis.data.mixes[mix]
    means = analysis.absolute.center[mix]  # (loads, rings, columns)
    cell_means = means[np.isfinite(means).any(axis=-1)]  # (cells, columns)
    smallest = cell_means == np.nanmin(cell_means, axis=-1, keepdims=True)
    cells_led = Counter(
        {
            name_of_strategy: int(smallest[:, data.of(name_of_strategy)].any(axis=-1).sum())
            for name_of_strategy in dict.fromkeys(data.strategies)
        }
    )
    parts = [(strategy, times) for strategy, times in cells_led.most_common() if times]
    parts_text = format.joined([filled("in_cells", name=strategy, times=times) for strategy, times in parts])
    claims = (FewestMean(name, strategy, times, len(cell_means)) for strategy, times in parts)
    text = filled("smallest_means", parts=parts_text, cells=format.count(len(cell_means), "cell"))
    return Sentence(text, *claims)


def unsettled(analysis: Analysis, mix: int) -> list[Sentence]:
    """Sentences on the cells without a winner: how many, and how many pairs would decide them."""
    cells, here = cells_of(analysis, mix), at(analysis.data.mixes[mix])
    drops = sum(outcome.drops_open for outcome in cells)
    left = [o for o in cells if not o.drops_open and not o.settled(analysis.data.strategies)]
    lines = []
    if left:
        where = both(here, "state <> 'drops' and not settled")
        wanted = pairs_wanted(left, where)
        are = "is" if len(left) == 1 else "are"
        claims = (Count(len(left), "cells", where), *wanted.claims)
        text = filled("cells_undecided", cells=format.count(len(left), "cell"), are=are, wanted=wanted)
        lines.append(Sentence(text, *claims))
    if drops:
        more, are = format.percent(stats.DROP_MARGIN), "is" if drops == 1 else "are"
        text = filled("cells_drops_open", cells=format.count(drops, "cell"), are=are, more=more)
        lines.append(Sentence(text, Count(drops, "cells", both(here, "state = 'drops'"))))
    return lines


def _steady(analysis: Analysis, mix: int) -> Sentence:
    mix_condition, cells = at(analysis.data.mixes[mix]), analysis.steady.cells(mix)
    count = Count(cells, "cells", both(mix_condition, MARKED), shown=bool(cells))
    if not cells:
        return Sentence("", count)
    steadiness = analysis.steady
    kinds = [(steadiness.short, "short", "too short"), (steadiness.unsteady, "moving or drifting", "not steady")]
    marked = [(name, word) for mask, name, word in kinds if mask[mix].any()]
    reasons = " or ".join(word for _, word in marked)
    text = f"Runs in {format.count(cells, 'cell')} of ring and load are {reasons}, see the footnotes of its tables."
    return Sentence(text, count, Count(cells, "cells", both(mix_condition, " or ".join(name for name, _ in marked))))


def _elsewhere(analysis: Analysis, mix: int, others: dict[str, int]) -> Sentence:
    """Sentence on the other strategies that lead cells alone: how many, and at which rings."""
    data, parts = analysis.data, []
    claims: list[Claim] = []
    for strategy, wins in others.items():
        rings = sorted(
            {
                each_ring
                for (its_mix, _, each_ring), outcome in analysis.outcomes.items()
                if its_mix == mix
                and outcome.settled(data.strategies)
                and outcome.leaders(data.strategies) == {strategy}
            }
        )
        sizes = format.stretches([data.rings[ring] for ring in rings], data.rings)
        where = both(at(data.mixes[mix]), f"settled and leaders = [{quoted(strategy)}]")
        claims.append(Count(wins, "cells", where))
        claims.append(
            Values(
                "ring",
                where,
                tuple(float(data.rings[each_ring]) for each_ring in rings),
                tuple(re.findall(r"\d+", sizes)),
            )
        )
        parts.append(f"{strategy} wins {wins} (ring {sizes})")
    return Sentence(f"Elsewhere {', '.join(parts)}.", *claims)


def against(analysis: Analysis, mix: int, lead: int, *, short: bool = False) -> Sentence:
    """Sentence on the leader against the baseline: geometric mean over the cells, interval, smallest and largest.

    A `short` one does not name the leader.
    """
    data, name = analysis.data, analysis.data.mixes[mix]
    if lead == 0:
        return _others(analysis, mix)
    logs = _log_ratios(analysis, mix, lead)
    if not len(logs):
        return Sentence("", Absent(RATIO, at(name, column=data.columns[lead])))
    overall_ratio = overall(analysis, mix, lead).ratios()
    cells = np.expm1(stats.mean(logs).center)
    low, high = (format.percent(float(value), signed=True) for value in (cells.min(), cells.max()))
    center, half = float(overall_ratio.center), float(overall_ratio.high - overall_ratio.center)
    spread = filled("spread", low=low, high=high) if low != high else filled("everywhere", low=low)
    where = at(name, column=data.columns[lead])
    ends = (
        Extreme("smallest", RATIO, where, Number(float(cells.min()), low, 100)),
        Extreme("largest", RATIO, where, Number(float(cells.max()), high, 100)),
    )
    if not np.isfinite(half):
        return Sentence(filled("gain_unsure", baseline=analysis.baseline, spread=spread), *ends)
    direction = "fewer" if center < 0 else "more"
    center_text = format.percent(abs(center))
    half_text = f" ±{format.half_width(half)}" if half else ""
    mean = filled("mean", center=center_text, half=half_text, direction=direction)
    claim = CostDifference(
        name,
        data.columns[lead],
        analysis.baseline,
        Number(center, f"{center_text}{half_text} % {direction}"),
        Number(half, format.half_width(half), 100) if half else None,
        "",
    )
    text = f"Against {analysis.baseline}, {data.columns[lead]} takes {mean} (geometric mean; {spread})."
    if short:
        text = filled("gain", mean=mean, baseline=analysis.baseline, spread=spread)
    return Sentence(text, claim, *ends)


def _others(analysis: Analysis, mix: int) -> Sentence:
    """Sentence for a mix that the baseline leads: the largest difference of the others either way."""
    where = both(at(analysis.data.mixes[mix]), "not base")
    others = analysis.relative.ratios().center[mix][..., 1:]
    finite = others[np.isfinite(others)]
    if not finite.size:
        return Sentence("", Absent(RATIO, where))
    extreme_texts, claims = [], list[Claim]()
    for which, value in (("smallest", float(finite.min())), ("largest", float(finite.max()))):
        if (value > 0) == (which == "largest") and value:
            text = format.percent(abs(value))
            extreme_texts.append(filled("up_to", size=text, direction="more" if value > 0 else "fewer"))
            claims.append(Extreme(which, RATIO, where, Number(value, text, float(np.copysign(100, value)))))
    if not extreme_texts:
        return Sentence(filled("others_alike"), Extreme("largest", RATIO, where, Number(0.0, "")))
    return Sentence(filled("others_take", parts=" and ".join(reversed(extreme_texts))), *claims)


def overall(analysis: Analysis, mix: int, lead: int) -> stats.Estimate:
    """Logarithm of the geometric mean of the ratios to the baseline, over all cells of a mix."""
    logs = _log_ratios(analysis, mix, lead)
    mean_logs = logs.mean(axis=0) if len(logs) else np.full(analysis.data.pairs, np.nan)
    return stats.mean(mean_logs, analysis.data.confidence)


def _log_ratios(analysis: Analysis, mix: int, lead: int) -> Array:
    """Log ratios of a column to the baseline, (cells of load and ring, pairs)."""
    logs = stats.log_ratio(analysis.ns[mix, :, :, lead], analysis.ns[mix, :, :, 0]).reshape(-1, analysis.data.pairs)
    return logs[np.isfinite(logs).any(axis=-1)]


def _calls(analysis: Analysis, mix: int, lead: int) -> Sentence:
    data, name = analysis.data, analysis.data.mixes[mix]
    parts, claims = [], list[Claim]()
    for column in dict.fromkeys((lead, 0)) if data.has(CALLS) else ():
        calls = claimed_range(
            analysis.mean(CALLS)[mix][..., column], f"avg({CALLS})", at(name, column=data.columns[column])
        )
        if calls.text != format.MISSING:
            parts.append(f"{data.columns[column]} {calls.text}")
            claims += calls.claims
    if not parts:
        return Sentence("", NoClaim())
    return Sentence(f"Page allocator calls per packet: {'; '.join(parts)}.", *claims)
