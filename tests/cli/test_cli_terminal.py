# SPDX-License-Identifier: MIT
"""What a terminal shows: words for numbers, patience, a progress bar that fits."""

from __future__ import annotations

import io
import re
import sys
import time
from pathlib import Path

import pytest
from typed import SWEEP, sweep

from sweep import format
from sweep.cli import numbers


def test_patience_speaks_to_people_only(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from sweep.cli import slow_notice

    monkeypatch.setattr(slow_notice, "SILENCE_S", 0.01)
    for terminal, said in ((True, "laying out 6 simulations …\n"), (False, "")):
        monkeypatch.setattr(sys.stderr, "isatty", lambda terminal=terminal: terminal)
        with slow_notice.notice_if_slow("laying out 6 simulations"):
            time.sleep(0.3)
        assert capsys.readouterr().err == said
    monkeypatch.setattr(slow_notice, "SILENCE_S", 0.3)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with slow_notice.notice_if_slow("laying out 6 simulations"):
        pass
    time.sleep(0.5)
    assert capsys.readouterr().err == ""


def test_progress_fits_a_terminal_of_80_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Words and bar on one line, while compiling and after it."""
    from sweep.cli.progress import Display
    from sweep.jobs.progress import Progress

    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    for name, value in (("COLUMNS", "80"), ("LINES", "24"), ("TERM", "xterm")):
        monkeypatch.setenv(name, value)
    progress = Progress(96, 100.0, 2, "local Ray, 2 workers", compiling=tuple("abcd"))
    with Display() as display:
        display.update(progress)
        time.sleep(0.3)
        progress.compiling, progress.ended_chunks, progress.packets = (), 62, 40_000_000
        time.sleep(0.3)
    shown = terminal.getvalue()
    assert shown.index("\x1b[?25h") < shown.index("62/96")  # the cursor: whoever is killed could not give it back
    lines = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", terminal.getvalue()).replace("\r", "\n").splitlines()
    assert max(map(len, lines)) <= 80
    assert any(
        re.fullmatch(r"local Ray, 2 workers ━+ 0/96 chunks · compiling 4 kernels", line.strip()) for line in lines
    )
    assert any(re.fullmatch(r"local Ray, 2 workers ━+ 62/96 chunks · .+packets/s", line.strip()) for line in lines)


def test_piped_progress_says_how_long_it_has_been_going_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from sweep.cli import progress as shown
    from sweep.jobs.progress import Progress

    monkeypatch.setattr(shown, "PLAIN_LINE_S", 0.0)
    clock = iter([100.0, 165.0, 165.0])
    monkeypatch.setattr(shown.time, "perf_counter", lambda: next(clock, 165.0))
    display = shown.Display()
    display.update(Progress(96, 100.0, 2, "local Ray, 2 workers", compiling=("page_pool",)))
    assert capsys.readouterr().out == "local Ray, 2 workers: 0/96 chunks · compiling 1 kernel · 1:05 elapsed\n"


class Terminal(io.StringIO):
    """Text that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_words() -> None:
    assert [numbers.seconds(s) for s in (0.0004, 0.012, 0.4, 9.96, 45, 200, 7500)] == [
        *("1 ms", "12 ms", "0.4 s", "10 s", "45 s", "3 min 20 s", "2 h 5 min")
    ]
    assert [numbers.with_prefix(n) + "B" for n in (980, 54_100_000, 2.4e9)] == ["980 B", "54.1 MB", "2.4 GB"]
    assert [numbers.size(n) for n in (9e3, 9e6, 400e6)] == ["9 kB", "9 MB", "0.4 GB"]
    assert format.count(1, "chunk") == "1 chunk"
    assert format.count(2376, "point") == "2,376 points"
    assert numbers.clock(76) == "1:16"


def test_how_to_go_on_says_how_it_was_run(tmp_path: Path) -> None:
    """On the same executor and cluster, with the same options, not on local Ray by default."""
    (tmp_path / "tiny.yaml").write_text(SWEEP)
    long = "x" * 300  # more than a file system takes: a fault of the disk
    options = ("--executor", "inline", "--chunk-seconds", "2.0", "--max-failures", "3", "--no-report")
    _, error = sweep(tmp_path, "run", "tiny.yaml", "--retry-failed", *options, "--out", long, code=1)
    assert error.endswith(f"Go on with\n    sweep run tiny.yaml --out {long} {' '.join(options)}\n")
