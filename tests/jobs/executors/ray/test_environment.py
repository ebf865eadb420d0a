# SPDX-License-Identifier: MIT
"""What the Ray process and all that it starts find in their environment, whatever the user has in theirs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import sweep
from sweep.jobs.executors.protocol import Join
from sweep.jobs.executors.ray.environment import environment

HERE = str(Path(sweep.__file__).resolve().parents[1])


def test_only_what_nobody_else_may_write_is_imported_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (mine := tmp_path / "mine").mkdir()
    (shared := tmp_path / "shared").mkdir()
    shared.chmod(0o777)
    (inside := shared / "inside").mkdir()
    monkeypatch.chdir(shared)
    given = ["", ".", "inside", str(shared), str(inside), str(mine), str(tmp_path / "none"), "/tmp"]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(given))
    for join in (None, Join("head:1")):
        found = environment(join, "/private")
        assert found["PYTHONPATH"].split(os.pathsep)[:2] == [HERE, str(mine)]
        assert not {str(shared), str(inside), "/tmp", ""} & set(found["PYTHONPATH"].split(os.pathsep))
        assert found["PYTHONSAFEPATH"] == "1"


@pytest.mark.parametrize("name", ["PYTHONOPTIMIZE", "PYTHONWARNINGS", "PYTHONINSPECT", "http_proxy", "HTTPS_PROXY"])
def test_what_changes_ray_itself_is_not_passed_on(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "2")
    assert name not in environment(None, "/private")
    assert name not in environment(Join("head:1"), "/private")


def test_local_ray_has_a_token_and_a_folder_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_AUTH_TOKEN", "of another cluster")
    monkeypatch.setenv("TMPDIR", "/somewhere")
    monkeypatch.setenv("RAY_TMPDIR", "/somewhere")
    first, second = environment(None, "/private"), environment(None, "/private")
    assert len({first["RAY_AUTH_TOKEN"], second["RAY_AUTH_TOKEN"], "of another cluster"}) == 3
    assert first["TMPDIR"] == "/private"
    assert "RAY_TMPDIR" not in first
    assert environment(Join("head:1"), "/private")["RAY_AUTH_TOKEN"] == "of another cluster"
