# SPDX-License-Identifier: MIT
"""Python runs this first in every process of a sweep under test (PYTHONPATH): a witness, and a moment to die.

FAULTS_WITNESS: a file that gets a line for each chunk that a worker begins, with its place among the runs of Ray.
FAULTS_LINGER_S: a worker keeps a chunk for so long per simulation: a sweep takes its time on a fast machine, too.
FAULTS_DIE: if that file is there when a part is about to get its name, this process ends by SIGKILL.
"""

from __future__ import annotations

import importlib.abc
import importlib.util
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

RENAMED = "os.rename"  # the audit event of os.replace, too


PLACE = "FAULTS_PLACE"  # of a worker, which a process that it starts to watch a chunk in inherits


def _place() -> dict[str, str | int]:
    """Where this worker is, or the one that has started this process.

    A driver's connection to Ray is a job of a session, a node is a raylet.
    """
    if PLACE not in os.environ:
        import ray  # a worker has it already

        context = ray.get_runtime_context()
        session = f"{context.get_session_name()}/{context.get_job_id()}"
        place = {"session": session, "node": int(os.environ["RAY_RAYLET_PID"]), "worker": os.getpid()}
        os.environ[PLACE] = json.dumps(place)
    return dict(json.loads(os.environ[PLACE]))


def _witnessed(run_chunk: Callable[..., Any], path: str) -> Callable[..., Any]:
    def run(plan: Any, work: Any) -> Any:
        began = time.time()
        simulations = plan.chunks[work.number].simulations[work.start : work.stop].tolist()
        line = json.dumps({"when": began, **_place(), "simulations": simulations})
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.write(file, f"{line}\n".encode())
        os.close(file)
        part = run_chunk(plan, work)
        least_s = float(os.environ["FAULTS_LINGER_S"]) * len(simulations)
        time.sleep(max(0.0, began + least_s - time.time()))
        return part

    return run


class _Witness(importlib.abc.MetaPathFinder):
    """Wraps `sweep.jobs.executors.task.run_chunk` when it is imported."""

    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
        if name != "sweep.jobs.executors.task":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        loader: Any = spec.loader if spec else None
        load = loader.exec_module

        def exec_module(module: Any) -> None:
            load(module)
            module.run_chunk = _witnessed(module.run_chunk, os.environ["FAULTS_WITNESS"])
            if "RAY_RAYLET_PID" in os.environ:
                _place()

        loader.exec_module = exec_module
        return spec


def _folder(name: Any, descriptor: int) -> str:
    """The name of the folder that a file is in; a relative one starts from the folder of the descriptor, if any."""
    start = os.readlink(f"/proc/self/fd/{descriptor}") if descriptor >= 0 else ""
    return os.path.basename(os.path.dirname(os.path.join(start, os.fsdecode(name))))


def _die_when_told(event: str, arguments: tuple[Any, ...]) -> None:
    if event != RENAMED or _folder(arguments[1], arguments[3]) != "parts":
        return
    if os.path.exists(os.environ["FAULTS_DIE"]):
        os.kill(os.getpid(), signal.SIGKILL)


if "FAULTS_WITNESS" in os.environ:
    sys.meta_path.insert(0, _Witness())
if "FAULTS_DIE" in os.environ:
    sys.addaudithook(_die_when_told)
