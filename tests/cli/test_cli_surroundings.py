# SPDX-License-Identifier: MIT
"""What a shell does to a program: closed or full standard output, an ASCII terminal, pipes as names of files."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from typed import REPOSITORY, SWEEP, sweep

WORDS = ("status runs/tiny", "report runs/tiny", "query runs/tiny 'from points' --format csv", "watch runs/tiny --once")


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("done")
    (place / "tiny.yaml").write_text(SWEEP)
    sweep(place, "run", "tiny.yaml", "--executor", "inline", "--no-report")
    return place


def shell(place: Path, line: str, **more: str) -> tuple[int, str, str]:
    """Exit code, output and error of a line in which $SWEEP is the program."""
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "SWEEP": f"{sys.executable} -m sweep", **more}
    done = subprocess.run(["sh", "-c", line], cwd=place, env=environment, capture_output=True, timeout=300)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.mark.parametrize("words", WORDS)
def test_nobody_reads(done: Path, words: str) -> None:
    """Standard files that are closed: what is opened next would take their numbers."""
    assert shell(done, f"$SWEEP {words} <&- >&-") == (0, "", "")


def test_a_full_disk_behind_standard_output(done: Path) -> None:
    code, _, error = shell(done, "$SWEEP status runs/tiny > /dev/full")
    assert (code, error) == (1, "standard output cannot be written: No space left on device\n")


def test_a_terminal_that_knows_ascii_only(done: Path) -> None:
    code, out, error = shell(
        done, "$SWEEP status runs/tiny", LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0", PYTHONIOENCODING=""
    )
    assert (code, error) == (0, "")
    assert "done 6 ? reused 0 ? failed 0" in out


def test_a_pipe_as_the_file_to_write(done: Path, tmp_path: Path) -> None:
    """It is written into and stays one."""
    pipe, read = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()), daemon=True)
    reader.start()
    sweep(done, "query", "runs/tiny", "select 7 as n", "--format", "csv", "--out", str(pipe))
    reader.join(30)
    assert read == ['"n"\n7\n']
    assert pipe.is_fifo()
    assert [each.name for each in tmp_path.iterdir()] == ["pipe"]


@pytest.mark.parametrize("verb", ["status", "watch", "report", "show"])
def test_a_place_that_is_no_run_directory(done: Path, verb: str) -> None:
    for name, said in (
        ("tiny.yaml", "next: sweep run tiny.yaml"),
        ("runs/tiny/results.arrow", "next: give the directory that it is in, runs/tiny"),
        (
            "runs/tyni",
            'does not exist. Did you mean "runs/tiny"?\n  there are: runs/tiny\n  next: sweep run FILE --out',
        ),
    ):
        out, error = sweep(done, verb, name, code=2)
        assert out == ""
        assert f'"{name}"' in error
        assert said in error


def test_the_next_command_is_for_the_directory_asked_about(done: Path, tmp_path: Path) -> None:
    """Not for where it was when it ran."""
    moved = tmp_path / "moved"
    shutil.copytree(done / "runs/tiny", moved, symlinks=True)
    next((moved / "parts").iterdir()).unlink()
    for verb in ("status", "watch"):
        out, _ = sweep(done, verb, str(moved), code=3)
        assert f"\nnext: sweep run tiny.yaml --out {moved} --executor inline" in out.replace(
            f" --executor inline --no-report --out {moved}", f" --out {moved} --executor inline"
        )
    (moved / "results.arrow").resolve().write_bytes(b"no table")
    _, error = sweep(done, "report", str(moved), code=1)
    assert "is damaged" in error
    assert f"--out {moved}" in error.splitlines()[-1]


def test_a_strategy_is_not_compared_with_itself(done: Path) -> None:
    both = ("--baseline", "page_allocator", "--strategy", "page_allocator")
    _, error = sweep(done, "compare", "runs/tiny", *both, code=2)
    assert "next: sweep compare runs/tiny --baseline page_allocator --strategy NAME" in error
