# SPDX-License-Identifier: MIT
"""Which holder has how many pages, per strategy, in the cell that represents a mix.

Source: sockets hold up to 16 MB [dumazet-2022-04-22]; on one ring a huge cache gained 3 %, on six it
restored the link's rate [toukan-2017-09-14].
"""

from __future__ import annotations

import numpy as np

from sweep import format
from sweep.document.blocks import Block, Cell, Chart, Paragraph, Section, Table
from sweep.document.statements import Claim, Extreme, Number, Ranked, Sentence, at, both, fixed
from sweep.report.charts import bars
from sweep.report.parts import cells, views
from sweep.report.parts.claim_verdicts import claimed_range
from sweep.report.parts.differences import noted
from sweep.report.parts.panels import Panel, Split
from sweep.results import page_census
from sweep.results.analysis import Analysis
from sweep.results.dataset import Array
from sweep.results.outcome import CellIndex

from .other_metrics import HELD_TWICE

TITLE = "Who holds the pages"
LIVE = Split("census", TITLE, "holder", "pages", "pages, mean over the window", "pages", page_census.means)


def section(analysis: Analysis) -> Section:
    """A sentence on each mix's largest holder, then a chart and a table per mix; no blocks without a census."""
    mean_pages = page_census.means(analysis)
    if not mean_pages:
        return Section(TITLE, (), detail=True)
    end_pages = page_census.ends(analysis)
    blocks: list[Block] = []
    shown_cells = list(cells.middles(analysis))
    for cell in shown_cells:
        blocks.append(_chart(analysis, cell, mean_pages, end_pages))
        blocks.append(_table(analysis, cell, mean_pages, fixed(page_census.LEGEND if cell == shown_cells[-1] else "")))
    return Section(TITLE, (Paragraph(_largest(analysis, shown_cells, mean_pages)), *blocks), detail=True)


def _shares(found: dict[str, Array], cell: CellIndex, columns: list[int]) -> tuple[list[str], Array]:
    """Holders with any page, and their shares of all pages taken from the zone, (holders, columns)."""
    pages = np.array([found[title][cell][columns] for title in found])
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = pages / np.nansum(pages, axis=0)
    holds_any = np.nansum(pages, axis=1) > 0
    return [title for title, included in zip(found, holds_any, strict=True) if included], shares[holds_any]


def _largest(analysis: Analysis, chosen: list[CellIndex], found: dict[str, Array]) -> Sentence:
    """The first sentence: the holder with the largest share in each mix, averaged over the strategies."""
    data = analysis.data
    parts, claims = [], list[Claim]()
    total = " + ".join(f"coalesce({page_census.expression(data, title)}, 0)" for title in found)
    for cell in chosen:
        columns = cells.present(analysis, cell)
        titles, shares = _shares(found, cell, columns)
        if not titles:
            continue
        where = both(at(data.mixes[cell[0]], data.loads[cell[1]], data.rings[cell[2]]), "pairs > 0")
        order = np.argsort(-np.nan_to_num(shares).mean(axis=1), kind="stable")[:2]
        ratios = [f"({page_census.expression(data, titles[place])}) / nullif({total}, 0)" for place in order]
        spans = [
            claimed_range(shares[place], ratio, where, "percent") for place, ratio in zip(order, ratios, strict=True)
        ]
        part = f"{titles[order[0]]} in {data.mixes[cell[0]]} ({spans[0].text} by strategy"
        if len(titles) > 1:
            part += f", then {titles[order[1]]} with {spans[1].text}"
        parts.append(f"{part})")
        claims += [claim for each in spans for claim in each.claims]
        ratio_expressions = [f"({page_census.expression(data, title)}) / nullif({total}, 0)" for title in titles]
        claims.append(Ranked(tuple(titles[place] for place in order), tuple(titles), tuple(ratio_expressions), where))
    place = "at the highest load and the middle of the rings"
    if not parts:
        return Sentence("Nothing is held.", Extreme("largest", total, "", Number(0.0, "")))
    return Sentence(f"The largest holders of memory, {place}: {'; '.join(parts)}.", *claims)


def _chart(analysis: Analysis, cell: CellIndex, found: dict[str, Array], ends: dict[str, Array]) -> Chart:
    columns = cells.present(analysis, cell)
    names = tuple(analysis.data.columns[column] for column in columns)
    all_pages = {**found, **ends}
    parts = tuple(title for title in page_census.TITLES if title in all_pages)
    means = {title: pages[cell][columns] for title, pages in found.items()}
    views = [bars.bars(names, means, "pages, mean over the window", "pages", parts=parts, width=430 if ends else 620)]
    if ends:
        end_values = {title: pages[cell][columns] for title, pages in ends.items()}
        views.append(
            bars.bars(names, end_values, "pages at the end of the window", "pages", parts=parts, width=260, named=False)
        )
    place = cells.place(analysis, cell)
    return bars.stacked(f"{place}: who holds the pages", f"pages by holder, {place}", parts, *views, live=LIVE.name)


def _table(analysis: Analysis, cell: CellIndex, found: dict[str, Array], legend: str) -> Table:
    """Mean pages and their share by holder, then pages held, mean and peak; holders without a page are left out."""
    data, columns = analysis.data, cells.present(analysis, cell)
    titles, shares = _shares(found, cell, columns)
    held = analysis.mean(page_census.HELD)[cell]
    peak = analysis.mean(page_census.PEAK)[cell] if data.has(page_census.PEAK) else None
    keeps_two_pages = set(data.of("refcount_recycle"))
    rows = []
    for index, column in enumerate(columns):
        entries = [
            _entry(float(found[title][cell][column]), float(shares[row, index])) for row, title in enumerate(titles)
        ]
        held_columns = [held] if peak is None else [held, peak]
        name_cell, *value_cells = cells.row(
            analysis, cell, column, (*entries, *(cells.number(float(values[column])) for values in held_columns))
        )
        rows.append((noted(name_cell, HELD_TWICE) if column in keeps_two_pages else name_cell, *value_cells))
    header = ("", *titles, "held, mean", *(("held, peak",) if peak is not None else ()))
    empty_places = [title for title in found if title not in titles]
    caption = f"{cells.place(analysis, cell)}: pages, mean over the window (share of all that left the zone)"
    return Table(
        caption + (f"; none: {', '.join(empty_places)}" if empty_places else ""), header, tuple(rows), legend=legend
    )


def _entry(pages: float, share: float) -> Cell:
    if not np.isfinite(pages) or pages == 0:
        return cells.number(pages)
    return Cell(f"{format.coarse(pages)} ({'<1' if share < 0.005 else f'{share * 100:.0f}'} %)")


PANELS = (Panel(section, views.MEMORY, LIVE),)
