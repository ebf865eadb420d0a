# SPDX-License-Identifier: MIT
"""The effects of a larger ring over one axis of ring sizes: a chart per mix, with a panel per effect."""

from __future__ import annotations

import numpy as np

from sweep.document.blocks import Block, Chart, Paragraph, Section
from sweep.document.statements import Lacking, NoClaim, Sentence
from sweep.report.charts.panels import CONFIG, Spec, key, panel
from sweep.report.parts.ring_verdicts import EFFECTS, RingEffect, known
from sweep.results import page_census
from sweep.results.analysis import Analysis
from sweep.results.dataset import Array

from .other_metrics import HELD_TWICE

SIZE = (560, 92)  # of a panel, in pixels
LINEAR: Spec = {"type": "linear", "zero": False}
DOUBLING: Spec = {"type": "log", "base": 2, "nice": False}
SHARES: Spec = {"type": "symlog", "constant": 1e-4}
RARE = 0.01  # a dropped share below which a linear axis would hide it
TITLE = "The effects of a larger ring, on one axis"


def section(analysis: Analysis) -> Section:
    """A sentence on which effects are drawn and which are missing, then the charts.  No blocks with one ring size."""
    data = analysis.data
    blocks: list[Block] = []
    for mix in range(len(data.mixes)):
        load = analysis.last_load(mix)
        if load >= 0 and analysis.absolute.pairs[mix, load].any(axis=-1).sum() >= 2:
            blocks += _charts(analysis, mix, load)
    if not blocks:
        return Section(TITLE, (), detail=True)
    return Section(TITLE, (Paragraph(_told(analysis)), *blocks), detail=True)


def _told(analysis: Analysis) -> Sentence:
    data, effects = analysis.data, known(analysis)
    sentence_text = f"{len(effects)} effects meet here: {', '.join(effect.name for effect in effects)}."
    missing_effects = [effect.name for effect in EFFECTS if effect not in effects]
    if missing_effects:
        sentence_text += f" The table has no column for {' and '.join(missing_effects)}."
    if data.of("refcount_recycle") and data.has(page_census.HELD):
        sentence_text += f" Memory, {HELD_TWICE}."
    sentence_text += ' The numbers at every ring stand under "What else a ring costs".'
    return Sentence(sentence_text, NoClaim(), *(Lacking(effect.metric) for effect in EFFECTS if effect not in effects))


def _charts(analysis: Analysis, mix: int, load: int) -> list[Chart]:
    """One chart; none if all values are zero."""
    data = analysis.data
    drawn: list[RingEffect] = []
    always_zero: list[str] = []
    for effect in known(analysis):
        has_value = np.nansum(np.abs(effect.values(analysis)[mix, load])) > 0
        drawn.append(effect) if has_value else always_zero.append(effect.name)
    if not drawn:
        return []
    panels = [
        panel(
            analysis,
            effect.estimate(analysis)[mix, load],
            effect.title,
            _scale(effect, effect.values(analysis)[mix, load]),
            labelled=effect is drawn[-1],
            size=SIZE,
        )
        for effect in drawn
    ]
    where = f"{data.mixes[mix]} at load {data.loads[load]:g}"
    spec: Spec = {"vconcat": panels, "spacing": 10, "resolve": {"scale": {"y": "independent", "color": "shared"}}}
    return [
        Chart(
            f"{where}: the effects of ring size"
            + (f" ({', '.join(always_zero)}: 0 everywhere)" if always_zero else ""),
            f"{', '.join(effect.title for effect in drawn)} against ring size, {where}; bands are 95 %",
            spec | {"config": CONFIG},
            key(analysis),
        )
    ]


def _scale(effect: RingEffect, values: Array) -> Spec:
    """Axis scale: logarithmic for memory, which doubles with the ring; symlog for rare drops; else linear."""
    if effect.metric == page_census.HELD:
        return DOUBLING
    return SHARES if effect.metric == "drop_ratio" and np.nanmin(values) < RARE else LINEAR
