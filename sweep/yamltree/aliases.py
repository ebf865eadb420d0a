# SPDX-License-Identifier: MIT
"""Anchors, aliases and merge keys of YAML: an alias becomes a copy of the anchored value, of bounded size and depth.

A copy, so that an override changes only one use; bounded, because ten lines of YAML can expand to a billion values.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from typing import Any, Protocol, TypeVar

MERGE = "<<"  # the key whose mappings are merged into the one that it stands in


class AliasError(ValueError):
    """An alias or an anchor is not valid.  known: the existing anchors, if an alias is unknown."""

    def __init__(self, message: str, known: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.known = known


class Tree(Protocol):
    """The attributes of a `source.Node` that aliases need."""

    place: Any
    text: str
    items: list[Any] | None
    pairs: dict[str, Any] | None
    keys: dict[str, Any]


T = TypeVar("T", bound=Tree)
EACH = 16  # characters that a value counts beside its text, so that a million short ones are too many


class Anchors:
    """The anchors of a file.  All copies together have `most_characters`, and no value is deeper than `deepest`."""

    def __init__(self, most_characters: int, deepest: int) -> None:
        self._most, self._left, self._deepest = most_characters, most_characters, deepest
        self._trees: dict[str, Tree] = {}

    def name(self, anchor: str, tree: Tree) -> None:
        """Let `*anchor` stand for `tree` from now on; `tree` may not be complete yet."""
        self._trees[anchor] = tree

    def copy(self, anchor: str, above: Sequence[Tree], moved: Callable[[Any], Any]) -> Any:
        """A copy of the value of `*anchor`, used inside the unfinished trees `enclosing`; `moved` gives its places.

        Errors: AliasError.
        """
        tree = self._trees.get(anchor)
        if tree is None:
            raise AliasError(f'the anchor "&{anchor}" is not known here: it comes before its aliases.', (*self._trees,))
        if any(tree is tree_above for tree_above in above):
            raise AliasError(f'the alias "*{anchor}" stands inside the value of "&{anchor}", which would have no end.')
        return self._copied(tree, len(above), moved)

    def _copied(self, tree: T, depth: int, moved: Callable[[Any], Any]) -> T:
        self._left -= len(tree.text) + sum(map(len, tree.keys)) + EACH
        if self._left < 0:
            raise AliasError(
                f"with this alias, aliases stand for more than {self._most:,} characters; no file may have as many."
            )
        if depth >= self._deepest and (tree.items is not None or tree.pairs is not None):
            raise AliasError(f"nested more than {self._deepest} levels deep with what the alias stands for.")
        made = copy(tree)
        made.place = moved(tree.place)
        made.keys = {key: moved(place) for key, place in tree.keys.items()}
        if tree.items is not None:
            made.items = [self._copied(item, depth + 1, moved) for item in tree.items]
        if tree.pairs is not None:
            made.pairs = {key: self._copied(value, depth + 1, moved) for key, value in tree.pairs.items()}
        return made


def merge(into: Tree, sources: Sequence[Tree]) -> None:
    """Add the pairs of `sources`, mappings, to a mapping: before its own, which win, and the first source's win."""
    pairs: dict[str, Any] = {}
    keys: dict[str, Any] = {}
    for source in (*sources, into):
        for key, value in (source.pairs or {}).items():
            if source is into or key not in pairs:
                pairs[key], keys[key] = value, source.keys[key]
    into.pairs, into.keys = pairs, keys
