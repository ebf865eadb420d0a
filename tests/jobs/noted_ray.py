# SPDX-License-Identifier: MIT
"""A Ray process without its threads, its socket and Ray: a test says what happens, event by event."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

from sweep.jobs.executors.protocol import Join
from sweep.jobs.executors.ray.messages import Setup, Submit, WorkerStatus
from sweep.jobs.executors.ray.nodes import ClusterNode
from sweep.jobs.executors.ray.process import Process
from sweep.jobs.executors.versions import versions
from sweep.jobs.executors.work import AttemptOutcome, Work

A, B, WIDE = (
    ClusterNode(letter * 56, host, cpus, "192.0.2.1", 1)
    for letter, host, cpus in (("a", "alpha", 1), ("b", "beta", 1), ("c", "gamma", 4))
)


class NotedRay:
    """Takes notes of what is run where; a test ends it."""

    def __init__(self) -> None:
        self.running: list[SimpleNamespace] = []
        self.cancelled: list[SimpleNamespace] = []
        self.dead = ""  # a process of it that has ended

    def run(self, function: str, *arguments: Any, node: str, done: Callable[[Future[Any]], None], cpus: int = 1) -> Any:
        task = SimpleNamespace(function=function, arguments=arguments, done=done, cpus=cpus, node=node)
        self.running.append(task)
        return task

    def dead_service(self) -> str:
        return self.dead

    def cancel(self, task: SimpleNamespace) -> None:
        if task in self.running:
            self.running.remove(task)
        self.cancelled.append(task)


class Bench:
    """A Ray process without its threads, socket and Ray."""

    def __init__(self, join: Join | None = None) -> None:
        self.statuses: list[WorkerStatus] = []
        self.ray = NotedRay()
        connection: Any = SimpleNamespace(send=self.statuses.append)
        self.process = Process(connection, Setup(b"", 100, 2, join, "", "", "executor.log", 0))
        self.process._ray = self.ray
        work = SimpleNamespace(run_chunk="run", warm="warm", node_versions="account", unpacked=lambda outcome: outcome)
        self.process._work = work
        self.process._plan, self.process._terms = "plan", b""
        self.process._address = join.address if join else ""

    def submit(self, *works: Work) -> None:
        for work in works:
            self.process._received(Submit(work))

    def look(self, *nodes: ClusterNode) -> None:
        self.process._looked(list(nodes))
        self.happen()

    def end(self, function: str, result: Any, node: str = "") -> None:
        """The first task of this kind, on this node, ends."""
        task = next(task for task in self.ray.running if task.function == function and node in ("", task.node))
        self.ray.running.remove(task)
        future: Future[Any] = Future()
        if isinstance(result, Exception):
            future.set_exception(result)
        else:
            future.set_result(result)
        task.done(future)
        self.happen()

    def happen(self) -> None:
        """What is to happen, happens."""
        while not self.process._events.empty():
            self.process._events.get()()

    def join(self, *nodes: ClusterNode) -> None:
        """These nodes come and are like this machine."""
        self.look(*nodes)
        for task in [task for task in self.ray.running if task.function == "account"]:
            self.end("account", dict(versions()), task.node)

    def ended(self) -> list[tuple[Work, AttemptOutcome]]:
        found, self.process._outbox = self.process._outbox, []
        return found

    def at(self, function: str) -> list[SimpleNamespace]:
        return [task for task in self.ray.running if task.function == function]
