# SPDX-License-Identifier: MIT
"""What a larger ring costs in memory: megabytes held against the ring size, mean and peak, at the highest load.

*Truesize over payload* is the memory of a receive buffer over the frame in it: what a socket is charged per byte
received, its sk_buff aside.  It does not depend on the ring.

Source: fidelity D3, D7.
"""

from __future__ import annotations

import numpy as np

from .. import stats
from . import holders, numbers
from .analysis import Analysis
from .comparison import ABSENT, HELD_TWICE, noted
from .dataset import Array, Dataset
from .document import Block, Cell, Chart, Paragraph, Section, Table
from .judging import span
from .panels import CONFIG, Spec, key, panel

TITLE = "Memory against ring size"
SCALE: Spec = {"type": "log", "base": 2, "nice": False}
LEGEND = "MB are 10^6 bytes; mean over the window / peak in it, both means of the replicates"


def section(analysis: Analysis) -> Section:
    """A drawing and a table per mix, and the span over all of them in the first sentence."""
    data = analysis.data
    if not data.has(holders.HELD):
        return Section(TITLE, (), detail=True)
    measured = np.asarray(np.isfinite(analysis.mean(holders.HELD)).any(axis=(2, 3)))  # (mixes, loads)
    mixes = [mix for mix in range(len(data.mixes)) if measured[mix, analysis.last_load(mix)]]
    if not mixes:
        return Section(TITLE, (), detail=True)
    blocks: list[Block] = [Paragraph(_answer(analysis, mixes))]
    for mix in mixes:
        if np.nansum(data.values(holders.HELD)[mix]) > 0:
            blocks.append(_chart(analysis, mix))
        blocks.append(_table(analysis, mix, LEGEND if mix == mixes[-1] else ""))
    return Section(TITLE, tuple(blocks), detail=True)


def payload_ratio(data: Dataset) -> Array | None:
    """Truesize over payload, shape (mixes, loads, rings, columns); None if the table does not count bytes."""
    if not data.has("offered_bytes", "offered_packets"):
        return None
    with np.errstate(invalid="ignore", divide="ignore"):
        frame = np.nansum(data.values("offered_bytes"), axis=-1) / np.nansum(data.values("offered_packets"), axis=-1)
        ratio = holders.truesize_bytes(data) / frame
    return np.where((data.index >= 0).any(axis=-1) & (frame > 0), ratio, np.nan)


def _answer(analysis: Analysis, mixes: list[int]) -> str:
    """The first sentence: from the smallest to the largest ring, and who holds least and most there."""
    data = analysis.data
    held = holders.megabytes(analysis.mean(holders.HELD))
    over = np.array([held[mix, analysis.last_load(mix)] for mix in mixes])  # (mixes, rings, columns)
    simulated = np.flatnonzero(np.isfinite(over).any(axis=(0, 2)))
    first, last = int(simulated[0]), int(simulated[-1])
    said = f"{span(over[:, last])} MB at ring {data.rings[last]}"
    if first != last:
        said = f"{span(over[:, first])} MB at ring {data.rings[first]} and {said}"
    means = stats.mean(over[:, last].T).center
    finite = [int(column) for column in np.flatnonzero(np.isfinite(means))]
    ranked = sorted(finite, key=lambda column: means[column])
    least, most = data.columns[ranked[0]], data.columns[ranked[-1]]
    by = f" Least is held by {least}, most by {most}." if least != most else ""
    if not data.has(holders.PEAK):
        return f"Pages held come to {said} at the highest load (mean, by mix and strategy).{by}"
    with np.errstate(invalid="ignore", divide="ignore"):
        above = holders.megabytes(analysis.mean(holders.PEAK)) / held - 1
    worst = max((float(np.nanmax(above[mix, analysis.last_load(mix)], initial=0)), mix) for mix in mixes)
    peak = f" The peak lies up to {numbers.percent(worst[0])} % above the mean ({data.mixes[worst[1]]})."
    return f"Pages held come to {said} at the highest load (mean, by mix and strategy).{by}{peak}"


def _chart(analysis: Analysis, mix: int) -> Chart:
    data, load = analysis.data, analysis.last_load(mix)
    panels = [
        panel(analysis, stats.mean(holders.megabytes(data.values(name)[mix, load])), f"MB held, {what}", SCALE)
        for name, what in ((holders.HELD, "mean"), (holders.PEAK, "peak"))
        if data.has(name)
    ]
    spec = {"hconcat": panels, "spacing": 24, "resolve": {"scale": {"y": "shared", "color": "shared"}}}
    where = f"{data.mixes[mix]} at load {data.loads[load]:g}"
    return Chart(
        f"{where}: memory held against ring size",
        f"MB held, mean and peak, against ring size, {where}; bands are 95 %",
        spec | {"config": CONFIG},
        key(analysis),
    )


def _table(analysis: Analysis, mix: int, legend: str) -> Table:
    data, load = analysis.data, analysis.last_load(mix)
    held = holders.megabytes(analysis.mean(holders.HELD))[mix, load]
    peak = holders.megabytes(analysis.mean(holders.PEAK))[mix, load] if data.has(holders.PEAK) else None
    twice = set(data.of("refcount_recycle"))
    rows = []
    for ring in np.flatnonzero(np.isfinite(held).any(axis=-1)):
        entries = [Cell(str(data.rings[ring]))]
        for column in range(len(data.columns)):
            notes = analysis.steady.notes((mix, load, int(ring), column)) if np.isfinite(held[ring, column]) else ()
            both = [held[ring, column]] if peak is None else [held[ring, column], peak[ring, column]]
            entries.append(noted(_pair(both), *((HELD_TWICE,) if column in twice else ()), *notes))
        rows.append(tuple(entries))
    ratio = payload_ratio(data)
    foot: tuple[tuple[Cell, ...], ...] = ()
    if ratio is not None:
        over = stats.mean(ratio[mix, load].T).center
        cells = [Cell(numbers.significant(float(value))) if np.isfinite(value) else ABSENT for value in over]
        foot = ((Cell("truesize/payload"), *cells),)
    caption = f"{data.mixes[mix]} at load {data.loads[load]:g}: MB held, mean / peak"
    return Table(caption, ("ring", *data.columns), tuple(rows), foot=foot, legend=legend)


def _pair(values: list[float]) -> Cell:
    if not np.isfinite(values[0]):
        return ABSENT
    return Cell(" / ".join(numbers.significant(float(value)) for value in values))
