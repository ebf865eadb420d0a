# SPDX-License-Identifier: MIT
"""The process that Ray lives in: `python -m sweep.jobs.executors.ray.process`, started by `executor`, its far end.

One thread does everything, event by event: messages of the run, results of Ray, once a second the nodes.  Whatever ends
it (a closed socket, an error), `_leave` ends all that it has started; a cluster gets back the demand announced first.

A node that joins later is asked for its versions and compiles what the others have compiled; then it gets work.  One
with other versions gets none.  Work on a node that has gone, or does not answer any more, is lost at once: Ray may take
minutes to say so.  So is work whose worker crashes a moment before its node goes.  Work that wants a node to itself
holds back all that comes after it, because Ray would let smaller work pass it for ever.
"""

from __future__ import annotations

import os
import pickle
import queue
import shutil
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable
from functools import partial
from importlib import import_module
from multiprocessing.connection import Connection
from typing import Any

from sweep.errors import IncompleteError, RunError, SweepError
from sweep.jobs.executors.versions import differences, versions
from sweep.jobs.executors.work import AttemptOutcome, Ending, RunSlice, WarmKernel, Work
from sweep.plan.identity import digest

from .assignments import Assignments, RayTasks
from .demand import Demand
from .directory import end_processes
from .errors import combined_outcome, cut_off, outcome_of
from .messages import Cancel, Ended, Fatal, Setup, Submit, WorkerStatus
from .nodes import ClusterNode, Nodes
from .reach import Reach
from .start import start

WATCH_S = 1.0
LEAVE_S = 5.0  # at most, for a cluster to take back the demand; `close` does not wait for so long
CRASH_S = 6.0  # a node whose raylet was killed is known to have gone after 5 s, with clusters/environment.sh


