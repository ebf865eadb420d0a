# SPDX-License-Identifier: MIT
"""A report as values: sections of paragraphs, tables, findings and charts.  Three writers render the same one.

Neither this file nor a writer knows about simulations: the contents are decided where sections are built.  A table
numbers its own footnotes.  In the report of a sweep every sentence is a `Sentence`, which carries its claims; to a
writer it is text.

All text is sanitized (`safe_text`) when a block is made, because names and labels come from untrusted files; no writer
has to do it.  Paragraphs may have several lines, all other text is a single line.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, TypeAlias

from sweep.safe_text import visible, visible_line

from .statements import Claim, Sentence


class _Visible:
    """Base of dataclasses whose texts are sanitized in `__post_init__`: control characters become visible."""

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            visible_value = self._shown(value)
            if visible_value is not value:
                object.__setattr__(self, name, visible_value)

    def _shown(self, value: Any) -> Any:
        if isinstance(value, str):
            return _seen(value, visible_line)
        if isinstance(value, tuple) and value and isinstance(value[0], str | Key):
            visible_texts = tuple(
                entry._replace(text=visible_line(entry.text)) if isinstance(entry, Key) else _seen(entry, visible_line)
                for entry in value
            )
            return value if visible_texts == value else visible_texts
        return value


def _seen(text: str, show: Callable[[str], str]) -> str:
    """The text sanitized by `show`; a Sentence keeps its claims."""
    visible_text = show(text)
    if visible_text == text:
        return text
    return Sentence(visible_text, *text.claims) if isinstance(text, Sentence) else visible_text


@dataclass(frozen=True)
class Cell(_Visible):
    """One entry of a table."""

    text: str
    tone: str = ""  # "better" | "worse" | "tie" | "best" | "missing" | ""
    detail: str = ""  # shown on hover where that exists: the exact interval
    notes: tuple[str, ...] = ()  # footnotes, in full; equal texts share a number
    color: str = ""  # CSS colour of a cell of a map
    hatched: bool = False  # in a map: nothing is decided here
    claims: tuple[Claim, ...] = ()  # claims of the text about the table, without those of its notes


@dataclass(frozen=True)
class Paragraph(_Visible):
    text: str
    code: bool = False  # a command to paste: kept apart, and folded only where a shell would go on reading

    def _shown(self, value: Any) -> Any:
        return _seen(value, visible) if isinstance(value, str) else value


class Key(NamedTuple):
    """Entry of a chart's key: text, CSS colour, and line "solid" | "dashed" | "dotted", or "hatched"."""

    text: str
    color: str
    line: str = "solid"
    mark: str = ""  # "circle" | "triangle-up" | "square"


@dataclass(frozen=True)
class Table(_Visible):
    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    foot: tuple[tuple[Cell, ...], ...] = ()  # rows set apart below: means
    legend: str = ""  # one line under the table
    prose: bool = False  # words, not numbers: aligned left
    map: bool = False  # coloured cells over two axes, to be seen as a picture
    key: tuple[Key, ...] = ()  # of a map
    live: str = ""  # the view of the page's data that takes its place where scripts run, see `live`

    def footnotes(self) -> list[str]:
        """The distinct footnotes in order of first use; a cell's marks are positions in this list, from 1."""
        return list(dict.fromkeys(note for row in self.rows + self.foot for cell in row for note in cell.notes))


@dataclass(frozen=True)
class Finding(_Visible):
    """A claim with its verdict and evidence, or a verdict alone."""

    name: str
    word: Sentence  # the verdict: "supported", "refuted", "undecided", "not tested", ...
    claim: Sentence  # what was claimed
    evidence: tuple[Sentence, ...]  # lines with numbers
    tone: str = ""

    def __post_init__(self) -> None:
        """Raises TypeError for a sentence that does not carry what it claims."""
        for text in (self.word, self.claim, *self.evidence):
            if not isinstance(text, Sentence):
                raise TypeError(f'"{text}" is no Sentence: a finding says what it claims')
        super().__post_init__()


@dataclass(frozen=True)
class Findings:
    items: tuple[Finding, ...]


@dataclass(frozen=True)
class Chart(_Visible):
    """A Vega-Lite specification; writers without graphics leave it out, since tables have the same numbers."""

    title: str
    description: str
    spec: dict[str, Any] = field(hash=False)
    key: tuple[Key, ...] = ()
    live: str = ""  # the view of the page's data that takes its place where scripts run, see `live`


Block: TypeAlias = Paragraph | Table | Findings | Chart


@dataclass(frozen=True)
class Section(_Visible):
    title: str
    blocks: tuple[Block, ...]
    detail: bool = False  # left out of the short form
    beside: bool = False  # blocks may stand beside each other where there is room
    view: str = ""  # of a page: sections of one view are folded into one
    answer: tuple[Cell, ...] = ()  # of a page: the section in a line, which stands for it while it is folded


@dataclass(frozen=True)
class Document(_Visible):
    title: str
    subtitle: str
    sections: tuple[Section, ...]

    def short(self) -> Document:
        """The document without the sections marked as detail."""
        return replace(self, sections=tuple(section for section in self.sections if not section.detail))

    def charts(self) -> list[Chart]:
        """All charts, in their order."""
        return [block for section in self.sections for block in section.blocks if isinstance(block, Chart)]
