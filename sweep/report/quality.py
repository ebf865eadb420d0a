# SPDX-License-Identifier: MIT
"""How far the numbers may be trusted, and how to get them again: pairs, warm-up, rows set aside, provenance."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import stats
from . import numbers, reproduction, steady
from .analysis import Analysis
from .dataset import Dataset
from .document import Block, Cell, Paragraph, Section, Table
from .outcome import WITHIN

METHOD = "How the numbers were made"
MOST_ROWS = 20  # invalid rows and others listed by name


def method(analysis: Analysis) -> Section:
    """What the intervals rest on, in numbers."""
    data = analysis.data
    gains = stats.pairing_gain(analysis.ns[..., 1:, :], analysis.ns[..., :1, :])
    gains = gains[np.isfinite(gains)]
    lines = [
        f"Strategies met the same packets at equal mix, load and replicate, so each is compared with"
        f" {analysis.baseline} replicate by replicate: mean of the logarithms of the ratios, Student's t interval at"
        f" 95 %, which takes replicates as independent and their mean as nearly normal. At most"
        f" {numbers.count(data.pairs, 'pair')} a cell."
    ]
    if len(gains):
        gain = float(np.median(gains))
        lines.append(
            f"Pairing divided the variance of the differences by {numbers.significant(gain, 2)} (median of"
            f" {numbers.count(len(gains), 'comparison')}): without it, as many times the replicates would be needed."
        )
    lines.append(
        f"A winner is called after Holm's adjustment for all pairs of strategies in its cell. One whose whole interval"
        f" lies {WITHIN} of the winner counts as good as it; one that is neither shown to be slower nor that close"
        " leaves the cell undecided. The number of pairs that would decide takes means and spreads as they are now."
    )
    lines.append(
        f"No winner drops over {numbers.percent(stats.DROP_MARGIN)} percentage points more in the mean than the one"
        " that drops least; where that is not beyond doubt and it takes fewer ns, the cell is undecided. Many cells are"
        " compared: among a hundred, a few will stray outside their interval."
    )
    return Section(METHOD, tuple(Paragraph(line) for line in lines))


def quality(data: Dataset) -> Section:
    """Rows that are not used, sweeps that are not whole, warm-ups that were short."""
    blocks: list[Block] = []
    if data.invalid:
        blocks.append(
            Paragraph(
                f"{numbers.count(len(data.invalid), 'simulation')} of {data.rows:,} broke a conservation law and"
                f" {'is' if len(data.invalid) == 1 else 'are'} used nowhere above:"
            )
        )
        shown = data.invalid[:MOST_ROWS]
        rows = tuple((Cell(row.id), Cell(row.where), Cell(row.violation)) for row in shown)
        more = len(data.invalid) - len(shown)
        legend = f"and {numbers.count(more, 'more')}" if more else ""
        blocks.append(Table("Invalid rows", ("id", "simulation", "violation"), rows, legend=legend, prose=True))
    else:
        blocks.append(Paragraph(f"All {data.rows:,} simulations passed their conservation laws."))
    planned = data.metadata.get("simulations")
    if isinstance(planned, int) and planned > data.rows:
        blocks.append(
            Paragraph(f"The sweep is not whole: {data.rows:,} of {planned:,} simulations; `sweep run` runs the rest.")
        )
    if data.duplicates:
        blocks.append(
            Paragraph(
                f"{numbers.count(data.duplicates, 'row')} had the coordinates of another row and"
                f" {'was' if data.duplicates == 1 else 'were'} not used."
            )
        )
    if not data.baseline_found:
        wanted = (data.metadata.get("baseline") or {}).get("strategy")
        blocks.append(Paragraph(f'The baseline "{wanted}" has no valid row; {data.columns[0]} stands in.'))
    if len(data.table):
        blocks += [Paragraph(line) for line in steady.describe(data)]
    return Section("Quality", tuple(blocks))


def warnings(analysis: Analysis) -> list[str]:
    """What a reader of the numbers must know, a sentence each; none if all is well."""
    data, found = analysis.data, analysis.steady
    planned = data.metadata.get("simulations")
    cells = int((found.short | found.moving).sum())
    lines = []
    if data.invalid:
        lines.append(f"{numbers.count(len(data.invalid), 'simulation')} of {data.rows:,} broke a law: not used.")
    if isinstance(planned, int) and planned > data.rows:
        lines.append(f"The sweep is not whole: {data.rows:,} of {planned:,} simulations; `sweep run` runs the rest.")
    if data.pairs < 2:
        lines.append("One replicate: no interval can be given and nothing is decided; 5 replicates are usual.")
    if not data.baseline_found:
        wanted = (data.metadata.get("baseline") or {}).get("strategy")
        lines.append(f'The baseline "{wanted}" has no valid row; {data.columns[0]} stands in.')
    if cells:
        every = int((data.index >= 0).any(axis=-1).sum())
        lines.append(f"{cells:,} of {every:,} cells are too short for their ring or not steady: marked where shown.")
    return lines


def provenance(data: Dataset) -> Section:
    """What made the table, and the command that makes it again."""
    meta = data.metadata
    blocks: list[Block] = []
    made = reproduction.command(meta)
    blocks.append(Paragraph(f"Command: {made}" if made else "The table does not say what made it."))
    seed = meta.get("seed")
    blocks.append(
        Paragraph(
            "Equal parameters, sources and seed give equal bits on any machine, in any order"
            + (f"; the seed is {seed}." if seed is not None else ".")
        )
    )
    own = ("created", "git_commit", "platform", "core_digest")
    entries: list[tuple[str, Any]] = [(name, meta[name]) for name in own if meta.get(name)]
    entries += [(f"{name} digest", value) for name, value in sorted((meta.get("strategy_digests") or {}).items())]
    entries += [(f"{name} version", value) for name, value in sorted((meta.get("versions") or {}).items()) if value]
    if entries:
        rows = tuple((Cell(name), Cell(str(value))) for name, value in entries)
        blocks.append(Table("Provenance", ("what", "value"), rows, prose=True))
    return Section("How to reproduce", tuple(blocks))
