# SPDX-License-Identifier: MIT
"""A sweep that takes a blink, requests to run it, and the table that it must give however it is run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import pyarrow as pa

    from sweep.jobs.request import RunRequest

MakeRequest = Callable[..., "RunRequest"]

# The sweep line by line, in this order; what is None has no line.
LINES: dict[str, object] = {
    "name": "tiny",
    "host": "xeon-e5-1650v4",
    "nic": "10g",
    "kernel": '"6.12"',
    "packets": 300,
    "warmup": 100,
    "traffic": None,
    "load": 0.3,
    "ring": None,
    "axes": {"strategy": "[page_allocator, page_pool]", "traffic": "[router, host_slow_reader]", "ring": "[64, 128]"},
    "replicates": 2,
    "baseline": "{strategy: page_allocator}",
    "seed": 1,
}


def sweep_text(**changes: object) -> str:
    """The sweep file with other values, as YAML has them: None leaves one out, those of a mapping get a line each."""
    text = ""
    for name, value in (LINES | changes).items():
        if isinstance(value, Mapping):
            text += f"{name}:\n" + "".join(f"  {key}: {inner}\n" for key, inner in value.items())
        elif value is not None:
            text += f"{name}: {value}\n"
    return text


SWEEP = sweep_text()
SIMULATIONS = 2 * 2 * 2 * 2


def read(directory: Path) -> pa.Table:
    """The published table of a run directory."""
    import pyarrow as pa

    with pa.memory_map(str(directory / "results.arrow")) as source:
        return pa.ipc.open_file(source).read_all()


@pytest.fixture(scope="session")
def sweep_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sweep as a file."""
    path = tmp_path_factory.mktemp("sweep") / "tiny.yaml"
    path.write_text(SWEEP)
    return path


@pytest.fixture
def request_of(sweep_file: Path, tmp_path: Path) -> MakeRequest:
    """Makes a request to run the sweep, inline, in chunks of a few simulations, under the test's directory."""
    from sweep import config
    from sweep.jobs.origin import Origin
    from sweep.jobs.request import RunRequest

    def make(*sets: str, out: str = "run", **options: object) -> RunRequest:
        given = {"executor": "inline", "chunk_s": 1e-5, **options}
        directory = tmp_path / out
        return RunRequest(config.load(sweep_file, sets), directory, Origin.of("tiny.yaml", sets, out), **given)  # type: ignore[arg-type]

    return make


@pytest.fixture(scope="session")
def finished(sweep_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the sweep file and a finished run of it in runs/tiny, that nothing happened to: for reading."""
    from sweep import config
    from sweep.jobs.origin import Origin
    from sweep.jobs.request import RunRequest
    from sweep.jobs.run import run

    directory = tmp_path_factory.mktemp("finished")
    (directory / "tiny.yaml").write_text(SWEEP)
    run_directory, origin = directory / "runs" / "tiny", Origin.of("tiny.yaml", (), None)
    summary = run(RunRequest(config.load(sweep_file), run_directory, origin, executor="inline"))
    assert (summary.exit_code, summary.done) == (0, SIMULATIONS)
    return directory


@pytest.fixture(scope="session")
def undisturbed(finished: Path) -> pa.Table:
    """The table of that run."""
    return read(finished / "runs" / "tiny")
