# SPDX-License-Identifier: MIT
"""The tiny sweep, run on an executor that does as a test's script says."""

from __future__ import annotations

from pathlib import Path

import pytest
from scripted import Clock, Go, Script, Scripted

from sweep.jobs.run import RunSummary, run
from sweep.plan import Plan
from tests.tiny_sweep import MakeRequest


@pytest.fixture
def scripted(request_of: MakeRequest, monkeypatch: pytest.MonkeyPatch) -> Go:
    def go(script: Script, **options: object) -> tuple[RunSummary, Scripted | None]:
        made: list[Scripted] = []
        clock = Clock()

        def open_executor(name: str, plan: Plan, workers: int, join: object, log: Path) -> Scripted:
            made.append(Scripted(plan, script, clock))
            return made[0]

        monkeypatch.setattr("sweep.jobs.run.open_executor", open_executor)
        monkeypatch.setattr("sweep.jobs.driver.attempts.time", clock)
        return run(request_of(**{"chunk_s": 10.0, **options})), made[0] if made else None  # there was nothing to run

    return go
