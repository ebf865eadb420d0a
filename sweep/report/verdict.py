# SPDX-License-Identifier: MIT
"""The verdict in ten lines: who wins each mix and by how much, where packets are lost, how the claims fared."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from sweep import format
from sweep.document import plain_text
from sweep.document.blocks import Cell, Table
from sweep.results.analysis import Analysis

from . import brief
from .claims import user
from .sections import losses

LINES = 10  # at most
MOST_LOST = 3  # of them
COLUMNS = ((0, 1, 2, 3, 4), (0, 1, 3, 4), (0, 1, 3), (0, 1))  # of the report's table: the first that fit unwrapped


class ShortVerdict(NamedTuple):
    """Text of at most LINES lines, and the words in it that have a tone, in the order of their places."""

    text: str
    words: tuple[tuple[str, str], ...]  # with "" for a word that has none and only shows where the next one is


def of(analysis: Analysis | None, width: int) -> ShortVerdict:
    """The verdict of a report, no line longer than `width`; None is the analysis of a table without a valid row."""
    if analysis is None:
        return ShortVerdict("No simulation is valid, so there is nothing to report.", ())
    whole = brief.verdict_table(analysis)
    rows = brief.named_rows(analysis, whole)
    claims = [*_lost(analysis, width), *_claims(analysis, width)]
    room = LINES - len(claims)
    columns = next(
        (each for each in COLUMNS if _natural([whole.header, *map(_texts, rows)], each) <= width), COLUMNS[-1]
    )
    for shown in range(len(rows), 0, -1):
        left_out = len(rows) - shown
        more = [f"  and {format.count(left_out, 'more traffic mix', 'more traffic mixes')}"] if left_out else []
        table = Table(
            whole.caption,
            tuple(whole.header[column] for column in columns),
            tuple(tuple(row[column] for column in columns) for row in rows[:shown]),
            prose=True,
        )
        lines = [*plain_text.table(table, width).splitlines(), *more]
        if len(lines) <= room:
            words = [(row[column].text, row[column].tone) for row in rows[:shown] for column in columns]
            return ShortVerdict("\n".join([*lines, *claims]), tuple(words))
    return ShortVerdict("\n".join(claims), ())  # of a terminal so narrow that one row takes ten lines


def _texts(row: Sequence[Cell]) -> tuple[str, ...]:
    return tuple(cell.text for cell in row)


def _natural(rows: Sequence[Sequence[str]], columns: Sequence[int]) -> int:
    """The width of a table of these columns in which no entry is wrapped."""
    widths = [max(len(row[column]) for row in rows) for column in columns]
    return len(plain_text.INDENT) + sum(widths) + len(plain_text.GAP) * (len(widths) - 1)


def _lost(analysis: Analysis, width: int) -> list[str]:
    """Lines on where packets are lost: "lost: in the TX ring (router)"; [] where drops are low."""
    text = "; ".join(f"{place} ({', '.join(mixes)})" for place, mixes in losses.places(analysis).items())
    lines = textwrap.wrap(f"lost: {text}", width, subsequent_indent="  ", break_long_words=False) if text else []
    return lines if len(lines) <= MOST_LOST else ["lost: see the report"]


def _claims(analysis: Analysis, width: int) -> list[str]:
    """A line on the claims of the sweep file: "claims: 3 supported, 1 undecided"; [] without any."""
    words = Counter(str(finding.word) for finding in user.judge(analysis))
    if not words:
        return []
    line = f"claims: {', '.join(f'{number} {word}' for word, number in words.most_common())}"
    return [line] if len(line) <= width else [format.count(words.total(), "claim")]
