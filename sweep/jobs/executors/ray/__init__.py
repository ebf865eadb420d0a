# SPDX-License-Identifier: MIT
"""The Ray executor: the process Ray lives in, what it needs to start, its nodes, and what its errors mean."""

from __future__ import annotations

from pathlib import Path

from sweep.jobs.executors.protocol import Executor, ExecutorKind, Join
from sweep.plan import Plan
from sweep.plan.forecast import Cost


def _open(plan: Plan, workers: int, join: Join | None, log: Path) -> Executor:
    from sweep.jobs.executors.ray.executor import RayExecutor

    return RayExecutor(plan, workers, join, log)


def _place(workers: int) -> str:
    return f"on local Ray with {workers} worker{'s'[: workers != 1]}"


KIND = ExecutorKind(
    open=_open,
    place=_place,
    stop_s=6.0,  # it ends what it has started within 2 s where the machine is not busy
    address_bytes=3 << 30,  # a process works with so much, and not with a quarter less
    data_bytes=600 << 20,
    cost=Cost(
        start_s=5.0,  # measured, 3 to 9 s
        starts="Ray",
        base_bytes=540 << 20,  # measured: 675 MiB with one worker, 833 with two
        worker_bytes=140 << 20,  # measured: 1,090 MiB with four
    ),
    threads=170,  # measured on two cores: 156, and
    worker_threads=30,  # 27 for each worker
    joins=True,
)
