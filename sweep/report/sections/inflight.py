# SPDX-License-Identifier: MIT
"""A leak or a slow application: the pages that are out of the pool at the end of a simulation, by holder.

When an interface is taken down, the driver gives back what its rings hold, and a pool frees its own cache and ring.
For pages still out the kernel then warns "stalled pool shutdown, N inflight"; the first thing to check is whether a
Recv-Q is still full.  Here a conservation law gives every page a holder, so what is left is known exactly.

Not modelled: the teardown itself; the reader's time is computed from the pace at which it read in the window.

Source: page_pool_release_retry, net/core/page_pool.c [linux 6.12.117]; 199 and 1389 pages in flight after 60 s and
more [fang-2023-01-19] [kernel 20f797399035].
"""

from __future__ import annotations

import numpy as np

from sweep import format
from sweep.document.blocks import Cell, Paragraph, Section, Table
from sweep.document.statements import Claim, Count, Extreme, Number, Sentence, at, both, fixed
from sweep.fields.constants import PAGE_BYTES
from sweep.report.parts import cells, views
from sweep.report.parts.panels import Panel
from sweep.results import page_census
from sweep.results.analysis import Analysis
from sweep.results.dataset import Array, Dataset
from sweep.results.drift import Mask
from sweep.results.outcome import CellIndex

TITLE = "Leak or slow application"
DRIVER, OWN = (page_census.RX, page_census.TX), (page_census.CACHE, page_census.RING, page_census.PINNED)
LUMPS = ("block_allocs", "regions_taken")  # counters of strategies that take several pages at once
LEGEND = (
    "rings: given back by the driver when it is taken down · kept: cache and ring of a pool, or what another strategy"
    " keeps, freed with it · socket: what a warning about pages in flight would count · read in: how long the"
    " application takes to read that, at its pace in the window"
)


def section(analysis: Analysis) -> Section:
    """What would be in flight if the queue were taken down at the end of the window; a table per mix with a socket."""
    end_pages = page_census.ends(analysis)
    if page_census.SOCKET not in end_pages:
        return Section(TITLE, (), detail=True)
    shown_cells = list(cells.middles(analysis))
    with_socket_pages = [cell for cell in shown_cells if np.nansum(end_pages[page_census.SOCKET][cell]) > 0]
    tables = [
        _table(analysis, cell, end_pages, _pace(analysis), fixed(LEGEND if cell == with_socket_pages[-1] else ""))
        for cell in with_socket_pages
    ]
    return Section(TITLE, (Paragraph(_answer(analysis, end_pages)), *tables), detail=True)


def _answer(analysis: Analysis, found: dict[str, Array]) -> Sentence:
    """The first sentence: whether there is a leak, then what sockets hold, over all cells of the sweep."""
    data, unaccounted = analysis.data, _unaccounted(analysis, found)
    lost_pages = Number(unaccounted, format.coarse(unaccounted) if unaccounted > 0 else "")
    unaccounted_claim = Extreme(
        "largest", page_census.expression(data, page_census.PINNED, end=True), _page_by_page(data), lost_pages
    )
    none_there = Count(0, "points", _page_by_page(data), shown=False)
    counted_points = (page_census.truesize_bytes(data) == PAGE_BYTES) & (data.index >= 0).any(axis=-1) & _single(data)
    claims: list[Claim] = [unaccounted_claim if counted_points.any() else none_there]
    if unaccounted > 0:
        leak = f"Up to {lost_pages.text} pages have no holder at the end of a simulation: a leak."
    else:
        leak = "Nothing leaks: every page held at the end of a simulation has a holder."
    sockets = found[page_census.SOCKET]
    most_in_sockets = {name: float(np.nanmax(sockets[mix], initial=0)) for mix, name in enumerate(data.mixes)}
    for name, pages in most_in_sockets.items():
        text = format.coarse(pages) if pages > 0 else ""
        in_sockets = page_census.expression(data, page_census.SOCKET, end=True)
        claims.append(Extreme("largest", in_sockets, at(name), Number(pages, text)))
    waiting_texts = [f"{format.coarse(pages)} in {name}" for name, pages in most_in_sockets.items() if pages > 0]
    empty_mixes = [name for name, pages in most_in_sockets.items() if pages == 0]
    if not waiting_texts:
        text = f"{leak} No socket holds a page either, so a pool taken down then would have nothing in flight."
        return Sentence(text, *claims)
    empty_text = f", none in {' and '.join(empty_mixes)}" if empty_mixes else ""
    text = (
        f"{leak} What a pool taken down then would still have in flight waits for a slow application: up to"
        f" {', '.join(waiting_texts)} (pages in sockets, most of any cell){empty_text}."
    )
    return Sentence(text, *claims)


def _page_by_page(data: Dataset) -> str:
    """SQL condition: the point's strategy takes one page at a time, one for each buffer."""
    size = page_census.buffer_bytes(data)
    lumps = [f"{name} is null" for name in LUMPS if data.has(name)]
    return both(f"coalesce({size}, {PAGE_BYTES}) = {PAGE_BYTES}" if size else "true", *lumps)


def _single(data: Dataset) -> Mask:
    """Mask of the points whose strategy never takes several pages at once, (mixes, loads, rings, columns)."""
    single_pages = np.ones(data.index.shape[:-1], dtype=bool)
    for name in LUMPS:
        if data.has(name):
            single_pages &= ~np.isfinite(data.values(name)).any(axis=-1)
    return single_pages


def _unaccounted(analysis: Analysis, found: dict[str, Array]) -> float:
    """Most pages without a holder in any point, among strategies that take one page per buffer: others pin pages."""
    data = analysis.data
    whole = (page_census.truesize_bytes(data) == PAGE_BYTES) & _single(data)
    pages = np.where(whole, found[page_census.PINNED], 0.0)
    return float(np.nanmax(pages, initial=0))


def _pace(analysis: Analysis) -> Array:
    """Packets read per ns of the window, mean over the pairs, (mixes, loads, rings, columns); NaN if unknown."""
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
        for titles in (DRIVER, OWN, (page_census.SOCKET,))
    ]
    rows = []
    buffers = analysis.mean("socket_end_buffers")[cell]
    for column in cells.present(analysis, cell):
        read_ns = float(buffers[column] / pace[cell][column])
        entries = [*(cells.number(float(values[column])) for values in sums), Cell(format.time(read_ns))]
        rows.append(cells.row(analysis, cell, column, entries))
    header = ("", "rings", "kept", "socket", "read in")
    caption = f"{cells.place(analysis, cell)}: pages at the end of the window, mean of the replicates"
    return Table(caption, header, tuple(rows), legend=legend)


PANELS = (Panel(section, views.MEMORY),)
