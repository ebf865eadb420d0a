# SPDX-License-Identifier: MIT
"""The answer first: per traffic mix, in words with numbers, who wins, by how much, and what it drops."""

from __future__ import annotations

from collections import Counter

import numpy as np

from .. import stats
from . import numbers
from .analysis import Analysis
from .document import Finding, Findings, Section
from .judging import span
from .outcome import DROPS_DIFFER, WITHIN, Outcome, pairs_wanted

LOST = 0.001  # dropped share up to which a ring counts as big enough


def verdicts(analysis: Analysis) -> Section:
    """One paragraph per mix: who wins, by how much, what it drops and how often it asks the allocator."""
    items = tuple(_verdict(analysis, mix) for mix in range(len(analysis.data.mixes)))
    return Section("Verdict", (Findings(items),))


def _verdict(analysis: Analysis, mix: int) -> Finding:
    data = analysis.data
    name, strategies = data.mixes[mix], list(dict.fromkeys(data.strategies))
    cells = [outcome for (m, _, _), outcome in analysis.outcomes.items() if m == mix]
    if not cells:
        return Finding(name, "nothing to say", "No valid simulation has a cost per packet.", ())
    led = [outcome.leaders(data.strategies) for outcome in cells if outcome.settled(data.strategies)]
    unsettled = _unsettled(analysis, cells)
    if not led:
        smallest = Counter(data.strategies[outcome.winner.best] for outcome in cells).most_common(1)[0][0]
        lines = [*unsettled, f"The smallest mean is most often that of {smallest}.", _steady(analysis, mix)]
        return Finding(name, _undecided(cells), _joined(lines), (), "tie")
    among = {s: sum(s in leaders for leaders in led) for s in strategies}
    alone = {s: sum(leaders == {s} for leaders in led) for s in strategies}
    best = Counter(data.strategies[outcome.winner.best] for outcome in cells)
    first = max(strategies, key=lambda s: (among[s], alone[s], best[s]))
    # Among variants of the leading strategy the one that leads most often speaks for it.
    lead = max(data.of(first), key=lambda c: sum(c in (o.winner.best, *o.winner.close) for o in cells))
    beside = {s: sum({s, first} <= leaders for leaders in led) for s in strategies if s != first}
    lines = [_share(first, among[first], alone[first], len(cells), beside)]
    others = [s for s in strategies if s != first and alone[s]]
    if others:
        lines.append("Elsewhere " + ", ".join(_elsewhere(analysis, mix, s, alone[s]) for s in others) + ".")
    lines += unsettled
    lines += [_against(analysis, mix, lead), _calls(analysis, mix, lead), _drops(analysis, mix, lead)]
    lines.append(_steady(analysis, mix))
    if len(led) * 2 <= len(cells):
        return Finding(name, _undecided(cells), _joined(lines), (), "tie")
    word = _word(first, alone, beside, len(led)) if among[first] * 2 > len(cells) else "no single winner"
    return Finding(name, word, _joined(lines), (), "best")


def _joined(sentences: list[str]) -> str:
    return " ".join(sentence for sentence in sentences if sentence)


def _word(first: str, alone: dict[str, int], beside: dict[str, int], settled: int) -> str:
    """The leader; with those as good as it in half of the settled cells or more, unless it is alone in most."""
    equals = [strategy for strategy, times in beside.items() if times * 2 >= settled]
    return first if alone[first] * 2 > settled or not equals else f"{first}, with {' and '.join(equals)} {WITHIN}"


def _undecided(cells: list[Outcome]) -> str:
    """Why most cells have no winner."""
    if sum(outcome.drops_differ for outcome in cells) * 2 > len(cells):
        return DROPS_DIFFER
    pairs = [outcome.winner.pairs for outcome in cells]
    return f"undecided with {numbers.count(max(pairs), 'pair')}"


def _share(name: str, among: int, alone: int, cells: int, beside: dict[str, int]) -> str:
    which = f"all {cells}" if among == cells > 2 else f"{among} of {cells}"
    where = f"{which} cells of ring and load"
    near = " and ".join(f"{strategy} in {times}" for strategy, times in beside.items() if times)
    if not near:
        return f"{name} takes the fewest ns per packet in {where}."
    lone = f"alone in {alone}" if alone else "never alone"
    return f"{name} takes the fewest ns per packet, or is {WITHIN} of that, in {where}: {lone}, together with {near}."


