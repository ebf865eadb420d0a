# SPDX-License-Identifier: MIT
"""`sweep --version` says what a bug report needs, at once."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from typed import REPOSITORY, sweep

from sweep.cli import version
from sweep.jobs.store import provenance

HEAVY = {"ray", "numpy", "llvmlite", "pyarrow", "pydantic", "scipy", "rich"}


def test_it_names_sweep_python_packages_and_the_system(tmp_path: Path) -> None:
    out, error = sweep(tmp_path, "--version")
    first, second, third = out.splitlines()
    assert re.fullmatch(rf"sweep {re.escape(metadata.version('sweep'))}( \(commit [0-9a-f]{{40}}(, and .*)?\))?", first)
    packages = ", ".join(f"{name} {metadata.version(name)}" for name in ("numpy", "llvmlite", "pyarrow", "ray"))
    assert second == f"Python {platform.python_version()}, {packages}"
    assert third == platform.platform()
    assert error == ""


@pytest.mark.parametrize(
    ("commit", "said"), [("", ""), ("ab" * 20, f" (commit {'ab' * 20})"), ("c0+", " (commit c0, and changes to it)")]
)
def test_the_commit_is_named_where_it_is_known(commit: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provenance, "git_commit", lambda: commit)
    monkeypatch.setattr(provenance, "versions", lambda: {"python": "3.11.0", "sweep": "", "ray": ""})
    assert version.text().splitlines()[:2] == [f"sweep (not installed){said}", "Python 3.11.0, ray missing"]


def test_nothing_heavy_is_imported_for_it(tmp_path: Path) -> None:
    script = "import sys; from sweep.cli import main\ntry: main()\nfinally: print(*sys.modules, file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", script, "--version"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("sweep ")
    assert not HEAVY & set(done.stderr.split())
