# SPDX-License-Identifier: MIT
"""Memory cost of a larger ring: megabytes held against the ring size, mean and peak, at the highest load.

*Truesize over payload* is the memory of a receive buffer over the frame in it: what a socket is charged per byte
received, its sk_buff aside.  It does not depend on the ring.

Source: [kicinski-2025-09-23], what large rings are for and what they hold.
"""

from __future__ import annotations

import numpy as np

from sweep import format, stats
from sweep.document.blocks import Block, Cell, Chart, Paragraph, Section, Table
from sweep.document.statements import Absent, Claim, Extreme, ExtremeName, Number, Sentence, at, both, fixed
from sweep.fields.constants import PAGE_BYTES
from sweep.report.charts.panels import CONFIG, Spec, key, panel
from sweep.report.parts import views
from sweep.report.parts.claim_verdicts import claimed_range
from sweep.report.parts.differences import ABSENT, noted
from sweep.report.parts.panels import Panel
from sweep.results import page_census
from sweep.results.analysis import Analysis
from sweep.results.dataset import Array, Dataset

from .other_metrics import HELD_TWICE

TITLE = "Memory against ring size"
SCALE: Spec = {"type": "log", "base": 2, "nice": False}
LEGEND = "MB are 10^6 bytes; mean over the window / peak in it, both means of the replicates"


def section(analysis: Analysis) -> Section:
    """A sentence with the range over all mixes, then a chart and a table per mix."""
    data = analysis.data
    if not data.has(page_census.HELD):
        return Section(TITLE, (), detail=True)
    has_value = np.asarray(np.isfinite(analysis.mean(page_census.HELD)).any(axis=(2, 3)))  # (mixes, loads)
    mixes = [mix for mix in range(len(data.mixes)) if has_value[mix, analysis.last_load(mix)]]
    if not mixes:
        return Section(TITLE, (), detail=True)
    blocks: list[Block] = [Paragraph(_answer(analysis, mixes))]
    for mix in mixes:
        if np.nansum(data.values(page_census.HELD)[mix]) > 0:
            blocks.append(_chart(analysis, mix))
        blocks.append(_table(analysis, mix, fixed(LEGEND if mix == mixes[-1] else "")))
    return Section(TITLE, tuple(blocks), detail=True)


def payload_ratio(data: Dataset) -> Array | None:
    """Truesize over payload, shape (mixes, loads, rings, columns); None if the table does not count bytes."""
    if not data.has("offered_bytes", "offered_packets"):
        return None
    with np.errstate(invalid="ignore", divide="ignore"):
        frame = np.nansum(data.values("offered_bytes"), axis=-1) / np.nansum(data.values("offered_packets"), axis=-1)
        ratio = page_census.truesize_bytes(data) / frame
    return np.where((data.index >= 0).any(axis=-1) & (frame > 0), ratio, np.nan)


