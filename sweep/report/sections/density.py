# SPDX-License-Identifier: MIT
"""One page per packet or two, and high-order blocks: memory per byte of payload, and how often the allocator is asked.

*Held over payload* is all memory held over the frames that the buffers out (posted, queued, in sockets) can carry at
the mix's mean frame size; *truesize over payload* is what a socket is charged for a frame, its sk_buff aside.

Not modelled: reclaim stalls and compaction on the way to a block.

Source: [toukan-2017-09-14] and [bianconi-2023-05-17], one packet a page or two; [brouer-2016-04-11], order 3 is cheap.
"""

from __future__ import annotations

import numpy as np

from sweep import format
from sweep.document.blocks import Block, Cell, Paragraph, Section, Table
from sweep.document.statements import Claim, Count, Extreme, Leaner, Number, Sentence, at, both, fixed, named
from sweep.fields.constants import PAGE_BYTES
from sweep.report.parts import cells
from sweep.report.parts.judging import spanned
from sweep.report.parts.panels import Panel
from sweep.results import holders
from sweep.results.analysis import Analysis
from sweep.results.dataset import Array, Dataset
from sweep.results.outcome import CellIndex

from .memory import payload_ratio

TITLE = "One page per packet or two"
CALLS, TAKEN = "allocator_calls_per_packet", "pages_taken_per_packet"
BUFFERS = tuple(holder.mean for holder in holders.HOLDERS if holder.buffers)
LEGEND = "held/payload: memory held over the frames that the buffers out can carry · pinned: see who holds the pages"


def section(analysis: Analysis) -> Section:
    """A table per mix, if a strategy puts several buffers into a page or block; else no blocks."""
    data = analysis.data
    truesize = holders.truesize_bytes(data)
    simulated = (data.index >= 0).any(axis=-1)
    dense = [column for column in range(len(data.columns)) if (simulated & (truesize < PAGE_BYTES))[..., column].any()]
    blocks_of = _high_order(analysis)
    if not dense and not blocks_of:
        return Section(TITLE, (), detail=True)
    values = _values(analysis)
    chosen = list(cells.middles(analysis))
    rows_of = {cell: _rows(analysis, cell, values) for cell in chosen}
    texts: list[Sentence] = [_answer(analysis, chosen, dense, values), *_blocks(analysis, chosen, blocks_of)]
    blocks: list[Block] = [Paragraph(text) for text in texts if text]
    for cell in chosen:
        legend = fixed(LEGEND if cell == chosen[-1] else "")
        blocks.append(Table(cells.place(analysis, cell), ("", *values), rows_of[cell], legend=legend))
    return Section(TITLE, tuple(blocks), detail=True)


def _values(analysis: Analysis) -> dict[str, Array]:
    """Columns of the tables: title -> shape (mixes, loads, rings, columns)."""
    data = analysis.data
    truesize = holders.truesize_bytes(data)
    values = {"buffers/page": PAGE_BYTES / truesize}
    ratio = payload_ratio(data)
    if ratio is not None:
        values["truesize/payload"] = ratio
        if data.has(holders.HELD, BUFFERS[0]):
            out = np.sum([np.nan_to_num(analysis.mean(name)) for name in BUFFERS if data.has(name)], axis=0)
            with np.errstate(invalid="ignore", divide="ignore"):
                held = analysis.mean(holders.HELD) * PAGE_BYTES / (out * truesize / ratio)
            values["held/payload"] = np.where(out > 0, held, np.nan)
    for name, title in ((CALLS, "calls/packet"), (TAKEN, "pages/packet"), ("ns_per_packet", "ns/packet")):
        if data.has(name):
            values[title] = analysis.mean(name)
    census = holders.means(analysis)
    if census:
        values["pinned, pages"] = census[holders.PINNED]
    return values


def _rows(analysis: Analysis, cell: CellIndex, values: dict[str, Array]) -> tuple[tuple[Cell, ...], ...]:
    return tuple(
        cells.row(analysis, cell, column, [cells.significant(float(value[cell][column])) for value in values.values()])
        for column in cells.present(analysis, cell)
    )


