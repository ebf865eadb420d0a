# SPDX-License-Identifier: MIT
"""The ids of an experiment file: what each one names, and a mistake for one that is not there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sweep.yamltree.source import Mistake, Node, Place, unknown

from .experiment import Row, Series

MOST_KNOWN = 30  # ids, in a message


@dataclass
class References:
    """Everything that has an id.  `taken`: where each was first given."""

    rows: list[Row] = field(default_factory=list)
    series: dict[str, Series] = field(default_factory=dict)
    taken: dict[str, Place] = field(default_factory=dict)

    def take(self, name: str, place: Place) -> None:
        """An id is given once.  Errors: Mistake."""
        if name in self.taken:
            raise Mistake(place, f'the id "{name}" is given twice; first at {self.taken[name]}.')
        self.taken[name] = place

    @property
    def names(self) -> tuple[str, ...]:
        """What may be called a row or a series."""
        return (*self.series, *(row.id for row in self.rows))

    def find(self, node: Node, what: str) -> Series | int:
        """A series, or the index of a row.  Errors: Mistake with the names there are."""
        name = node.scalar(what)
        if name in self.series:
            return self.series[name]
        for index, row in enumerate(self.rows):
            if row.id == name:
                return index
        raise unknown(node.place, f"{what}: the row", name, self.names[:MOST_KNOWN])

    def indices(self, nodes: Iterable[Node], what: str) -> tuple[int, ...]:
        """The rows of rows and series, each once.  Errors: Mistake."""
        found: dict[int, None] = {}
        for node in nodes:
            found.update(dict.fromkeys(rows_of(self.find(node, what))))
        return tuple(found)


def rows_of(found: Series | int) -> Sequence[int]:
    return (found,) if isinstance(found, int) else found.rows
