# SPDX-License-Identifier: MIT
"""The benchmark of the driver commits every chunk of its made-up workers, at a size that takes a second."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import driver


def test_every_chunk_is_committed_once(tmp_path: Path) -> None:
    found = driver.measure(tmp_path, workers=20, chunk_s=0.05, span_s=0.2, rows=2)
    assert found.outcomes == 100
    assert 1 <= found.files <= 100
    assert found.loop_ms > 0
    assert found.busy_s > 0


def test_a_chunk_that_is_not_committed_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = driver.Store.scan
    monkeypatch.setattr(driver.Store, "scan", lambda self, set_aside: real(self, set_aside)[1:])
    with pytest.raises(SystemExit, match="rows were committed"):
        driver.measure(tmp_path, workers=4, chunk_s=0.02, span_s=0.1, rows=1)


def test_it_prints_the_figures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver, "LOADS", ((5, 0.02),))
    assert driver.main(["--span", "0.1", "--rows", "1", "--dir", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "5 workers, chunks of 0.02 s" in out
    assert "chunks/s committed of 250 that come" in out
    assert "ms of CPU a chunk" in out
