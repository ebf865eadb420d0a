# SPDX-License-Identifier: MIT
"""The report of a sweep as a page: the answers on its first screen, then charts and all points to choose from."""

from __future__ import annotations

import shlex
from dataclasses import replace

from . import brief, html, points, quality
from .analysis import Analysis
from .document import Document, Paragraph, Section, Table


def render(document: Document, analysis: Analysis | None, location: str = "") -> str:
    """What `contents.analysed` made of a table, with its points; commands in it name `location`."""
    if analysis is None:
        return html.render(document)
    carried = points.carried(analysis, location)
    verdict, *others = document.sections
    mind = tuple(Paragraph(f"To mind: {line}") for line in quality.warnings(analysis))
    short = replace(verdict, blocks=(brief.verdict_table(analysis), *mind))
    words = replace(verdict, title="The verdict in words")
    maps = [section for section in others if any(isinstance(block, Table) and block.map for block in section.blocks)]
    rest = [section for section in others if section not in maps]
    at = next(place for place, section in enumerate(rest) if section.title == quality.METHOD)
    sections = (short, *maps, words, *rest[:at], _every(carried.heading, location), *rest[at:])
    return html.render(replace(document, sections=sections), carried.packed)


def _every(heading: tuple[str, ...], location: str) -> Section:
    """The table of all points, which charts.js fills."""
    where = shlex.quote(location) if location else "LOCATION"
    about = (
        "A row per point, its replicates taken together: means with half the width of their 95 % intervals. The last"
        " column has the commands that run its first replicate again. Without scripts this table is empty; this prints"
        " it:"
    )
    return Section(
        "Every point, and how to get it again",
        (
            Paragraph(about),
            Paragraph(f"sweep report {where} --format csv", code=True),
            Table("Points", heading, (), legend=points.LEGEND, live="points"),
        ),
    )
