# SPDX-License-Identifier: MIT
"""Every command of docs/how-to/report.md runs, and what is printed beneath one is what it prints."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from synthetic_sweep import table
from test_report_files import publish
from typer.testing import CliRunner

from sweep.cli import app

ROOT = Path(__file__).parents[2]
HOWTO = ROOT / "docs/how-to/report.md"


def examples() -> list[tuple[str, str]]:
    """Commands and the output beneath them, "" where none is shown."""
    found = []
    for block in re.findall(r"```console\n(.*?)```", HOWTO.read_text(encoding="utf-8"), re.S):
        for example in re.split(r"^\$ ", block, flags=re.M)[1:]:
            command, _, output = example.partition("\n")
            found.append((command, output))
    return found


def run(command: str, directory: Path) -> str:
    program, *words = shlex.split(command)
    assert program == "sweep"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100"}
    line = [sys.executable, "-m", "sweep", *words]
    done = subprocess.run(line, cwd=directory, env=environment, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def test_commands_of_the_how_to_run(tmp_path, monkeypatch):
    """On a table of the same shape; the slow test below runs the sweep itself."""
    (tmp_path / "runs").mkdir()
    shape = {"mixes": ("router", "host_slow_reader"), "loads": (0.3,), "rings": (256, 1024), "replicates": 4}
    publish(tmp_path / "runs/smoke", table(**shape))
    commands = [command for command, _ in examples() if command.startswith("sweep report")]
    assert len(commands) >= 12
    monkeypatch.chdir(tmp_path)
    for command in commands:
        done = CliRunner().invoke(app, shlex.split(command)[1:])
        assert done.exit_code == 0, f"{command}\n{done.output}"
        assert done.output


@pytest.mark.slow
def test_outputs_of_the_how_to_are_what_is_printed(tmp_path):
    """`SWEEP_GOLDEN=write` writes them anew, after a change of the model."""
    (tmp_path / "configs").symlink_to(ROOT / "configs")
    text = HOWTO.read_text(encoding="utf-8")
    for command, output in examples():
        printed = run(command, tmp_path)
        if output:
            text = text.replace(f"$ {command}\n{output}", f"$ {command}\n{printed}")
    if os.environ.get("SWEEP_GOLDEN") == "write":
        HOWTO.write_text(text, encoding="utf-8")
    assert text == HOWTO.read_text(encoding="utf-8")
