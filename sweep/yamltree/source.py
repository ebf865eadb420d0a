# SPDX-License-Identifier: MIT
"""Nodes of a YAML tree, each with its place in the file, and mistakes that name their place.

Every key and value knows its file, line and column, and its text as written: `tree` reads them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import NoReturn, TypeAlias

from sweep.errors import ConfigError, did_you_mean
from sweep.safe_text import visible_line

SEE = "sweep schema"  # the command that prints what a sweep file may contain
LISTS = {  # the commands that list the names of a kind
    "strategy": "sweep show strategies",
    "traffic": "sweep show mixes",
    "host": "sweep show hosts",
    "nic": "sweep show nics",
    "kernel": "sweep show kernels",
    "parameter": "sweep show parameters",
    "metric": "sweep show metrics",
}
MOST_SHOWN = 10  # mistakes
MOST_KNOWN = 200  # choices listed in one message

Near: TypeAlias = tuple[str, tuple[str, ...]] | Callable[[], str]


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was written: a file's line and column from 1, or an override (line 0).

    use: where the alias is that stands for it here, if there is one.
    """

    source: str
    line: int = 0
    column: int = 0
    use: Place | None = None

    def __str__(self) -> str:
        return f"{self.source}:{self.line}:{self.column}" if self.line else self.source


class Mistake(Exception):
    """Something wrong at a place.

    known: the choices, under the heading `heading`; see: the next command;
    near: an unknown word and the candidates for "did you mean", or a function that returns that sentence; both are
        evaluated only when the message is made;
    uses: the parameter and canonical value of the points that the mistake affects, to count them;
    also: further mistakes that were found with it.
    """

    def __init__(
        self,
        place: Place,
        message: str,
        *,
        known: tuple[str, ...] = (),
        heading: str = "known",
        see: str = "",
        uses: tuple[str, object] | None = None,
        near: Near | None = None,
    ) -> None:
        super().__init__(message)
        self.place, self.known, self.heading, self.see, self.uses, self.near = place, known, heading, see, uses, near
        self.also: list[Mistake] = []

    @classmethod
    def of(cls, place: Place, what: str, error: Exception) -> Mistake:
        """The mistake "`subject` `error`", with the choices and the next command of `error`."""
        stop = "" if str(error).endswith("?") else "."
        known, see, near = getattr(error, "known", ()), getattr(error, "see", ""), getattr(error, "near", None)
        return cls(place, f"{what} {error}{stop}", known=known, see=see, near=near)

    def text(self, count: str = "") -> str:
        """The whole message; `count` is a sentence about how many points it affects."""
        hint = self.near() if callable(self.near) else did_you_mean(*self.near) if self.near else ""
        used = f" Used by the alias at {self.place.use}." if self.place.use else ""
        lines = [f"{self.place}: {self}{hint}{used}" + (f" {count}" if count else "")]
        if self.known:
            more = f" and {len(self.known) - MOST_KNOWN:,} more" if len(self.known) > MOST_KNOWN else ""
            lines.append(f"  {self.heading}: {', '.join(map(shorten, self.known[:MOST_KNOWN]))}{more}")
        if self.see:
            lines.append(f"  see: {self.see}")
        return "\n".join(lines)

    def error(self) -> ConfigError:
        return ConfigError(self.text())


def combined_error(
    mistakes: Iterable[Mistake], count: Callable[[Mistake], str] = lambda mistake: "", more: str = ""
) -> ConfigError:
    """Several mistakes as one error, in the order of the file; `count` is as in `Mistake.text`."""
    ordered = sorted(
        mistakes, key=lambda mistake_at: (mistake_at.place.source, mistake_at.place.line, mistake_at.place.column)
    )
    texts = [mistake.text(count(mistake)) for mistake in ordered[:MOST_SHOWN]]
    if len(ordered) > MOST_SHOWN:
        texts.append(f"and {len(ordered) - MOST_SHOWN:,} more mistakes{more}")
    return ConfigError("\n".join(texts))


def unknown(place: Place, what: str, value: str, known: tuple[str, ...], **more: str) -> Mistake:
    """The mistake about a name that is not among the choices `known`."""
    message = f'{what} "{shorten(value)}" is not known.'
    return Mistake(place, message, known=known, near=(value, known), **more)  # type: ignore[arg-type]


@dataclass(slots=True)
class Node:
    """A scalar, list or mapping in a YAML file; `items` is None but for lists, `pairs` is None but for mappings."""

    place: Place
    text: str = ""
    is_null: bool = False
    is_boolean: bool = False
    is_merge: bool = False  # YAML's key "<<", which is no text
    items: list[Node] | None = None
    pairs: dict[str, Node] | None = None
    keys: dict[str, Place] = field(default_factory=dict)

    @property
    def is_scalar(self) -> bool:
        return self.items is None and self.pairs is None

    def scalar(self, what: str) -> str:
        """The text of a value that is neither list nor mapping.  Errors: Mistake."""
        if not self.is_scalar:
            self.refuse(what, "one value")
        if self.is_null:
            raise Mistake(self.place, f"{what} has no value.")
        return self.text

    def sequence(self, what: str) -> list[Node]:
        """The items of a list.  Errors: Mistake."""
        if self.items is None:
            self.refuse(what, "a list")
        return self.items

    def mapping(self, what: str) -> dict[str, Node]:
        """The pairs of a mapping.  Errors: Mistake."""
        if self.pairs is None:
            self.refuse(what, "a mapping")
        return self.pairs

    def refuse(self, what: str, wanted: str) -> NoReturn:
        if self.is_null:
            raise Mistake(self.place, f"{what} has no value; it takes {wanted}.")
        described = (
            "a list" if self.items is not None else "a mapping" if self.pairs is not None else f'"{shorten(self.text)}"'
        )
        raise Mistake(self.place, f"{what} takes {wanted}, not {described}.")

    def written(self) -> str:
        """The node on one line, in YAML's flow style."""
        if self.pairs is not None:
            return "{" + ", ".join(f"{key}: {value.written()}" for key, value in self.pairs.items()) + "}"
        return self.text if self.items is None else "[" + ", ".join(item.written() for item in self.items) + "]"

    def copy(self) -> Node:
        """A copy whose mappings can be changed without changing this one."""
        pairs = None if self.pairs is None else {key: node.copy() for key, node in self.pairs.items()}
        return replace(self, pairs=pairs, keys=dict(self.keys))


def shorten(text: str, longest: int = 80) -> str:
    """`text` for a message: on one line, control characters made visible, at most `longest` characters."""
    text = visible_line(" ".join(re.split("[ \t\r\n]+", text[: 4 * longest].strip(" \t\r\n"))))
    return text if len(text) <= longest else text[: longest - 1] + "…"
