# SPDX-License-Identifier: MIT
"""What runs in Ray's workers: a chunk, the warming of a kernel, a node's account of itself.

Each comes with the id of its node.  A worker that has other versions than the run returns a chunk untouched, so that
a node that has just joined can do no harm before it is found out.
"""

from __future__ import annotations

import os

os.environ.setdefault("NUMBA_NUM_THREADS", "1")  # before numba is imported: workers fill the cores; Ray sets OMP's

import ctypes
import signal
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from sweep.plan import Plan, decode

from .kernels import one_compiles
from .memory import capped, share_bytes
from .ray_cluster import here
from .task import attempt_run, attempt_warm
from .versions import differences, versions
from .work import Ending, Outcome, Run, Warm

PR_SET_PDEATHSIG = 1
MEMORY_VARIABLE = "SWEEP_WORKER_MEMORY_BYTES"


class Terms(NamedTuple):
    """What a chunk must be run under."""

    plan: str  # its name: a worker decodes it once
    versions: Mapping[str, str]
    cpus: int  # that the work has
    memory_bytes: int | None  # that a worker may take; None: its share of the node's


def run_chunk(data: np.ndarray, terms: Terms, run: Run) -> tuple[Outcome, str]:
    """Simulate a chunk of the plan with the bytes `data`."""
    node_cpus, node = _settle()
    difference = differences(terms.versions, versions())
    if difference:
        return Outcome(Ending.LOST, error=f"its node is not like the run's: {difference}"), node
    plan = _plan(terms.plan, data)
    _load_kernel(plan.chunks[run.number].strategy)
    limit = terms.memory_bytes or share_bytes(terms.cpus, node_cpus)
    with capped(limit):
        return attempt_run(plan, run), node


def warm(strategy: str) -> tuple[Outcome, str]:
    """Compile a kernel on this node, or load it."""
    with one_compiles(strategy):
        return attempt_warm(Warm(strategy)), _settle()[1]


def account() -> Mapping[str, str]:
    """The versions of this node."""
    return versions()


@cache
def _settle() -> tuple[float, str]:
    """Once per worker: CPUs and id of its node; die with it; let pyarrow map what it needs before a cap is set.

    A worker whose raylet was killed would finish its chunk, or never end, and the run not hear of it.
    """
    if str(os.getppid()) == os.environ.get("RAY_RAYLET_PID"):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    pa.allocate_buffer(1 << 16)
    return here()


_plans: dict[str, Plan] = {}


def _plan(name: str, data: np.ndarray) -> Plan:
    if name not in _plans:
        _plans.clear()  # of another run, with a worker that outlived it
        _plans[name] = decode(data.tobytes())
    return _plans[name]


@cache
def _load_kernel(strategy: str) -> None:
    """Once per worker, outside the memory cap, which may be less than compiling takes.  Errors come again."""
    with one_compiles(strategy):
        attempt_warm(Warm(strategy))
