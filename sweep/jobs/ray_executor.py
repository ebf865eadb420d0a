# SPDX-License-Identifier: MIT
"""Chunks on Ray: a private cluster on this machine, or one that is there.  The only file that imports ray.

The private cluster listens on loopback only, asks for a token, reports nothing, draws no dashboard, keeps its files
in a directory of its own that goes when it goes, and says nothing on the terminal: while it runs, file descriptor 2
is the run's log, because Ray's C++ side writes there whatever its log level says.

Workers get the plan once, through the object store; they need no file of ours.  Tasks are plain: at least once is
Ray's promise, exactly once is made by the store, at commit.

Not modelled: deadlines, second copies and out-of-memory halving; autoscaling.
Source: measured with Ray 2.60.
"""

from __future__ import annotations

import logging
import os
import secrets
import shutil
import signal
import socket
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from sweep.errors import RunError
from sweep.model.jit import kernel_cache
from sweep.plan import Plan, decode, encode

from .executor import Join
from .task import attempt_run, attempt_warm
from .work import Ending, Outcome, Run, Work

OBJECT_STORE_BYTES = 256 << 20
SYSTEM_RETRIES = 3  # of a task whose worker or node died; an exception is an outcome and never retried
CONNECT_TIMEOUT_S = 5.0
TEMP_PREFIX = "sweep-ray-"
SOCKET_PATH_BYTES = 40  # longest temporary directory under which Ray's sockets stay below the 107 of AF_UNIX

