# SPDX-License-Identifier: MIT
"""Which node gets a chunk: chosen here, so that it is known what was lost with a node.

Left to itself, Ray does not say where a chunk is, and chunks for healthy nodes wait behind those for a silent one.  A
second attempt at the same simulations goes to another node than the first, if there is another.

With several nodes, each has at most as many chunks as CPUs: one more would have to wait for these, however long they
take, instead of for the first free CPU of any node.  So the oldest chunks are those that run, which deadlines rely on
(`attempts`).  A single node has one chunk more, which waits there for a CPU to become free.

Source: a chunk that does not wait on its node begins 3 to 13 ms later (two cores, both busy with other things).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sweep.jobs.executors.work import AttemptOutcome, RunSlice

from .nodes import ClusterNode


@dataclass
class RayTasks:
    """Work that has been handed to Ray."""

    tasks: dict[str, Any] = field(default_factory=dict)  # Ray's references, by node
    outcomes: list[AttemptOutcome] = field(default_factory=list)


class Assignments:
    """The work that each node has been given and has not finished."""

    def __init__(self) -> None:
        self._simulations: defaultdict[str, list[tuple[int, int, int | None]]] = defaultdict(list)  # by node

    def choose(self, run: RunSlice, nodes: Sequence[ClusterNode]) -> ClusterNode | None:
        """The node of `nodes` to give `run` to: the one with most free CPUs; the largest if `run.alone`.

        None if all are full.
        """
        others = [node for node in nodes if run[:3] not in self._simulations[node.id]] or nodes
        if run.alone:
            return max(others, key=lambda node: node.cpus, default=None)
        queued = len(nodes) == 1
        room = {node: 1 - len(self._simulations[node.id]) / (node.cpus + queued) for node in others}
        return max((node for node in others if room[node] > 0), key=lambda node: room[node], default=None)

    def put(self, run: RunSlice, node: str) -> None:
        """Note that `node` was given `run`."""
        self._simulations[node].append(run[:3])

    def take(self, run: RunSlice, node: str) -> None:
        """Note that `node` is done with `run`, or lost it."""
        self._simulations[node].remove(run[:3])
        if not self._simulations[node]:
            del self._simulations[node]
