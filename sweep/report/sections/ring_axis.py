# SPDX-License-Identifier: MIT
"""The effects of a larger ring on one axis: a drawing per mix, a panel per effect, the ring size below all of them."""

from __future__ import annotations

import numpy as np

from sweep.document.blocks import Block, Chart, Paragraph, Section
from sweep.document.statements import Lacking, NoClaim, Sentence
from sweep.report.charts.panels import CONFIG, Spec, key, panel
from sweep.report.parts.ring_turns import EFFECTS, Effect, known
from sweep.results import holders
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
    """What is drawn, what is not and why, then the drawings.  No blocks with one ring size."""
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
    told = f"{len(effects)} effects meet here: {', '.join(effect.name for effect in effects)}."
    lacking = [effect.name for effect in EFFECTS if effect not in effects]
    if lacking:
        told += f" The table has no column for {' and '.join(lacking)}."
    if data.of("refcount_recycle") and data.has(holders.HELD):
        told += f" Memory, {HELD_TWICE}."
    told += ' The numbers at every ring stand under "What else a ring costs".'
    return Sentence(told, NoClaim(), *(Lacking(effect.metric) for effect in EFFECTS if effect not in effects))


def _charts(analysis: Analysis, mix: int, load: int) -> list[Chart]:
    """One drawing; none if nothing but zeros would be drawn."""
    data = analysis.data
    drawn: list[Effect] = []
    never: list[str] = []
    for effect in known(analysis):
        has = np.nansum(np.abs(effect.values(analysis)[mix, load])) > 0
        drawn.append(effect) if has else never.append(effect.name)
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
            f"{where}: the effects of ring size" + (f" ({', '.join(never)}: 0 everywhere)" if never else ""),
            f"{', '.join(effect.title for effect in drawn)} against ring size, {where}; bands are 95 %",
            spec | {"config": CONFIG},
            key(analysis),
        )
    ]


def _scale(effect: Effect, values: Array) -> Spec:
    """Memory doubles with the ring; drops may be rare at one end and most of the packets at the other."""
    if effect.metric == holders.HELD:
        return DOUBLING
    return SHARES if effect.metric == "drop_ratio" and np.nanmin(values) < RARE else LINEAR