# One thread per worker: a lane is sequential and workers fill the cores.
WORKER_ENVIRONMENT = {"NUMBA_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


class RayExecutor:
    """One Ray task per chunk, and one per node and strategy to compile its kernel."""

    def __init__(self, plan: Plan, workers: int, join: Join | None, log: Path) -> None:
        """Start a cluster with `workers` cores, or join the one at `address`; Ray's noise goes to `log`.

        Raises RunError if no cluster answers, or if this process is connected to one already.
        """
        address = join.address if join else None
        self._undo = ExitStack()
        self._pending: dict[Any, Work] = {}
        self._compiling: dict[str, list[Outcome]] = {}  # strategy -> outcomes of the nodes so far
        with self._undo as undo:  # undone here if starting fails
            undo.enter_context(_stderr_to(log))
            undo.enter_context(_environment(_local_environment() if address is None else {}))
            if address is None:
                self._ray = _start(workers, undo.enter_context(_private_directory()))
            else:
                self._ray = _join(address)
            undo.callback(self._ray.shutdown)
            self.workers = workers if address is None else int(self._ray.cluster_resources().get("CPU", 1))
            self.name = f"local Ray, {workers} workers" if address is None else f"Ray at {address}"
            options = {"num_cpus": 1, "max_retries": SYSTEM_RETRIES, "retry_exceptions": False}
            self._chunk = self._ray.remote(**options)(_chunk)
            self._warm = self._ray.remote(**options)(attempt_warm)
            self._plan = self._ray.put(np.frombuffer(encode(plan), np.uint8))
            self._undo = undo.pop_all()

    def submit(self, work: Work) -> None:
        if isinstance(work, Run):
            self._pending[self._chunk.remote(self._plan, tuple(work))] = work
            return
        self._compiling[work.strategy] = []
        for strategy in self._placements():
            self._pending[self._warm.options(scheduling_strategy=strategy).remote(work)] = work

    def cancel(self, work: Work) -> None:
        for reference in [each for each, pending in self._pending.items() if pending == work]:
            del self._pending[reference]
            self._ray.cancel(reference, force=True)

    def wait(self, timeout_s: float) -> list[tuple[Work, Outcome]]:
        if not self._pending:
            return []
        ready, _ = self._ray.wait(list(self._pending), num_returns=1, timeout=timeout_s)
        if ready:  # and whatever else is there by now
            ready, _ = self._ray.wait(list(self._pending), num_returns=len(self._pending), timeout=0)
        ended: list[tuple[Work, Outcome]] = []
        for reference in ready:
            work, outcome = self._pending.pop(reference), self._get(reference)
            if isinstance(work, Run):
                ended.append((work, outcome))
                continue
            self._compiling[work.strategy].append(outcome)
            if work not in self._pending.values():
                ended.append((work, _together(self._compiling.pop(work.strategy))))
        return ended

    def close(self) -> None:
        self._undo.close()

    def _get(self, reference: Any) -> Outcome:
        try:
            return Outcome(*self._ray.get(reference))
        except self._ray.exceptions.RayError as error:  # the worker or its node died, more often than retries allow
            return Outcome(Ending.CRASHED, error=f"{type(error).__name__}: {error}")

    def _placements(self) -> list[Any]:
        """A scheduling strategy for each node that can run tasks."""
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        nodes = [node for node in self._ray.nodes() if node["Alive"] and node["Resources"].get("CPU", 0) >= 1]
        return [NodeAffinitySchedulingStrategy(node["NodeID"], soft=True) for node in nodes]


def _chunk(data: np.ndarray, work: tuple[int, int, int | None, int]) -> Outcome:
    """In the worker: the plan is decoded once per process."""
    return attempt_run(_decoded(data.tobytes()), Run(*work))


@lru_cache(maxsize=2)
def _decoded(data: bytes) -> Plan:
    return decode(data)


def _together(outcomes: list[Outcome]) -> Outcome:
    worst = next((outcome for outcome in outcomes if outcome.ending is not Ending.DONE), outcomes[0])
    return worst._replace(seconds=sum(outcome.seconds for outcome in outcomes))


def _start(workers: int, temp: str) -> Any:
    """A private cluster on this machine; its processes inherit this process's environment."""
    ray = _unused()
    with _own_signals():
        ray.init(
            address="local",
            num_cpus=workers,
            include_dashboard=False,
            logging_level=logging.ERROR,
            log_to_driver=False,
            object_store_memory=OBJECT_STORE_BYTES,
            _temp_dir=temp,
        )
    return ray


def _local_environment() -> dict[str, str]:
    """What must hold before ray is imported and while its processes start."""
    return {
        **WORKER_ENVIRONMENT,
        "NUMBA_CACHE_DIR": kernel_cache(),
        "PYTHONPATH": _python_path(),
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # oddly named: bind loopback, as on a laptop
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": _token(),
        "RAY_task_oom_retries": "2",  # without end otherwise
        "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
    }


def _join(address: str) -> Any:
    """The cluster at `address`; its nodes must have sweep installed.  Raises RunError if none answers."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    try:
        if port.isdecimal():  # ray itself tries for minutes
            socket.create_connection((host, int(port)), CONNECT_TIMEOUT_S).close()
        ray = _unused()
        environment = {"env_vars": dict(WORKER_ENVIRONMENT)}
        with _own_signals():
            ray.init(address=address, logging_level=logging.ERROR, log_to_driver=False, runtime_env=environment)
    except (OSError, RuntimeError, ValueError, OverflowError) as error:
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise RunError(
            f'no Ray cluster at "{address}": {first}\n  next: ray start --head, or leave --address out for local Ray'
        ) from error
    return ray


def _unused() -> Any:
    """The module ray, not in use by this process.  Imported here because it reads the environment when it is."""
    import ray

    if ray.is_initialized():
        raise RunError(
            "this process is connected to a Ray cluster already, and can be to one only\n"
            '  next: ray.shutdown() first, or executor="inline"'
        )
    return ray


def _python_path() -> str:
    """So that workers import this very checkout or installation."""
    here = str(Path(__file__).resolve().parents[2])
    return os.pathsep.join([here, *filter(None, [os.environ.get("PYTHONPATH")])])


@cache
def _token() -> str:
    """The private cluster's token; one per process, because Ray reads it only once in a process."""
    return secrets.token_hex(32)


@contextmanager
def _environment(changes: Mapping[str, str]) -> Iterator[None]:
    """Change the environment for the time being; take back what Ray sets in it, too."""
    before = dict(os.environ)
    os.environ.update(changes)
    try:
        yield
    finally:
        for name in os.environ.keys() - before.keys():
            del os.environ[name]
        os.environ.update(before)


@contextmanager
def _private_directory() -> Iterator[str]:
    """A directory of mode 0700 for the time being, under TMPDIR unless that is too long for a socket."""
    root = tempfile.gettempdir()
    if len(os.fsencode(root)) > SOCKET_PATH_BYTES:
        root = "/tmp"
    for left in Path(root).glob(f"{TEMP_PREFIX}*"):  # by runs that were killed
        pid = left.name.removeprefix(TEMP_PREFIX).split("-")[0]
        if pid.isdecimal() and not Path("/proc", pid).exists() and Path("/proc").exists():
            shutil.rmtree(left, ignore_errors=True)
    path = tempfile.mkdtemp(prefix=f"{TEMP_PREFIX}{os.getpid()}-", dir=root)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def _own_signals() -> Iterator[None]:
    """Put back the handler of SIGTERM, which Ray replaces."""
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, before)


@contextmanager
def _stderr_to(log: Path) -> Iterator[None]:
    """Point file descriptor 2 at `log` for the time being."""
    before = os.dup(2)
    try:
        with open(log, "ab") as file:
            os.dup2(file.fileno(), 2)
        yield
    finally:
        os.dup2(before, 2)
        os.close(before)
