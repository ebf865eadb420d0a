# SPDX-License-Identifier: MIT
"""The report of a sweep as a page: the answers on its first screen, then charts and all points to choose from."""

from __future__ import annotations

import shlex
from dataclasses import replace

from sweep.document.blocks import Document, Paragraph, Section, Table
from sweep.document.statements import Sentence, fixed
from sweep.report import brief
from sweep.report.sections import quality
from sweep.results.analysis import Analysis

from . import html, points


def render(document: Document, analysis: Analysis | None, location: str = "") -> str:
    """What `contents.analysed` made of a table, with its points; commands in it name `location`."""
    if analysis is None:
        return html.render(document)
    carried = points.carried(analysis, location)
    return html.render(laid_out(document, analysis, carried.heading, location), carried.packed)


def laid_out(whole: Document, analysis: Analysis, heading: tuple[str, ...] = ("",), location: str = "") -> Document:
    """Its sections in the order of the page, the answers first; `heading` is that of the table of all points."""
    verdict, *others = whole.sections
    mind = tuple(Paragraph(Sentence(f"To mind: {line}", *line.claims)) for line in quality.warnings(analysis))
    short = replace(verdict, blocks=(brief.verdict_table(analysis), *mind))
    words = replace(verdict, title="The verdict in words")
    maps = [section for section in others if any(isinstance(block, Table) and block.map for block in section.blocks)]
    rest = [section for section in others if section not in maps]
    at = next(place for place, section in enumerate(rest) if section.title == quality.METHOD)
    sections = (short, *maps, words, *rest[:at], _every(heading, location), *rest[at:])
    return replace(whole, sections=sections)


def _every(heading: tuple[str, ...], location: str) -> Section:
    """The table of all points, which charts.js fills."""
    where = shlex.quote(location) if location else "LOCATION"
    about = fixed(
        "A row per point, its replicates taken together: means with half the width of their 95 % intervals. The last"
        " column has the commands that run its first replicate again. Without scripts this table is empty; this prints"
        " it:"
    )
    return Section(
        "Every point, and how to get it again",
        (
            Paragraph(about),
            Paragraph(f"sweep report {where} --format csv", code=True),
            Table("Points", heading, (), legend=fixed(points.LEGEND), live="points"),
        ),
    )
