# SPDX-License-Identifier: MIT
"""A plan with chunks that are short, long, heavy or wrong, and waiting for what an executor makes of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np

from sweep import config, plan
from sweep.jobs.executors.protocol import Executor
from sweep.jobs.executors.work import AttemptOutcome, Work
from sweep.plan import Plan, digest
from tests.tiny_sweep import SWEEP

LONG_PACKETS = 20_000_000  # many minutes without a compiler
HEAVY_RING, HEAVY_BYTES = 16384, 200 << 20  # that the heavy chunk takes at least
PATIENCE_S = 120.0

LONG, HEAVY, WRONG, SHORT = range(4)  # chunks of `mixed_plan`
SHORTS = 12  # from SHORT on


def mixed_plan(folder: Path) -> Plan:
    """LONG takes for ever without a compiler, HEAVY takes memory, WRONG is not what it says; then come SHORTS."""
    path = folder / "mixed.yaml"
    path.write_text(SWEEP)
    sets = [f"axes.packets=[300, {LONG_PACKETS}]", f"axes.ring=[64, {HEAVY_RING}]", "replicates=40"]
    survey = plan.survey(config.load(path, sets))
    scenarios = [survey.sweep.scenario(*divmod(index, 40)) for index in range(survey.simulations)]
    pool = [index for index, each in enumerate(scenarios) if each.strategy == "page_pool"]
    long = [index for index in pool if scenarios[index].packets == LONG_PACKETS]
    heavy = [index for index in pool if index not in long and scenarios[index].ring == HEAVY_RING]
    short = [index for index in pool if index not in long and scenarios[index].ring != HEAVY_RING]
    assert survey.state_bytes[heavy].sum() > HEAVY_BYTES

    def chunk(indices: Sequence[int], name: str = "") -> plan.Chunk:
        simulations = np.array(indices, np.int64)
        return plan.Chunk("page_pool", simulations, name or digest(survey.ids[simulations].tobytes()), 0.0)

    wrong = chunk(short[:1], "not its digest")
    return plan.plan(survey, [chunk(long[:1]), chunk(heavy), wrong, *(chunk([each]) for each in short[:SHORTS])])


def collect(executor: Executor, wanted: Iterable[Work], timeout_s: float = PATIENCE_S) -> dict[Work, AttemptOutcome]:
    """The outcomes of `wanted`, in the order in which they came."""
    missing, found = set(wanted), dict[Work, AttemptOutcome]()
    deadline = time.monotonic() + timeout_s
    while missing:
        assert time.monotonic() < deadline, f"no outcome within {timeout_s} s of {missing}; {executor.name}"
        for work, outcome in executor.wait(0.5):
            assert work not in found, f"two outcomes of {work}"
            found[work] = outcome
            missing.discard(work)
    return found


def wait_until(executor: Executor, true: Callable[[], object], what: str, timeout_s: float = PATIENCE_S) -> None:
    """Let `executor` work until something is true.  Nothing may end meanwhile."""
    deadline = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < deadline, f"not within {timeout_s} s: {what}; {executor.name}"
        assert executor.wait(0.1) == []
