# SPDX-License-Identifier: MIT
"""The page census of a dataset: pages by holder, as means over the pairs.

Rings and sockets are counted in buffers of their truesize (half a page where two share one); a pool's own stock is
counted in pages.  Pages held beyond all holders are *pinned*: free themselves, but not returned because another
fragment of their page or block is still in use.  A strategy that counts a block as kept while fragments of it are in
use has up to one block counted twice, so a negative remainder counts as zero.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sweep.fields.constants import PAGE_BYTES

from .analysis import Analysis
from .dataset import Array, Dataset

MEGABYTE = 1e6
HELD = "pages_held_mean_pages"
HELD_END = "pages_held_end"
PEAK = "pages_held_peak"
PINNED = "pinned"
PER_CPU = "per-CPU lists"
SIZES = ("truesize_bytes", "strategy.frag_bytes")  # columns with the bytes of a buffer, the first that there is
LEAST = 1e-6  # share of the pages held below which a remainder is rounding


class Holder(NamedTuple):
    """A holder of pages, and the columns that count what it has."""

    title: str
    mean: str  # column: mean over the window
    end: str  # column: at the end of the window
    buffers: bool  # counted in buffers; else in pages


RX, TX, SOCKET, CACHE, RING = "RX ring", "TX ring", "socket", "kept ready", "pool's ring"
HOLDERS = (
    Holder(RX, "rx_ring_mean_buffers", "rx_ring_end_buffers", True),
    Holder(TX, "tx_ring_mean_buffers", "tx_ring_end_buffers", True),
    Holder(SOCKET, "socket_mean_buffers", "socket_end_buffers", True),
    Holder(CACHE, "pool_cache_mean_pages", "pool_cache_end_pages", False),
    Holder(RING, "pool_ring_mean_pages", "pool_ring_end_pages", False),
)
TITLES = (*(holder.title for holder in HOLDERS), PINNED, PER_CPU)
LEGEND = (
    "kept ready: the cache of a pool, or what another strategy keeps to hand · pinned: free itself, but part of a page"
    " or block that is still in use · per-CPU lists: free pages that the allocator keeps near; not held"
)


def truesize_bytes(data: Dataset) -> Array:
    """Memory of one receive buffer, shape (mixes, loads, rings, columns).

    A table without `truesize_bytes` has `strategy.frag_bytes` where pages are split; without both, a buffer is a page.
    """
    for name in SIZES:
        if data.has(name):
            known = np.fmax.reduce(data.values(name), axis=-1)  # the same in every pair
            return np.where(np.isfinite(known), known, PAGE_BYTES)
    return np.full(data.index.shape[:-1], float(PAGE_BYTES))


def buffer_bytes(data: Dataset) -> str:
    """SQL: the column with the bytes of a buffer, null where that is a page; "" in a table without one."""
    return next((f'"{name}"' for name in SIZES if data.has(name)), "")


def means(analysis: Analysis) -> dict[str, Array]:
    """Pages by holder, mean over the window; arrays of shape (mixes, loads, rings, columns).  {} without a census."""
    data = analysis.data
    mean_pages = _pages(analysis, {holder: holder.mean for holder in HOLDERS}, HELD)
    if mean_pages and data.has("pcp_mean_pages"):
        mean_pages[PER_CPU] = analysis.mean("pcp_mean_pages")
    return mean_pages


def ends(analysis: Analysis) -> dict[str, Array]:
    """Pages by holder at the end of the window, shapes as in `means`.  {} without such a census."""
    return _pages(analysis, {holder: holder.end for holder in HOLDERS}, HELD_END)


def expression(data: Dataset, title: str, *, end: bool = False) -> str:
    """SQL aggregate of the pages of a holder over the rows of a point: `means` (or `ends`) for claims."""
    if title == PER_CPU:
        return "avg(pcp_mean_pages)"
    size = buffer_bytes(data)
    per_buffer = f"coalesce(any_value({size}), {PAGE_BYTES}) / {PAGE_BYTES}.0" if size else "1.0"
    column_of = {holder: holder.end if end else holder.mean for holder in HOLDERS}
    parts = {
        holder.title: f"coalesce(avg({name}), 0)" + (f" * {per_buffer}" if holder.buffers else "")
        for holder, name in column_of.items()
        if data.has(name)
    }
    if title != PINNED:
        return parts[title]
    held = f"avg({HELD_END if end else HELD})"
    beyond_places = f"({held} - ({' + '.join(parts.values())}))"
    return f"case when {beyond_places} > {LEAST} * {held} then {beyond_places} else 0 end"


def megabytes(pages: Array | float) -> Array:
    """Pages converted to units of 10^6 bytes."""
    return np.asarray(np.asarray(pages) * PAGE_BYTES / MEGABYTE)


def _pages(analysis: Analysis, columns: dict[Holder, str], held: str) -> dict[str, Array]:
    data = analysis.data
    available = {holder: name for holder, name in columns.items() if data.has(name)}
    if not available or not data.has(held):
        return {}
    pages_per_buffer = truesize_bytes(data) / PAGE_BYTES
    total = analysis.mean(held)
    pages_of_holder = {}
    for holder, name in available.items():
        count = analysis.mean(name) * (pages_per_buffer if holder.buffers else 1.0)
        pages_of_holder[holder.title] = np.where(np.isfinite(count) | ~np.isfinite(total), count, 0.0)
    beyond_places = total - np.sum(list(pages_of_holder.values()), axis=0)
    pages_of_holder[PINNED] = np.where(
        np.isnan(beyond_places), np.nan, np.where(beyond_places > LEAST * total, beyond_places, 0.0)
    )
    return pages_of_holder
