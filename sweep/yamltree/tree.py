# SPDX-License-Identifier: MIT
"""YAML text as a tree of nodes with places.

The tree is built from the parser's events and values are not converted, so `on`, `0o17` and `1:30` stay text.
Anchors, aliases and merge keys (`<<`) are resolved.  Refused: duplicate keys, tags, more than one document, deep
nesting, large files and aliases that stand for more than a large file.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from sweep import standard_input
from sweep.yamltree.source import Mistake, Node, Place, shorten

from .aliases import MERGE, AliasError, Anchors, merge

DEEPEST = 20
LARGEST_BYTES = 1 << 20
PARSER: Any = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader  # libyaml: a thirtieth of the time
RESOLVER: Any = yaml.resolver.Resolver()


def read(path: Path) -> Node:
    """The YAML file as a tree, that of standard input for "-".  Errors: Mistake, at the path as given."""
    source = standard_input.name(path)
    file_place = Place(source)
    try:
        if path.is_dir():
            raise Mistake(file_place, "is a directory; a YAML file is needed.")
        data = standard_input.data(path, LARGEST_BYTES + 1)
    except OSError as error:
        raise Mistake(file_place, f"cannot be read: {error.strerror}.") from None
    except ValueError:
        raise Mistake(Place(shorten(str(path))), "is not the name of a file.") from None
    if len(data) > LARGEST_BYTES:
        raise Mistake(file_place, f"is larger than {LARGEST_BYTES:,} bytes, so it is no sweep file.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Mistake(_place(source, data[: error.start].decode("utf-8", "replace")), "is not UTF-8 text.") from None
    return parse(text, source)


def parse(text: str, source: str, marked: bool = True) -> Node:
    """YAML text as a tree; without `marked`, places have no line and column.  Errors: Mistake."""
    try:
        if unprintable := yaml.reader.Reader.NON_PRINTABLE.search(text):
            raise Mistake(
                _place(source, text[: unprintable.start()]) if marked else Place(source),
                f'has the character "U+{ord(unprintable[0]):04X}", which YAML does not allow.',
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
    """Builds the tree from a parser's events; refuses tags and nesting that is too deep."""

    def __init__(self, source: str, marked: bool) -> None:
        self.source, self.marked = source, marked
        self.anchors = Anchors(LARGEST_BYTES, DEEPEST)
        self.merged: dict[int, Node] = {}  # by how many lists and mappings are open, what "<<" has in the innermost
        self.root: Node | None = None
        self.open: list[Node] = []  # lists and mappings that have not ended, the innermost last
        self.keys: list[Node | None] = []  # of each of them that is a mapping, the key whose value comes next

    def take(self, event: Any) -> None:
        """Add the next event to the tree.  Errors: Mistake, MarkedYAMLError."""
        if self.root is not None and isinstance(event, yaml.DocumentStartEvent):
            raise yaml.MarkedYAMLError(problem="more than one document", problem_mark=event.start_mark)  # type: ignore[arg-type]
        if isinstance(event, yaml.CollectionEndEvent):
            self._end()
        elif isinstance(event, yaml.NodeEvent):
            node = self._alias(event) if isinstance(event, yaml.AliasEvent) else self._node(event)
            self._put(node)
            if isinstance(event, yaml.CollectionStartEvent):
                self.open.append(node)
                self.keys.append(None)

    def _node(self, event: Any) -> Node:
        if event.tag and event.tag != "!":
            raise yaml.MarkedYAMLError(problem=f'the tag "{event.tag}" is not used here', problem_mark=event.start_mark)
        if len(self.open) >= DEEPEST:
            raise yaml.MarkedYAMLError(problem=f"nested more than {DEEPEST} levels deep", problem_mark=event.start_mark)
        node = self._made(event, self._at(event))
        if event.anchor:
            self.anchors.name(event.anchor, node)
        return node

    def _made(self, event: Any, place: Place) -> Node:
        if isinstance(event, yaml.SequenceStartEvent):
            return Node(place, items=[])
        if isinstance(event, yaml.MappingStartEvent):
            return Node(place, pairs={})
        if any("\ud800" <= c <= "\udfff" for c in event.value):
            raise Mistake(place, "has an escaped surrogate, which is no character.")
        implied = RESOLVER.resolve(yaml.ScalarNode, event.value, event.implicit).rpartition(":")[2]
        return Node(place, str(event.value), implied == "null", implied == "bool", implied == "merge")

    def _at(self, event: Any) -> Place:
        mark = event.start_mark
        return Place(self.source, mark.line + 1, mark.column + 1) if self.marked else Place(self.source)

    def _alias(self, event: Any) -> Node:
        """A copy of the value that an alias stands for, with places at the alias."""
        place = self._at(event)
        try:
            copied: Node = self.anchors.copy(event.anchor, self.open, lambda there: replace(there, use=place))
        except AliasError as error:
            raise Mistake(place, str(error), known=error.known, heading="anchors") from None
        return copied

    def _end(self) -> None:
        """End the innermost list or mapping, and merge into it the mappings of its "<<" key."""
        merged = self.merged.pop(len(self.open), None)
        owner, _ = self.open.pop(), self.keys.pop()
        if merged is not None:
            del owner.keys[MERGE]
            sources = [merged] if merged.items is None else merged.items
            for each in sources:
                if each.pairs is None:
                    each.refuse(f'"{MERGE}"', "a mapping or a list of mappings")
            merge(owner, sources)

    def _put(self, node: Node) -> None:
        """Put `node` into the innermost open list or mapping."""
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
        elif key.is_merge:
            self.merged[len(self.open)], self.keys[-1] = node, None
        else:
            assert owner.pairs is not None
            owner.pairs[key.text], self.keys[-1] = node, None


def _place(source: str, before: str) -> Place:
    line = before.count("\n") + 1
    return Place(source, line, len(before) - (before.rfind("\n") + 1) + 1)
