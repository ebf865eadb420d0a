# SPDX-License-Identifier: MIT
"""`sweep warm`, with a cache and where none can be kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from places import typed


def test_what_is_compiled_is_there_the_next_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SWEEP_CACHE_DIR", str(tmp_path / "cache"))
    code, said = typed(tmp_path, "warm", "page_allocator")
    assert (code, "page_allocator: compiled in " in said) == (0, True), said
    assert f"1 kernel in {tmp_path}/cache/kernels, 1 compiled now" in said
    assert "page_allocator: is there" in typed(tmp_path, "warm", "page_allocator")[1]


def test_it_fails_where_nothing_can_be_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is for this that it was called, so it compiles nothing and says why."""
    monkeypatch.setenv("SWEEP_CACHE_DIR", "/proc/nope")
    code, said = typed(tmp_path, "warm", "page_allocator")
    assert code == 1
    assert said.startswith('the kernel cache "/proc/nope/kernels" is not used: it cannot be written: ')
    assert said.endswith("next: set SWEEP_CACHE_DIR to a folder of your own\n")
    assert "compiled in" not in said