class Process:
    """The far end: what is known of one connection to Ray."""

    def __init__(self, connection: Connection, setup: Setup) -> None:
        self._connection, self._setup = connection, setup
        self._events: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._connected = self._started = self._broken = False
        self._address = ""  # of the cluster that was joined
        self._deadline = time.monotonic() + (setup.join.timeout_s if setup.join else 0)
        self._nodes, self._assignments = Nodes(), Assignments()
        self._held: deque[Work] = deque()
        self._jobs: dict[Work, RayTasks] = {}
        self._alone: set[Work] = set()
        self._warmed: list[str] = []
        self._demand = Demand(setup.chunks, lambda cpus: self._ray.announce(cpus))
        self._outbox: list[tuple[Work, AttemptOutcome]] = []
        self._status = WorkerStatus(-1, "")

    def main(self) -> None:
        """Never returns."""
        threading.Thread(target=self._read, daemon=True).start()
        try:
            self._connect()
            while not self._broken:
                self._events.get()()
                while not self._events.empty():
                    self._events.get()()
                if self._outbox:
                    self._connection.send(Ended(self._outbox))
                    self._outbox = []
        except SweepError as error:
            self._connection.send(Fatal(error))
        except Exception:
            traceback.print_exc()
        self._leave(1)

    def _connect(self) -> None:
        from . import cluster  # takes a second, and workers another, while Ray starts; the socket is watched

        threading.Thread(target=import_module, args=(f"{__package__}.workers",), daemon=True).start()
        if self._setup.join is None:
            start(self._setup, cluster.start)
        else:
            self._address = cluster.join(self._setup.join.address)
        from . import workers  # waits for the thread

        self._ray, self._work = cluster, workers
        self._connected = True
        self._home = cluster.this_node()[1]
        self._plan = cluster.put(self._setup.plan)
        limit = os.environ.get(workers.MEMORY_VARIABLE)
        self._terms = workers.terms(digest(self._setup.plan), int(limit) if limit else None)
        threading.Thread(target=self._watch, daemon=True).start()

    # In threads of their own

    def _read(self) -> None:
        """Messages of the run, until it closes the socket or is no more."""
        try:
            while True:
                self._events.put(partial(self._received, self._connection.recv()))
        except (EOFError, OSError):
            self._leave(0)

    def _watch(self) -> None:
        """Once a second: what nodes there are, what is to be announced, whether Ray is still there."""
        reach = Reach()
        while True:
            try:
                self._leave_dead_ray()
                nodes = self._ray.nodes()
                if not any(node.id == self._home for node in nodes):
                    self._leave_dead_ray("the Ray node of this machine")
                if self._setup.join:
                    self._demand.announce()
                    nodes = reach.there(nodes)
                self._events.put(partial(self._looked, nodes))
            except Exception:  # Ray may come back; if it does not, it ends this process itself
                traceback.print_exc()
            time.sleep(WATCH_S)

    def _leave_dead_ray(self, gone: str = "") -> None:
        """Leave if `gone`, or a process of local Ray, has ended."""
        if gone := gone or ("" if self._setup.join else self._ray.dead_service()):
            print(f"{gone} has ended", file=sys.stderr, flush=True)
            self._leave(1)

    def _leave(self, code: int) -> None:
        """End this process and all that it has started, in any thread, whatever the others are at."""
        threading.Timer(LEAVE_S, os._exit, (code,)).start()
        if self._setup.join and self._connected:
            try:
                self._demand.take_back()
            except Exception:
                traceback.print_exc()
        end_processes(self._setup.directory, os.getpid())
        shutil.rmtree(self._setup.directory, ignore_errors=True)
        os._exit(code)

    def _received(self, message: Submit | Cancel) -> None:
        if isinstance(message, Submit):
            self._held.append(message.work)
            if isinstance(message.work, RunSlice):
                self._demand.submitted(message.work.number)
        elif message.work in self._held:
            self._held.remove(message.work)
        elif message.work in self._jobs:
            for task in self._forget(message.work).tasks.values():
                self._ray.cancel(task)
        self._release()

    def _looked(self, alive: list[ClusterNode]) -> None:
        """These nodes are there."""
        for node in self._nodes.look(alive):
            if self._setup.join is None:
                self._nodes.judge(node.id, "")
            else:
                done = self._later(partial(self._told, node))
                self._ray.run(self._work.node_versions, cpus=0, node=node.id, done=done)
        for work, job in list(self._jobs.items()):
            for node_id in [id for id in job.tasks if id not in self._nodes]:
                self._ray.cancel(job.tasks[node_id])
                gone = f'node "{self._nodes.name(node_id)}" has gone, or does not answer'
                self._ended(work, node_id, AttemptOutcome(Ending.LOST, error=gone))
        self._consider()

    def _told(self, node: ClusterNode, future: Any) -> None:
        """A node has given an account of itself, or has failed to."""
        try:
            difference = differences(versions(), future.result())
        except Exception as error:
            outcome = outcome_of(error)
            if outcome is None or outcome.ending is Ending.LOST:
                return self._nodes.forget(node.id)  # it has gone again; if not, it is asked again
            difference = f"it cannot run sweep: {outcome.error.splitlines()[-1]}"
        self._nodes.judge(node.id, difference)
        if difference and not self._started:
            raise RunError(
                f'node "{self._nodes.name(node.id)}" is not like this machine: {difference}\n'
                "  next: install the same versions on all nodes, or take this one out of the cluster"
            )
        if difference:
            print(f'node "{self._nodes.name(node.id)}" is not used: {difference}', file=sys.stderr, flush=True)
        else:
            for strategy in self._warmed:
                self._ray.run(self._work.warm, strategy, node=node.id, done=lambda future: None)
        self._consider()

    def _finished(self, work: Work, node_id: str, future: Any, after_s: float = 0) -> None:
        """A task of `work` has ended, so long ago."""
        try:
            outcome: AttemptOutcome | None = self._work.unpacked(future.result())
        except Exception as error:
            outcome = outcome_of(error, watched=isinstance(work, RunSlice) and work.watched)
        if outcome is None or node_id not in self._jobs.get(work, RayTasks()).tasks:  # cancelled or given up
            return
        died = outcome.ending in (Ending.CRASHED, Ending.KILLED)
        if died:  # if its node goes, too, it is lost
            self._leave_dead_ray()
        if died and self._setup.join and not after_s:
            later = self._later(partial(self._finished, work, node_id, after_s=CRASH_S))
            threading.Timer(CRASH_S, later, (future,)).start()
        else:
            self._ended(work, node_id, outcome)

    def _ended(self, work: Work, node_id: str, outcome: AttemptOutcome) -> None:
        self._broken |= cut_off(outcome, local=self._setup.join is None)
        if outcome.ending is Ending.LOST:
            self._nodes.doubt(node_id)
        job = self._jobs[work]
        job.outcomes.append(outcome._replace(node=self._nodes.name(node_id)))
        if len(job.tasks) > 1:
            del job.tasks[node_id]
            return
        self._forget(work)
        self._outbox.append((work, combined_outcome(job.outcomes)))
        if isinstance(work, RunSlice):
            self._demand.ended(work.number)
        self._release()

    def _later(self, event: Callable[[Any], None]) -> Callable[[Any], None]:
        """Have `event` happen here, not in the thread of Ray's that calls this."""
        return lambda result: self._events.put(partial(event, result))

    def _forget(self, work: Work) -> RayTasks:
        job = self._jobs.pop(work)
        if isinstance(work, RunSlice):
            self._alone.discard(work)
            for node_id in job.tasks:
                self._assignments.take(work, node_id)
        return job

    def _release(self) -> None:
        """Hand to Ray what may be."""
        while self._started and self._held and not self._alone:
            work = self._held[0]
            if isinstance(work, WarmKernel):
                self._warm(work)
            elif not self._place(work):
                return
            self._held.popleft()

    def _place(self, run: RunSlice) -> bool:
        """Hand `run` to Ray, if there is a node for it."""
        node = self._assignments.choose(run, self._nodes.usable)
        if node is None:
            return False
        cpus = node.cpus if run.alone else 1
        if run.alone:
            self._alone.add(run)
        call = (self._work.run_chunk, self._plan, self._terms, run.number, run.start, run.stop, cpus, run.watched)
        done = self._later(partial(self._finished, run, node.id))
        self._jobs[run] = RayTasks({node.id: self._ray.run(*call, cpus=cpus, node=node.id, done=done)})
        self._assignments.put(run, node.id)
        return True

    def _warm(self, warm: WarmKernel) -> None:
        self._warmed.append(warm.strategy)
        job = self._jobs[warm] = RayTasks()
        for node in self._nodes.usable:
            done = self._later(partial(self._finished, warm, node.id))
            job.tasks[node.id] = self._ray.run(self._work.warm, warm.strategy, node=node.id, done=done)
        if not job.tasks:  # workers that come will compile what they need
            self._forget(warm)
            self._outbox.append((warm, AttemptOutcome(Ending.DONE)))

    def _consider(self) -> None:
        """Start, if the nodes that were promised are there; tell the run what there is."""
        join = self._setup.join
        promised = join.nodes if join and not self._setup.again else 0
        there, least = len(self._nodes.usable), max(promised, 1) if join else 0
        if not self._started and there >= least and (promised or not self._nodes.unjudged):
            self._started = True
        if not self._started and time.monotonic() > self._deadline:
            raise IncompleteError(
                f"{there} of {least} nodes have come to the Ray cluster in {join.timeout_s:.0f} s\n"  # type: ignore[union-attr]
                "  next: look at `ray status` on its head, or give fewer to --nodes"
            )
        waits = f"Ray at {self._address}: {there} of {promised or max(there + self._nodes.unjudged, 1)} nodes there"
        name = self._nodes.described(self._address, self._setup.again) if self._started else waits
        status = WorkerStatus(self._nodes.cpus if self._started else 0, name)
        if status != self._status:
            self._status = status
            self._connection.send(status)
        self._release()


if __name__ == "__main__":
    socket_descriptor, lock_descriptor = map(int, sys.argv[1:3])
    for descriptor in (socket_descriptor, lock_descriptor):
        os.set_inheritable(descriptor, False)  # not to Ray's processes
    Process(Connection(socket_descriptor), pickle.load(sys.stdin.buffer)).main()
