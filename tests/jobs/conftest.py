# SPDX-License-Identifier: MIT
"""A sweep that takes a blink, and the table that it must give however it is run."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from scripted import Clock, Go, Script, Scripted
from tiny_sweep import SIMULATIONS, SWEEP, MakeRequest, read

from sweep import config
from sweep.jobs.origin import Origin
from sweep.jobs.request import RunRequest
from sweep.jobs.run import RunSummary, run
from sweep.plan import Plan


@pytest.fixture(scope="session")
def sweep_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sweep as a file."""
    path = tmp_path_factory.mktemp("sweep") / "tiny.yaml"
    path.write_text(SWEEP)
    return path


@pytest.fixture
def request_of(sweep_file: Path, tmp_path: Path) -> MakeRequest:
    """Makes a request to run the sweep, inline, in chunks of a few simulations, under the test's directory."""

    def make(*sets: str, out: str = "run", **options: object) -> RunRequest:
        given = {"executor": "inline", "chunk_s": 1e-5, **options}
        directory = tmp_path / out
        return RunRequest(config.load(sweep_file, sets), directory, Origin.of("tiny.yaml", sets, out), **given)  # type: ignore[arg-type]

    return make


@pytest.fixture(scope="session")
def undisturbed(sweep_file: Path, tmp_path_factory: pytest.TempPathFactory) -> pa.Table:
    """The table of an inline run that nothing happened to."""
    from sweep.jobs.run import run

    directory = tmp_path_factory.mktemp("undisturbed")
    origin = Origin.of("tiny.yaml", (), None)
    summary = run(RunRequest(config.load(sweep_file), directory, origin, executor="inline"))
    assert (summary.exit_code, summary.done) == (0, SIMULATIONS)
    return read(directory)


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
