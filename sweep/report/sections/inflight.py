# SPDX-License-Identifier: MIT
"""A leak or a slow application: what is out of the pool at the end of a simulation, holder by holder.

When a driver is taken down it gives back what its rings hold, and a pool frees its own cache and ring.  Pages that are
still out then make the kernel warn "stalled pool shutdown, N inflight"; its first question is whether a Recv-Q is
still full.  Here every page has a holder by a conservation law, so what is left is told exactly.

Not modelled: the teardown itself; what the reader needs is told at the pace at which it read in the window.

Source: page_pool_release_retry, net/core/page_pool.c [linux 6.12.117]; 199 and 1389 pages in flight after 60 s and
more [fang-2023-01-19] [kernel 20f797399035].
"""

from __future__ import annotations

import numpy as np

from sweep import format
from sweep.document.blocks import Cell, Paragraph, Section, Table
from sweep.document.statements import Claim, Count, Extreme, Number, Sentence, at, both, fixed
from sweep.fields.constants import PAGE_BYTES
from sweep.report.parts import cells
from sweep.report.parts.panels import Panel
from sweep.results import holders
from sweep.results.analysis import Analysis
from sweep.results.dataset import Array, Dataset
from sweep.results.drift import Mask
from sweep.results.outcome import CellIndex

TITLE = "Leak or slow application"
DRIVER, OWN = (holders.RX, holders.TX), (holders.CACHE, holders.RING, holders.PINNED)
LUMPS = ("block_allocs", "regions_taken")  # counted by strategies that take several pages at once
LEGEND = (
    "rings: given back by the driver when it is taken down · kept: cache and ring of a pool, or what another strategy"
    " keeps, freed with it · socket: what a warning about pages in flight would count · read in: how long the"
    " application takes to read that, at its pace in the window"
)


def section(analysis: Analysis) -> Section:
    """What would be in flight if the queue were taken down at the end of the window; a table per mix with a socket."""
    found = holders.ends(analysis)
    if holders.SOCKET not in found:
        return Section(TITLE, (), detail=True)
    chosen = list(cells.middles(analysis))
    holding = [cell for cell in chosen if np.nansum(found[holders.SOCKET][cell]) > 0]
    tables = [
        _table(analysis, cell, found, _pace(analysis), fixed(LEGEND if cell == holding[-1] else "")) for cell in holding
    ]
    return Section(TITLE, (Paragraph(_answer(analysis, found)), *tables), detail=True)


def _answer(analysis: Analysis, found: dict[str, Array]) -> Sentence:
    """The first sentence: leak or not, then what sockets hold, over all cells of the sweep."""
    data, lost = analysis.data, _unaccounted(analysis, found)
    lost_pages = Number(lost, format.coarse(lost) if lost > 0 else "")
    rest = Extreme("largest", holders.expression(data, holders.PINNED, end=True), _page_by_page(data), lost_pages)
    none_there = Count(0, "points", _page_by_page(data), shown=False)
    whole = (holders.truesize_bytes(data) == PAGE_BYTES) & (data.index >= 0).any(axis=-1) & _single(data)
    claims: list[Claim] = [rest if whole.any() else none_there]
    if lost > 0:
        leak = f"Up to {lost_pages.text} pages have no holder at the end of a simulation: a leak."
    else:
        leak = "Nothing leaks: every page held at the end of a simulation has a holder."
    sockets = found[holders.SOCKET]
    most = {name: float(np.nanmax(sockets[mix], initial=0)) for mix, name in enumerate(data.mixes)}
    for name, pages in most.items():
        text = format.coarse(pages) if pages > 0 else ""
        in_sockets = holders.expression(data, holders.SOCKET, end=True)
        claims.append(Extreme("largest", in_sockets, at(name), Number(pages, text)))
    slow = [f"{format.coarse(pages)} in {name}" for name, pages in most.items() if pages > 0]
    none = [name for name, pages in most.items() if pages == 0]
    if not slow:
        text = f"{leak} No socket holds a page either, so a pool taken down then would have nothing in flight."
        return Sentence(text, *claims)
    free = f", none in {' and '.join(none)}" if none else ""
    text = (
        f"{leak} What a pool taken down then would still have in flight waits for a slow application: up to"
        f" {', '.join(slow)} (pages in sockets, most of any cell){free}."
    )
    return Sentence(text, *claims)


def _page_by_page(data: Dataset) -> str:
    """The condition that a point's strategy takes page by page for a buffer."""
    size = next((name for name in ("truesize_bytes", "frag_bytes") if data.has(name)), "")
    lumps = [f"{name} is null" for name in LUMPS if data.has(name)]
    return both(f"coalesce({size}, {PAGE_BYTES}) = {PAGE_BYTES}" if size else "true", *lumps)


def _single(data: Dataset) -> Mask:
    """Points of strategies that never take several pages at once."""
    whole = np.ones(data.index.shape[:-1], dtype=bool)
    for name in LUMPS:
        if data.has(name):
            whole &= ~np.isfinite(data.values(name)).any(axis=-1)
    return whole


def _unaccounted(analysis: Analysis, found: dict[str, Array]) -> float:
    """Most pages without a holder, over the strategies that take page by page for a buffer: others pin the rest."""
    data = analysis.data
    whole = (holders.truesize_bytes(data) == PAGE_BYTES) & _single(data)
    rest = np.where(whole, found[holders.PINNED], 0.0)
    return float(np.nanmax(rest, initial=0))


def _pace(analysis: Analysis) -> Array:
    """Packets read per ns of the window, mean over the pairs; NaN where the table does not say."""
    data = analysis.data
    if not data.has("delivered_packets", "start_ps", "end_ps"):
        return np.full(data.index.shape[:-1], np.nan)
    window_ns = (data.values("end_ps") - data.values("start_ps")) / 1e3
    with np.errstate(invalid="ignore", divide="ignore"):
        rate = np.nansum(data.values("delivered_packets"), axis=-1) / np.nansum(window_ns, axis=-1)
    return np.where(rate > 0, rate, np.nan)


def _table(analysis: Analysis, cell: CellIndex, found: dict[str, Array], pace: Array, legend: str) -> Table:
    sums = [
        np.sum([found[title][cell] for title in titles if title in found], axis=0)
        for titles in (DRIVER, OWN, (holders.SOCKET,))
    ]
    rows = []
    buffers = analysis.mean("socket_end_buffers")[cell]
    for column in cells.present(analysis, cell):
        wait = float(buffers[column] / pace[cell][column])
        entries = [*(cells.number(float(values[column])) for values in sums), Cell(format.time(wait))]
        rows.append(cells.row(analysis, cell, column, entries))
    header = ("", "rings", "kept", "socket", "read in")
    caption = f"{cells.place(analysis, cell)}: pages at the end of the window, mean of the replicates"
    return Table(caption, header, tuple(rows), legend=legend)


PANELS = (Panel(section),)
