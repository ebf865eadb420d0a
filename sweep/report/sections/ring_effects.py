# SPDX-License-Identifier: MIT
"""Whether a larger ring helps or hurts: its effect on drops, cache, reuse, memory and translations, per mix.

Nothing is simulated here; an effect whose column the table lacks is left out.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from sweep import format, stats
from sweep.document.blocks import Finding, Findings, Paragraph, Section
from sweep.document.statements import Claim, Count, MostChanged, RingSize, Sentence, at, both, named
from sweep.report.parts.ring_verdicts import (
    ALIKE,
    BETWEEN,
    COST,
    EFFECTS,
    HELPS,
    HURTS,
    OPEN,
    RingEffect,
    RingVerdict,
    known,
    ring_verdicts,
)
from sweep.results.analysis import Analysis
from sweep.results.dataset import Array
from sweep.results.outcome import WITHIN

MIXED = "depends on the strategy"
SOME = {HELPS: "a larger ring helps some", HURTS: "a larger ring hurts some"}
TONES = {
    SOME[HELPS]: "better",
    SOME[HURTS]: "worse",
    HELPS: "better",
    HURTS: "worse",
    BETWEEN: "tie",
    ALIKE: "tie",
    OPEN: "missing",
    MIXED: "tie",
}
VERDICT_TEXTS = {
    HELPS: "helps",
    HURTS: "hurts",
    BETWEEN: "helps up to a point",
    ALIKE: "hardly matters to",
    OPEN: "is undecided for",
}
SHORT = {HELPS: "helps", HURTS: "hurts", BETWEEN: "between", ALIKE: "alike", OPEN: "open"}  # in a claim
VARY = "--set 'axes.ring=[256,1024,4096]'"


def section(analysis: Analysis) -> Section:
    """A finding per mix; how to vary the ring size if only one was simulated."""
    title = "Does a larger ring help or hurt?"
    items = tuple(item for mix in range(len(analysis.data.mixes)) for item in _finding(analysis, mix))
    if items:
        return Section(title, (Findings(items),))
    untested_text = f"Not tested: every strategy has one ring size in each mix at its highest load. To vary it: {VARY}."
    return Section(title, (Paragraph(Sentence(untested_text, Count(0, "series of rings", shown=False))),))


def _finding(analysis: Analysis, mix: int) -> Iterator[Finding]:
    data, turn_of_column = analysis.data, ring_verdicts(analysis, mix)
    if not turn_of_column:
        return
    word = Sentence(
        _word({turn.word for turn in turn_of_column.values()}),
        *(_claim(analysis, mix, column, turn) for column, turn in turn_of_column.items()),
    )
    load = analysis.last_load(mix)
    rings = np.flatnonzero(analysis.absolute.pairs[mix, load].any(axis=-1))
    first, last = data.rings[rings[0]], data.rings[rings[-1]]
    groups: dict[tuple[str, tuple[str, ...]], list[int]] = {}
    for column, turn in turn_of_column.items():
        groups.setdefault((turn.word, tuple(cause for cause, _ in turn.reasons)), []).append(column)
    ranked = sorted(groups.items(), key=lambda group: list(VERDICT_TEXTS).index(group[0][0]))
    parts = [_group(analysis, (mix, load), word, columns, turn_of_column) for (word, _), columns in ranked]
    text = f"At load {data.loads[load]:g}, from {first} to {last}, a larger ring {'; it '.join(parts)}."
    claim = Sentence(text, *(claim for part in parts for claim in part.claims))
    yield Finding(data.mixes[mix], word, claim, tuple(_numbers(analysis, mix, rings)), TONES[word])


def _claim(analysis: Analysis, mix: int, column: int, turn: RingVerdict) -> RingSize:
    data = analysis.data
    causes = tuple((cause, data.rings[ring]) for cause, ring in turn.reasons)
    place = data.mixes[mix], data.loads[analysis.last_load(mix)], data.columns[column]
    return RingSize(*place, SHORT[turn.word], data.rings[turn.best], causes)


def _word(words: set[str]) -> str:
    """The verdict for all strategies of a mix; undecided and indifferent ones do not hide the others."""
    if len(words) == 1:
        return next(iter(words))
    moved = words - {ALIKE, OPEN}
    return SOME.get(next(iter(moved)), MIXED) if len(moved) == 1 else MIXED if moved else OPEN


def _group(
    analysis: Analysis, where: tuple[int, int], word: str, columns: list[int], found: dict[int, RingVerdict]
) -> Sentence:
    """Sentence on strategies on which the ring has the same effect for the same reasons, with numbers."""
    data = analysis.data
    group_text = f"{VERDICT_TEXTS[word]} {_named(analysis, where, columns, list(found))}"
    claims: list[Claim] = [_claim(analysis, where[0], column, found[column]) for column in columns]
    if word == OPEN:
        return Sentence(f"{group_text} (more replicates would decide)", *claims)
    if word == ALIKE:
        return Sentence(f"{group_text} (both ends {WITHIN} of the best)", *claims)
    best = sorted({found[column].best for column in columns})
    shown = " and ".join(format.on_axis(data.rings[ring], data.rings, best=True) for ring in best)
    reasons = []
    for place in range(len(found[columns[0]].reasons)):
        cause = found[columns[0]].reasons[place][0]
        ends = [(column, found[column].reasons[place][1], found[column].best) for column in columns]
        reasons.append(_reason(analysis, where, cause, ends))
    claims += [claim for reason in reasons for claim in reason.claims]
    return Sentence(f"{group_text}: {'; '.join(reasons)} (best ring {shown})", *claims)


def _named(analysis: Analysis, where: tuple[int, int], columns: list[int], every: list[int]) -> str:
    """The names of `columns`: a strategy whose variants are all included is named once."""
    data = analysis.data
    simulated = int(analysis.absolute.pairs[where].any(axis=0).sum())
    if len(columns) == simulated > 1:
        return "every strategy"
    names = []
    for column in columns:
        variants = [other for other in data.of(data.strategies[column]) if other in every]
        names.append(data.strategies[column] if set(variants) <= set(columns) else data.columns[column])
    *before, last = dict.fromkeys(names)
    return f"{', '.join(before)} and {last}" if before else last


def _reason(analysis: Analysis, where: tuple[int, int], cause: str, ends: list[tuple[int, int, int]]) -> Sentence:
    """A cause with its numbers at the worse and at the best ring; `ends` are (column, worse ring, best ring)."""
    data = analysis.data
    rings = " and ".join(dict.fromkeys(str(data.rings[worse]) for _, worse, _ in ends))

    def sides(effect: RingEffect) -> tuple[Array, Array]:
        """Means at the worse and at the best ring, shape (ends,) each."""
        values = stats.mean(effect.values(analysis)[where]).center  # (rings, columns)
        worse, best = (np.array([values[end[side], end[0]] for end in ends]) for side in (1, 2))
        return worse, best

    claims: list[Claim] = []
    cell_where = at(data.mixes[where[0]], data.loads[where[1]])

    def places(side: int) -> str:
        return " or ".join(f"({at(ring=data.rings[end[side]], column=data.columns[end[0]])})" for end in ends)

    def against(effect: RingEffect) -> str:
        worse, best = sides(effect)
        worse_and_best = [
            effect.span(values, both(cell_where, places(side)), named=side == 2)
            for side, values in ((1, worse), (2, best))
        ]
        claims.extend(claim for span in worse_and_best for claim in span.claims)
        return f"{worse_and_best[0].text} at {rings} against {worse_and_best[1].text}"

    drops, cache, reuse, _, walks = EFFECTS
    if cause == "drops":
        drop_texts = [f"drops {against(drops)}"]
        for effect, name in ((cache, "cache misses"), (walks, "translations")):
            if data.has(effect.metric):
                worse, best = sides(effect)
                drop_texts += [f"{name} {against(effect)}"] if (worse > best * (1 + stats.MARGIN)).any() else []
        text = ", ".join(drop_texts)
    elif cause == "cache":
        text = f"cache misses {against(cache)}"
    elif cause == "pages":
        text = f"page work, {against(COST)}" + (f", reused {against(reuse)}" if data.has(reuse.metric) else "")
    else:
        text = f"polls and other work, {against(COST)}" if cause == "rest" else against(COST)
    return Sentence(text, *claims)


def _numbers(analysis: Analysis, mix: int, rings: NDArray[np.intp]) -> Iterator[Sentence]:
    """A line per effect: its numbers at the smallest and largest ring, for the strategy with the largest change."""
    data, load = analysis.data, analysis.last_load(mix)
    for effect in known(analysis):
        first, last = stats.mean(effect.values(analysis)[mix, load][rings[[0, -1]]]).center
        known_both = np.flatnonzero(np.isfinite(first) & np.isfinite(last))
        if not known_both.size or not (first[known_both].any() or last[known_both].any()):
            continue
        change = np.abs(last - first)[known_both]
        most = int(known_both[np.argmax(change)])
        name = f"{effect.name[0].upper()}{effect.name[1:]}"
        ends = data.rings[rings[0]], data.rings[rings[-1]]
        place = data.mixes[mix], data.loads[load], *ends
        here, relative = at(data.mixes[mix], data.loads[load]), not effect.percent
        margin = stats.MARGIN if relative else stats.DROP_MARGIN
        if (change <= (margin * first[known_both] if relative else margin)).all():
            columns = named([data.columns[column] for column in known_both])
            told = effect.span(last[known_both], both(here, f"ring = {ends[1]}", columns))
            same = MostChanged(effect.expression, *place, None, margin, relative)
            yield Sentence(f"{name}: {effect.what} {told.text}, the same at both ends.", same, *told.claims)
            continue
        small, large = (
            effect.span(values[[most]], both(here, at(ring=ring, column=data.columns[most])))
            for values, ring in ((first, ends[0]), (last, ends[1]))
        )
        text = f"{small.text} at {ends[0]}, {large.text} at {ends[1]} ({data.columns[most]}, which it changes most)"
        claim = MostChanged(effect.expression, *place, data.columns[most])
        yield Sentence(f"{name}: {effect.what} {text}.", claim, *small.claims, *large.claims)
