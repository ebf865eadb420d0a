# SPDX-License-Identifier: MIT
"""Text from somewhere else made safe to show: what a terminal, a browser or a spreadsheet would obey is written out.

Names, labels, claims, metadata and messages come from files that a stranger may have written.  Characters that are not
seen but do something (control characters and with them all escape sequences, overrides of the direction of text,
zero-width characters, separators of lines, surrogates) are shown as Python writes them, `\\x1b` or `\\u202e`.  A
backslash that is there already is left alone, so what is shown is for people and cannot be read back.

These functions are called where text leaves: the terminal (`cli.screen`), documents (`report.document`), CSV and JSON
(`query.rows`, `report.tidy`), JUnit XML (`compare.junit`), the data of a page (`report.points`, `report.drawing`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

# Unicode 15.1: Cc, Cf (but for the marks that go before Arabic and Syriac numbers, which are seen), Cs, Zl, Zp,
# Default_Ignorable_Code_Point and noncharacters, as the inside of a character class.  A line end and a tab are apart.
_UNSEEN = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f-\u1160\u17b4-\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ud800-\udfff\ufdd0-\ufdef\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe-\uffff"
    "\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
) + "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0x10000, 0x110000, 0x10000))
_HIDDEN = re.compile(f"[{_UNSEEN}]")
_HIDDEN_OR_LINE_END = re.compile(f"[\n\t{_UNSEEN}]")
BACKSLASH = "\u29f5"  # looks like one
_NAMED = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}
_FORMULA = re.compile(r"\s*(?:[=@]|[+\-](?!(?:inf|[\d.,]+(?:e[+-]?\d+)?) ?%?$))")  # of a spreadsheet; no plain number


def visible(text: str) -> str:
    """`text` with what would not be seen written out; line ends and tabs are kept."""
    return text if text.isascii() and text.isprintable() else _HIDDEN.sub(_written, text)


def visible_line(text: str) -> str:
    """The same in one line: line ends and tabs are written out, too."""
    return text if text.isascii() and text.isprintable() else _HIDDEN_OR_LINE_END.sub(_written, text)


def is_plain(text: str) -> bool:
    """Whether all of a text is seen, in one line, with no blank but the usual one."""
    return text.isprintable() and not _HIDDEN.search(text)


def everywhere(value: Any, show: Callable[[str], str] = visible_line) -> Any:
    """A value such as JSON has, with every text in it made visible, those of keys too."""
    if isinstance(value, str):
        return show(value)
    if isinstance(value, dict):
        return {everywhere(key, show): everywhere(each, show) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [everywhere(each, show) for each in value]
    return value


def drawn(text: str) -> str:
    """A text for a chart: Vega puts it into expressions, in which a backslash would bring back what was written out."""
    return visible_line(text).replace("\\", BACKSLASH)


def json_text(
    value: Any, *, ascii: bool = True, indent: int | None = None, separators: tuple[str, str] | None = None
) -> str:
    """JSON in which nothing is hidden and nothing is lost: what would not be seen is escaped as JSON escapes it."""
    text = json.dumps(value, ensure_ascii=ascii, allow_nan=False, indent=indent, separators=separators)
    return _HIDDEN.sub(_json_escape, text)  # there are none but in its texts


def sheet_text(text: str) -> str:
    """A text for a cell of a CSV: visible, and no formula, which begins with `=`, `+`, `-` or `@` for a spreadsheet."""
    return visible(f"'{text}" if _FORMULA.match(text) else text)


def _written(found: re.Match[str]) -> str:
    letter, number = found[0], ord(found[0])
    wide = f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
    return _NAMED.get(letter) or (f"\\x{number:02x}" if number < 0x100 else wide)


def _json_escape(found: re.Match[str]) -> str:
    letter = found[0]
    return f"\\u{ord(letter):04x}" if letter.isascii() else json.dumps(letter)[1:-1]
