# SPDX-License-Identifier: MIT
"""YAML with places: every key and value knows its file, line and column, and its text as written.

The tree is made of the parser's events and nothing is constructed, so `on`, `0o17` and `1:30` stay the text that they
are.  Refused: duplicate keys, anchors and aliases, tags, more than one document, deep nesting, large files.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NoReturn, TypeAlias

import yaml

from sweep.errors import ConfigError, did_you_mean
from sweep.foreign import visible_line

SEE = "sweep schema"  # the command that says what a file may say
LISTS = {  # those that list what there is of something
    "strategy": "sweep show strategies",
    "traffic": "sweep show mixes",
    "host": "sweep show hosts",
    "nic": "sweep show nics",
    "kernel": "sweep show kernels",
    "parameter": "sweep show parameters",
    "metric": "sweep show metrics",
}
DEEPEST = 20
LARGEST_BYTES = 1 << 20
MOST_SHOWN = 10  # mistakes
PARSER: Any = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader  # libyaml: a thirtieth of the time
RESOLVER: Any = yaml.resolver.Resolver()
MOST_KNOWN = 200  # choices of one

Near: TypeAlias = tuple[str, tuple[str, ...]] | Callable[[], str]


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was written: a file's line and column from 1, or an override (line 0)."""

    source: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.source}:{self.line}:{self.column}" if self.line else self.source


class Mistake(Exception):
    """Something wrong at a place.

    known: the choices, under the heading `heading`; see: the next command;
    near: a word that is not known and those that it may have been meant for, or a function that gives a sentence with
        them: they are looked for when the mistake is told;
    uses: the parameter and canonical value whose points the mistake spoils, to count them;
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
        """`what` is as `error` says, with the choices and the next command that it has."""
        stop = "" if str(error).endswith("?") else "."
        known, see, near = getattr(error, "known", ()), getattr(error, "see", ""), getattr(error, "near", None)
        return cls(place, f"{what} {error}{stop}", known=known, see=see, near=near)

    def text(self, count: str = "") -> str:
        """The whole message; `count` is a sentence about how many points it affects."""
        hint = self.near() if callable(self.near) else did_you_mean(*self.near) if self.near else ""
        lines = [f"{self.place}: {self}{hint}" + (f" {count}" if count else "")]
        if self.known:
            more = f" and {len(self.known) - MOST_KNOWN:,} more" if len(self.known) > MOST_KNOWN else ""
            lines.append(f"  {self.heading}: {', '.join(map(shorten, self.known[:MOST_KNOWN]))}{more}")
        if self.see:
            lines.append(f"  see: {self.see}")
        return "\n".join(lines)

    def error(self) -> ConfigError:
        return ConfigError(self.text())


def all_of(
    mistakes: Iterable[Mistake], count: Callable[[Mistake], str] = lambda mistake: "", more: str = ""
) -> ConfigError:
    """Several mistakes as one error, in the order of the file; `count` is as in `Mistake.text`."""
    ordered = sorted(mistakes, key=lambda each: (each.place.source, each.place.line, each.place.column))
    texts = [mistake.text(count(mistake)) for mistake in ordered[:MOST_SHOWN]]
    if len(ordered) > MOST_SHOWN:
        texts.append(f"and {len(ordered) - MOST_SHOWN:,} more mistakes{more}")
    return ConfigError("\n".join(texts))


def unknown(place: Place, what: str, value: str, known: tuple[str, ...], **more: str) -> Mistake:
    """A name that is not among the choices."""
    message = f'{what} "{shorten(value)}" is not known.'
    return Mistake(place, message, known=known, near=(value, known), **more)  # type: ignore[arg-type]


@dataclass(slots=True)
class Node:
    """One value.  `text` is a scalar's, and `items` and `pairs` are None where they do not belong."""

    place: Place
    text: str = ""
    is_null: bool = False
    is_boolean: bool = False
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
        found = (
            "a list" if self.items is not None else "a mapping" if self.pairs is not None else f'"{shorten(self.text)}"'
        )
        raise Mistake(self.place, f"{what} takes {wanted}, not {found}.")

    def written(self) -> str:
        """It in one line, as YAML's flow style has it."""
        if self.pairs is not None:
            return "{" + ", ".join(f"{key}: {value.written()}" for key, value in self.pairs.items()) + "}"
        return self.text if self.items is None else "[" + ", ".join(item.written() for item in self.items) + "]"

    def copy(self) -> Node:
        """A copy whose mappings can be changed without changing this one."""
        pairs = None if self.pairs is None else {key: node.copy() for key, node in self.pairs.items()}
        return replace(self, pairs=pairs, keys=dict(self.keys))


def shorten(text: str, longest: int = 80) -> str:
    """Text for a message: one line, visible, not too long."""
    text = visible_line(" ".join(re.split("[ \t\r\n]+", text[: 4 * longest].strip(" \t\r\n"))))
    return text if len(text) <= longest else text[: longest - 1] + "…"


