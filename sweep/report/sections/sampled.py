# SPDX-License-Identifier: MIT
"""The report of a sample: points of a space-filling design, each with every strategy, in place of a grid.

A *cell* is a point of the sample in its mix.  What needs a grid (maps, curves against ring size, the smallest ring, a
table by rows and columns) is left out, and the report says so.  Shares of variance are those of `stats.first_order`:
axes alone, strategies also with others.  Numbers here are of the points of this sample.
"""

from __future__ import annotations

import shlex

import numpy as np

from sweep import format, stats
from sweep.document.blocks import Block, Cell, Document, Findings, Paragraph, Section, Table
from sweep.document.statements import Sentence, fixed
from sweep.fields.spread import DROPS
from sweep.report.claims import user
from sweep.report.parts import differences, ranking
from sweep.report.parts.differences import ABSENT
from sweep.results.analysis import METRIC, Analysis
from sweep.results.dataset import Array, Dataset
from sweep.results.drift import Mask
from sweep.stats.first_order import FirstOrder, first_order, points_needed

from . import quality, verdicts
from .importance import RESPONSES

LEFT_OUT = fixed(
    "These points are no grid: every sampled parameter has another value at each. So there are no maps of winners, no"
    " curves against ring size, no smallest ring and no claims of the 2016 thread; `--row`, `--col` and `--metric` have"
    " nothing to lay out. `sweep query` has every point, and a full grid of a few of the parameters has the rest."
)
CLAIMS = "Claims of the sweep file"
SHARES = "What matters: share of variance per axis"
MEANING = fixed(
    "alone: what a curve along the axis explains (first-order index); its 95 % interval takes the points as drawn at"
    " random, which is wide for points that fill the space. with others: with all interactions; told of the strategy,"
    " which every point has in full, and not of a sampled axis: a small share alone is no proof that an axis can be"
    " frozen."
)


def sections(analysis: Analysis) -> tuple[Section, ...]:
    """All of the report of a sample; the first section is the verdict."""
    claims = user.judge(analysis)
    judged = (Section(CLAIMS, (Findings(tuple(claims)),)),) if claims else ()
    return (
        Section("Verdict", (verdict_table(analysis), against(analysis), Paragraph(LEFT_OUT))),
        *judged,
        variance(analysis),
        quality.method(analysis),
        quality.quality(analysis.data),
        quality.provenance(analysis.data),
    )


def brief(analysis: Analysis, title: str, subtitle: Sentence, location: str) -> Document:
    """The short form: the verdict, claims, shares, warnings, and the next commands."""
    place = shlex.quote(location) if location else "LOCATION"
    verdict, *others = sections(analysis)
    kept = [section for section in others if section.title in (SHARES, CLAIMS)]
    warnings = quality.warnings(analysis) or (quality.well(analysis),)
    commands = (f"sweep report {place} --full", f'sweep query {place} "from points"')
    return Document(
        title,
        subtitle,
        (
            verdict,
            *kept,
            Section("To mind", tuple(map(Paragraph, warnings))),
            Section("Next", tuple(Paragraph(command, code=True) for command in commands)),
        ),
    )


def design(data: Dataset) -> Sentence:
    """What was sampled, for the subtitle: "256 Sobol' points over traffic, ring, load"."""
    sample = data.sample
    assert sample is not None
    points = len(data.loads)
    fewer = f" of {sample.asked:,}" if points < sample.asked else ""
    return fixed(f"{points:,}{fewer} points of a sample ({sample.title}) over {', '.join(sample.axes)}")


def verdict_table(analysis: Analysis) -> Table:
    """A row per mix: who wins, at how many points, and by how much over the points."""
    data, rows = analysis.data, []
    for mix, name in enumerate(data.mixes):
        found = ranking.mix_ranking(analysis, mix)
        if found is None:
            rows.append((Cell(name), Cell("nothing to say"), *[ABSENT] * 3))
            continue
        left = found.cells - found.settled
        won = f"{found.among} of {found.cells}" + (f", {left} open" if left else "")
        ahead = _against(analysis, mix, found.lead) if found.lead >= 1 else (ABSENT, ABSENT)
        rows.append((Cell(name), Cell(found.short, found.tone), Cell(won), *ahead))
    return Table(
        f"Fewest ns per packet at the points of the sample, and how far that is from {analysis.baseline}",
        ("traffic mix", "winner", "points won", "difference", "at points"),
        tuple(rows),
        legend=fixed("points won: the fewest ns, or within the margin of it, at the points where that is decided"),
        prose=True,
    )


def against(analysis: Analysis) -> Table:
    """A row per mix and strategy: its difference from the baseline over the points, and what it drops."""
    data, rows = analysis.data, []
    for mix, name in enumerate(data.mixes):
        for column in range(len(data.columns)):
            if not analysis.absolute.pairs[mix, ..., column].any():
                continue
            difference = _against(analysis, mix, column) if column else (ABSENT, ABSENT)
            drops = np.nanmean(data.values(DROPS)[mix, ..., column, :]) if data.has(DROPS) else np.nan
            share = Cell(format.percent(float(drops))) if np.isfinite(drops) else ABSENT
            rows.append((Cell(name), Cell(data.columns[column]), *difference, share))
    return Table(
        f"ns per packet against {analysis.baseline} over the points, and the mean of what is dropped",
        ("traffic mix", "strategy", "difference", "at points", "drops, %"),
        tuple(rows),
        legend=fixed(
            "difference: geometric mean over these points, its 95 % interval over the replicates; at points: the"
            " smallest and the largest at one point"
        ),
        prose=True,
    )


