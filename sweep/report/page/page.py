# SPDX-License-Identifier: MIT
"""The report of a sweep as a page: the answers on the first screen, all else in views that are opened on demand."""

from __future__ import annotations

import shlex
from dataclasses import replace

from sweep.document.blocks import Chart, Document, Paragraph, Section, Table
from sweep.document.statements import fixed
from sweep.report.parts import views
from sweep.report.sections import quality
from sweep.results.analysis import Analysis

from . import answers, html, points


def render(document: Document, analysis: Analysis | None, location: str = "") -> str:
    """The page of a document and analysis made by `contents.analysed`; commands in it name `location`."""
    if analysis is None or analysis.data.sample is not None:  # the interactive charts are those of a grid
        return html.render(document)
    carried = points.packed_points(analysis, location)
    return html.render(laid_out(document, analysis, carried.heading, location), carried.packed)


def laid_out(whole: Document, analysis: Analysis, heading: tuple[str, ...] = ("",), location: str = "") -> Document:
    """The report as the page has it: an answer per mix, warnings, then views; `heading` is that of all points."""
    verdict, *others = whole.sections
    warnings = tuple(Paragraph(warning) for warning in quality.warnings(analysis))
    sections = (
        *answers.answers(analysis),
        *([Section("To mind", warnings)] if warnings else []),
        *(section for section in others if section.view and section.view != views.DATA),
        replace(verdict, title="The verdict in words", view=views.CLAIMS),
        _every(heading, location),
        *(section for section in others if section.view == views.DATA),
    )
    order = {view: place for place, view in enumerate(views.VIEWS)}

    def place(section: Section) -> tuple[int, bool]:
        """In a view, sections with pictures come first."""
        drawn = any(isinstance(block, Chart) for block in section.blocks)
        return order.get(section.view, -1), bool(section.view) and not drawn

    in_order = sorted(sections, key=place)
    return replace(whole, subtitle=answers.question(analysis, whole.subtitle), sections=tuple(in_order))


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
        view=views.DATA,
    )