def read(path: Path) -> Node:
    """The YAML file as a tree.  Errors: Mistake, at the path as given."""
    here = Place(str(path))
    try:
        if path.is_dir():
            raise Mistake(here, "is a directory; a YAML file is needed.")
        with path.open("rb") as file:
            data = file.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise Mistake(here, f"cannot be read: {error.strerror}.") from None
    except ValueError:
        raise Mistake(Place(shorten(str(path))), "is not the name of a file.") from None
    if len(data) > LARGEST_BYTES:
        raise Mistake(here, f"is larger than {LARGEST_BYTES:,} bytes, so it is no sweep file.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Mistake(_place(str(path), data[: error.start].decode("utf-8", "replace")), "is not UTF-8 text.") from None
    return parse(text, str(path))


def parse(text: str, source: str, marked: bool = True) -> Node:
    """YAML text as a tree; `marked` False gives every node the source alone as its place.  Errors: Mistake."""
    try:
        if odd := yaml.reader.Reader.NON_PRINTABLE.search(text):
            raise Mistake(
                _place(source, text[: odd.start()]) if marked else Place(source),
                f'has the character "U+{ord(odd[0]):04X}", which YAML does not allow.',
            )
        composer = _Composer(source, marked)
        for event in yaml.parse(text, Loader=PARSER):
            composer.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(source, mark.line + 1, mark.column + 1) if mark and marked else Place(source)
        raise Mistake(place, f"is not valid YAML: {shorten(error.problem or str(error))}.") from None
    except (RecursionError, ValueError, OverflowError):
        raise Mistake(Place(source), "is not valid YAML.") from None
    return composer.root or Node(Place(source, 1, 1) if marked else Place(source), is_null=True)


class _Composer:
    """Makes the tree of a parser's events, without aliases, tags and bottomless nesting."""

    def __init__(self, source: str, marked: bool) -> None:
        self.source, self.marked = source, marked
        self.root: Node | None = None
        self.open: list[Node] = []  # lists and mappings that have not ended, the innermost last
        self.keys: list[Node | None] = []  # of each of them that is a mapping, the key whose value comes next

    def take(self, event: Any) -> None:
        """The next event.  Errors: Mistake, MarkedYAMLError."""
        if self.root is not None and isinstance(event, yaml.DocumentStartEvent):
            raise yaml.MarkedYAMLError(problem="more than one document", problem_mark=event.start_mark)  # type: ignore[arg-type]
        if isinstance(event, yaml.CollectionEndEvent):
            self.open.pop()
            self.keys.pop()
        elif isinstance(event, yaml.NodeEvent):
            node = self._node(event)
            self._put(node)
            if not node.is_scalar:
                self.open.append(node)
                self.keys.append(None)

    def _node(self, event: Any) -> Node:
        if isinstance(event, yaml.AliasEvent) or event.anchor:
            raise yaml.MarkedYAMLError(problem="anchors and aliases are not used here", problem_mark=event.start_mark)
        if event.tag and event.tag != "!":
            raise yaml.MarkedYAMLError(problem=f'the tag "{event.tag}" is not used here', problem_mark=event.start_mark)
        if len(self.open) >= DEEPEST:
            raise yaml.MarkedYAMLError(problem=f"nested more than {DEEPEST} levels deep", problem_mark=event.start_mark)
        mark = event.start_mark
        place = Place(self.source, mark.line + 1, mark.column + 1) if self.marked else Place(self.source)
        if isinstance(event, yaml.SequenceStartEvent):
            return Node(place, items=[])
        if isinstance(event, yaml.MappingStartEvent):
            return Node(place, pairs={})
        if any("\ud800" <= c <= "\udfff" for c in event.value):
            raise Mistake(place, "has an escaped surrogate, which is no character.")
        implied = RESOLVER.resolve(yaml.ScalarNode, event.value, event.implicit).rpartition(":")[2]
        return Node(place, str(event.value), is_null=implied == "null", is_boolean=implied == "bool")

    def _put(self, node: Node) -> None:
        """Where it belongs: into the innermost list or mapping."""
        if not self.open:
            self.root = node
            return
        owner, key = self.open[-1], self.keys[-1]
        if owner.items is not None:
            owner.items.append(node)
        elif key is None:
            name = node.scalar("a key")
            if name in owner.keys:
                raise Mistake(node.place, f'"{shorten(name)}" is given twice; first at {owner.keys[name]}.')
            owner.keys[name], self.keys[-1] = node.place, node
        else:
            assert owner.pairs is not None
            owner.pairs[key.text], self.keys[-1] = node, None


def _place(source: str, before: str) -> Place:
    line = before.count("\n") + 1
    return Place(source, line, len(before) - (before.rfind("\n") + 1) + 1)
