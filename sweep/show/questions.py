# SPDX-License-Identifier: MIT
"""Sweep files to begin with, one for each question that users come with: configs/questions/."""

from __future__ import annotations

from sweep.config.library import BUILT_IN
from sweep.config.shipped import names as shipped_names
from sweep.document.blocks import Cell, Document, Paragraph, Section, Table

from .files import meaning

FOLDER = "questions"


def names() -> tuple[str, ...]:
    """The questions, sorted."""
    return shipped_names(FOLDER)


def about(name: str) -> str:
    """The question in full: the first sentence of its file."""
    return meaning(BUILT_IN / FOLDER / f"{name}.yaml")


def text(name: str) -> str:
    """The sweep file of a question."""
    return (BUILT_IN / FOLDER / f"{name}.yaml").read_text(encoding="utf-8")


def document() -> Document:
    """The list of questions."""
    lines = tuple((Cell(name), Cell(about(name)), Cell(f"sweep init {name}")) for name in names())
    table = Table("", ("name", "question", "to write its file"), lines, prose=True)
    hint = Paragraph("Sweep files that need no editing: sweep show configs")
    return Document("Questions to begin with", "", (Section("", (table, hint)),))
