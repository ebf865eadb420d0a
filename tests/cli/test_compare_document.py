# SPDX-License-Identifier: MIT
"""docs/how-to/compare.md does what it says: its files are made, its commands, its CI script and its program are run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typed import REPOSITORY

from sweep.model.jit import kernel_cache

DOCUMENT = REPOSITORY / "docs/how-to/compare.md"
pytestmark = pytest.mark.slow

SECONDS = 300  # for one command, kernels compiled


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", DOCUMENT.read_text(), re.S)


def shell(here: Path, command: str) -> subprocess.CompletedProcess[str]:
    """Typed in `here`, with `sweep` on the path."""
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "NUMBA_CACHE_DIR": kernel_cache()}
    environment["PATH"] = f"{here}/bin:{os.environ['PATH']}"
    return subprocess.run(
        ["sh", "-c", command], cwd=here, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
    )


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the files of the document, and its commands already run."""
    directory = tmp_path_factory.mktemp("document")
    (directory / "bin").mkdir()
    program = directory / "bin/sweep"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m sweep "$@"\n')
    program.chmod(0o755)
    names = re.findall(r"Save this as `([\w.]+)`", DOCUMENT.read_text())
    for name, text in zip(names, blocks("yaml"), strict=True):
        (directory / name).write_text(text)
    (script,) = blocks("sh")
    (directory / "gate.sh").write_text(script)
    return directory


@pytest.fixture(scope="module")
def said(here: Path) -> list[tuple[str, int, subprocess.CompletedProcess[str]]]:
    """Each command, the exit code that the document promises, and what came of it."""
    lines = [line[2:] for block in blocks("console") for line in block.splitlines() if line.startswith("$ ")]
    found = []
    for line in lines:
        promised = re.search(r"# exits with (\d)", line)
        found.append((line, int(promised[1]) if promised else 0, shell(here, line)))
    return found


def test_every_command_exits_as_the_document_says(said: list) -> None:
    assert len(said) == 7
    for command, code, done in said:
        assert done.returncode == code, f"{command}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr


def test_the_output_that_it_shows_is_the_output(said: list) -> None:
    (shown,) = re.findall(r"```\n(REGRESSED.*?)\n```", DOCUMENT.read_text(), re.S)
    assert said[2][2].stdout.startswith(shown)


def test_the_ci_script_has_twenty_lines_and_fails_the_build(here: Path, said: list, tmp_path: Path) -> None:
    here = shutil.copytree(here, tmp_path / "ci")
    script = (here / "gate.sh").read_text()
    assert len(script.splitlines()) <= 20
    good = shell(here, "sh gate.sh")
    assert good.returncode == 0, good.stdout + good.stderr
    assert good.stdout.splitlines()[-1]
    assert {path.suffix for path in here.glob("compare.*")} == {".md", ".xml", ".json"}
    bad = shell(here, "BASE=runs/new sh gate.sh")  # what was 3 % slower is the base now: better passes
    assert bad.returncode == 0, bad.stdout + bad.stderr
    worse = shell(here, "sed -i 's/^host: .*/&\\nhost.stack_forward_kernel: 530.415 ns/' small.yaml; sh gate.sh")
    assert worse.returncode == 1, worse.stdout + worse.stderr
    dead = shell(here, "sed -i 's/0.5 %/50 %/' gate.yaml; sh gate.sh")
    assert dead.returncode == 2
    assert "its margin, 50 %, lets it through" in dead.stderr


def test_the_program_runs(here: Path, said: list) -> None:
    (program,) = blocks("python")
    (here / "program.py").write_text(program + "\nassert pool.pairing.new.strategy == 'page_pool'\n")
    done = shell(here, f"{sys.executable} program.py")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("regressed 1\n# REGRESSED: ")
