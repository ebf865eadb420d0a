# SPDX-License-Identifier: MIT
"""The answer first: per traffic mix, in words with numbers, who wins, by how much, and what it drops."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from .. import stats
from . import numbers
from .analysis import Analysis
from .dataset import Array
from .document import Finding, Findings, Section
from .judging import span
from .outcome import DROPS_DIFFER, WITHIN, Outcome, pairs_wanted

LOST = 0.001  # dropped share up to which a ring counts as big enough


@dataclass(frozen=True)
class Standing:
    """How the strategies of one mix stand, over its cells of ring and load."""

    word: str  # the verdict
    tone: str  # of a finding
    first: str  # the strategy that leads most cells; of undecided ones, most often the smallest mean
    lead: int  # the column that speaks for it; -1 if nothing is decided
    cells: int
    settled: int  # cells with a winner
    among: int  # of these, led by `first`, alone or not
    alone: dict[str, int]  # strategy -> cells that it leads alone
    beside: dict[str, int]  # strategy -> cells that it leads together with `first`

    @property
    def short(self) -> str:
        """The verdict in two words: those as good as the winner after "≈"."""
        return self.word.replace(", with ", " ≈ ").replace(" and ", " ≈ ").removesuffix(f" {WITHIN}")


def verdicts(analysis: Analysis) -> Section:
    """One paragraph per mix: who wins, by how much, what it drops and how often it asks the allocator."""
    items = tuple(_verdict(analysis, mix) for mix in range(len(analysis.data.mixes)))
    return Section("Verdict", (Findings(items),))


def standing(analysis: Analysis, mix: int) -> Standing | None:
    """None for a mix without a valid simulation."""
    data = analysis.data
    strategies = list(dict.fromkeys(data.strategies))
    cells = _cells(analysis, mix)
    if not cells:
        return None
    led = [outcome.leaders(data.strategies) for outcome in cells if outcome.settled(data.strategies)]
    best = Counter(data.strategies[outcome.winner.best] for outcome in cells)
    if not led:
        return Standing(_undecided(cells), "tie", best.most_common(1)[0][0], -1, len(cells), 0, 0, {}, {})
    among = {s: sum(s in leaders for leaders in led) for s in strategies}
    alone = {s: sum(leaders == {s} for leaders in led) for s in strategies}
    first = max(strategies, key=lambda s: (among[s], alone[s], best[s]))
    # Among variants of the leading strategy the one that leads most often speaks for it.
    lead = max(data.of(first), key=lambda c: sum(c in (o.winner.best, *o.winner.close) for o in cells))
    beside = {s: sum({s, first} <= leaders for leaders in led) for s in strategies if s != first}
    if len(led) * 2 <= len(cells):
        word = _undecided(cells)
    else:
        word = _word(first, alone, beside, len(led)) if among[first] * 2 > len(cells) else "no single winner"
    tone = "best" if word.startswith(first) else "tie"
    return Standing(word, tone, first, lead, len(cells), len(led), among[first], alone, beside)


def _cells(analysis: Analysis, mix: int) -> list[Outcome]:
    return [outcome for (m, _, _), outcome in analysis.outcomes.items() if m == mix]


def _verdict(analysis: Analysis, mix: int) -> Finding:
    name, found = analysis.data.mixes[mix], standing(analysis, mix)
    if found is None:
        return Finding(name, "nothing to say", "No valid simulation has a cost per packet.", ())
    unsettled = _unsettled(analysis, _cells(analysis, mix))
    if found.lead < 0:
        lines = [*unsettled, f"The smallest mean is most often that of {found.first}.", _steady(analysis, mix)]
        return Finding(name, found.word, _joined(lines), (), found.tone)
    lines = [_share(found.first, found.among, found.alone[found.first], found.cells, found.beside)]
    others = [s for s, times in found.alone.items() if s != found.first and times]
    if others:
        lines.append("Elsewhere " + ", ".join(_elsewhere(analysis, mix, s, found.alone[s]) for s in others) + ".")
    lines += unsettled
    lines += [_against(analysis, mix, found.lead), _calls(analysis, mix, found.lead), _drops(analysis, mix, found.lead)]
    lines.append(_steady(analysis, mix))
    return Finding(name, found.word, _joined(lines), (), found.tone)


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
        others = others[np.isfinite(others)]  # none where constraints or failures left the baseline alone
        return f"The others take up to {numbers.percent(float(others.max()))} % more." if others.size else ""
    logs = _log_ratios(analysis, mix, lead)
    if not len(logs):
        return ""
    found = overall(analysis, mix, lead).ratios()
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


def overall(analysis: Analysis, mix: int, lead: int) -> stats.Estimate:
    """Logarithm of the geometric mean of the ratios to the baseline, over all cells of a mix."""
    logs = _log_ratios(analysis, mix, lead)
    return stats.mean(logs.mean(axis=0) if len(logs) else np.full(analysis.data.pairs, np.nan))


def _log_ratios(analysis: Analysis, mix: int, lead: int) -> Array:
    """Of a column to the baseline, shape (cells of ring and load, pairs)."""
    logs = stats.log_ratio(analysis.ns[mix, :, :, lead], analysis.ns[mix, :, :, 0]).reshape(-1, analysis.data.pairs)
    return logs[np.isfinite(logs).any(axis=-1)]


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


def _drops(analysis: Analysis, mix: int, lead: int) -> str:
    """The smallest ring that keeps drops low at the highest load, for the leader."""
    load = analysis.last_load(mix)
    if analysis.drops is None:
        return ""
    drops = stats.mean(analysis.drops[mix, load, :, lead]).center
    limit, at = f"{numbers.percent(LOST)} %", f"at load {analysis.data.loads[load]:g}"
    if not np.nansum(stats.mean(analysis.drops[mix]).center):
        return "Nothing is dropped."
    enough = smallest_ring(analysis, mix, lead)
    if enough is None:
        return ""
    if enough.startswith(">"):
        return f"No ring keeps its drops within {limit} {at} (least {numbers.percent(float(np.nanmin(drops)))} %)."
    edge = ", the smallest that was simulated" if enough.startswith("≤") else ""
    return f"The smallest ring that keeps its drops within {limit} {at} is {enough}{edge}."
