# SPDX-License-Identifier: MIT
"""A document on a wide terminal: its tables use the width, its prose does not."""

from __future__ import annotations

from sweep.document import plain_text
from sweep.document.blocks import Cell, Document, Paragraph, Section, Table

NUMBERS = Table(
    "caption of words " * 12,
    ("ring", *(f"a column {number}" for number in range(15))),
    (tuple(Cell(str(number)) for number in range(16)),),
    legend="legend of words " * 12,
)
DOCUMENT = Document("title", "subtitle of words " * 12, (Section("", (Paragraph("prose of words " * 12), NUMBERS)),))


def test_tables_take_the_width_and_prose_does_not() -> None:
    narrow, wide = (plain_text.render(DOCUMENT, width) for width in (100, 220))
    assert max(map(len, narrow.splitlines())) <= 100
    assert narrow.count("  ring ") > 1  # continued below
    assert wide.count("  ring ") == 1
    heads = [line for line in wide.splitlines() if line.startswith("  ring ")]
    assert len(heads[0]) > 150
    assert max(len(line) for line in wide.splitlines() if "words" in line) <= plain_text.PROSE
