# SPDX-License-Identifier: MIT
"""A document as one offline HTML file: inline style and drawings, no script, nothing loaded from anywhere."""

from __future__ import annotations

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from .document import Cell, Document, Table
from .drawing import svg


def render(document: Document) -> str:
    """The page.  Every text is escaped by the template; only the drawings are markup, made by `drawing`."""
    environment = Environment(
        loader=PackageLoader("sweep.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(draw=_draw, kind=lambda block: type(block).__name__, marks=_marks)
    return environment.get_template("page.html.j2").render(document=document)


def _draw(chart: Any) -> Markup:
    return Markup(svg(chart))


def _marks(cell: Cell, table: Table) -> str:
    notes = table.footnotes()
    return ",".join(str(notes.index(note) + 1) for note in cell.notes)
