# SPDX-License-Identifier: MIT
"""YAML with places: every key and value knows its file, line and column, and its text as written.

PyYAML's composer builds the tree; nothing is constructed, so `on`, `0o17` and `1:30` stay the text that they
are.  Refused: duplicate keys, anchors and aliases, tags, more than one document, deep nesting, large files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NoReturn

import yaml
from yaml.events import AliasEvent

from sweep.errors import ConfigError, did_you_mean

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
    ) -> None:
        super().__init__(message)
        self.place, self.known, self.heading, self.see, self.uses = place, known, heading, see, uses
        self.also: list[Mistake] = []

    @classmethod
    def of(cls, place: Place, what: str, error: Exception) -> Mistake:
        """`what` is as `error` says, with the choices and the next command that it has."""
        stop = "" if str(error).endswith("?") else "."
        known, see = getattr(error, "known", ()), getattr(error, "see", "")
        return cls(place, f"{what} {error}{stop}", known=known, see=see)

    def text(self, count: str = "") -> str:
        """The whole message; `count` is a sentence about how many points it affects."""
        lines = [f"{self.place}: {self}" + (f" {count}" if count else "")]
        if self.known:
            lines.append(f"  {self.heading}: {', '.join(self.known)}")
        if self.see:
            lines.append(f"  see: {self.see}")
        return "\n".join(lines)

    def error(self) -> ConfigError:
        return ConfigError(self.text())


def all_of(mistakes: Iterable[Mistake], count: Callable[[Mistake], str] = lambda mistake: "") -> ConfigError:
    """Several mistakes as one error, in the order of the file; `count` is as in `Mistake.text`."""
    ordered = sorted(mistakes, key=lambda each: (each.place.source, each.place.line, each.place.column))
    texts = [mistake.text(count(mistake)) for mistake in ordered[:MOST_SHOWN]]
    if len(ordered) > MOST_SHOWN:
        texts.append(f"and {len(ordered) - MOST_SHOWN:,} more mistakes")
    return ConfigError("\n".join(texts))


def unknown(place: Place, what: str, value: str, known: tuple[str, ...], **more: str) -> Mistake:
    """A name that is not among the choices."""
    return Mistake(place, f'{what} "{shorten(value)}" is not known.{did_you_mean(value, known)}', known=known, **more)  # type: ignore[arg-type]


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
    """Text for a message: one line, printable, not too long."""
    text = "".join(c if c.isprintable() else "�" for c in " ".join(text.split()))
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
        loader = _Loader(text)
        try:
            root = loader.get_single_node()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(source, mark.line + 1, mark.column + 1) if mark and marked else Place(source)
        raise Mistake(place, f"is not valid YAML: {shorten(error.problem or str(error))}.") from None
    except yaml.reader.ReaderError as error:
        place = _place(source, text[: error.position]) if marked else Place(source)
        raise Mistake(
            place, f'has the character "U+{ord(text[error.position]):04X}", which YAML does not allow.'
        ) from None
    except (RecursionError, ValueError, OverflowError):
        raise Mistake(Place(source), "is not valid YAML.") from None
    if root is None:
        return Node(Place(source, 1, 1) if marked else Place(source), is_null=True)
    return _tree(root, source, marked)


class _Loader(yaml.SafeLoader):
    """SafeLoader's composer without aliases and without bottomless nesting."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, AliasEvent) or getattr(event, "anchor", None):
            raise yaml.MarkedYAMLError(problem="anchors and aliases are not used here", problem_mark=event.start_mark)
        tag = getattr(event, "tag", None)
        if tag and tag != "!":
            raise yaml.MarkedYAMLError(problem=f'the tag "{tag}" is not used here', problem_mark=event.start_mark)
        self.depth += 1
        if self.depth > DEEPEST:
            raise yaml.MarkedYAMLError(problem=f"nested more than {DEEPEST} levels deep", problem_mark=event.start_mark)
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1


def _tree(node: yaml.Node, source: str, marked: bool) -> Node:
    mark = node.start_mark
    place = Place(source, mark.line + 1, mark.column + 1) if marked else Place(source)
    if isinstance(node, yaml.ScalarNode):
        implied = node.tag.rpartition(":")[2]
        if any("\ud800" <= c <= "\udfff" for c in node.value):
            raise Mistake(place, "has an escaped surrogate, which is no character.")
        return Node(place, str(node.value), is_null=implied == "null", is_boolean=implied == "bool")
    if isinstance(node, yaml.SequenceNode):
        return Node(place, items=[_tree(item, source, marked) for item in node.value])
    tree = Node(place, pairs={})
    assert tree.pairs is not None
    for key_node, value in node.value:
        key = _tree(key_node, source, marked)
        name = key.scalar("a key")
        if name in tree.pairs:
            raise Mistake(key.place, f'"{shorten(name)}" is given twice; first at {tree.keys[name]}.')
        tree.pairs[name] = _tree(value, source, marked)
        tree.keys[name] = key.place
    return tree


def _place(source: str, before: str) -> Place:
    line = before.count("\n") + 1
    return Place(source, line, len(before) - (before.rfind("\n") + 1) + 1)
