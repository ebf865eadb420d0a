# SPDX-License-Identifier: MIT
"""A document as Markdown: GitHub tables, footnote marks as superscripts, charts left to the page.

Or for a mail: no line longer than its width, and tables as aligned text, readable with and without a viewer.
"""

from __future__ import annotations

import re
import textwrap

from . import plain_text
from .blocks import Block, Cell, Chart, Document, Findings, Paragraph, Section, Table

SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~&])")
LIGHT = re.compile(
    r"([\\`*<]|&(?=#?\w+;)|(?<!\w)_|_(?!\w)|~(?=\S)|\[(?=[^\]]*\]\())"
)  # characters to escape in a mail, which people read as source: as few as possible
MARKER = re.compile(r"(?m)^([ ]*)([-+=](?=[\s=-]|$)|[#>]|\d+(?=[.)]\s))")  # would start a list, heading or quote
VERBATIM = "    "


def render(document: Document, width: int | None = None) -> str:
    """The document as Markdown; with `width`, for a mail with no longer line."""
    if width:
        return mail(document, width)
    parts = [f"# {escape(document.title)}", escape(document.subtitle)]
    for section in document.sections:
        parts += _section(section)
    return "\n\n".join(part for part in parts if part) + "\n"


def mail(document: Document, width: int) -> str:
    """The document in lines of at most `width`: headings underlined, tables and commands as plain text."""
    parts = [_underlined(document.title, width, "="), _filled(document.subtitle, width)]
    for section in document.sections:
        blocks = [text for block in section.blocks if (text := _mailed(block, width))]
        parts += [_underlined(section.title, width, "-"), *blocks] if blocks else []
    return "\n\n".join(part for part in parts if part) + "\n"


def _mailed(block: Block, width: int) -> str:
    match block:
        case Paragraph(text, code):
            return _verbatim(plain_text.folded(text, width - len(VERBATIM))) if code else _filled(text, width)
        case Table():
            return _verbatim(plain_text.table(block, width - len(VERBATIM)))
        case Findings(items):
            lines = []
            for item in items:
                first_line = f"**{light(item.name)}{': ' if item.word else ''}{light(item.word)}.** {light(item.claim)}"
                lines.append(textwrap.fill(first_line, width, initial_indent="- ", subsequent_indent="  "))
                for evidence in item.evidence:
                    lines.append(textwrap.fill(light(evidence), width, initial_indent="  - ", subsequent_indent="    "))
            return "\n".join(lines)
        case Chart():
            return ""


def _underlined(title: str, width: int, line: str) -> str:
    text = _filled(title, width)
    return f"{text}\n{line * max(map(len, text.splitlines()))}" if text else ""


def _filled(text: str, width: int) -> str:
    """Wrapped prose, escaped so that no line starts a list or heading."""
    return MARKER.sub(r"\1\\\2", textwrap.fill(light(text), width - 1))


def _verbatim(text: str) -> str:
    return textwrap.indent(text, VERBATIM)


def escape(text: str) -> str:
    """Text with all markup characters escaped."""
    return SPECIAL.sub(r"\\\1", text)


def light(text: str) -> str:
    """Text with only those markup characters escaped that Markdown would interpret."""
    return LIGHT.sub(r"\\\1", text)


def _section(section: Section) -> list[str]:
    blocks = [text for block in section.blocks if (text := _block(block))]
    return [f"## {escape(section.title)}", *blocks] if blocks else []


def _block(block: Block) -> str:
    match block:
        case Paragraph(text, code):
            return _fenced(text) if code else escape(text)
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


def _fenced(command: str) -> str:
    """A code block with a command; the fence is longer than any run of backticks in it."""
    fence = "`" * max(3, *(len(run) + 1 for run in re.findall("`+", command)), 3)
    return f"{fence}sh\n{command}\n{fence}"


def _table(table: Table) -> str:
    notes = table.footnotes()
    header_row = "| " + " | ".join(escape(name) for name in table.header) + " |"
    alignment = "|---|" + ("---|" if table.prose else "---:|") * (len(table.header) - 1)
    rows = ["| " + " | ".join(_cell(cell, notes) for cell in row) + " |" for row in table.rows]
    foot = ["| " + " | ".join(_slanted(_cell(cell, notes)) for cell in row) + " |" for row in table.foot]
    lines_below = [escape(table.legend), *(f"<sup>{place}</sup> {escape(note)}" for place, note in enumerate(notes, 1))]
    text = [f"**{escape(table.caption)}**\n", header_row, alignment, *rows, *foot]
    if any(lines_below):
        text += ["", "  \n".join(line for line in lines_below if line)]
    return "\n".join(text)


def _slanted(text: str) -> str:
    return f"*{text}*" if text else ""


def _cell(cell: Cell, notes: list[str]) -> str:
    marks = ",".join(map(str, sorted(notes.index(note) + 1 for note in cell.notes)))
    return escape(cell.text) + (f"<sup>{marks}</sup>" if marks else "")
