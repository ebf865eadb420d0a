# SPDX-License-Identifier: MIT
"""Write a comparison as text for people, Markdown for a pull request, an HTML page, JSON or JUnit XML."""

from __future__ import annotations

from dataclasses import fields
from html import escape
from pathlib import PurePath

from sweep.document import markdown, plain_text
from sweep.errors import SweepError, did_you_mean
from sweep.safe_text import json_text

from . import contents, junit, records
from .comparison import Comparison
from .gate_self_test import SelfTest


class PrintedComparison(Comparison):
    """A comparison that prints as `sweep compare` prints it."""

    @classmethod
    def of(cls, found: Comparison) -> PrintedComparison:
        return cls(**{field.name: getattr(found, field.name) for field in fields(found)})

    def __str__(self) -> str:
        """What `sweep compare` prints."""
        return write(self, "txt")

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        """The text of the comparison for a notebook, plain and as HTML."""
        return {"text/plain": str(self), "text/html": f"<pre>{escape(str(self))}</pre>"}


FORMATS = ("txt", "md", "html", "json", "junit")
SUFFIXES = {".txt": "txt", ".text": "txt", ".md": "md", ".html": "html", ".json": "json", ".xml": "junit"}


def write(found: Comparison | SelfTest, form: str, width: int = 100) -> str:
    """The comparison in a format; `width` applies to text.  Raises SweepError for an unknown format."""
    if _known(form) == "json":
        return json_text(records.record(found), indent=1) + "\n"
    if form == "junit":
        return junit.render(found)
    document = contents.document(found)
    if form == "html":
        from sweep.report.page import html

        return html.render(document)
    return markdown.render(document) if form == "md" else plain_text.render(document, width)


def form_of(file: str | None, asked: str | None) -> str:
    """The format for `file`, or the terminal (None): the one asked for, else by the file's suffix, else text.

    Raises SweepError for an unknown format, and for a file name without a known suffix.
    """
    if asked or file is None:
        return _known(asked or "txt")
    suffix = PurePath(file).suffix.lower()
    if suffix in SUFFIXES:
        return SUFFIXES[suffix]
    raise SweepError(
        f'--out "{file}" does not say in which format: its name ends in none of {", ".join(SUFFIXES)}\n'
        f"  next: add --format {'|'.join(FORMATS)}"
    )


def _known(form: str) -> str:
    if form not in FORMATS:
        raise SweepError(f'format "{form}" is not known.{did_you_mean(form, FORMATS)}\n  known: {", ".join(FORMATS)}')
    return form
