# SPDX-License-Identifier: MIT
"""What matters: the share of variance of each axis and each interaction, and which axes can be frozen.

A functional ANOVA over the full grid (`stats.variance`).  Costs, times and memory are taken as logarithms, since
people compare them by ratios; shares of packets as they are.  *Can be frozen* says that an axis has a part in less
than 1 % of the variance of every response, the whole 95 % interval below that: other values would have told the same.

Not modelled: values that were not swept.  An axis that does nothing between 0.1 and 0.3 may do a lot at 0.9.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa

from sweep import format, stats
from sweep.document.blocks import Block, Cell, Finding, Findings, Paragraph, Section, Table
from sweep.document.statements import Claim, Count, NoClaim, Number, Sentence, ShareOfVariance, fixed
from sweep.report.charts.importance import chart
from sweep.report.parts.differences import ABSENT
from sweep.report.parts.judging import TONES, UNDECIDED
from sweep.report.parts.panels import Panel
from sweep.report.parts.shares import Told
from sweep.results.analysis import METRIC, Analysis
from sweep.results.axes import Axis, lay_out
from sweep.results.coordinates import Codes
from sweep.results.dataset import Array
from sweep.stats import variance

FROZEN = 0.01  # share of variance below which an axis says nothing
SHOWN = 0.01  # of an interaction
AGAINST = "ns_per_packet / base_ns"  # as a metric in a claim
MOST_CELLS = 4_000_000  # of the grid that the axes span
# metric, title, whether ratios are what counts
RESPONSES = (
    (METRIC, "ns per packet", True),
    ("drop_ratio", "dropped share", False),
    ("latency_p99_ns", "p99 latency", True),
    ("pages_held_mean_pages", "pages held, mean", True),
)


def section(analysis: Analysis) -> Section:
    """Shares per response, then what can be frozen."""
    told = responses(analysis)
    if not told:
        return Section("What matters: share of variance per axis", (), detail=True)
    blocks: list[Block] = [chart(told), *(table for each in told if (table := _table(each)))]
    still = [each.title for each in told if each.shares is None]
    if still:
        same = [_still(analysis, each) for each in told if each.shares is None]
        blocks.append(Paragraph(Sentence(f"The same everywhere: {', '.join(still)}.", *same)))
    gaps = dict.fromkeys(each.left_out for each in told if each.shares and each.left_out)
    for gap in gaps:
        titles = ", ".join(each.title for each in told if each.shares and each.left_out == gap)
        blocks.append(Paragraph(Sentence(f"{titles}: {gap}", *gap.claims)))
    findings = _findings(told)
    if findings:
        blocks.append(Findings(tuple(findings)))
    return Section("What matters: share of variance per axis", tuple(blocks), detail=True)


def responses(analysis: Analysis) -> list[Told]:
    """Every response that the table has, decomposed; none if the sweep varied fewer than two axes."""
    data = analysis.data
    axes = lay_out(data, (), (), ())
    atoms = [atom for atom in axes.atoms if len(np.unique(atom.codes)) > 1]
    sizes = [len(atom.labels) for atom in atoms]
    if len(atoms) < 2 or np.prod(sizes, dtype=float) * data.pairs > MOST_CELLS:
        return []
    index = np.full((*sizes, data.pairs), -1, dtype=np.int64)
    index[(*(atom.codes for atom in atoms), axes.pair)] = axes.used
    simulated = int((index >= 0).any(axis=-1).sum())
    found = []
    for name, title, logarithms in RESPONSES:
        if data.has(name):
            values = data.table.column(name).cast(pa.float64()).to_numpy()
            if logarithms:
                values = np.log(np.where(values > 0, values, np.nan))
            cube = np.append(values, np.nan)[index]
            found.append(_told(title, name, logarithms, atoms, cube, simulated))
            if name == METRIC and atoms[0].name == "strategy" and sizes[0] > 2:
                others = Axis("strategy", atoms[0].labels[1:], atoms[0].codes)
                against = cube[1:] - cube[:1]
                title = f"ns per packet against {data.columns[0]}"
                found.append(_told(title, AGAINST, True, [others, *atoms[1:]], against, simulated))
    return found


def _still(analysis: Analysis, told: Told) -> Claim:
    """That a response does not vary, or has no value."""
    if told.metric == AGAINST:
        return NoClaim()
    values = analysis.data.values(told.metric)
    known = values[np.isfinite(values) & ((values > 0) | (not told.logarithms))]
    where = f"{told.metric} > 0" if told.logarithms else ""
    return Count(len(np.unique(known)), f"distinct {told.metric} of rows", where, shown=False)


def _told(title: str, metric: str, logarithms: bool, atoms: list[Axis], cube: Array, simulated: int) -> Told:
    """Of a cube (values of each axis, pairs) with gaps: of its full part, in the pairs that are whole there."""
    present = np.isfinite(cube)
    if not present.any():
        return Told(title, metric, logarithms, (), (), (), None, fixed(""))
    kept = variance.full_part(np.asarray(present.any(axis=-1)))
    part = cube[np.ix_(*kept, np.arange(cube.shape[-1]))]
    pairs = np.asarray(np.isfinite(part).all(axis=tuple(range(part.ndim - 1))))
    if pairs.sum() < min(2, len(pairs)):  # too few replicates are whole: leave out what most of them miss
        *kept, whole = variance.full_part(present)
        part, pairs = cube[np.ix_(*kept, whole)], np.ones(len(whole), dtype=bool)
    part = part[..., pairs]
    varied = [axis for axis, values in enumerate(kept) if len(values) > 1]
    part = part.reshape(*(len(kept[axis]) for axis in varied), part.shape[-1])
    return Told(
        title=title,
        metric=metric,
        logarithms=logarithms,
        axes=tuple(atoms[axis].name for axis in varied),
        sizes=tuple(len(kept[axis]) for axis in varied),
        spans=tuple(_span(part, place) for place in range(len(varied))),
        shares=variance.shares(part) if varied and part.size else None,
        left_out=_left_out(atoms, kept, int(pairs.sum()), cube.shape[-1], simulated),
    )


def _span(part: Array, axis: int) -> float:
    means = part.mean(axis=tuple(other for other in range(part.ndim) if other != axis))
    return float(means.max() - means.min())


def _left_out(atoms: list[Axis], kept: list[Codes], pairs: int, of: int, simulated: int) -> Sentence:
    """What is not in the part that was decomposed, in words; "" if it is all there."""
    gone = [
        f"{atom.name} {', '.join(label for place, label in enumerate(atom.labels) if place not in values)}"
        for atom, values in zip(atoms, kept, strict=True)
        if len(values) < len(atom.labels)
    ]
    if pairs < of:
        gone.append(f"{of - pairs} of {format.count(of, 'replicate')}")
    if not gone:
        return fixed("")
    used = int(np.prod([len(values) for values in kept]))
    text = (
        f"shares are of a full grid, so left out are {'; '.join(gone)}, where values are missing."
        f" {used:,} of {simulated:,} simulated cells are in it; nothing is said of the others."
    )
    return Sentence(text, Count(simulated, "points"))


def _table(told: Told) -> Table | None:
    found = told.shares
    if found is None:
        return None
    rows = []
    for place, (name, size) in enumerate(zip(told.axes, told.sizes, strict=True)):
        span = told.spans[place]
        moved = f"{format.percent(float(np.expm1(span)))} %" if told.logarithms else f"{format.percent(span)} points"
        cells = (_share(found.alone[place]), _share(found.together[place]), Cell(moved))
        rows.append((Cell(name), Cell(str(size)), *cells))
    pairs = int(found.replicates.pairs)
    rest = _share(found.replicates) if pairs > 1 else ABSENT
    mixed = sorted(((share, subset) for subset, share in found.effects.items() if len(subset) > 1), key=_largest)
    said = [
        f"{' × '.join(told.axes[a] for a in subset)} {_share(s).text} %" for s, subset in mixed if s.center >= SHOWN
    ]
    most = f"interactions: {', '.join(said)}" if said else f"no interaction has {format.percent(SHOWN)} %"
    alone = " · one replicate: what it adds by chance is in the shares" if pairs < 2 else ""
    return Table(
        f"{told.title}: share of variance, %, {format.count(pairs, 'replicate')}",
        ("axis", "values", "alone", "with others", "spans"),
        tuple(rows),
        foot=((Cell("replicates"), Cell(""), rest, Cell(""), Cell("")),),
        legend=fixed(f"spans: largest mean against the smallest along the axis · {most}{alone}"),
    )


def _largest(entry: tuple[stats.Estimate, variance.Axes]) -> float:
    return -float(entry[0].center)


def _share(found: stats.Estimate) -> Cell:
    """A share in percent, never below nothing; chance may take an estimate there."""
    center = max(float(found.center), 0.0)
    half = float(found.high - found.center)
    text = format.percent(center)
    return Cell(f"{text} ±{format.half_width(half)}" if np.isfinite(half) and half > 0 else text)


def _claim(told: Told, axis: str) -> ShareOfVariance:
    assert told.shares is not None
    share = told.shares.together[told.axes.index(axis)]
    center, half = max(float(share.center), 0.0), float(share.high - share.center)
    shown = Number(half, format.half_width(half), 100) if np.isfinite(half) and half > 0 else None
    return ShareOfVariance(told.metric, axis, Number(center, format.percent(center), 100), shown, not told.left_out)


def _findings(told: list[Told]) -> list[Finding]:
    """Axis by axis, whether it can be frozen."""
    found = []
    names = dict.fromkeys(name for each in told if each.shares for name in each.axes)
    for name in names:
        parts = [
            (each.title, each.shares.together[each.axes.index(name)])
            for each in told
            if each.shares and name in each.axes
        ]
        parts.sort(key=lambda part: -float(part[1].center))
        text = "Its part in the variance: " + ", ".join(f"{_share(share).text} % of {title}" for title, share in parts)
        claims = [_claim(each, name) for each in told if each.shares and name in each.axes]
        unsaid = [replace(claim, shown=False) for claim in claims]
        reach = max(float(share.high) for _, share in parts)  # NaN where there is no interval
        if any(float(share.low) >= FROZEN for _, share in parts):
            found.append(Finding(name, Sentence("matters", *unsaid), Sentence(f"{text}.", *claims), ()))
        elif reach < FROZEN:
            size = max(each.sizes[each.axes.index(name)] for each in told if name in each.axes)
            told_by_one = Sentence(f"One value tells the same here; it leaves 1 in {size} points.", *unsaid)
            word = Sentence("can be frozen", *unsaid)
            found.append(Finding(name, word, Sentence(f"{text}.", *claims), (told_by_one,), "better"))
        else:
            why = (
                f"the interval reaches over {format.percent(FROZEN)} %"
                if np.isfinite(reach)
                else "no interval without 3 replicates"
            )
            word = Sentence(UNDECIDED, *unsaid)
            found.append(Finding(name, word, Sentence(f"{text}; {why}.", *claims), (), TONES[UNDECIDED]))
    return sorted(found, key=lambda finding: finding.word != "can be frozen")


PANELS = (Panel(section),)