def _answer(analysis: Analysis, mixes: list[int]) -> Sentence:
    """The first sentence: MB held at the smallest and the largest ring, and the strategies that hold least and most."""
    data = analysis.data
    held = page_census.megabytes(analysis.mean(page_census.HELD))
    held_by_mix = np.array([held[mix, analysis.last_load(mix)] for mix in mixes])  # (mixes, rings, columns)
    simulated = np.flatnonzero(np.isfinite(held_by_mix).any(axis=(0, 2)))
    if not simulated.size:
        return Sentence("What is held at the highest load is not known.", Absent(f"avg({page_census.HELD})", "last"))
    first, last = int(simulated[0]), int(simulated[-1])
    megabytes = f"avg({page_census.HELD}) * {PAGE_BYTES} / 1e6"
    parts, claims = [], list[Claim]()
    for ring in dict.fromkeys((first, last)):
        span = claimed_range(held_by_mix[:, ring], megabytes, f"last and ring = {data.rings[ring]}")
        parts.append(f"{span.text} MB at ring {data.rings[ring]}")
        claims += span.claims
    text = f"Pages held come to {' and '.join(parts)} at the highest load (mean, by mix and strategy)."
    means = stats.mean(held_by_mix[:, last].T).center
    finite = [int(column) for column in np.flatnonzero(np.isfinite(means))]
    ranked = sorted(finite, key=lambda column: float(means[column]))
    least, most = ranked[0], ranked[-1]
    if means[least] < means[most]:
        where = f"last and ring = {data.rings[last]}"
        text += (
            f" At ring {data.rings[last]} the least is held by {data.columns[least]}, the most by {data.columns[most]}."
        )
        claims.append(ExtremeName("smallest", data.columns[least], megabytes, where))
        claims.append(ExtremeName("largest", data.columns[most], megabytes, where))
    if not data.has(page_census.PEAK):
        return Sentence(text, *claims)
    with np.errstate(invalid="ignore", divide="ignore"):
        peak_over_mean = page_census.megabytes(analysis.mean(page_census.PEAK)) / held - 1
    over_mean = np.array([peak_over_mean[mix, analysis.last_load(mix)] for mix in mixes])
    if (over_mean > 0).any() and np.isfinite(over_mean[over_mean > 0]).any():
        largest_ratio = float(over_mean[np.isfinite(over_mean)].max())
        mix = mixes[int(np.argwhere(over_mean == largest_ratio)[0][0])]
        shown = format.percent(largest_ratio)
        text += f" The peak lies up to {shown} % above the mean ({data.mixes[mix]})."
        ratio = f"avg({page_census.PEAK}) / nullif(avg({page_census.HELD}), 0) - 1"
        claims.append(Extreme("largest", ratio, both("last", at(data.mixes[mix])), Number(largest_ratio, shown, 100)))
        claims.append(Extreme("largest", ratio, "last", Number(largest_ratio, shown, 100)))
    return Sentence(text, *claims)


def _chart(analysis: Analysis, mix: int) -> Chart:
    data, load = analysis.data, analysis.last_load(mix)
    panels = [
        panel(
            analysis,
            stats.mean(page_census.megabytes(data.values(name)[mix, load]), data.confidence),
            f"MB held, {statistic}",
            SCALE,
        )
        for name, statistic in ((page_census.HELD, "mean"), (page_census.PEAK, "peak"))
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
    held = page_census.megabytes(analysis.mean(page_census.HELD))[mix, load]
    peak = page_census.megabytes(analysis.mean(page_census.PEAK))[mix, load] if data.has(page_census.PEAK) else None
    keeps_two_pages = set(data.of("refcount_recycle"))
    rows = []
    for ring in np.flatnonzero(np.isfinite(held).any(axis=-1)):
        entries = [Cell(str(data.rings[ring]))]
        for column in range(len(data.columns)):
            notes = analysis.steady.notes((mix, load, int(ring), column)) if np.isfinite(held[ring, column]) else ()
            mean_and_peak = [held[ring, column]] if peak is None else [held[ring, column], peak[ring, column]]
            entries.append(noted(_pair(mean_and_peak), *((HELD_TWICE,) if column in keeps_two_pages else ()), *notes))
        rows.append(tuple(entries))
    ratio = payload_ratio(data)
    foot: tuple[tuple[Cell, ...], ...] = ()
    if ratio is not None:
        mean_ratio = stats.mean(ratio[mix, load].T).center
        cells = [Cell(format.significant(float(value))) if np.isfinite(value) else ABSENT for value in mean_ratio]
        foot = ((Cell("truesize/payload"), *cells),)
    caption = f"{data.mixes[mix]} at load {data.loads[load]:g}: MB held, mean / peak"
    return Table(caption, ("ring", *data.columns), tuple(rows), foot=foot, legend=legend)


def _pair(values: list[float]) -> Cell:
    if not np.isfinite(values[0]):
        return ABSENT
    return Cell(" / ".join(format.significant(float(value)) for value in values))


PANELS = (Panel(section, views.MEMORY),)
