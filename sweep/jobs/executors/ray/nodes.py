# SPDX-License-Identifier: MIT
"""The nodes of a cluster as they come and go: which are there, which may be used, what they are called."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import NamedTuple

DOUBT_S = 5.0


class ClusterNode(NamedTuple):
    """A node that is alive."""

    id: str
    host: str
    cpus: int
    address: str  # of its raylet
    port: int


class Nodes:
    """The nodes of a cluster.  A node is used once its versions were compared with this machine's and are the same."""

    def __init__(self) -> None:
        self._alive: dict[str, ClusterNode] = {}
        self._verdicts: dict[str, str] = {}  # how a node differs, "" if it does not
        self._names: dict[str, str] = {}
        self._doubted: dict[str, float] = {}  # until when

    def look(self, alive: Iterable[ClusterNode]) -> list[ClusterNode]:
        """Update the nodes that are alive; returns those with CPUs that were not there before."""
        previous, self._alive = self._alive, {node.id: node for node in alive if node.cpus}
        arrived = [node for node in self._alive.values() if node.id not in previous]
        for node in arrived:
            taken = node.host in self._names.values()
            self._names.setdefault(node.id, f"{node.host}-{node.id[:6]}" if taken else node.host)
        return arrived

    def forget(self, id: str) -> None:
        """Forget node `node_id`: if it is still alive, the next `look` returns it as new."""
        self._alive.pop(id, None)

    def __contains__(self, id: str) -> bool:
        """Whether node `id` is there."""
        return id in self._alive

    def judge(self, id: str, difference: str) -> None:
        """Note how node `node_id` differs from this machine; "" if it does not."""
        self._verdicts[id] = difference

    def name(self, id: str) -> str:
        """Name of node `node_id` for people: its host, perhaps with part of the id; "" if it was never there."""
        return self._names.get(id, "")

    @property
    def unjudged(self) -> int:
        return sum(node_id not in self._verdicts for node_id in self._alive)

    def doubt(self, id: str) -> None:
        """Give node `node_id` no work for DOUBT_S: it has lost some, and if it died, not all of Ray knows that yet."""
        self._doubted[id] = time.monotonic() + DOUBT_S

    @property
    def usable(self) -> list[ClusterNode]:
        now = time.monotonic()
        alike = [node for node in self._alive.values() if self._verdicts.get(node.id) == ""]
        return [node for node in alike if self._doubted.get(node.id, now) <= now]

    @property
    def refused(self) -> dict[str, str]:
        """Id -> difference of the nodes that are not like this machine."""
        return {node_id: self._verdicts[node_id] for node_id in self._alive if self._verdicts.get(node_id)}

    @property
    def cpus(self) -> int:
        """CPUs of the usable nodes."""
        return sum(node.cpus for node in self.usable)

    def described(self, address: str, again: int) -> str:
        """The executor as text; `address` "" for local Ray; `again`: how often Ray was restarted or rejoined."""
        workers = f"{self.cpus} worker{'s'[: self.cpus != 1]}"
        if not address:
            return f"local Ray, {workers}" + (" (started again)" if again else "")
        refused = ", ".join(self.name(node_id) for node_id in self.refused)
        joined = f"Ray at {address}, {workers}" + (" (joined again)" if again else "")
        return f"{joined}; not used: {refused}" if refused else joined
