# SPDX-License-Identifier: MIT
"""The verdicts alone, for a place that shows values, such as a notebook: as text, or HTML without style and script.

Every text is escaped: names come from sweep files, and a notebook runs what it is given.
"""

from __future__ import annotations

import pyarrow as pa
from jinja2 import Environment, PackageLoader, StrictUndefined

from sweep.document import plain
from sweep.document.blocks import Document, Findings, Paragraph, Section
from sweep.document.statements import fixed
from sweep.report.claims import user
from sweep.report.sections import verdicts
from sweep.results import dataset
from sweep.results.analysis import analyse

WIDTH = 88  # of the text: a notebook's cell


def document(table: pa.Table, subtitle: str) -> Document:
    """Who wins in each mix, and what came of the sweep file's own claims.  Raises SweepError without a simulation."""
    data = dataset.read(table)
    title = str(data.metadata.get("name") or "sweep")
    if not len(data.table):
        return message("No simulation is valid, so there is nothing to report.", title, subtitle)
    analysis = analyse(data)
    claims = user.judge(analysis)
    judged = [Section("Claims of the sweep file", (Findings(tuple(claims)),))] if claims else []
    return Document(title, subtitle, (verdicts.verdicts(analysis), *judged))


def message(text: str, title: str, subtitle: str) -> Document:
    """A few words in place of verdicts."""
    return Document(title, subtitle, (Section("Nothing to show", (Paragraph(fixed(text)),)),))


def text(found: Document) -> str:
    """For a terminal."""
    return plain.render(found, WIDTH)


def html(found: Document) -> str:
    """For a notebook."""
    loader = PackageLoader("sweep.report.page", ".")
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("glance.html.j2").render(document=found)
