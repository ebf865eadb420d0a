# SPDX-License-Identifier: MIT
"""The ids of an experiment file, resolved to rows and series."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sweep.yamltree.source import Mistake, Node, Place, unknown

from .experiment import PublishedRow, RowSeries

MOST_KNOWN = 30  # ids, in a message


@dataclass
class References:
    """Everything that has an id.  `taken`: id -> where it was first given."""

    rows: list[PublishedRow] = field(default_factory=list)
    series: dict[str, RowSeries] = field(default_factory=dict)
    taken: dict[str, Place] = field(default_factory=dict)

    def take(self, name: str, place: Place) -> None:
        """Register an id.  Errors: Mistake if it is given twice."""
        if name in self.taken:
            raise Mistake(place, f'the id "{name}" is given twice; first at {self.taken[name]}.')
        self.taken[name] = place

    @property
    def names(self) -> tuple[str, ...]:
        """The ids of series and rows."""
        return (*self.series, *(row.id for row in self.rows))

    def find(self, node: Node, what: str) -> RowSeries | int:
        """The series, or the index of the row, that a node names.  Errors: Mistake with the known names."""
        name = node.scalar(what)
        if name in self.series:
            return self.series[name]
        for index, row in enumerate(self.rows):
            if row.id == name:
                return index
        raise unknown(node.place, f"{what}: the row", name, self.names[:MOST_KNOWN])

    def indices(self, nodes: Iterable[Node], what: str) -> tuple[int, ...]:
        """Indices of the rows that nodes name, directly or by a series, each once.  Errors: Mistake."""
        row_indices: dict[int, None] = {}
        for node in nodes:
            row_indices.update(dict.fromkeys(rows_of(self.find(node, what))))
        return tuple(row_indices)


def rows_of(found: RowSeries | int) -> Sequence[int]:
    return (found,) if isinstance(found, int) else found.rows