def _against(analysis: Analysis, mix: int, column: int) -> tuple[Cell, Cell]:
    """The difference of a column from the baseline over the points of a mix, and its range over them."""
    of_points = analysis.relative.center[mix, :, 0, column]
    ends = np.expm1(of_points[np.isfinite(of_points)])
    if not len(ends):
        return ABSENT, ABSENT
    low, high = (format.percent(float(end), signed=True) for end in (ends.min(), ends.max()))
    return differences.relative_cell(verdicts.overall(analysis, mix, column)), Cell(f"{low} to {high} %")


def variance(analysis: Analysis) -> Section:
    """A table of the shares of variance of each response that the table has."""
    data = analysis.data
    blocks: list[Block] = []
    for title, values in _responses(data):
        groups = _groups(data)
        for mix, cells in groups:
            blocks.append(_shares(data, title + (f", {mix}" if mix else ""), values, cells))
        if not groups:
            text = (
                "Shares are not told: a zip crosses other parameters with the points, and mixes are sampled with them."
            )
            blocks = [Paragraph(fixed(text))]
    return Section(SHARES, (*blocks, Paragraph(MEANING)))


def _responses(data: Dataset) -> list[tuple[str, Array]]:
    """Title and values (mixes, points, columns, pairs) of each response."""
    titled = []
    for metric, title, logarithms in RESPONSES:
        if data.has(metric):
            values = data.values(metric)[:, :, 0]
            if logarithms:
                values = np.log(np.where(values > 0, values, np.nan))
            titled.append((title, values))
            if metric == METRIC and len(data.columns) > 1:
                titled.append((f"{title} against {data.columns[0]}", values[..., 1:, :] - values[..., :1, :]))
    return titled


def _groups(data: Dataset) -> list[tuple[str, Mask]]:
    """Parts of the table that have each point once: name, and mask (mixes, points); [] if there are none."""
    there = np.asarray((data.index >= 0).any(axis=(-3, -2, -1)))
    if (there.sum(axis=0) <= 1).all():
        return [("", there)]
    if data.sample is not None and "traffic" in data.sample.axes:
        return []
    return [(name, there & (np.arange(len(data.mixes)) == mix)[:, None]) for mix, name in enumerate(data.mixes)]


def _shares(data: Dataset, title: str, values: Array, cells: Mask) -> Block:
    """The table of one response in these cells, or the sentence that says why there is none."""
    assert data.sample is not None
    response = np.moveaxis(values[cells], 0, 1)  # (columns, points, pairs)
    response = response[np.isfinite(response).any(axis=(1, 2))]  # a label may belong to other mixes alone
    whole = np.asarray(np.isfinite(response).any(axis=-1).all(axis=0) & (len(response) > 0))
    rows = data.index[:, :, 0][cells].max(axis=(-2, -1))
    needed = points_needed(list(data.sample.along(data.table, rows).values()))
    rows = rows[whole]
    axes = {name: axis for name, axis in data.sample.along(data.table, rows).items() if len(np.unique(axis.codes)) > 1}
    if not axes or len(rows) < needed:
        points = format.count(len(rows), "point")
        text = f"{title}: shares are not told: {points} with a value of every strategy; {needed:,} are needed."
        return Paragraph(fixed(text))
    found = first_order(response[:, whole], list(axes.values()), data.confidence)
    if found is None:
        return Paragraph(fixed(f"{title}: the same everywhere."))
    return _table(title, found, list(axes), (len(rows), len(whole)), data.pairs)


def _table(title: str, found: FirstOrder, names: list[str], points: tuple[int, int], pairs: int) -> Table:
    """The shares as a table; `points`: those used, and all."""
    rows, shares = [], [found.alone[place] for place in range(len(names))]
    if found.strategy is not None and found.strategy_with_others is not None:
        rows.append((Cell("strategy"), _share(found.strategy), _share(found.strategy_with_others)))
    for place in sorted(range(len(names)), key=lambda place: -float(shares[place].center)):
        rows.append((Cell(names[place]), _share(shares[place]), ABSENT))
    chance = found.replicates if np.isfinite(found.replicates) else 0.0
    told = sum(max(float(share.center), 0.0) for share in (*shares, *([found.strategy] if found.strategy else [])))
    rest = Cell(format.percent(max(1 - told - chance, 0.0)))
    used, every = points
    of_points = f"{used:,} of {every:,} points" if used < every else format.count(used, "point")
    return Table(
        f"{title}: share of variance, %, {of_points}, {format.count(pairs, 'replicate')}",
        ("axis", "alone", "with others"),
        tuple(rows),
        foot=(
            (Cell("replicates"), Cell(format.percent(chance)) if pairs > 1 else ABSENT, ABSENT),
            (Cell("the rest"), rest, ABSENT),
        ),
        legend=fixed(f"the rest: interactions, and edges that a curve of degree {found.degree} does not follow"),
    )


def _share(share: stats.Estimate) -> Cell:
    """A share in percent with half its interval; at least 0, for an estimate may fall below by chance."""
    half = format.half_width(float(share.high - share.center))
    return Cell(f"{format.percent(max(float(share.center), 0.0))} ±{half}")
