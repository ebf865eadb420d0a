# SPDX-License-Identifier: MIT
"""The words, numbers and signs of a condition, each with its place."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from sweep.errors import did_you_mean

LONGEST = 1000  # characters of a condition
LONGEST_NUMBER, LARGEST_EXPONENT = 40, 99  # what `sweep.units` reads
KEYWORDS = frozenset(("and", "or", "not", "in", "where"))
ORDER = ("<", "<=", ">", ">=")
SIGNS = {**{sign: sign for sign in ("=", "!=", *ORDER)}, "==": "="}  # of a comparison, and what each is called

# A percent sign is a unit unless an operand follows, for it is the remainder of a division, too.
_TOKEN = re.compile(
    r"""\s*(?:
    (?P<text>"(?:[^"]|"")*" | '(?:[^']|'')*')
  | (?P<release>[0-9]+(?:\.[0-9]+){2,}(?:-\w+)?)
  | (?P<number>(?:[0-9][0-9_]*(?:\.[0-9][0-9_]*)? | \.[0-9][0-9_]*)(?:[eE][-+]?[0-9]+(?!\w))?)
    (?:\s*(?:(?!(?:and|or|not|in|where)\b)(?P<unit>[^\W\d_]\w*(?:/s\b)?)(?!\w|\.\w)
           | (?P<share>%)(?=\s*(?:$|[)\],<>=!+*/]|\.\.|(?:and|or|not|in|where)\b))))?
  | (?P<word>[^\W\d]\w*(?:\.[^\W\d]\w*)*)
  | (?P<sign>\.\.|==|!=|<=|>=|//|[-=<>+*/%()\[\],])
  | (?P<odd>\S)
    )""",
    re.VERBOSE,
)


class ConditionError(ValueError):
    """A condition is wrong; the message says what and follows the condition in quotes.

    known: what there is to choose from; words: what may be a misspelt name; place: where, in characters from 0.
    """

    def __init__(
        self, message: str, known: Iterable[str] = (), words: Iterable[str] = (), place: int | None = None
    ) -> None:
        super().__init__(message)
        self.known, self.words, self.place = tuple(known), tuple(words), place

    def hint(self, names: Iterable[str]) -> str:
        """A sentence with the one of `names` that was perhaps meant, starting with a blank; "" if there is none."""
        return next(filter(None, (did_you_mean(word, names) for word in self.words)), "")

    def told(self, names: Iterable[str] = ()) -> str:
        """The message with its place and a hint, to follow the condition in quotes, without a full stop."""
        place = "" if self.place is None or str(self).endswith("?") else f" (character {self.place + 1})"
        hint = self.hint(names)
        return f"{self}{place}" + (f".{hint}" if hint else "")


class Token(NamedTuple):
    """`kind` is "number", "word", "text", "keyword", "sign", "odd" or "end"; `text` is without the unit and quotes."""

    kind: str
    text: str
    at: int
    end: int
    unit: str = ""


def tokens(text: str) -> list[Token]:
    """All of them, the last of the kind "end".  Errors: ConditionError."""
    if len(text) > LONGEST:
        raise ConditionError(f"is longer than {LONGEST} characters")
    all_tokens = []
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or ""
        kind = "number" if kind in ("unit", "share") else kind
        word, at = match[kind], match.start(kind)
        if kind == "text":
            word = word[1:-1].replace(word[0] * 2, word[0])
        elif kind == "number":
            if len(word) > LONGEST_NUMBER or abs(int(word.lower().partition("e")[2] or 0)) > LARGEST_EXPONENT:
                raise ConditionError(f'has "{word[:60]}" in it, which is too large a number', place=at)
            word = f"0{word}" if word[0] == "." else word
        kind = {"release": "text"}.get(kind, "keyword" if kind == "word" and word in KEYWORDS else kind)
        all_tokens.append(Token(kind, word, at, match.end(), match["unit"] or match["share"] or ""))
    end = len(text.rstrip())
    return [*all_tokens, Token("end", "", end, end)]
