# SPDX-License-Identifier: MIT
"""What runs in Ray's workers: simulating a chunk, compiling a kernel, reporting a node's versions.

Arguments and results are bytes, numbers and lists of them: Ray packs those directly, and pickles all else at twice the
cost of a call (measured).  A worker whose versions differ from the run's returns a chunk as lost: the last guard
against a node that differs.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from sweep.jobs.executors.kernels import one_compiles
from sweep.jobs.executors.memory import capped, share_bytes
from sweep.jobs.executors.task import attempt_run, attempt_warm
from sweep.jobs.executors.trial import run_watched
from sweep.jobs.executors.versions import differences, versions
from sweep.jobs.executors.work import AttemptOutcome, Ending, RunSlice, WarmKernel
from sweep.model import strategies
from sweep.plan import Plan, decode

from .cluster import this_node

PR_SET_PDEATHSIG = 1
MEMORY_VARIABLE = "SWEEP_WORKER_MEMORY_BYTES"


class Terms(NamedTuple):
    """What is common to all chunks of a run."""

    plan: str  # digest of the plan: a worker decodes it once
    versions: Mapping[str, str]
    memory_bytes: int | None  # most that a worker may take; None: its share of the node's memory


def terms(plan: str, memory_bytes: int | None) -> bytes:
    """The `Terms` of a run that this process drives, as JSON."""
    return json.dumps(Terms(plan, versions(), memory_bytes)._asdict()).encode()


def run_chunk(
    data: np.ndarray, terms: bytes, number: int, start: int, stop: int | None, cpus: int, apart: bool = False
) -> list[Any]:
    """Simulate part of a chunk of the plan with the bytes `data`, on `cpus` CPUs, under `terms`.

    With `apart`, in a process of its own, so that its exit status is known (`trial`).
    """
    node_cpus, agreed = _settle(), _agreed(terms)
    difference = differences(agreed.versions, versions())
    if difference:
        return packed(AttemptOutcome(Ending.LOST, error=f"its node is not like the run's: {difference}"))
    work, limit_bytes = RunSlice(number, start, stop), agreed.memory_bytes or share_bytes(cpus, node_cpus)
    if apart:
        return packed(run_watched(data.tobytes(), work, limit_bytes))
    plan = _plan(agreed.plan, data)
    _load_kernel(plan.chunks[number].strategy)
    with capped(limit_bytes):
        return packed(attempt_run(plan, work))


def warm(strategy: str) -> list[Any]:
    """Compile a kernel on this node, or load it; one of a user's file comes with the first chunk that needs it."""
    if strategy not in strategies.NAMES:
        return packed(AttemptOutcome(Ending.DONE))
    with one_compiles(strategy):
        _settle()
        return packed(attempt_warm(WarmKernel(strategy)))


def packed(outcome: AttemptOutcome) -> list[Any]:
    """An outcome as plain values."""
    failed = [list(simulation) for simulation in outcome.failed]
    return [outcome.ending.value, *outcome._replace(failed=failed)[1:]]  # type: ignore[arg-type]


def unpacked(values: list[Any]) -> AttemptOutcome:
    """The outcome that `packed` has taken apart."""
    outcome = AttemptOutcome(*values)
    failed = tuple((lane, ending, error) for lane, ending, error in outcome.failed)
    return outcome._replace(ending=Ending(outcome.ending), failed=failed)


def node_versions() -> Mapping[str, str]:
    """The versions of this node."""
    return versions()


@cache
def _settle() -> float:
    """Set up this worker, once; returns the number of CPUs of its node.

    It is made to die with its raylet: otherwise it would finish its chunk, or never end, and the run not hear of it.
    And pyarrow maps what it needs before the memory cap is set.
    """
    if str(os.getppid()) == os.environ.get("RAY_RAYLET_PID"):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    pa.allocate_buffer(1 << 16)
    return this_node()[0]


@lru_cache(maxsize=1)
def _agreed(terms: bytes) -> Terms:
    return Terms(**json.loads(terms))


_plans: dict[str, Plan] = {}


def _plan(name: str, data: np.ndarray) -> Plan:
    if name not in _plans:
        _plans.clear()  # of another run, with a worker that outlived it
        _plans[name] = decode(data.tobytes())
        _plans[name].load_strategies()
    return _plans[name]


@cache
def _load_kernel(strategy: str) -> None:
    """Load a kernel, once per worker; outside the memory cap, because compiling may take more.

    Errors are not raised here: the chunk meets them again.
    """
    with one_compiles(strategy):
        attempt_warm(WarmKernel(strategy))
