# SPDX-License-Identifier: MIT
"""The report of a sweep as a page: verdicts on the first screen, then charts and a table of all points."""

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
    """The page of a document and analysis made by `contents.analysed`; commands in it name `location`."""
    if analysis is None or analysis.data.sample is not None:  # the interactive charts are those of a grid
        return html.render(document)
    carried = points.packed_points(analysis, location)
    return html.render(laid_out(document, analysis, carried.heading, location), carried.packed)


def laid_out(whole: Document, analysis: Analysis, heading: tuple[str, ...] = ("",), location: str = "") -> Document:
    """The report with its sections in the order of the page; `heading` is that of the table of all points."""
    verdict, *others = whole.sections
    warning_paragraphs = tuple(
        Paragraph(Sentence(f"To mind: {warning}", *warning.claims)) for warning in quality.warnings(analysis)
    )
    first_section = replace(verdict, blocks=(brief.verdict_table(analysis), *warning_paragraphs))
    verdict_in_words = replace(verdict, title="The verdict in words")
    maps = [section for section in others if any(isinstance(block, Table) and block.map for block in section.blocks)]
    other_sections = [section for section in others if section not in maps]
    method_position = next(
        position for position, section in enumerate(other_sections) if section.title == quality.METHOD
    )
    sections = (
        first_section,
        *maps,
        verdict_in_words,
        *other_sections[:method_position],
        _every(heading, location),
        *other_sections[method_position:],
    )
    return replace(whole, sections=sections)


def _every(heading: tuple[str, ...], location: str) -> Section:
    """The section with the table of all points, which charts.js fills."""
    location_argument = shlex.quote(location) if location else "LOCATION"
    introduction = fixed(
        "A row per point, its replicates taken together: means with half the width of their 95 % intervals. The last"
        " column has the commands that run its first replicate again. Without scripts this table is empty; this prints"
        " it:"
    )
    return Section(
        "Every point, and how to get it again",
        (
            Paragraph(introduction),
            Paragraph(f"sweep report {location_argument} --format csv", code=True),
            Table("Points", heading, (), legend=fixed(points.LEGEND), live="points"),
        ),
    )
