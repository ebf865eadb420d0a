# SPDX-License-Identifier: MIT
"""A report as values: sections of paragraphs, tables, findings and charts.  Three writers render the same one.

Nothing here knows about simulations, and no writer does: what is said is decided once, in the files that build
sections.  A table numbers its own footnotes.  In the report of a sweep every sentence is a `Sentence`, which carries
what it claims; to a writer it is text.

Whatever text a document is made of is made visible (`foreign`) as it is put in: names and labels are a stranger's, and
no writer has to think of it.  Paragraphs may have several lines, all else is one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, TypeAlias

from sweep.foreign import visible, visible_line

from .statements import Claim, Sentence


class _Visible:
    """A dataclass of texts, which are made visible when it is made."""

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            shown = self._shown(value)
            if shown is not value:
                object.__setattr__(self, name, shown)

    def _shown(self, value: Any) -> Any:
        if isinstance(value, str):
            return _seen(value, visible_line)
        if isinstance(value, tuple) and value and isinstance(value[0], str | Key):
            shown = tuple(
                each._replace(text=visible_line(each.text)) if isinstance(each, Key) else _seen(each, visible_line)
                for each in value
            )
            return value if shown == value else shown
        return value


def _seen(text: str, show: Callable[[str], str]) -> str:
    """A text made visible; a sentence goes on carrying what it claims."""
    shown = show(text)
    if shown == text:
        return text
    return Sentence(shown, *text.claims) if isinstance(text, Sentence) else shown


@dataclass(frozen=True)
class Cell(_Visible):
    """One entry of a table."""

    text: str
    tone: str = ""  # "better" | "worse" | "tie" | "best" | "missing" | ""
    detail: str = ""  # shown on hover where that exists: the exact interval
    notes: tuple[str, ...] = ()  # footnotes, in full; equal texts share a number
    color: str = ""  # CSS colour of a cell of a map
    hatched: bool = False  # of a map: more than one thing is true of it
    claims: tuple[Claim, ...] = ()  # what the text says of the table, beside its notes: marks, differences, names


@dataclass(frozen=True)
class Paragraph(_Visible):
    text: str
    code: bool = False  # a command to paste: kept apart, and folded only where a shell would go on reading

    def _shown(self, value: Any) -> Any:
        return _seen(value, visible) if isinstance(value, str) else value


class Key(NamedTuple):
    """What is drawn in which CSS colour, and with which line: "solid" | "dashed" | "dotted"; or "hatched"."""

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
    """One judged claim, or one verdict."""

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
    """A Vega-Lite specification; writers without graphics leave it out, the tables say the same."""

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


@dataclass(frozen=True)
class Document(_Visible):
    title: str
    subtitle: str
    sections: tuple[Section, ...]

    def short(self) -> Document:
        """Without the sections marked as detail."""
        return replace(self, sections=tuple(section for section in self.sections if not section.detail))
