# SPDX-License-Identifier: MIT
"""From a published table to a document: the order of a report, verdict first."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from importlib import import_module

import numpy as np
import pyarrow as pa

from sweep import format
from sweep.document.blocks import Block, Document, Finding, Findings, Paragraph, Section
from sweep.document.statements import Count, Sentence, Values, fixed, joined
from sweep.report.charts.curves import curves
from sweep.results import coordinates, dataset
from sweep.results.analysis import Analysis, analyse
from sweep.results.dataset import Dataset

from .claims import linux_mm_2016, user
from .parts import reproduction, views
from .parts.panels import Panel
from .sections import comparison, other_metrics, quality, ring_axis, ring_effects, sampled, verdicts, winners

MOST_LISTED = 3  # values of a parameter, in the first line
# The panels of detail, in their order: the files of `sections` that have them.
DETAILS = (
    "losses",
    "pareto",
    "memory",
    "census",
    "inflight",
    "pool_size",
    "pool_statistics",
    "density",
    "composition",
    "importance",
)


@cache
def panels() -> tuple[Panel, ...]:
    """Those of DETAILS."""
    return tuple(panel for name in DETAILS for panel in import_module(f"sweep.report.sections.{name}").PANELS)


def document(table: pa.Table, location: str = "") -> Document:
    """The report of one sweep, published at `location`.  Raises SweepError if the table holds no simulation."""
    return analysed(table, location)[0]


def analysed(table: pa.Table, location: str = "") -> tuple[Document, Analysis | None]:
    """The report, and the analysis that it was made from; None if no simulation is valid."""
    data, analysis = compared(table)
    return of(data, analysis, location), analysis


def compared(table: pa.Table) -> tuple[Dataset, Analysis | None]:
    """The dataset of a table, and its analysis; None if no simulation is valid.

    Raises SweepError if the table holds no simulation.
    """
    data = dataset.read(table)
    return data, analyse(data) if len(data.table) else None


def of(data: Dataset, analysis: Analysis | None, location: str = "") -> Document:
    """The report of what `compared` returned, published at `location`."""
    name = str(data.metadata.get("name") or "sweep")
    if analysis is None:
        text = "No simulation is valid, so there is nothing to report."
        unusable = Section("Verdict", (Paragraph(Sentence(text, Count(0, "rows", shown=False))),))
        return Document(name, subtitle(data), (unusable, quality.quality(data), quality.provenance(data)))
    if data.sample is not None:
        return Document(name, subtitle(data), sampled.sections(analysis))
    charts: list[Block] = [curves(analysis, mix) for mix in range(len(data.mixes))]
    if data.of("refcount_recycle") and data.has(other_metrics.HELD):
        charts.append(Paragraph(fixed(f"Pages held, {other_metrics.HELD_TWICE}.")))
    return Document(
        title=name,
        subtitle=subtitle(data),
        sections=(
            verdicts.verdicts(analysis),
            *_seen(views.CLAIMS, *_claims("Claims of the sweep file", user.judge(analysis))),
            *_seen(views.CLAIMS, *_claims("Claims of the 2016 thread", linux_mm_2016.asked(analysis))),
            winners.maps(analysis),
            *_seen(views.COMPARED, *comparison.sections(analysis)),
            *_seen(views.RINGS, ring_effects.section(analysis), ring_axis.section(analysis)),
            *_seen(views.COMPARED, Section("Against ring size", tuple(charts), detail=True)),
            *_seen(views.RINGS, other_metrics.section(analysis)),
            *(section for panel in panels() for section in _seen(panel.view, panel.section(analysis))),
            *_seen(
                views.DATA,
                quality.method(analysis),
                quality.quality(data),
                quality.provenance(data),
                reproduction.section(analysis, location),
            ),
        ),
    )


def _seen(view: str, *sections: Section) -> list[Section]:
    """The sections that are not empty (the table has columns for them), in their view of the page."""
    return [replace(section, view=view) for section in sections if section.blocks]


def _claims(title: str, findings: list[Finding]) -> list[Section]:
    return [Section(title, (Findings(tuple(findings)),))] if findings else []


def subtitle(data: Dataset) -> Sentence:
    """Number of simulations used, and the values of strategy, mix, ring, load and replicate that they cover."""
    rows = Count(len(data.table), "published", "valid") if "valid" in data.table.column_names else None
    simulations_text = Sentence(
        f"{format.count(len(data.table), 'simulation')}", rows or Count(len(data.table), "published")
    )
    if not len(data.table):
        return Sentence(
            f"{simulations_text} of {data.rows:,} can be used", *simulations_text.claims, Count(data.rows, "published")
        )
    strategies = len(set(data.strategies))
    strategies_text = format.count(strategies, "strategy", "strategies")
    claims = [Count(strategies, "distinct strategy of rows")]
    if len(data.columns) > strategies:
        strategies_text += f" in {len(data.columns)} variants"
        claims.append(Count(len(data.columns), "distinct col of rows"))
    pairs = Count(data.pairs, "distinct (seed, replicate) of rows")
    parts = [
        Sentence(strategies_text, *claims),
        *(_on_grid(data) if data.sample is None else [sampled.design(data)]),
        Sentence(_replicates(data), pairs),
    ]
    listed = joined(parts, ", ")
    return Sentence(f"{simulations_text}: {listed}", *simulations_text.claims, *listed.claims)


def _on_grid(data: Dataset) -> list[Sentence]:
    """Number of mixes, what splits them, the rings and the loads."""
    rings, loads = _values("ring", [float(ring) for ring in data.rings]), _values("load", list(data.loads))
    return [*_mixes(data), rings, loads]


def _mixes(data: Dataset) -> list[Sentence]:
    """Number of traffic mixes, then what else varied apart from strategy, ring and load, such as "nic 10g and 25g"."""
    of_traffic = {name: coordinates.column_metadata(data.table, name, "of") == "traffic" for name in data.splits}
    traffic = ["traffic", *(name for name, own in of_traffic.items() if own)]
    codes = np.stack([coordinates.encode(data.table, name)[0] for name in traffic], axis=1)
    mixes = len(np.unique(codes, axis=0))
    claim = Count(mixes, f"distinct ({', '.join(traffic)}) of rows")
    sentences = [Sentence(format.count(mixes, "traffic mix", "traffic mixes"), claim)]
    for name in (name for name, own in of_traffic.items() if not own):
        values = list(dict.fromkeys(text_value or "none" for text_value in coordinates.column_texts(data.table, name)))
        are_listed = len(values) <= MOST_LISTED
        text = f"{name} {format.joined(values)}" if are_listed else f"{len(values)} values of {name}"
        sentences.append(
            Sentence(text, Count(len(values), f"distinct coalesce({name}::text, '') of rows", shown=not are_listed))
        )
    return sentences


def _values(name: str, values: list[float]) -> Sentence:
    end_texts = tuple(f"{value:g}" for value in (values[0], values[-1]))
    text = f"{name}{'s' if len(values) > 1 else ''} {format.ranges(values)}"
    return Sentence(text, Values(name, "", tuple(values), end_texts, "rows"))


def _replicates(data: Dataset) -> str:
    """ "5 replicates", or "4 to 32 replicates" if a precision decided how many each point needs."""
    counts = (data.index >= 0).sum(axis=-1)
    least = int(counts[counts > 0].min(initial=data.pairs))
    decided = data.reached is not None and least < data.pairs
    return f"{least:,} to {data.pairs:,} replicates" if decided else format.count(data.pairs, "replicate")
