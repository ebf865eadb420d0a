# SPDX-License-Identifier: MIT
"""Typing `sweep ...` in this process, where only files and messages matter; and what may lie in a file's place."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

from typer.testing import CliRunner

from sweep.cli import app

INLINE = ("--executor", "inline", "--no-report")
BOUND_S = 60  # of one command, which takes a fraction of a second: it hangs
FOLDERS = ("parts", "plans", "logs", "failed", "snapshots")


def typed(place: Path, *words: str) -> tuple[int, str]:
    """Exit code and all that is said."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM)}
    here = os.getcwd()
    signal.signal(signal.SIGALRM, _hangs)
    signal.alarm(BOUND_S)
    try:
        os.chdir(place)
        found = CliRunner().invoke(app, list(words))
    finally:
        signal.alarm(0)
        os.chdir(here)
        for number, handler in before.items():
            signal.signal(number, handler)
    said = found.output
    assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
    assert "Traceback" not in said, said
    assert "mistake in sweep" not in said, said
    return found.exit_code, said


def contents(folder: Path) -> dict[str, bytes | None]:
    return {str(path): path.read_bytes() if path.is_file() else None for path in sorted(folder.rglob("*"))}


def strange(path: Path, kind: str, victims: Path) -> None:
    """Put something of this kind in the place of what is there, if anything is."""
    was_folder = (path.is_dir() and not path.is_symlink()) or path.name in FOLDERS
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    targets = {
        "link": victims / "file",
        "relative link": Path(os.path.relpath(victims / "file", path.parent)),
        "link to a folder": victims / "folder",
        "dangling link": victims / "new",
    }
    if kind in targets:
        path.symlink_to(targets[kind])
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "hard link":
        os.link(victims / "file", path)
    elif was_folder:
        path.write_text("in the way")
    else:
        path.mkdir()


def _hangs(number: int, frame: object) -> None:
    raise AssertionError(f"it has not ended after {BOUND_S} s")
