# SPDX-License-Identifier: MIT
"""What a plan will take: core time, wall time, memory, bytes on disk.  A forecast, printed as a range."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .chunks import Chunk
from .survey import Survey

UNCALIBRATED = (0.5, 2.0)  # the model's own guess of its speed, on an unknown machine
CALIBRATED = (0.9, 1.1)  # measured on parts of this run directory
INLINE_BYTES = 190 << 20  # resident, of one process: Python, NumPy, numba, Arrow, compiled kernels; measured on Linux
RAY_BYTES = 540 << 20  # this process and the services of local Ray; measured: 675 MiB with one worker, 833 with two
WORKER_BYTES = 140 << 20  # each worker of local Ray; measured: 1,090 MiB with four
COMPILE_BYTES = 270 << 20  # more while a process compiles a kernel, and
COMPILED_BYTES = 150 << 20  # it keeps so much for each further one; measured: 449 MiB after one, 598 after two
RAY_START_S = 5.0  # until local Ray takes work; measured, 3 to 9 s
KERNEL_S = 15.0  # to compile the kernel of one strategy on one core; measured
ROW_BYTES = 1100  # one row in its part and in both published files, compressed; measured


@dataclass(frozen=True)
class Forecast:
    """Low and high core time and wall time of simulating; what comes before; memory of all processes, results."""

    low_s: float
    high_s: float
    wall_s: float
    start_s: float  # until local Ray takes work, 0 if it is not started
    compile_s: float  # until the kernels that are not in the cache are there, on all workers
    memory_bytes: int
    result_bytes: int


def forecast(
    survey: Survey,
    chunks: Sequence[Chunk],
    workers: int,
    calibration: Mapping[str, float],
    *,
    starts_ray: bool = False,
    kernels: int = 0,
) -> Forecast:
    """Forecast of running `chunks` after compiling that many `kernels`.

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
        start_s=RAY_START_S if starts_ray else 0.0,
        compile_s=KERNEL_S * math.ceil(kernels / workers),
        memory_bytes=memory_bytes("ray" if starts_ray else "inline", workers, sum(lanes[:workers]), kernels),
        result_bytes=survey.simulations * ROW_BYTES,
    )


def memory_bytes(executor: str, workers: int, lanes_bytes: int, kernels: int) -> int:
    """Memory of all processes of a run by `executor`, whose lanes take `lanes_bytes`, and that compiles `kernels`."""
    base = RAY_BYTES + workers * WORKER_BYTES if executor == "ray" else INLINE_BYTES
    compiling = min(workers, kernels)
    return base + lanes_bytes + compiling * COMPILE_BYTES + (kernels - compiling) * COMPILED_BYTES
