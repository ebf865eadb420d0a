# SPDX-License-Identifier: MIT
"""Forecast of core time, wall time, memory and bytes on disk of a plan; core time is a range."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from .chunks import Chunk
from .survey import Survey

UNCALIBRATED = (0.5, 2.0)  # the model's own guess of its speed, on an unknown machine
CALIBRATED = (0.9, 1.1)  # measured on parts of this run directory
PROCESS_BYTES = 190 << 20  # resident, of one process: Python, NumPy, LLVM, Arrow, compiled kernels; measured on Linux
COMPILE_BYTES = 40 << 20  # more while a process compiles a kernel, and
COMPILED_BYTES = 5 << 20  # it keeps so much for each further one; measured: 222 MiB after one, 244 after 4, 257 after 9
KERNEL_S = 2.5  # to compile the kernel of one strategy on one core; measured
ROW_BYTES = 1100  # one row in its part and in both published files, compressed; measured


class Cost(NamedTuple):
    """What an executor costs whatever its chunks are, on the machine that the run is started on."""

    start_s: float = 0.0  # until it takes work
    starts: str = ""  # what takes that long, for people
    base_bytes: int = PROCESS_BYTES  # memory of the run's own process, and of what the executor starts beside workers
    worker_bytes: int = 0  # and of each worker


PROCESS = Cost()  # nothing but the run's own process


@dataclass(frozen=True)
class Forecast:
    """Predicted time of simulating and of what comes before it; memory of all processes; size of the results."""

    low_s: float
    high_s: float
    wall_s: float
    cost: Cost  # of the executor, before and beside the chunks
    compile_s: float  # until the kernels that are not in the cache are there, on all workers
    memory_bytes: int
    result_bytes: int


def forecast(
    survey: Survey,
    chunks: Sequence[Chunk],
    workers: int,
    calibration: Mapping[str, float],
    *,
    cost: Cost = PROCESS,
    kernels: int = 0,
) -> Forecast:
    """Forecast of running `chunks`, by an executor that costs `cost`, after compiling that many `kernels`.

    A strategy without a calibration widens the range.
    """
    low_s = high_s = total_s = 0.0
    for chunk in chunks:
        low, high = CALIBRATED if chunk.strategy in calibration else UNCALIBRATED
        low_s += low * chunk.predicted_s
        high_s += high * chunk.predicted_s
        total_s += chunk.predicted_s
    longest_s = max((chunk.predicted_s for chunk in chunks), default=0.0)
    lanes = sorted((int(survey.state_bytes[chunk.simulations].sum()) for chunk in chunks), reverse=True)
    return Forecast(
        low_s=low_s,
        high_s=high_s,
        wall_s=max(total_s / workers, longest_s),
        cost=cost,
        compile_s=KERNEL_S * math.ceil(kernels / workers),
        memory_bytes=memory_bytes(cost, workers, sum(lanes[:workers]), kernels),
        result_bytes=survey.simulations * ROW_BYTES,
    )


def memory_bytes(cost: Cost, workers: int, lanes_bytes: int, kernels: int) -> int:
    """Memory of all processes of a run whose lanes take `lanes_bytes` and that compiles that many `kernels`."""
    compiling = min(workers, kernels)
    base = cost.base_bytes + workers * cost.worker_bytes
    return base + lanes_bytes + compiling * COMPILE_BYTES + (kernels - compiling) * COMPILED_BYTES
