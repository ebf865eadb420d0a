# SPDX-License-Identifier: MIT
"""The nodes of a cluster as they come and go: which are there, which may be used, what they are called."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import NamedTuple

DOUBT_S = 5.0


class Node(NamedTuple):
    """A node that is alive."""

    id: str
    host: str
    cpus: int
    address: str  # of its raylet
    port: int


class Nodes:
    """What is known of the nodes.  A node may be used once it has been judged and found like this machine."""

    def __init__(self) -> None:
        self._alive: dict[str, Node] = {}
        self._verdicts: dict[str, str] = {}  # how a node differs, "" if it does not
        self._names: dict[str, str] = {}
        self._doubted: dict[str, float] = {}  # until when

    def look(self, alive: Iterable[Node]) -> list[Node]:
        """Take note of the nodes that are there; those with CPUs that were not there before."""
        before, self._alive = self._alive, {node.id: node for node in alive if node.cpus}
        came = [node for node in self._alive.values() if node.id not in before]
        for node in came:
            taken = node.host in self._names.values()
            self._names.setdefault(node.id, f"{node.host}-{node.id[:6]}" if taken else node.host)
        return came

    def forget(self, id: str) -> None:
        """If node `id` is still there, `look` takes it for one that has come."""
        self._alive.pop(id, None)

    def __contains__(self, id: str) -> bool:
        """Whether node `id` is there."""
        return id in self._alive

    def judge(self, id: str, difference: str) -> None:
        """Node `id` differs so; "" if it does not."""
        self._verdicts[id] = difference

    def name(self, id: str) -> str:
        """What people call node `id`; "" if it was never there."""
        return self._names.get(id, "")

    @property
    def unjudged(self) -> int:
        return sum(id not in self._verdicts for id in self._alive)

    def doubt(self, id: str) -> None:
        """Node `id` has lost work.  It gets none for a while: if it has died, that is not known everywhere yet."""
        self._doubted[id] = time.monotonic() + DOUBT_S

    @property
    def usable(self) -> list[Node]:
        now = time.monotonic()
        fit = [node for node in self._alive.values() if self._verdicts.get(node.id) == ""]
        return [node for node in fit if self._doubted.get(node.id, now) <= now]

    @property
    def refused(self) -> dict[str, str]:
        """Ids of nodes that differ, and how."""
        return {id: self._verdicts[id] for id in self._alive if self._verdicts.get(id)}

    @property
    def cpus(self) -> int:
        """CPUs that may be used."""
        return sum(node.cpus for node in self.usable)

    def described(self, address: str, again: int) -> str:
        """For people: the nodes of the cluster at `address`, or of local Ray, which has none, connected to `again`."""
        workers = f"{self.cpus} worker{'s'[: self.cpus != 1]}"
        if not address:
            return f"local Ray, {workers}" + (" (started again)" if again else "")
        refused = ", ".join(self.name(id) for id in self.refused)
        joined = f"Ray at {address}, {workers}" + (" (joined again)" if again else "")
        return f"{joined}; not used: {refused}" if refused else joined
