# SPDX-License-Identifier: MIT
"""The nodes of a cluster as they come and go: which are there, which may be used, what they are called."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Node(NamedTuple):
    """A node that is alive."""

    id: str
    host: str
    cpus: int


class Nodes:
    """What is known of the nodes.  A node may be used once it has been judged and found like this machine."""

    def __init__(self) -> None:
        self._alive: dict[str, Node] = {}
        self._verdicts: dict[str, str] = {}  # how a node differs, "" if it does not
        self._names: dict[str, str] = {}

    def look(self, alive: Iterable[Node]) -> list[Node]:
        """Take note of the nodes that are there; those with CPUs that were not there before."""
        before, self._alive = self._alive, {node.id: node for node in alive if node.cpus}
        came = [node for node in self._alive.values() if node.id not in before]
        for node in came:
            taken = node.host in self._names.values()
            self._names.setdefault(node.id, f"{node.host}-{node.id[:6]}" if taken else node.host)
        return came

    def judge(self, id: str, difference: str) -> None:
        """Node `id` differs so; "" if it does not."""
        self._verdicts[id] = difference

    def name(self, id: str) -> str:
        """What people call node `id`; "" if it was never there."""
        return self._names.get(id, "")

    def named_in(self, text: str) -> str:
        """The name of the node whose id stands in `text`; "" if there is none."""
        return next((name for id, name in self._names.items() if id in text), "")

    @property
    def unjudged(self) -> int:
        return sum(id not in self._verdicts for id in self._alive)

    @property
    def usable(self) -> list[Node]:
        return [node for node in self._alive.values() if self._verdicts.get(node.id) == ""]

    @property
    def refused(self) -> dict[str, str]:
        """Ids of nodes that differ, and how."""
        return {id: self._verdicts[id] for id in self._alive if self._verdicts.get(id)}

    @property
    def cpus(self) -> int:
        """CPUs that may be used."""
        return sum(node.cpus for node in self.usable)

    @property
    def largest(self) -> int:
        """CPUs of the largest node that may be used; 0 if there is none."""
        return max((node.cpus for node in self.usable), default=0)
