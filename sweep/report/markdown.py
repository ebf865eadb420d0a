# SPDX-License-Identifier: MIT
"""A document as Markdown: GitHub tables, footnote marks as superscripts, charts left to the page."""

from __future__ import annotations

import re

from .document import Block, Cell, Chart, Document, Findings, Paragraph, Section, Table

SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~])")


def render(document: Document) -> str:
    """The whole document."""
    parts = [f"# {escape(document.title)}", escape(document.subtitle)]
    for section in document.sections:
        parts += _section(section)
    return "\n\n".join(part for part in parts if part) + "\n"


def escape(text: str) -> str:
    """Text that must not be taken for markup."""
    return SPECIAL.sub(r"\\\1", text)


def _section(section: Section) -> list[str]:
    blocks = [text for block in section.blocks if (text := _block(block))]
    return [f"## {escape(section.title)}", *blocks] if blocks else []


def _block(block: Block) -> str:
    match block:
        case Paragraph(text):
            return escape(text)
        case Table():
            return _table(block)
        case Findings(items):
            lines = []
            for item in items:
                lines.append(f"- **{escape(item.name)}: {escape(item.word)}.** {escape(item.claim)}")
                lines += [f"  - {escape(evidence)}" for evidence in item.evidence]
            return "\n".join(lines)
        case Chart():
            return ""


def _table(table: Table) -> str:
    notes = table.footnotes()
    head = "| " + " | ".join(escape(name) for name in table.header) + " |"
    rule = "|---|" + ("---|" if table.prose else "---:|") * (len(table.header) - 1)
    rows = ["| " + " | ".join(_cell(cell, notes) for cell in row) + " |" for row in table.rows]
    foot = ["| " + " | ".join(_slanted(_cell(cell, notes)) for cell in row) + " |" for row in table.foot]
    below = [escape(table.legend), *(f"<sup>{place}</sup> {escape(note)}" for place, note in enumerate(notes, 1))]
    text = [f"**{escape(table.caption)}**\n", head, rule, *rows, *foot]
    if any(below):
        text += ["", "  \n".join(line for line in below if line)]
    return "\n".join(text)


def _slanted(text: str) -> str:
    return f"*{text}*" if text else ""


def _cell(cell: Cell, notes: list[str]) -> str:
    marks = ",".join(str(notes.index(note) + 1) for note in cell.notes)
    return escape(cell.text) + (f"<sup>{marks}</sup>" if marks else "")
