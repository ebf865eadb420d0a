# SPDX-License-Identifier: MIT
"""Which node gets a chunk: ours to say, so that it is known what a node that has gone took with it.

Left to itself, Ray does not say where a chunk is, and chunks for healthy nodes wait behind those for a silent one.  A
second attempt at the same simulations goes to another node than the first, if there is another.

One of several nodes has as many chunks as it has CPUs: a further one would wait for those, however long they take, and
not for the first CPU that becomes free anywhere.  So the oldest chunks are those that run, which is what deadlines are
reckoned by (`attempts`).  On an only node one more waits, and is there when a CPU becomes free.

Source: a chunk that does not wait on its node begins 3 to 13 ms later (two cores, both busy with other things).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sweep.jobs.executors.work import Outcome, Run

from .nodes import Node


@dataclass
class Job:
    """Work that has been handed to Ray."""

    tasks: dict[str, Any] = field(default_factory=dict)  # Ray's references, by node
    outcomes: list[Outcome] = field(default_factory=list)


class Places:
    """Chunks by node."""

    def __init__(self) -> None:
        self._simulations: defaultdict[str, list[tuple[int, int, int | None]]] = defaultdict(list)  # by node

    def choose(self, run: Run, nodes: Sequence[Node]) -> Node | None:
        """The node of `nodes` that should have `run`: that with most room; for one that is to be alone, the largest.

        None if it has to wait for one.
        """
        others = [node for node in nodes if run[:3] not in self._simulations[node.id]] or nodes
        if run.alone:
            return max(others, key=lambda node: node.cpus, default=None)
        waiting = len(nodes) == 1
        room = {node: 1 - len(self._simulations[node.id]) / (node.cpus + waiting) for node in others}
        return max((node for node in others if room[node] > 0), key=lambda node: room[node], default=None)

    def put(self, run: Run, node: str) -> None:
        """`node` has `run` now."""
        self._simulations[node].append(run[:3])

    def take(self, run: Run, node: str) -> None:
        """`node` has it no more."""
        self._simulations[node].remove(run[:3])
        if not self._simulations[node]:
            del self._simulations[node]
