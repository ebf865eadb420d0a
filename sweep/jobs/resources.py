# SPDX-License-Identifier: MIT
"""How many workers, and lanes in each chunk, this machine or container has room for.

A run that needs more than it may have is killed by the kernel half-way, worker by worker, or waits for an executor
that cannot start; so its needs are compared with the limits before anything starts.

Not modelled: memory that other programs take; swap.
"""

from __future__ import annotations

import resource
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sweep import cgroups
from sweep.cgroups import machine_bytes, node_bytes
from sweep.jobs.executors.protocol import ExecutorKind
from sweep.plan.chunks import LANE_BYTES
from sweep.plan.forecast import memory_bytes

from .executors import NAMES, choice

LEAST_LANE_BYTES = 16 << 20  # a chunk of fewer lanes costs more to hand out than to simulate
KERNEL = Path("/proc/sys/kernel")


@dataclass(frozen=True)
class Resources:
    """The memory and threads that a run may use here."""

    memory_bytes: int
    source: str  # of that number, for people: "this machine has"
    threads: int  # that may still be started
    address_bytes: int | None = None  # that one process may map (ulimit -v); None without a limit
    data_bytes: int | None = None  # of them private and writable (ulimit -d)


@dataclass(frozen=True)
class RunLimits:
    """The workers and lane memory that a run gets, after it was fitted to the machine."""

    workers: int
    lane_bytes: int  # memory of the lanes of one chunk at most
    note: str = ""  # for people: why there are fewer workers than processors; "" if there are not
    shortage: str = ""  # for people: why the run cannot be started, and what to do; "" if it can


def available_resources() -> Resources:
    """The resources that this process may use."""
    machine, node = machine_bytes(), node_bytes()
    tasks = sum(1 for _ in Path("/proc").glob("[0-9]*/task/[0-9]*"))
    limits = [_number(KERNEL / name) - tasks for name in ("pid_max", "threads-max")]
    return Resources(
        memory_bytes=node,
        source="the control group of this process allows" if node < machine else "this machine has",
        threads=max(0, min([*limits, *cgroups.tasks_left()])),
        address_bytes=_limit(resource.RLIMIT_AS),
        data_bytes=_limit(resource.RLIMIT_DATA),
    )


def fit_to_resources(
    executor: str, processors: int, asked: int | None, lane_bytes: int, cold: int, has: Resources
) -> RunLimits:
    """Room for a run by this executor on this machine.

    It gets a worker per processor, or as many as there is room for; never fewer than `asked`.  `lane_bytes`: memory of
    the widest lane; `cold`: kernels to be compiled.
    """
    kind = choice.kind(executor)
    lane_bytes = max(lane_bytes, LEAST_LANE_BYTES)

    def needed_bytes(workers: int) -> int:
        return memory_bytes(kind.cost, workers, workers * lane_bytes, cold)

    def threads(workers: int) -> int:
        return kind.threads + workers * kind.worker_threads

    wanted = kind.workers(asked or processors)
    for_memory = _most(wanted, lambda workers: needed_bytes(workers) <= has.memory_bytes)
    for_threads = _most(wanted, lambda workers: threads(workers) <= has.threads) if threads(1) else wanted
    fits = min(for_memory, for_threads)
    if has.address_bytes is not None and has.address_bytes < kind.address_bytes:
        fits, cure = 0, "raise the limit: ulimit -v"
        why = f"a process of it maps {_size(kind.address_bytes)}, and one may map {_size(has.address_bytes)} here"
    elif has.data_bytes is not None and has.data_bytes < kind.data_bytes:
        fits, cure = 0, "raise the limit: ulimit -d"
        why = f"a process of it maps {_size(kind.data_bytes)} of data, and one may map {_size(has.data_bytes)} here"
    elif for_threads < for_memory:
        why = f"it starts about {threads(wanted):,} threads, and {has.threads:,} more may be started here"
        cure = "raise the limit: pids.max, kernel.pid_max"
    else:
        why = f"it needs about {_size(needed_bytes(wanted))} of memory, and {has.source} {_size(has.memory_bytes)}"
        cure = "raise the limit" if has.source != "this machine has" else "a machine with more"
    workers = max(1, min(fits, wanted))
    spare = (has.memory_bytes - memory_bytes(kind.cost, workers, 0, cold)) // workers
    lanes = min(LANE_BYTES, max(spare, lane_bytes))
    if fits >= wanted:
        return RunLimits(workers, lanes)
    run = kind.place(wanted)
    if fits and not asked:
        return RunLimits(workers, lanes, note=f"{workers} of {wanted} workers, because {run} {why}")
    if fits:
        cure = f"--workers {fits}, or leave it out"
    elif smaller := _smaller(kind, lane_bytes, cold, has):
        needed = memory_bytes(choice.kind(smaller).cost, 1, lane_bytes, cold)
        where = choice.kind(smaller).place(1)
        cure = f"--executor {smaller}, which runs {where} and needs about {_size(needed)}; or {cure}"
    elif cold and memory_bytes(kind.cost, 1, lane_bytes, 0) <= has.memory_bytes:
        cure = f"compile outside of the limit, once, with `sweep warm`; or {cure}"
    return RunLimits(workers, lanes, shortage=f"this run does not fit {run}: {why}\n  next: {cure}")


def _most(wanted: int, fits: Callable[[int], bool]) -> int:
    """The most workers, up to `wanted`, that fit; more never fit where fewer do not."""
    lower, upper = 0, wanted
    while lower < upper:
        middle = (lower + upper + 1) // 2
        if fits(middle):
            lower = middle
        else:
            upper = middle - 1
    return lower


def _smaller(kind: ExecutorKind, lane_bytes: int, cold: int, has: Resources) -> str:
    """An executor that needs less and that there is room for; "" if there is none."""

    def least_bytes(of: ExecutorKind) -> int:
        return memory_bytes(of.cost, 1, 0, 0)

    names = (name for name in NAMES if least_bytes(choice.kind(name)) < least_bytes(kind))
    return next((name for name in names if not fit_to_resources(name, 1, None, lane_bytes, cold, has).shortage), "")


def _size(number: int) -> str:
    """A number of bytes for people: "0.4 GB", "94 MB"."""
    return f"{number / 1e9:.1f} GB" if number >= 95e6 else f"{number / 1e6:.0f} MB"


def _limit(kind: int) -> int | None:
    """This process's soft limit of `kind`, a resource.RLIMIT_*; None if there is none."""
    soft, _ = resource.getrlimit(kind)
    return None if soft == resource.RLIM_INFINITY else soft


def _number(file: Path) -> int:
    try:
        return int(file.read_text())
    except (OSError, ValueError):  # not Linux
        return 1 << 30
