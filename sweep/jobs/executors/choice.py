# SPDX-License-Identifier: MIT
"""The choice between executors: which of them there are, and how many workers they get."""

from __future__ import annotations

import os
from functools import cache
from importlib import import_module
from pathlib import Path

from sweep import cgroups
from sweep.errors import SweepError, did_you_mean
from sweep.plan import Plan

from . import DEFAULT, NAMES
from .protocol import Executor, ExecutorKind, Join


@cache
def kind(name: str) -> ExecutorKind:
    """What is known of executor `name`.  Raises SweepError for a name that is none."""
    if name not in NAMES:
        raise SweepError(
            f'executor "{name}" is not known.{did_you_mean(name, NAMES)}\n  known: {", ".join(NAMES)}\n'
            "  see: sweep run --help"
        )
    found: ExecutorKind = import_module(f"{__package__}.{name}").KIND
    return found


def joined(address: str | None, nodes: int, executor: str) -> Join | None:
    """The cluster to join at `address`; None without an address.  Raises SweepError for options that contradict it."""
    if address and not kind(executor).joins:
        able = ", ".join(name for name in NAMES if kind(name).joins)
        raise SweepError(
            f'--address "{address}" is of a cluster of {able}, and --executor "{executor}" does not run there\n'
            "  next: leave one of them out"
        )
    if nodes and not address:
        raise SweepError(f'--nodes "{nodes}" is for a cluster that is there\n  next: give --address, or leave it out')
    return Join(address, nodes) if address else None


def processors() -> int:
    """Number of cores this process may use: its affinity mask, or fewer if its control group has a CPU quota."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, cgroups.whole_processors(cgroups.processors()) or cores)


def worker_count(workers: int | None, name: str = DEFAULT) -> int:
    """Workers that executor `name` will have on this machine.  Raises SweepError for a name or number that is wrong."""
    chosen = kind(name)
    if workers is not None and workers < 1:
        raise SweepError(f'workers "{workers}" is too small: at least 1\n  see: sweep run --help')
    return chosen.workers(workers or processors())


def open_executor(name: str, plan: Plan, workers: int, join: Join | None, log: Path) -> Executor:
    """Start executor `name`; whatever its processes print goes to the file `log`."""
    return kind(name).open(plan, workers, join, log)
