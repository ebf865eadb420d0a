# SPDX-License-Identifier: MIT
"""The CI script of docs/how-to/compare.md passes, fails the build, and notices a dead gate; its program runs."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from typed_pages import ROOT, Place, blocks, commands

TEXT = (ROOT / "docs/how-to/compare.md").read_text(encoding="utf-8")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """With the files of the page and its two runs."""
    place = Place(tmp_path_factory.mktemp("ci"))
    place.save(TEXT)
    (script,) = blocks(TEXT, "sh")
    (place.path / "gate.sh").write_text(script)
    runs = [command.text for command in commands(TEXT) if command.text.startswith("sweep run")]
    assert len(runs) == 2
    assert all(place.type(command).returncode == 0 for command in runs)
    return place


def test_the_script_has_twenty_lines() -> None:
    (script,) = blocks(TEXT, "sh")
    assert len(script.splitlines()) <= 20


@pytest.mark.parametrize(
    ("command", "exit_code"),
    [
        ("sh gate.sh", 0),
        ("BASE=runs/new sh gate.sh", 0),  # what was 3 % slower is the base now: better passes
        ("sed -i 's/^host: .*/&\\nhost.stack_forward_kernel: 530.415 ns/' small.yaml; sh gate.sh", 1),
        ("sed -i 's/0.5 %/50 %/' gate.yaml; sh gate.sh", 2),
    ],
    ids=["equal", "better", "worse", "dead gate"],
)
def test_the_script_ends_the_build_as_it_should(place: Place, tmp_path: Path, command: str, exit_code: int) -> None:
    here = shutil.copytree(place.path, tmp_path / "ci", symlinks=True)
    done: subprocess.CompletedProcess[str] = place.type(f"cd {here} && {command}")
    assert done.returncode == exit_code, done.stdout + done.stderr
    if exit_code == 2:
        assert "its margin, 50 %, lets it through" in done.stderr
    else:
        assert {path.suffix for path in here.glob("compare.*")} == {".md", ".xml", ".json"}


def test_the_program_tells_the_verdict(place: Place) -> None:
    (program,) = blocks(TEXT, "python")
    done = place.python(program + "\nassert pool.pairing.new.strategy == 'page_pool'\n")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("regressed 1\n# REGRESSED: ")
