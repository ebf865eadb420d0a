# SPDX-License-Identifier: MIT
"""Every `sweep report` of docs/how-to/report.md runs on a table of that shape; tests/docs runs the page, slowly."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from test_report_files import publish
from typer.testing import CliRunner

from sweep.cli import app
from tests.report.synthetic_sweep import table

ROOT = Path(__file__).parents[2]
HOWTO = ROOT / "docs/how-to/report.md"


def test_commands_of_the_how_to_run(tmp_path, monkeypatch):
    (tmp_path / "runs").mkdir()
    shape = {"mixes": ("router", "host_slow_reader"), "loads": (0.3,), "rings": (256, 1024), "replicates": 4}
    publish(tmp_path / "runs/smoke", table(**shape))
    commands = re.findall(r"^\$ (sweep report .*)", HOWTO.read_text(encoding="utf-8"), re.M)
    assert len(commands) >= 12
    monkeypatch.chdir(tmp_path)
    for command in commands:
        done = CliRunner().invoke(app, shlex.split(command)[1:])
        assert done.exit_code == 0, f"{command}\n{done.output}"
        assert done.output
