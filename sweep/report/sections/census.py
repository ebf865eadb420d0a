# SPDX-License-Identifier: MIT
"""How much memory is stuck, and where: the pages of every holder, per strategy, in the cell that stands for a mix.

Source: sockets hold up to 16 MB [dumazet-2022-04-22]; on one ring a huge cache gained 3 %, on six it
restored the link's rate [toukan-2017-09-14].
"""

from __future__ import annotations

import numpy as np

from sweep import format
from sweep.document.blocks import Block, Cell, Chart, Paragraph, Section, Table
from sweep.document.statements import Claim, Extreme, Number, Ranked, Sentence, at, both, fixed
from sweep.report.charts import bars
from sweep.report.parts import cells
from sweep.report.parts.differences import noted
from sweep.report.parts.judging import spanned
from sweep.report.parts.panels import Panel, Split
from sweep.results import holders
from sweep.results.analysis import Analysis
from sweep.results.dataset import Array
from sweep.results.outcome import CellIndex

from .other_metrics import HELD_TWICE

TITLE = "Who holds the pages"
LIVE = Split("census", TITLE, "holder", "pages", "pages, mean over the window", "pages", holders.means)


def section(analysis: Analysis) -> Section:
    """The largest holder of each mix in the first sentence, then a drawing and a table each; empty without a census."""
    found = holders.means(analysis)
    if not found:
        return Section(TITLE, (), detail=True)
    ends = holders.ends(analysis)
    blocks: list[Block] = []
    chosen = list(cells.middles(analysis))
    for cell in chosen:
        blocks.append(_chart(analysis, cell, found, ends))
        blocks.append(_table(analysis, cell, found, fixed(holders.LEGEND if cell == chosen[-1] else "")))
    return Section(TITLE, (Paragraph(_largest(analysis, chosen, found)), *blocks), detail=True)


def _shares(found: dict[str, Array], cell: CellIndex, columns: list[int]) -> tuple[list[str], Array]:
    """Holders that have anything, and their shares of all pages out of the zone, shape (holders, columns)."""
    pages = np.array([found[title][cell][columns] for title in found])
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = pages / np.nansum(pages, axis=0)
    has = np.nansum(pages, axis=1) > 0
    return [title for title, own in zip(found, has, strict=True) if own], shares[has]


def _largest(analysis: Analysis, chosen: list[CellIndex], found: dict[str, Array]) -> Sentence:
    """The first sentence: per mix, the holder with the largest share over the strategies."""
    data = analysis.data
    parts, claims = [], list[Claim]()
    total = " + ".join(f"coalesce({holders.expression(data, title)}, 0)" for title in found)
    for cell in chosen:
        columns = cells.present(analysis, cell)
        titles, shares = _shares(found, cell, columns)
        if not titles:
            continue
        where = both(at(data.mixes[cell[0]], data.loads[cell[1]], data.rings[cell[2]]), "pairs > 0")
        order = np.argsort(-np.nan_to_num(shares).mean(axis=1), kind="stable")[:2]
        ratios = [f"({holders.expression(data, titles[place])}) / nullif({total}, 0)" for place in order]
        told = [spanned(shares[place], ratio, where, "percent") for place, ratio in zip(order, ratios, strict=True)]
        part = f"{titles[order[0]]} in {data.mixes[cell[0]]} ({told[0].text} by strategy"
        if len(titles) > 1:
            part += f", then {titles[order[1]]} with {told[1].text}"
        parts.append(f"{part})")
        claims += [claim for each in told for claim in each.claims]
        every = [f"({holders.expression(data, title)}) / nullif({total}, 0)" for title in titles]
        claims.append(Ranked(tuple(titles[place] for place in order), tuple(titles), tuple(every), where))
    place = "at the highest load and the middle of the rings"
    if not parts:
        return Sentence("Nothing is held.", Extreme("largest", total, "", Number(0.0, "")))
    return Sentence(f"The largest holders of memory, {place}: {'; '.join(parts)}.", *claims)


def _chart(analysis: Analysis, cell: CellIndex, found: dict[str, Array], ends: dict[str, Array]) -> Chart:
    columns = cells.present(analysis, cell)
    names = tuple(analysis.data.columns[column] for column in columns)
    has = {**found, **ends}
    parts = tuple(title for title in holders.TITLES if title in has)
    means = {title: pages[cell][columns] for title, pages in found.items()}
    views = [bars.bars(names, means, "pages, mean over the window", "pages", parts=parts, width=430 if ends else 620)]
    if ends:
        last = {title: pages[cell][columns] for title, pages in ends.items()}
        views.append(
            bars.bars(names, last, "pages at the end of the window", "pages", parts=parts, width=260, named=False)
        )
    place = cells.place(analysis, cell)
    return bars.stacked(f"{place}: who holds the pages", f"pages by holder, {place}", parts, *views, live=LIVE.name)


def _table(analysis: Analysis, cell: CellIndex, found: dict[str, Array], legend: str) -> Table:
    """Mean pages and their share by holder, then held, and held at most; a holder without a page is left out."""
    data, columns = analysis.data, cells.present(analysis, cell)
    titles, shares = _shares(found, cell, columns)
    held = analysis.mean(holders.HELD)[cell]
    peak = analysis.mean(holders.PEAK)[cell] if data.has(holders.PEAK) else None
    twice = set(data.of("refcount_recycle"))
    rows = []
    for place, column in enumerate(columns):
        entries = [
            _entry(float(found[title][cell][column]), float(shares[row, place])) for row, title in enumerate(titles)
        ]
        last = [held] if peak is None else [held, peak]
        head, *rest = cells.row(analysis, cell, column, (*entries, *(cells.number(float(v[column])) for v in last)))
        rows.append((noted(head, HELD_TWICE) if column in twice else head, *rest))
    header = ("", *titles, "held, mean", *(("held, peak",) if peak is not None else ()))
    none = [title for title in found if title not in titles]
    caption = f"{cells.place(analysis, cell)}: pages, mean over the window (share of all that left the zone)"
    return Table(caption + (f"; none: {', '.join(none)}" if none else ""), header, tuple(rows), legend=legend)


def _entry(pages: float, share: float) -> Cell:
    if not np.isfinite(pages) or pages == 0:
        return cells.number(pages)
    return Cell(f"{format.coarse(pages)} ({'<1' if share < 0.005 else f'{share * 100:.0f}'} %)")


PANELS = (Panel(section, LIVE),)
