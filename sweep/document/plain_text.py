# SPDX-License-Identifier: MIT
"""A document as plain text of a given width, for terminals, mail and `report.txt`."""

from __future__ import annotations

import re
import textwrap

from .blocks import Block, Cell, Chart, Document, Findings, Paragraph, Section, Table

MARKS = str.maketrans("0123456789,", "⁰¹²³⁴⁵⁶⁷⁸⁹˒")
PROSE = 100  # longest line of prose; tables take all of the width
GAP = "  "
INDENT = "  "


def render(document: Document, width: int = 100) -> str:
    """The document as text, no line longer than `width`."""
    parts = [_wrapped(document.title, width), _wrapped(document.subtitle, width)]
    parts += [_section(section, width) for section in document.sections]
    return "\n\n".join(part for part in parts if part) + "\n"


def _section(section: Section, width: int) -> str:
    blocks = [text for block in section.blocks if (text := _block(block, width))]
    title = _wrapped(section.title, width)
    rule = "=" * max(map(len, title.splitlines()), default=0)
    return "\n\n".join([f"{title}\n{rule}"] * bool(title) + blocks) if blocks else ""


def _block(block: Block, width: int) -> str:
    match block:
        case Paragraph(text, code):
            return folded(text, width) if code else _wrapped(text, width)
        case Table():
            return table(block, width)
        case Findings(items):
            return "\n".join(_finding(item.name, item.word, item.claim, item.evidence, width) for item in items)
        case Chart():
            return ""


def folded(command: str, width: int) -> str:
    """A command, indented; a long one is split with backslashes so that a shell reads it as one."""
    room = min(width, PROSE) - 2 * len(INDENT) - 2
    lines = []
    for line in textwrap.wrap(command, room, break_long_words=False, break_on_hyphens=False):
        pieces = [line[start : start + room] for start in range(0, len(line), room)]
        lines.append("\\\n".join(pieces))  # inside a word, so no blanks before what follows
    return INDENT + f" \\\n{INDENT * 2}".join(lines)


def _finding(name: str, word: str, claim: str, evidence: tuple[str, ...], width: int) -> str:
    lines = [_wrapped(f"{name}: {word}." if word else f"{name}.", width)]
    for text in (claim, *evidence):
        if text:
            lines.append(_wrapped(text, width, "   ", "   "))
    return "\n".join(lines)


def table(block: Table, width: int) -> str:
    """A table as text: columns aligned right (the first left), long names wrapped, too many columns continued below."""
    notes = block.footnotes()
    body = [[_marked(cell, notes) for cell in row] for row in block.rows + block.foot]
    limits = _limits([[*map(_longest_head, block.header)], *body], width, block.prose)
    lines = [_wrapped_row([*map(_headed, block.header)], limits)] * any(block.header)
    lines += [_wrapped_row(row, limits) for row in body]
    widths = [max(len(part) for line in lines for part in line[column]) for column in range(len(limits))]
    align = str.ljust if block.prose else str.rjust
    text = [_wrapped(block.caption, width)] * bool(block.caption)
    for columns in _pieces(widths, width):
        for place, line in enumerate(lines):
            if block.foot and place == len(lines) - len(block.foot):
                text.append(INDENT + "-" * (sum(widths[c] + len(GAP) for c in columns) - len(GAP)))
            for row in range(max(len(line[column]) for column in columns)):
                parts = [(line[c][row] if row < len(line[c]) else "", widths[c]) for c in columns]
                cells = [parts[0][0].ljust(parts[0][1]), *(align(part, size) for part, size in parts[1:])]
                text.append((INDENT + GAP.join(cells)).rstrip())
        text.append("")
    text.pop()
    for note in [block.legend, *(f"{_mark((i,))} {note}" for i, note in enumerate(notes, 1))]:
        if note:
            text.append(_wrapped(note, width, INDENT, "    "))
    return "\n".join(text)


def _headed(name: str) -> str:
    """A column's header in up to two lines, split as in "page_pool (pool=2x)" or "held, pages"."""
    return name.replace(" (", "\n(", 1) if " (" in name else name.replace(", ", "\n", 1)


def _longest_head(name: str) -> str:
    return max(_headed(name).split("\n"), key=len)


def _limits(rows: list[list[str]], width: int, prose: bool) -> list[int]:
    """Largest width of each column: the first leaves room for one other; in prose all share the width."""
    natural = [max(map(len, column)) for column in zip(*rows, strict=True)]
    room = width - len(INDENT) - len(GAP) * (len(natural) - 1 if prose else min(len(natural) - 1, 1))
    if prose:
        while sum(natural) > room:
            widest = natural.index(max(natural))
            natural[widest] -= 1
        return natural
    widest_other = max(natural[1:], default=0)
    first = max(min(natural[0], room - widest_other), min(natural[0], room // 2))
    return [first, *(min(size, room - first) for size in natural[1:])]


def _wrapped_row(cells: list[str], limits: list[int]) -> list[list[str]]:
    """The lines of each cell of a row, wrapped to its column's limit."""
    return [
        [line for part in cell.split("\n") for line in (_broken(part, limit) if len(part) > limit else [part])]
        for cell, limit in zip(cells, limits, strict=True)
    ]


def _broken(text: str, limit: int) -> list[str]:
    """Lines of at most `limit` characters: broken at blanks, longer words after "_=·/-", else anywhere."""
    lines = [""]
    words = re.findall(r"\S*\s?", text)
    parts = ([word] if len(word.rstrip()) <= limit else re.findall(r"[^_=/·-]*[_=/·-]?", word) for word in words)
    for piece in (piece for pieces in parts for piece in pieces):
        if len(lines[-1] + piece.rstrip()) > limit and lines[-1]:
            lines.append("")
        lines[-1] += piece
        while len(lines[-1].rstrip()) > limit:
            lines[-1:] = [lines[-1][:limit], lines[-1][limit:]]
    return [line.strip() for line in lines if line.strip()] or [""]


def _pieces(widths: list[int], width: int) -> list[list[int]]:
    """Groups of columns that fit side by side into `width`; the first column is in every group."""
    start = len(INDENT) + widths[0]
    pieces, used = [[0]], start
    for column, size in enumerate(widths[1:], 1):
        if used + len(GAP) + size > width and len(pieces[-1]) > 1:
            pieces.append([0])
            used = start
        pieces[-1].append(column)
        used += len(GAP) + size
    return pieces


def _marked(cell: Cell, notes: list[str]) -> str:
    return cell.text + _mark(tuple(sorted(notes.index(note) + 1 for note in cell.notes)))


def _mark(places: tuple[int, ...]) -> str:
    return ",".join(str(place) for place in places).translate(MARKS)


def _wrapped(text: str, width: int, first: str = "", rest: str = "") -> str:
    """Prose, whose lines are no longer than an eye finds its way back from, however wide the page is."""
    return textwrap.fill(text, min(width, PROSE), initial_indent=first, subsequent_indent=rest)