def _unsettled(analysis: Analysis, cells: list[Outcome]) -> list[str]:
    """How many cells have no winner, and what it would take."""
    drops = sum(outcome.drops_differ for outcome in cells)
    left = [o for o in cells if not o.drops_differ and not o.settled(analysis.data.strategies)]
    lines = []
    if left:
        lines.append(f"{numbers.count(len(left), 'cell')} {'is' if len(left) == 1 else 'are'} {pairs_wanted(left)}.")
    if drops:
        fewest = f"{numbers.percent(stats.DROP_MARGIN)} percentage points more"
        lines.append(
            f"{numbers.count(drops, 'cell')} {'is' if drops == 1 else 'are'} {DROPS_DIFFER} (the one with the fewest"
            f" ns drops over {fewest} in the mean, not beyond doubt)."
        )
    return lines


def _steady(analysis: Analysis, mix: int) -> str:
    cells = analysis.steady.cells(mix)
    if not cells:
        return ""
    kinds = [(analysis.steady.short, "too short"), (analysis.steady.moving, "not steady")]
    why = " or ".join(word for mask, word in kinds if mask[mix].any())
    return f"Runs in {numbers.count(cells, 'cell')} of ring and load are {why}, see the footnotes of its tables."


def _elsewhere(analysis: Analysis, mix: int, strategy: str, wins: int) -> str:
    strategies = analysis.data.strategies
    rings = sorted(
        {
            r
            for (m, _, r), outcome in analysis.outcomes.items()
            if m == mix and outcome.settled(strategies) and outcome.leaders(strategies) == {strategy}
        }
    )
    sizes = numbers.ranges([float(analysis.data.rings[ring]) for ring in rings], counted=False)
    return f"{strategy} wins {wins} (ring {sizes})"


def _against(analysis: Analysis, mix: int, lead: int) -> str:
    """Geometric mean over the cells, interval over the pairs, smallest and largest cell."""
    if lead == 0:
        others = analysis.relative.ratios().center[mix][..., 1:]
        return f"The others take up to {numbers.percent(float(np.nanmax(others)))} % more." if others.size else ""
    logs = stats.log_ratio(analysis.ns[mix, :, :, lead], analysis.ns[mix, :, :, 0]).reshape(-1, analysis.data.pairs)
    logs = logs[np.isfinite(logs).any(axis=-1)]
    if not len(logs):
        return ""
    found = stats.mean(logs.mean(axis=0)).ratios()
    cells = np.expm1(stats.mean(logs).center)
    low, high = (numbers.percent(float(value), signed=True) for value in (cells.min(), cells.max()))
    center, half = float(found.center), float(found.high - found.center)
    spread = f"from {low} to {high} % over the cells" if low != high else f"{low} % in every cell"
    if not np.isfinite(half):
        return f"Against {analysis.baseline}: {spread}."
    less = "fewer" if center < 0 else "more"
    around = f" ±{numbers.half_width(half)}" if half else ""
    mean = f"{numbers.percent(abs(center))}{around} % {less} ns per packet"
    return f"Against {analysis.baseline}, {analysis.data.columns[lead]} takes {mean} (geometric mean; {spread})."


def _calls(analysis: Analysis, mix: int, lead: int) -> str:
    if not analysis.data.has("allocator_calls_per_packet"):
        return ""
    calls = analysis.mean("allocator_calls_per_packet")[mix]
    shown = dict.fromkeys((lead, 0))
    parts = []
    for column in shown:
        values = calls[..., column][np.isfinite(calls[..., column])]
        if values.size:
            parts.append(f"{analysis.data.columns[column]} {span(values)}")
    return f"Page allocator calls per packet: {'; '.join(parts)}." if parts else ""


def _drops(analysis: Analysis, mix: int, lead: int) -> str:
    """The smallest ring that keeps drops low at the highest load, for the leader."""
    load = analysis.last_load(mix)
    if analysis.drops is None:
        return ""
    drops = stats.mean(analysis.drops[mix, load, :, lead]).center
    limit, at = f"{numbers.percent(LOST)} %", f"at load {analysis.data.loads[load]:g}"
    if not np.nansum(stats.mean(analysis.drops[mix]).center):
        return "Nothing is dropped."
    enough = [ring for ring, share in zip(analysis.data.rings, drops, strict=True) if share <= LOST]
    if not enough:
        return f"No ring keeps its drops within {limit} {at} (least {numbers.percent(float(np.nanmin(drops)))} %)."
    return f"The smallest ring that keeps its drops within {limit} {at} is {enough[0]}."
