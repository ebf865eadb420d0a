# SPDX-License-Identifier: MIT
"""A run directory of a stranger: whatever lies in it under whichever name, nothing outside of it is touched."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from places import FOLDERS, INLINE, contents, strange, typed

QUICK = ("link", "link to a folder", "pipe")
SLOW = ("relative link", "dangling link", "the other kind", "hard link")
KINDS = (*QUICK, *(pytest.param(kind, marks=pytest.mark.slow) for kind in SLOW))
NAMES = (
    *("lock", "lock.holder", "run.json", "size.json", "parts", "plans", "logs", "failed", "snapshots", "current"),
    *("manifest.json", "results.arrow", "report.txt", "parts/*", "plans/*", "failed/0123.json", "logs/executor.log"),
    *("snapshots/*", "snapshots/*/manifest.json", "snapshots/*/results.arrow", "results.arrow.sweep.tmp"),
)
READING = (
    ("status", "run"),
    ("watch", "run", "--once"),
    ("query", "run", "select count(*) from results"),
    ("show", "run", "ring=64", "replicate=0"),
    ("plan", "tiny.yaml", "--out", "run"),
)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", NAMES)
def test_a_run_directory_of_a_stranger(place: Path, name: str, kind: str) -> None:
    """Nothing outside is read, made, changed or removed, nothing waits, and what is wrong is said in a sentence."""
    victims = place / "victims"
    before = contents(victims)
    path = next(iter((place / "run").glob(name)), place / "run" / name)
    strange(path, kind, victims)
    for words in READING:
        code, said = typed(place, *words)
        assert code in (0, 1, 2, 3), said
        assert "precious" not in said
        if "no link is followed out" in said:
            assert code == 2, said
        assert contents(victims) == before, words
    code, said = typed(place, "run", "tiny.yaml", *INLINE, "--out", "run")
    assert contents(victims) == before
    refused = "/" not in name and not name.endswith(".tmp") and (kind != "hard link" or name in (*FOLDERS, "current"))
    if name == "current" and kind == "the other kind":
        refused = False  # an empty folder, as of a copy that followed the links
    assert code == (2 if refused else 0), said
    if refused:
        assert f'"run/{name}" is a ' in said
        assert "\n  next: move it away, or give --out another directory" in said


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["report.txt", "report.html", "results.arrow", "snapshots/*/results.arrow", "current"])
def test_a_report_for_the_run_of_a_stranger(place: Path, name: str, kind: str) -> None:
    victims = place / "victims"
    before = contents(victims)
    strange(next(iter((place / "run").glob(name))), kind, victims)
    code, said = typed(place, "report", "run")
    assert contents(victims) == before
    assert code == 2 if "no link is followed out" in said else code in (0, 1, 2, 3), said
    if code:
        assert "\n  next: " in said


@pytest.mark.parametrize("copy", [["cp", "-r"], ["cp", "-rL"], ["cp", "-al"], ["rsync", "-a"], ["mv"]])
def test_a_copy_of_a_run_is_read_and_goes_on(place: Path, copy: list[str]) -> None:
    if shutil.which(copy[0]) is None:
        pytest.skip(f"no {copy[0]} here")
    before = contents(place / "run")
    source = "run/" if copy[0] == "rsync" else "run"
    assert os.spawnlp(os.P_WAIT, copy[0], *copy, source, "copy") == 0
    assert typed(place, "query", "copy", "select count(*) from results")[0] == 0
    code, said = typed(place, "run", "tiny.yaml", *INLINE, "--set", "replicates=3", "--out", "copy")
    assert (code, "reused 6" in said) == (0, True), said
    assert os.readlink(place / "copy" / "current").startswith("snapshots/")
    assert typed(place, "status", "copy")[0] == 0
    if copy[0] != "mv":
        assert contents(place / "run") == before