def _answer(analysis: Analysis, chosen: list[CellIndex], dense: list[int], values: dict[str, Array]) -> Sentence:
    """The first sentence: memory and allocator calls of the dense strategies against the others."""
    data = analysis.data
    if not dense:
        none = Count(0, "points", f"truesize_bytes < {PAGE_BYTES}", shown=False)
        return Sentence("No strategy here puts two buffers into a page.", none)
    others = [column for column in range(len(data.columns)) if column not in dense]
    names = format.joined([data.columns[column] for column in dense])
    places = " or ".join(f"({at(data.mixes[m], data.loads[k], data.rings[r])})" for m, k, r in chosen)
    these, those = (both(places, named([data.columns[column] for column in columns])) for columns in (dense, others))
    claims: list[Claim] = [Count(len(dense), "distinct col of points", f"truesize_bytes < {PAGE_BYTES}", False)]

    def both_sides(title: str) -> tuple[Array, Array]:
        """Values of the dense strategies and of the others, shape (cells, columns) each."""
        told = values.get(title, np.full(data.index.shape[:-1], np.nan))
        own, rest = (np.array([told[cell][columns] for cell in chosen]) for columns in (dense, others))
        return own, rest

    held, whole = both_sides("held/payload")
    with np.errstate(invalid="ignore"):
        ratio = held / np.fmin.reduce(whole, axis=1, initial=np.inf)[:, None]
    calls, asked = both_sides("calls/packet")
    parts = []
    if (ratio > 0).any() and np.isfinite(ratio[ratio > 0]).any():
        known = ratio[(ratio > 0) & np.isfinite(ratio)]
        low, high = (Number(float(end), format.significant(float(end))) for end in (known.min(), known.max()))
        span = low.text if low.text == high.text else f"{low.text} to {high.text}"
        parts.append(
            f"per byte of payload it takes {span} times the memory of the leanest strategy with a page per packet,"
            " by mix"
        )
        claims.append(Leaner(_held_over_payload(data), these, those, low, high))
    elif np.isfinite(held).any():
        told = spanned(held, _held_over_payload(data), these)
        parts.append(f"it takes {told.text} bytes of memory per byte of payload")
        claims += told.claims
    if np.isfinite(calls).any():
        own, rest = (spanned(each, f"avg({CALLS})", where) for each, where in ((calls, these), (asked, those)))
        against = f", a page per packet {rest.text}" if np.isfinite(asked).any() else ""
        parts.append(f"it asks the page allocator {own.text} times per packet{against}")
        claims += own.claims + (rest.claims if against else ())
    text = f"Several buffers a page ({names}): {'; '.join(parts)}." if parts else f"Several buffers a page: {names}."
    return Sentence(text, *claims)


def _held_over_payload(data: Dataset) -> str:
    """As an aggregate over the rows of a point, in a claim."""
    out = " + ".join(f"coalesce(avg({name}), 0)" for name in BUFFERS if data.has(name))
    frame = "(sum(offered_bytes) / nullif(sum(offered_packets), 0))"
    return f"avg({holders.HELD}) * {PAGE_BYTES} / nullif(({out}) * {frame}, 0)"


def _high_order(analysis: Analysis) -> list[int]:
    """Columns that took blocks of several pages."""
    data = analysis.data
    if not data.has("block_allocs"):
        return []
    return [c for c in range(len(data.columns)) if np.nansum(data.values("block_allocs")[..., c, :]) > 0]


def _blocks(analysis: Analysis, chosen: list[CellIndex], columns: list[int]) -> list[Sentence]:
    """What blocks save and what they pin, a sentence per strategy that takes them."""
    data, census, said = analysis.data, holders.means(analysis), list[Sentence]()
    for column in columns:
        text = f"{data.columns[column]} takes order-3 blocks, 8 pages in one call"
        own = named([data.columns[column]])
        claims: list[Claim] = [Count(0, "points", both(own, "pairs > 0", "block_allocs is null"), shown=False)]
        if data.has("block_fallbacks"):
            blocks, single = (
                float(np.nansum(data.values(name)[..., column, :])) for name in ("block_allocs", "block_fallbacks")
            )
            shown = format.percent(single / (blocks + single))
            text += f"; {shown} % of its requests fell back to a single page"
            fell, took = (f"sum(sum({name})) over ()" for name in ("block_fallbacks", "block_allocs"))
            total = f"{fell} / ({took} + {fell})"
            claims.append(Extreme("largest", total, own, Number(single / (blocks + single), shown, 100)))
        if census:
            pinned = np.array([census[holders.PINNED][cell][column] for cell in chosen])
            held = np.array([analysis.mean(holders.HELD)[cell][column] for cell in chosen])
            with np.errstate(invalid="ignore", divide="ignore"):
                share = np.where(held > 0, pinned / held, np.nan)
            places = " or ".join(f"({at(data.mixes[m], data.loads[k], data.rings[r])})" for m, k, r in chosen)
            pinned_share = f"({holders.expression(data, holders.PINNED)}) / nullif(avg({holders.HELD}), 0)"
            told = spanned(share, pinned_share, both(own, places), "percent")
            text += f"; fragments still out pin {told.text} of what it holds"
            claims += told.claims
        said.append(Sentence(f"{text}.", *claims))
    return said


PANELS = (Panel(section),)
