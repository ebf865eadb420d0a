# SPDX-License-Identifier: MIT
"""One page per packet or two, and high-order blocks: memory per byte of payload, and how often the allocator is asked.

*Held over payload* is all memory held over the frames that the buffers out (posted, queued, in sockets) can carry at
the mix's mean frame size; *truesize over payload* is what a socket is charged for a frame, its sk_buff aside.

Not modelled: reclaim stalls and compaction on the way to a block.

Source: fidelity D8 (V05, V32), D9 (C31).
"""

from __future__ import annotations

import numpy as np

from . import cells, holders, numbers
from .analysis import Analysis
from .dataset import Array
from .document import Block, Cell, Paragraph, Section, Table
from .judging import span
from .memory import payload_ratio
from .outcome import CellIndex

TITLE = "One page per packet or two"
CALLS, TAKEN = "allocator_calls_per_packet", "pages_taken_per_packet"
BUFFERS = tuple(holder.mean for holder in holders.HOLDERS if holder.buffers)
LEGEND = "held/payload: memory held over the frames that the buffers out can carry · pinned: see who holds the pages"


def section(analysis: Analysis) -> Section:
    """A table per mix, if a strategy puts several buffers into a page or block; else no blocks."""
    data = analysis.data
    truesize = holders.truesize_bytes(data)
    simulated = (data.index >= 0).any(axis=-1)
    dense = [
        column
        for column in range(len(data.columns))
        if (simulated & (truesize < holders.PAGE_BYTES))[..., column].any()
    ]
    blocks_of = _high_order(analysis)
    if not dense and not blocks_of:
        return Section(TITLE, (), detail=True)
    values = _values(analysis)
    chosen = list(cells.middles(analysis))
    rows_of = {cell: _rows(analysis, cell, values) for cell in chosen}
    texts = [_answer(analysis, chosen, dense, values), *_blocks(analysis, chosen, blocks_of)]
    blocks: list[Block] = [Paragraph(text) for text in texts if text]
    for cell in chosen:
        legend = LEGEND if cell == chosen[-1] else ""
        blocks.append(Table(cells.place(analysis, cell), ("", *values), rows_of[cell], legend=legend))
    return Section(TITLE, tuple(blocks), detail=True)


def _values(analysis: Analysis) -> dict[str, Array]:
    """Columns of the tables: title -> shape (mixes, loads, rings, columns)."""
    data = analysis.data
    truesize = holders.truesize_bytes(data)
    values = {"buffers/page": holders.PAGE_BYTES / truesize}
    ratio = payload_ratio(data)
    if ratio is not None:
        values["truesize/payload"] = ratio
        if data.has(holders.HELD, BUFFERS[0]):
            out = np.sum([np.nan_to_num(analysis.mean(name)) for name in BUFFERS if data.has(name)], axis=0)
            with np.errstate(invalid="ignore", divide="ignore"):
                held = analysis.mean(holders.HELD) * holders.PAGE_BYTES / (out * truesize / ratio)
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


def _answer(analysis: Analysis, chosen: list[CellIndex], dense: list[int], values: dict[str, Array]) -> str:
    """The first sentence: memory and allocator calls of the dense strategies against the others."""
    data = analysis.data
    if not dense:
        return "No strategy here puts two buffers into a page."
    others = [column for column in range(len(data.columns)) if column not in dense]
    names = " and ".join(data.columns[column] for column in dense)

    def both(title: str) -> tuple[Array, Array]:
        """Values of the dense strategies and of the others, shape (cells, columns) each."""
        told = values.get(title, np.full(data.index.shape[:-1], np.nan))
        own, rest = (np.array([told[cell][columns] for cell in chosen]) for columns in (dense, others))
        return own, rest

    held, whole = both("held/payload")
    with np.errstate(invalid="ignore"):
        ratio = held / np.fmin.reduce(whole, axis=1, initial=np.inf)[:, None]
    calls, asked = both("calls/packet")
    parts = []
    if (ratio > 0).any():
        parts.append(
            f"per byte of payload it takes {span(ratio[ratio > 0])} times the memory of the leanest strategy with a"
            " page per packet, by mix"
        )
    elif np.isfinite(held).any():
        parts.append(f"it takes {span(held)} bytes of memory per byte of payload")
    if np.isfinite(calls).any():
        against = f", a page per packet {span(asked)}" if np.isfinite(asked).any() else ""
        parts.append(f"it asks the page allocator {span(calls)} times per packet{against}")
    return f"Several buffers a page ({names}): {'; '.join(parts)}." if parts else f"Several buffers a page: {names}."


def _high_order(analysis: Analysis) -> list[int]:
    """Columns that took blocks of several pages."""
    data = analysis.data
    if not data.has("block_allocs"):
        return []
    return [c for c in range(len(data.columns)) if np.nansum(data.values("block_allocs")[..., c, :]) > 0]


def _blocks(analysis: Analysis, chosen: list[CellIndex], columns: list[int]) -> list[str]:
    """What blocks save and what they pin, a sentence per strategy that takes them."""
    data, census, said = analysis.data, holders.means(analysis), []
    for column in columns:
        text = f"{data.columns[column]} takes order-3 blocks, 8 pages in one call"
        if data.has("block_fallbacks"):
            blocks, single = (
                float(np.nansum(data.values(name)[..., column, :])) for name in ("block_allocs", "block_fallbacks")
            )
            text += f"; {numbers.percent(single / (blocks + single))} % of its requests fell back to a single page"
        if census:
            pinned = np.array([census[holders.PINNED][cell][column] for cell in chosen])
            held = np.array([analysis.mean(holders.HELD)[cell][column] for cell in chosen])
            with np.errstate(invalid="ignore", divide="ignore"):
                share = np.where(held > 0, pinned / held, np.nan)
            text += f"; fragments still out pin {span(share, 'percent')} of what it holds"
        said.append(f"{text}.")
    return said
