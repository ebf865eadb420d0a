# SPDX-License-Identifier: MIT
"""Histograms of one simulation as bars: ring occupancy and latency, a line per octave, with their quantiles.

A bucket of the table is an eighth of an octave; here a line is an octave, or a single value below 8.  Quantiles are
computed from the buckets; those of all replicates from their merged counts.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sweep import format
from sweep.document.blocks import Paragraph, Section
from sweep.fields.column import said
from sweep.fields.counters import LATENCY, WAITING
from sweep.fields.histogram import edges, octave_of
from sweep.results import histogram

from .choose import Chosen
from .summary import BAR, valid, words_and_numbers
from .text_drawing import bars

QUANTILES = (0.5, 0.9, 0.99, 0.999)
SHOWN = (
    (WAITING, "How full the ring is when a poll begins", "packets waiting", "polls"),
    (LATENCY, "From the wire to delivery or departure", "time", "packets"),
)
Counts = NDArray[np.int64]


def sections(chosen: Chosen) -> list[Section]:
    """A section per histogram that the table has."""
    names = chosen.row.column_names
    return [_section(chosen, *each) for each in SHOWN if each[0] in names]


def _section(chosen: Chosen, name: str, title: str, value: str, things: str) -> Section:
    bucket_counts = _counts(chosen.row, name)
    total = int(bucket_counts.sum())
    if not total:
        return Section(title, (Paragraph(f"No {things} in the window."),))
    unit = "ns" if said(chosen.row.schema.field(name), "unit") == "ns" else ""
    labels, counts = octaves(bucket_counts, unit)
    shares = counts / total
    cumulative = np.cumsum(counts) / total
    lines = [
        (label, f"{count:,}", f"{format.percent(share)} %", f"{format.percent(cumulative_share)} %", bar_text)
        for label, count, share, cumulative_share, bar_text in zip(
            labels, counts.tolist(), shares.tolist(), cumulative.tolist(), bars(shares.tolist(), BAR), strict=True
        )
    ]
    table = words_and_numbers((value, things, "share", "up to here", ""), lines)
    return Section(title, (table, _quantiles(chosen, bucket_counts, name, unit)))


def _quantiles(chosen: Chosen, own: Counts, name: str, unit: str) -> Paragraph:
    merged = _counts(chosen.point.filter(valid(chosen.point)), name)
    parts = []
    for q in QUANTILES:
        if not histogram.reaches(merged, q):
            continue
        own_text = _told(histogram.quantile(own, q), unit) if histogram.reaches(own, q) else format.MISSING
        parts.append(f"{q * 100:g} %: {own_text} (all replicates: {_told(histogram.quantile(merged, q), unit)})")
    return Paragraph("Quantiles: " + (" · ".join(parts) if parts else "too few to tell any") + ".")


def octaves(counts: Counts, unit: str) -> tuple[list[str], Counts]:
    """Labels and counts of the lines, from the first to the last that is not zero."""
    limits = edges(len(counts))
    line = octave_of(len(counts))
    merged = np.bincount(line, weights=counts).astype(np.int64)
    starts = np.flatnonzero(np.diff(line, prepend=-1))
    bounds = np.append(limits[starts], limits[-1])
    nonzero = np.flatnonzero(merged)
    labels = [_range(bounds[k], bounds[k + 1], unit) for k in range(nonzero[0], nonzero[-1] + 1)]
    return labels, merged[nonzero[0] : nonzero[-1] + 1]


def _range(low: float, high: float, unit: str) -> str:
    if unit:
        return f"{_told(low, unit)} to {_told(high, unit)}"
    return f"{low:,.0f}" if high == low + 1 else f"{low:,.0f} to {high - 1:,.0f}"


def _told(value: float, unit: str) -> str:
    return format.time(value) if unit else format.coarse(value)


def _counts(table: pa.Table, name: str) -> Counts:
    """Counts of a histogram summed over the rows of a table, (buckets,)."""
    lists = table.column(name).combine_chunks()
    flat = np.asarray(lists.flatten(), np.int64)
    merged: Counts = flat.reshape(len(lists), -1).sum(axis=0) if len(lists) else np.zeros(1, np.int64)
    return merged
