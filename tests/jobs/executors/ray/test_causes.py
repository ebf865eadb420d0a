# SPDX-License-Identifier: MIT
"""The line that says why, out of what Ray's processes write when they cannot start; each text was seen."""

from __future__ import annotations

from pathlib import Path

import pytest

from sweep.jobs.executors.ray import causes
from sweep.jobs.executors.ray.causes import cause, logs

AT = "[2026-11-30 03:53:56,563 {} 12960 12970] (raylet) "


@pytest.fixture(autouse=True)
def _no_pids_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(causes, "pids_limit", lambda: (None, False))
    monkeypatch.setattr(causes, "described", lambda: "ulimit -v is 9")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            AT.format("C") + "dlmalloc.cc:161: create_buffer failed, errorRead-only file system",
            "is read-only: create_b",
        ),
        (
            "E1130 04:20 thd.cc:157] pthread_create failed: Resource temporarily unavailable",
            "threads may be started (uli",
        ),
        ("RuntimeError: can't start new thread", "no more processes or threads may be started"),
        (
            "terminate called after throwing an instance of 'std::bad_alloc'",
            "there is not enough memory (ulimit -v is 9)",
        ),
        ("OSError: [Errno 28] No space left on device", "a disk or /dev/shm is full: OSError"),
        ("OSError: [Errno 24] Too many open files", "too few files may be open (ulimit -n)"),
        (
            "Traceback (most recent call last):\nTypeError: no str\n" + AT.format("I") + "x.cc:1: bye",
            "TypeError: no str",
        ),
        (AT.format("E") + "x.cc:12: \x1b[31mit broke\x1b[0m", "it broke"),
        ("\x1b[2J\x07 something\n\n", "something"),
        (AT.format("I") + "x.cc:1: all is well", ""),
        ("", ""),
    ],
)
def test_of_a_text(text: str, said: str) -> None:
    found = cause([AT.format("I") + "main.cc:1: Setting cluster ID", text])
    assert said in found if said else found == ""
    assert found.isprintable()


def test_a_container_that_refused_a_process_is_the_reason_where_nothing_says_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(causes, "pids_limit", lambda: (60, True))
    assert cause(["bye"]) == "no more processes or threads may be started (ulimit -v is 9)"


def test_logs_are_read_without_the_addresses_of_a_stack(tmp_path: Path) -> None:
    """Which are longer than all that says something."""
    folder = tmp_path / "session_2026" / "logs"
    folder.mkdir(parents=True)
    (folder / "raylet.err").write_text("first\n" + "lib.so(+0x1) [0x7fb06b8a8eec] main\n" * 500)
    (folder / "monitor.out").write_text("later")
    (folder / "gcs_server.out").write_text("")
    assert logs(tmp_path) == [("raylet.err", "first"), ("monitor.out", "later")]
