# SPDX-License-Identifier: MIT
"""Make untrusted text safe to show: characters that a terminal, browser or spreadsheet would act on are escaped.

Names, labels, claims, metadata and messages come from files that a stranger may have written.  Invisible characters
with an effect (control characters and with them all escape sequences, overrides of text direction, zero-width
characters, line separators, surrogates) are shown as Python writes them, `\\x1b` or `\\u202e`.  Existing backslashes
are left alone, so the result is for people and cannot be read back.

These functions are called where text is output: the terminal (`cli.screen`), documents (`document.blocks`), CSV and
JSON (`query.rows`, `report.projection.tidy`), JUnit XML (`compare.junit`), the data of a page (`report.page.points`,
`document.drawing`).
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
    """`text` with invisible characters escaped; line ends and tabs are kept."""
    return text if text.isascii() and text.isprintable() else _HIDDEN.sub(_written, text)


def visible_line(text: str) -> str:
    """`text` as one line with all invisible characters escaped, line ends and tabs too."""
    return text if text.isascii() and text.isprintable() else _HIDDEN_OR_LINE_END.sub(_written, text)


def is_plain(text: str) -> bool:
    """Whether `text` is one line of visible characters, with no blanks but plain spaces."""
    return text.isprintable() and not _HIDDEN.search(text)


def visible_values(value: Any, show: Callable[[str], str] = visible_line) -> Any:
    """A JSON-like value with `show` applied to every text in it, keys included."""
    if isinstance(value, str):
        return show(value)
    if isinstance(value, dict):
        return {visible_values(key, show): visible_values(inner, show) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [visible_values(inner, show) for inner in value]
    return value


def chart_text(text: str) -> str:
    """A text for a chart: Vega puts it into expressions, in which a backslash would undo the escaping."""
    return visible_line(text).replace("\\", BACKSLASH)


def json_text(
    value: Any, *, ascii: bool = True, indent: int | None = None, separators: tuple[str, str] | None = None
) -> str:
    """`value` as JSON with invisible characters escaped, so that it reads back unchanged."""
    text = json.dumps(value, ensure_ascii=ascii, allow_nan=False, indent=indent, separators=separators)
    return _HIDDEN.sub(_json_escape, text)  # there are none but in its texts


def spreadsheet_text(text: str) -> str:
    """A text for a CSV: visible, and never a formula to a spreadsheet, which begins with `=`, `+`, `-` or `@`."""
    return visible(f"'{text}" if _FORMULA.match(text) else text)


def _written(found: re.Match[str]) -> str:
    letter, number = found[0], ord(found[0])
    wide = f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
    return _NAMED.get(letter) or (f"\\x{number:02x}" if number < 0x100 else wide)


def _json_escape(found: re.Match[str]) -> str:
    letter = found[0]
    return f"\\u{ord(letter):04x}" if letter.isascii() else json.dumps(letter)[1:-1]
