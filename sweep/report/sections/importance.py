# SPDX-License-Identifier: MIT
"""What matters: the share of variance of each axis and each interaction, and which axes can be frozen.

A functional ANOVA over the full grid (`stats.variance`).  Costs, times and memory are taken as logarithms, since
people compare them by ratios; shares of packets as they are.  *Can be frozen* means that an axis accounts, with all its
interactions, for less than 1 % of the variance of every response, and the whole 95 % interval is below that.

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
from sweep.report.parts import views
from sweep.report.parts.claim_verdicts import TONES, UNDECIDED
from sweep.report.parts.decomposed import DecomposedResponse
from sweep.report.parts.differences import ABSENT
from sweep.report.parts.panels import Panel
from sweep.results.analysis import METRIC, Analysis
from sweep.results.axes import LayoutAxis, lay_out
from sweep.results.coordinates import Codes
from sweep.results.dataset import Array
from sweep.stats import variance

FROZEN = 0.01  # share of variance below which an axis can be frozen
SHOWN = 0.01  # least share of variance of an interaction that is listed
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
    """A chart and tables of the shares per response, then which axes can be frozen."""
    decomposed = responses(analysis)
    if not decomposed:
        return Section("What matters: share of variance per axis", (), detail=True)
    blocks: list[Block] = [chart(decomposed), *(table for response in decomposed if (table := _table(response)))]
    constant_titles = [response.title for response in decomposed if response.shares is None]
    if constant_titles:
        constant_claims = [_still(analysis, response) for response in decomposed if response.shares is None]
        blocks.append(Paragraph(Sentence(f"The same everywhere: {', '.join(constant_titles)}.", *constant_claims)))
    gaps = dict.fromkeys(response.left_out for response in decomposed if response.shares and response.left_out)
    for gap in gaps:
        titles = ", ".join(response.title for response in decomposed if response.shares and response.left_out == gap)
        blocks.append(Paragraph(Sentence(f"{titles}: {gap}", *gap.claims)))
    findings = _findings(decomposed)
    if findings:
        blocks.append(Findings(tuple(findings)))
    return Section("What matters: share of variance per axis", tuple(blocks), detail=True)


def responses(analysis: Analysis) -> list[DecomposedResponse]:
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
    decomposed = []
    for name, title, logarithms in RESPONSES:
        if data.has(name):
            values = data.table.column(name).cast(pa.float64()).to_numpy()
            if logarithms:
                values = np.log(np.where(values > 0, values, np.nan))
            cube = np.append(values, np.nan)[index]
            decomposed.append(_decompose(title, name, logarithms, atoms, cube, simulated))
            if name == METRIC and atoms[0].name == "strategy" and sizes[0] > 2:
                others = LayoutAxis("strategy", atoms[0].labels[1:], atoms[0].codes)
                against = cube[1:] - cube[:1]
                title = f"ns per packet against {data.columns[0]}"
                decomposed.append(_decompose(title, AGAINST, True, [others, *atoms[1:]], against, simulated))
    return decomposed


def _still(analysis: Analysis, told: DecomposedResponse) -> Claim:
    """The claim that a response does not vary, or has no value."""
    if told.metric == AGAINST:
        return NoClaim()
    values = analysis.data.values(told.metric)
    known = values[np.isfinite(values) & ((values > 0) | (not told.logarithms))]
    where = f"{told.metric} > 0" if told.logarithms else ""
    return Count(len(np.unique(known)), f"distinct {told.metric} of rows", where, shown=False)


def _decompose(
    title: str, metric: str, logarithms: bool, atoms: list[LayoutAxis], cube: Array, simulated: int
) -> DecomposedResponse:
    """Decompose a cube (values of each axis, pairs) with gaps: its largest full grid, in the pairs complete there."""
    present = np.isfinite(cube)
    if not present.any():
        return DecomposedResponse(title, metric, logarithms, (), (), (), None, fixed(""))
    kept = variance.full_part(np.asarray(present.any(axis=-1)))
    part = cube[np.ix_(*kept, np.arange(cube.shape[-1]))]
    pairs = np.asarray(np.isfinite(part).all(axis=tuple(range(part.ndim - 1))))
    if pairs.sum() < min(2, len(pairs)):  # too few replicates are whole: leave out what most of them miss
        *kept, whole = variance.full_part(present)
        part, pairs = cube[np.ix_(*kept, whole)], np.ones(len(whole), dtype=bool)
    part = part[..., pairs]
    varied = [axis for axis, values in enumerate(kept) if len(values) > 1]
    part = part.reshape(*(len(kept[axis]) for axis in varied), part.shape[-1])
    return DecomposedResponse(
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


def _left_out(atoms: list[LayoutAxis], kept: list[Codes], pairs: int, of: int, simulated: int) -> Sentence:
    """Sentence on the values and replicates that are not in the decomposed grid; "" if all are."""
    missing = [
        f"{atom.name} {', '.join(label for place, label in enumerate(atom.labels) if place not in values)}"
        for atom, values in zip(atoms, kept, strict=True)
        if len(values) < len(atom.labels)
    ]
    if pairs < of:
        missing.append(f"{of - pairs} of {format.count(of, 'replicate')}")
    if not missing:
        return fixed("")
    cells_used = int(np.prod([len(values) for values in kept]))
    text = (
        f"shares are of a full grid, so left out are {'; '.join(missing)}, where values are missing."
        f" {cells_used:,} of {simulated:,} simulated cells are in it; nothing is said of the others."
    )
    return Sentence(text, Count(simulated, "points"))


def _table(told: DecomposedResponse) -> Table | None:
    shares = told.shares
    if shares is None:
        return None
    rows = []
    for place, (name, size) in enumerate(zip(told.axes, told.sizes, strict=True)):
        span = told.spans[place]
        span_text = (
            f"{format.percent(float(np.expm1(span)))} %" if told.logarithms else f"{format.percent(span)} points"
        )
        cells = (_share(shares.alone[place]), _share(shares.together[place]), Cell(span_text))
        rows.append((Cell(name), Cell(str(size)), *cells))
    pairs = int(shares.replicates.pairs)
    rest = _share(shares.replicates) if pairs > 1 else ABSENT
    interactions = sorted(
        ((share, subset) for subset, share in shares.effects.items() if len(subset) > 1), key=_largest
    )
    interaction_texts = [
        f"{' × '.join(told.axes[axis] for axis in subset)} {_share(share_estimate).text} %"
        for share_estimate, subset in interactions
        if share_estimate.center >= SHOWN
    ]
    interactions_text = (
        f"interactions: {', '.join(interaction_texts)}"
        if interaction_texts
        else f"no interaction has {format.percent(SHOWN)} %"
    )
    one_replicate_note = " · one replicate: what it adds by chance is in the shares" if pairs < 2 else ""
    return Table(
        f"{told.title}: share of variance, %, {format.count(pairs, 'replicate')}",
        ("axis", "values", "alone", "with others", "spans"),
        tuple(rows),
        foot=((Cell("replicates"), Cell(""), rest, Cell(""), Cell("")),),
        legend=fixed(
            f"spans: largest mean against the smallest along the axis · {interactions_text}{one_replicate_note}"
        ),
    )


def _largest(entry: tuple[stats.Estimate, variance.Axes]) -> float:
    return -float(entry[0].center)


def _share(found: stats.Estimate) -> Cell:
    """A cell with a share in percent, at least 0: an estimate may fall below by chance."""
    center = max(float(found.center), 0.0)
    half = float(found.high - found.center)
    text = format.percent(center)
    return Cell(f"{text} ±{format.half_width(half)}" if np.isfinite(half) and half > 0 else text)


def _claim(told: DecomposedResponse, axis: str) -> ShareOfVariance:
    assert told.shares is not None
    share = told.shares.together[told.axes.index(axis)]
    center, half = max(float(share.center), 0.0), float(share.high - share.center)
    shown = Number(half, format.half_width(half), 100) if np.isfinite(half) and half > 0 else None
    return ShareOfVariance(told.metric, axis, Number(center, format.percent(center), 100), shown, not told.left_out)


def _findings(told: list[DecomposedResponse]) -> list[Finding]:
    """A finding per axis: whether it matters or can be frozen."""
    findings = []
    names = dict.fromkeys(name for response in told if response.shares for name in response.axes)
    for name in names:
        parts = [
            (response.title, response.shares.together[response.axes.index(name)])
            for response in told
            if response.shares and name in response.axes
        ]
        parts.sort(key=lambda part: -float(part[1].center))
        text = "Its part in the variance: " + ", ".join(f"{_share(share).text} % of {title}" for title, share in parts)
        claims = [_claim(response, name) for response in told if response.shares and name in response.axes]
        claims_not_shown = [replace(claim, shown=False) for claim in claims]
        highest_bound = max(float(share.high) for _, share in parts)  # NaN where there is no interval
        if any(float(share.low) >= FROZEN for _, share in parts):
            findings.append(Finding(name, Sentence("matters", *claims_not_shown), Sentence(f"{text}.", *claims), ()))
        elif highest_bound < FROZEN:
            size = max(response.sizes[response.axes.index(name)] for response in told if name in response.axes)
            consequence = Sentence(f"One value tells the same here; it leaves 1 in {size} points.", *claims_not_shown)
            word = Sentence("can be frozen", *claims_not_shown)
            findings.append(Finding(name, word, Sentence(f"{text}.", *claims), (consequence,), "better"))
        else:
            why = (
                f"the interval reaches over {format.percent(FROZEN)} %"
                if np.isfinite(highest_bound)
                else "no interval without 3 replicates"
            )
            word = Sentence(UNDECIDED, *claims_not_shown)
            findings.append(Finding(name, word, Sentence(f"{text}; {why}.", *claims), (), TONES[UNDECIDED]))
    return sorted(findings, key=lambda finding: finding.word != "can be frozen")


PANELS = (Panel(section, views.TRADES),)
