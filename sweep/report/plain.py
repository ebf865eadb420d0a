# SPDX-License-Identifier: MIT
"""A document as plain text of a given width, for terminals, mail and `report.txt`."""

from __future__ import annotations

import textwrap

from .document import Block, Cell, Chart, Document, Findings, Paragraph, Section, Table

MARKS = str.maketrans("0123456789,", "⁰¹²³⁴⁵⁶⁷⁸⁹˒")
GAP = "  "


def render(document: Document, width: int = 100, *, full: bool = True) -> str:
    """The whole document, or its short form without the sections marked as detail."""
    parts = [_wrapped(document.title, width), _wrapped(document.subtitle, width)]
    for section in document.sections:
        if full or not section.detail:
            parts.append(_section(section, width))
    return "\n\n".join(part for part in parts if part) + "\n"


def _section(section: Section, width: int) -> str:
    blocks = [text for block in section.blocks if (text := _block(block, width))]
    return "\n\n".join([f"{section.title}\n{'=' * len(section.title)}", *blocks]) if blocks else ""


def _block(block: Block, width: int) -> str:
    match block:
        case Paragraph(text):
            return _wrapped(text, width)
        case Table():
            return _table(block, width)
        case Findings(items):
            return "\n".join(_finding(item.name, item.word, item.claim, item.evidence, width) for item in items)
        case Chart():
            return ""


def _finding(name: str, word: str, claim: str, evidence: tuple[str, ...], width: int) -> str:
    lines = [_wrapped(f"{name}: {word}." if word else f"{name}.", width)]
    for text in (claim, *evidence):
        if text:
            lines.append(textwrap.fill(text, width, initial_indent="   ", subsequent_indent="   "))
    return "\n".join(lines)


def _table(table: Table, width: int) -> str:
    """Columns aligned right (the first left); too wide a table goes on below, its first column repeated."""
    notes = table.footnotes()
    rows = [[_marked(cell, notes) for cell in row] for row in table.rows + table.foot]
    top, sub = zip(*map(_head, table.header), strict=True)
    lines = [top, sub, *rows] if any(sub) else [top, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(top))]
    text = [_wrapped(table.caption, width)]
    for columns in _pieces(widths, width):
        for place, line in enumerate(lines):
            if table.foot and place == len(lines) - len(table.foot):
                text.append("  " + "-" * (sum(widths[c] + len(GAP) for c in columns) - len(GAP)))
            first, *others = columns
            align = str.ljust if table.prose else str.rjust
            cells = [line[first].ljust(widths[first]), *(align(line[c], widths[c]) for c in others)]
            text.append("  " + GAP.join(cells).rstrip())
        text.append("")
    text.pop()
    for note in [table.legend, *(f"{_mark((i,))} {note}" for i, note in enumerate(notes, 1))]:
        if note:
            text.append(textwrap.fill(note, width, initial_indent="  ", subsequent_indent="    "))
    return "\n".join(text)


def _head(name: str) -> tuple[str, str]:
    """A long head goes on in a second line: "page_pool (pool=2x)", "held, pages"."""
    for separator, opening in ((" (", "("), (", ", "")):
        top, found, sub = name.partition(separator)
        if found:
            return top, opening + sub
    return name, ""


def _pieces(widths: list[int], width: int) -> list[list[int]]:
    pieces, used = [[0]], widths[0] + 2
    for column, size in enumerate(widths[1:], 1):
        if used + len(GAP) + size > width and len(pieces[-1]) > 1:
            pieces.append([0])
            used = widths[0] + 2
        pieces[-1].append(column)
        used += len(GAP) + size
    return pieces


def _marked(cell: Cell, notes: list[str]) -> str:
    return cell.text + _mark(tuple(notes.index(note) + 1 for note in cell.notes))


def _mark(places: tuple[int, ...]) -> str:
    return ",".join(str(place) for place in places).translate(MARKS)


def _wrapped(text: str, width: int) -> str:
    return textwrap.fill(text, width)
