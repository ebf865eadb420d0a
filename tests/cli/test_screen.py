# SPDX-License-Identifier: MIT
"""What `sweep` prints is shown by a terminal and never obeyed, whoever wrote it."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import pytest
from typed import SWEEP, on_a_terminal, sweep

ODD = "\x1b]0;pwned\x07\x1b[31mRED\u202e"
SHOWN = "\\x1b]0;pwned\\x07\\x1b[31mRED\\u202e"


def clean(text: str) -> bool:
    return not [c for c in text if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp") and c not in "\n\t"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("plan", ODD), 2),
        (("plan", "tiny.yaml", "--set", f"ring={ODD}"), 2),
        (("plan", "tiny.yaml", "--only", ODD, "--executor", "inline"), 2),
        (("status", ODD), 2),
        (("report", "runs/tiny", "--row", ODD), 2),
        (("report", "runs/tiny", "--filter", ODD), 2),
        (("query", "runs/tiny", f"select '{ODD}' as \"{ODD}\""), 0),
        (("query", "runs/tiny", f"select '{ODD}' as \"{ODD}\"", "--format", "csv"), 0),
        (("query", "runs/tiny", f"select '{ODD}' as \"{ODD}\"", "--format", "md"), 0),
        (("query", "runs/tiny", f"select {ODD}"), 2),
        (("compare", "runs/tiny", ODD), 2),
        (("show", ODD), 2),
        ((f"--{ODD}",), 2),
        ((ODD,), 2),
    ],
)
def test_words_of_the_command_line(done: Path, words: tuple[str, ...], code: int) -> None:
    out, error = sweep(done, *words, code=code)
    assert clean(out)
    assert clean(error)
    assert "mistake in sweep" not in error


def test_json_is_still_json(done: Path) -> None:
    out, _ = sweep(done, "query", "runs/tiny", f"select '{ODD}' as a", "--format", "json")
    assert json.loads(out) == [{"a": ODD}]
    assert clean(out)


def test_a_run_directory_of_a_stranger(done: Path, tmp_path: Path) -> None:
    """What run.json and the lock say is theirs."""
    import fcntl
    import shutil

    shutil.copytree(done / "runs" / "tiny", tmp_path / "run", symlinks=True)
    note = json.loads((tmp_path / "run" / "run.json").read_text())
    (tmp_path / "run" / "run.json").write_text(
        json.dumps({**note, "node": ODD, "started": "2026-01-01T00:00:00+00:00"})
    )
    out, _ = sweep(tmp_path, "status", "run")
    assert clean(out)
    assert SHOWN in out
    with (tmp_path / "run" / "lock").open("wb") as lock:
        lock.write(ODD.encode() + b"\xff\xfe\n  next: rm -rf ~\n")
        lock.flush()
        fcntl.flock(lock, fcntl.LOCK_EX)
        out, _ = sweep(tmp_path, "status", "run")
        assert clean(out)
        assert SHOWN in out
        assert "\n  next: rm" not in out


def test_a_terminal_is_drawn_on_by_sweep_alone(tmp_path: Path) -> None:
    """Escape sequences that reach a terminal are those of the bar, and no part of a name."""
    text = SWEEP.replace("strategy: [page_allocator]", "label: [one]\n  strategy: [page_allocator]")
    (tmp_path / "tiny.yaml").write_text(text)
    said = on_a_terminal(tmp_path, 80, "plan", "tiny.yaml", "--set", f"ring={ODD}", code=2)
    assert "\x1b" not in said
    assert SHOWN in said
