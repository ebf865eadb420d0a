# SPDX-License-Identifier: MIT
"""One packet or two per page, and high-order blocks: memory per byte of payload, and page allocator calls.

*Held over payload* is all memory held, divided by what the buffers out (posted, queued, in sockets) carry at the mix's
mean frame size; *truesize over payload* is what a socket is charged for a frame without its sk_buff.

Not modelled: reclaim stalls and compaction on the way to a block.

Source: [toukan-2017-09-14] and [bianconi-2023-05-17], one packet a page or two; [brouer-2016-04-11], order 3 is cheap.
"""

from __future__ import annotations

import numpy as np

from sweep import format
from sweep.document.blocks import Block, Cell, Paragraph, Section, Table
from sweep.document.statements import (
    Claim,
    Count,
    Extreme,
    Number,
    RelativeToSmallest,
    Sentence,
    at,
    both,
    fixed,
    named,
)
from sweep.fields.constants import PAGE_BYTES
from sweep.report.parts import cells, views
from sweep.report.parts.claim_verdicts import claimed_range
from sweep.report.parts.panels import Panel
from sweep.results import page_census
from sweep.results.analysis import Analysis
from sweep.results.dataset import Array, Dataset
from sweep.results.outcome import CellIndex

from .memory import payload_ratio

TITLE = "One page per packet or two"
CALLS, TAKEN = "allocator_calls_per_packet", "pages_taken_per_packet"
BUFFERS = tuple(holder.mean for holder in page_census.HOLDERS if holder.buffers)
LEGEND = "held/payload: memory held over the frames that the buffers out can carry · pinned: see who holds the pages"


def section(analysis: Analysis) -> Section:
    """A table per mix, if a strategy puts several buffers into a page or block; else no blocks."""
    data = analysis.data
    truesize = page_census.truesize_bytes(data)
    simulated = (data.index >= 0).any(axis=-1)
    dense_columns = [
        column for column in range(len(data.columns)) if (simulated & (truesize < PAGE_BYTES))[..., column].any()
    ]
    blocks_of = _high_order(analysis)
    if not dense_columns and not blocks_of:
        return Section(TITLE, (), detail=True)
    values = _values(analysis)
    shown_cells = list(cells.middles(analysis))
    rows_of = {cell: _rows(analysis, cell, values) for cell in shown_cells}
    texts: list[Sentence] = [
        _answer(analysis, shown_cells, dense_columns, values),
        *_blocks(analysis, shown_cells, blocks_of),
    ]
    blocks: list[Block] = [Paragraph(text) for text in texts if text]
    for cell in shown_cells:
        legend = fixed(LEGEND if cell == shown_cells[-1] else "")
        blocks.append(Table(cells.place(analysis, cell), ("", *values), rows_of[cell], legend=legend))
    return Section(TITLE, tuple(blocks), detail=True)


def _values(analysis: Analysis) -> dict[str, Array]:
    """Columns of the tables: title -> shape (mixes, loads, rings, columns)."""
    data = analysis.data
    truesize = page_census.truesize_bytes(data)
    values = {"buffers/page": PAGE_BYTES / truesize}
    ratio = payload_ratio(data)
    if ratio is not None:
        values["truesize/payload"] = ratio
        if data.has(page_census.HELD, BUFFERS[0]):
            buffers_out = np.sum([np.nan_to_num(analysis.mean(name)) for name in BUFFERS if data.has(name)], axis=0)
            with np.errstate(invalid="ignore", divide="ignore"):
                held = analysis.mean(page_census.HELD) * PAGE_BYTES / (buffers_out * truesize / ratio)
            values["held/payload"] = np.where(buffers_out > 0, held, np.nan)
    for name, title in ((CALLS, "calls/packet"), (TAKEN, "pages/packet"), ("ns_per_packet", "ns/packet")):
        if data.has(name):
            values[title] = analysis.mean(name)
    census = page_census.means(analysis)
    if census:
        values["pinned, pages"] = census[page_census.PINNED]
    return values


def _rows(analysis: Analysis, cell: CellIndex, values: dict[str, Array]) -> tuple[tuple[Cell, ...], ...]:
    return tuple(
        cells.row(analysis, cell, column, [cells.significant(float(value[cell][column])) for value in values.values()])
        for column in cells.present(analysis, cell)
    )


