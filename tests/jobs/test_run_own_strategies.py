# SPDX-License-Identifier: MIT
"""A sweep with a strategy of the user's own file is run, and read again by processes that do not have the file."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.own_strategy import saved
from tests.tiny_sweep import read

ROOT = Path(__file__).parents[2]
SWEEP = """\
name: own
packets: 600
warmup: 200
replicates: 2
host: xeon-e5-1650v4
nic: 10g
traffic: drop_flood
load: 0.5
axes: {strategy: [page_pool, ./my_driver.py], ring: [64, 128]}
baseline: {strategy: page_pool}
"""


def sweep(folder: Path, *words: str, code: int = 0) -> str:
    """What `sweep` prints in a folder."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "SWEEP_PLAIN_PYTHON": "1", "COLUMNS": "150"}
    done = subprocess.run(
        [sys.executable, "-P", "-m", "sweep", *words], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return saved(tmp_path, SWEEP)


def run_and_read(folder: Path, executor: str) -> None:
    sweep(folder, "run", "own.yaml", "--out", "run", "--executor", executor, "--workers", "1", "--no-report")
    rows = [row for row in read(folder / "run").to_pylist() if row["strategy"] == "my_driver"]
    assert len(rows) == 4
    assert all(row["valid"] and row["strategy.stack"] == 64 and row["stack_hits"] > 0 for row in rows)
    (folder / "my_driver.py").unlink()  # who reads needs no code
    assert "done 8" in sweep(folder, "status", "run")
    assert "8/8 simulations" in sweep(folder, "watch", "run", "--once")
    assert "my_driver" in sweep(folder, "report", "run")
    assert "my_driver  " in sweep(folder, "query", "run", "select strategy, stack_hits from results")
    assert "pages taken from the stack" in sweep(folder, "show", "run", "strategy=my_driver", "ring=64")
    told = sweep(folder, "show", "run", "strategy=my_driver", "ring=64", "--check", code=3)
    assert 'strategy "my_driver" is in a file of the user\'s, and this command loads none' in told
    assert "No such file" in sweep(folder, "run", "own.yaml", "--out", "run", "--no-report", code=2)


def test_inline(folder: Path) -> None:
    run_and_read(folder, "inline")


@pytest.mark.slow
@pytest.mark.alone
def test_on_local_ray(folder: Path) -> None:
    """The workers of Ray get the text with the plan."""
    run_and_read(folder, "ray")


def test_an_edit_reruns_its_rows_and_no_others(folder: Path) -> None:
    options = ("own.yaml", "--out", "run", "--executor", "inline", "--no-report")
    sweep(folder, "run", *options)
    text = (folder / "my_driver.py").read_text()
    (folder / "my_driver.py").write_text(f"# A comment.\n{text}")
    assert "to run 0" in sweep(folder, "plan", *options[:3])
    (folder / "my_driver.py").write_text(text.replace("depth > 0", "depth > 1"))
    assert "to run 4 " in sweep(folder, "plan", *options[:3])
    assert "not sent with the sweep file" in sweep(
        folder, "submit", "own.yaml", "--address", "http://127.0.0.1:1", "--out", "/tmp/never", code=2
    )
