# SPDX-License-Identifier: MIT
"""The answer first: per traffic mix, in words with numbers, who wins, by how much, and what it drops."""

from __future__ import annotations

import numpy as np

from .. import stats
from . import numbers
from .analysis import Analysis
from .document import Finding, Findings, Section
from .judging import span

LOST = 0.001  # dropped share up to which a ring counts as big enough


def verdicts(analysis: Analysis) -> Section:
    """One paragraph per mix: who wins, by how much, what it drops and how often it asks the allocator."""
    items = tuple(_verdict(analysis, mix) for mix in range(len(analysis.data.mixes)))
    return Section("Verdict", (Findings(items),))


def _verdict(analysis: Analysis, mix: int) -> Finding:
    data = analysis.data
    name = data.mixes[mix]
    cells = [winner for (m, _, _), winner in analysis.winners.items() if m == mix]
    if not cells:
        return Finding(name, "nothing to say", "No valid simulation has a cost per packet.", ())
    decided = [winner for winner in cells if winner.decided]
    if not decided:
        best = data.columns[max(range(len(data.columns)), key=lambda c: sum(w.best == c for w in cells))]
        more = "One replicate shows no more than the smallest number; comparisons need 2 at least and 5 are usual."
        return Finding(name, "undecided", f"{more} It was smallest for {best} most often.", (), "tie")
    strategies = list(dict.fromkeys(data.strategies))
    among = {s: sum(any(data.strategies[c] == s for c in w.ties) for w in decided) for s in strategies}
    alone = {s: sum(all(data.strategies[c] == s for c in w.ties) for w in decided) for s in strategies}
    first_in = {s: sum(data.strategies[w.best] == s for w in decided) for s in strategies}
    first = max(strategies, key=lambda s: (among[s], alone[s], first_in[s]))
    # Among variants of the leading strategy the one that wins or ties most often speaks for it.
    lead = max(data.of(first), key=lambda column: sum(column in w.ties for w in decided))
    with_first = {
        s: sum({s, first} <= {data.strategies[c] for c in w.ties} for w in decided) for s in strategies if s != first
    }
    ties = ", ".join(f"with {s} in {times}" for s, times in with_first.items() if times)
    sentences = [_share(first, among[first], alone[first], len(decided), ties)]
    others = [s for s in strategies if s != first and alone[s]]
    if others:
        sentences.append("Elsewhere " + ", ".join(_elsewhere(analysis, mix, s, alone[s]) for s in others) + ".")
    sentences += [_against(analysis, mix, lead), _calls(analysis, mix, lead), _drops(analysis, mix, lead)]
    text = " ".join(sentence for sentence in sentences if sentence)
    return Finding(name, _word(among, alone, with_first, first, len(decided)), text, (), "best")


def _word(among: dict[str, int], alone: dict[str, int], with_first: dict[str, int], first: str, cells: int) -> str:
    """The leader; with those who tie with it in half of the cells or more, unless it is alone in most."""
    if among[first] * 2 <= cells:
        return "no single winner"
    equals = [strategy for strategy, times in with_first.items() if times * 2 >= cells]
    return first if alone[first] * 2 > cells else " or ".join([first, *equals])


def _share(name: str, among: int, alone: int, cells: int, ties: str) -> str:
    which = f"all {cells}" if among == cells > 2 else f"{among} of {cells}"
    tied = f": {f'alone in {alone}' if alone else 'never alone'}, tied {ties}" if alone < among else ""
    return f"{name} takes the fewest ns per packet in {which} cells of ring and load{tied}."


def _elsewhere(analysis: Analysis, mix: int, strategy: str, wins: int) -> str:
    own = set(analysis.data.of(strategy))
    rings = sorted(
        {r for (m, _, r), w in analysis.winners.items() if m == mix and w.decided and own.issuperset(w.ties)}
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