def _answer(analysis: Analysis, chosen: list[CellIndex], dense: list[int], values: dict[str, Array]) -> Sentence:
    """The first sentence: memory and allocator calls of strategies with several buffers a page, against the others."""
    data = analysis.data
    if not dense:
        none = Count(0, "points", f"truesize_bytes < {PAGE_BYTES}", shown=False)
        return Sentence("No strategy here puts two buffers into a page.", none)
    others = [column for column in range(len(data.columns)) if column not in dense]
    names = format.joined([data.columns[column] for column in dense])
    places = " or ".join(f"({at(data.mixes[m], data.loads[k], data.rings[r])})" for m, k, r in chosen)
    dense_where, others_where = (
        both(places, named([data.columns[column] for column in columns])) for columns in (dense, others)
    )
    claims: list[Claim] = [Count(len(dense), "distinct col of points", f"truesize_bytes < {PAGE_BYTES}", False)]

    def both_sides(title: str) -> tuple[Array, Array]:
        """Values of the dense strategies and of the others, shape (cells, columns) each."""
        metric = values.get(title, np.full(data.index.shape[:-1], np.nan))
        dense_values, others_values = (
            np.array([metric[cell][columns] for cell in chosen]) for columns in (dense, others)
        )
        return dense_values, others_values

    dense_held, others_held = both_sides("held/payload")
    with np.errstate(invalid="ignore"):
        ratio = dense_held / np.fmin.reduce(others_held, axis=1, initial=np.inf)[:, None]
    dense_calls, others_calls = both_sides("calls/packet")
    parts = []
    if (ratio > 0).any() and np.isfinite(ratio[ratio > 0]).any():
        known = ratio[(ratio > 0) & np.isfinite(ratio)]
        low, high = (Number(float(end), format.significant(float(end))) for end in (known.min(), known.max()))
        span = low.text if low.text == high.text else f"{low.text} to {high.text}"
        parts.append(
            f"per byte of payload it takes {span} times the memory of the leanest strategy with a page per packet,"
            " by mix"
        )
        claims.append(RelativeToSmallest(_held_over_payload(data), dense_where, others_where, low, high))
    elif np.isfinite(dense_held).any():
        held_span = claimed_range(dense_held, _held_over_payload(data), dense_where)
        parts.append(f"it takes {held_span.text} bytes of memory per byte of payload")
        claims += held_span.claims
    if np.isfinite(dense_calls).any():
        dense_span, others_span = (
            claimed_range(each, f"avg({CALLS})", where)
            for each, where in ((dense_calls, dense_where), (others_calls, others_where))
        )
        others_text = f", a page per packet {others_span.text}" if np.isfinite(others_calls).any() else ""
        parts.append(f"it asks the page allocator {dense_span.text} times per packet{others_text}")
        claims += dense_span.claims + (others_span.claims if others_text else ())
    text = f"Several buffers a page ({names}): {'; '.join(parts)}." if parts else f"Several buffers a page: {names}."
    return Sentence(text, *claims)


def _held_over_payload(data: Dataset) -> str:
    """SQL aggregate of memory held over payload, over the rows of a point, for claims."""
    out = " + ".join(f"coalesce(avg({name}), 0)" for name in BUFFERS if data.has(name))
    frame = "(sum(offered_bytes) / nullif(sum(offered_packets), 0))"
    return f"avg({page_census.HELD}) * {PAGE_BYTES} / nullif(({out}) * {frame}, 0)"


def _high_order(analysis: Analysis) -> list[int]:
    """Columns that took blocks of several pages."""
    data = analysis.data
    if not data.has("block_allocs"):
        return []
    return [c for c in range(len(data.columns)) if np.nansum(data.values("block_allocs")[..., c, :]) > 0]


def _blocks(analysis: Analysis, chosen: list[CellIndex], columns: list[int]) -> list[Sentence]:
    """A sentence per strategy that takes blocks: how often it fell back to single pages, and what fragments pin."""
    data, census, sentences = analysis.data, page_census.means(analysis), list[Sentence]()
    for column in columns:
        text = f"{data.columns[column]} takes order-3 blocks, 8 pages in one call"
        column_where = named([data.columns[column]])
        claims: list[Claim] = [Count(0, "points", both(column_where, "pairs > 0", "block_allocs is null"), shown=False)]
        if data.has("block_fallbacks"):
            blocks, single = (
                float(np.nansum(data.values(name)[..., column, :])) for name in ("block_allocs", "block_fallbacks")
            )
            shown = format.percent(single / (blocks + single))
            text += f"; {shown} % of its requests fell back to a single page"
            fallbacks_sum, blocks_sum = (f"sum(sum({name})) over ()" for name in ("block_fallbacks", "block_allocs"))
            total = f"{fallbacks_sum} / ({blocks_sum} + {fallbacks_sum})"
            claims.append(Extreme("largest", total, column_where, Number(single / (blocks + single), shown, 100)))
        if census:
            pinned = np.array([census[page_census.PINNED][cell][column] for cell in chosen])
            held = np.array([analysis.mean(page_census.HELD)[cell][column] for cell in chosen])
            with np.errstate(invalid="ignore", divide="ignore"):
                share = np.where(held > 0, pinned / held, np.nan)
            places = " or ".join(f"({at(data.mixes[m], data.loads[k], data.rings[r])})" for m, k, r in chosen)
            pinned_share = f"({page_census.expression(data, page_census.PINNED)}) / nullif(avg({page_census.HELD}), 0)"
            span = claimed_range(share, pinned_share, both(column_where, places), "percent")
            text += f"; fragments still out pin {span.text} of what it holds"
            claims += span.claims
        sentences.append(Sentence(f"{text}.", *claims))
    return sentences


PANELS = (Panel(section, views.MEMORY),)
