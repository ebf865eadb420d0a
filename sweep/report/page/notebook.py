# SPDX-License-Identifier: MIT
"""The verdicts alone, for a notebook or an interpreter that shows a value: as text, or HTML without style and script.

Every text is escaped: names come from sweep files, and a notebook runs what it is given.
"""

from __future__ import annotations

import pyarrow as pa
from jinja2 import Environment, PackageLoader, StrictUndefined

from sweep.document import plain_text
from sweep.document.blocks import Document, Findings, Paragraph, Section
from sweep.document.statements import fixed
from sweep.report.claims import user
from sweep.report.sections import sampled, verdicts
from sweep.results import dataset
from sweep.results.analysis import analyse

WIDTH = 88  # characters per line of the text, as fits into a notebook's cell


def document(table: pa.Table, subtitle: str) -> Document:
    """Who wins in each mix, and the verdicts on the sweep file's claims.  Raises SweepError without a simulation."""
    data = dataset.read(table)
    title = str(data.metadata.get("name") or "sweep")
    if not len(data.table):
        return message("No simulation is valid, so there is nothing to report.", title, subtitle)
    analysis = analyse(data)
    claims = user.judge(analysis)
    judged = [Section("Claims of the sweep file", (Findings(tuple(claims)),))] if claims else []
    if data.sample is not None:
        return Document(title, subtitle, (Section("Verdict", (sampled.verdict_table(analysis),)), *judged))
    return Document(title, subtitle, (verdicts.verdicts(analysis), *judged))


def message(text: str, title: str, subtitle: str) -> Document:
    """A document that shows `text` in place of verdicts."""
    return Document(title, subtitle, (Section("Nothing to show", (Paragraph(fixed(text)),)),))


def text(found: Document) -> str:
    """The document as text for a terminal."""
    return plain_text.render(found, WIDTH)


def html(found: Document) -> str:
    """The document as an HTML fragment for a notebook."""
    loader = PackageLoader("sweep.report.page", ".")
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("notebook.html.j2").render(document=found)
