# SPDX-License-Identifier: MIT
"""Of several workers that need the same kernel, one compiles it."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from sweep.jobs.executors.kernels import one_compiles, uncompiled
from sweep.model import batch

STRATEGY = "page_pool"
WHILE_S, WITHIN_S = 0.2, 10.0


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SWEEP_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("SWEEP_PLAIN_PYTHON", "0")


def _enter(strategy: str) -> threading.Event:
    """Entered in another thread, as in another process: a lock belongs to an open file."""
    entered = threading.Event()

    def enter() -> None:
        with one_compiles(strategy):
            entered.set()

    threading.Thread(target=enter).start()
    return entered


def test_the_others_wait_for_the_kernel() -> None:
    with one_compiles(STRATEGY):
        other = _enter(STRATEGY)
        assert _enter("page_frag").wait(WITHIN_S), "another kernel can be compiled meanwhile"
        assert not other.wait(WHILE_S)
    assert other.wait(WITHIN_S)


def test_a_kernel_that_is_there_is_loaded_by_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "is_compiled", lambda strategy: True)
    assert uncompiled([STRATEGY]) == []
    with one_compiles(STRATEGY):
        assert _enter(STRATEGY).wait(WITHIN_S)


def test_those_who_have_waited_do_not_load_it_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second and third are let in together once the first has compiled."""
    compiled = threading.Event()
    monkeypatch.setattr(batch, "is_compiled", lambda strategy: compiled.is_set())
    loading = threading.Barrier(2, timeout=WITHIN_S)
    together: list[int] = []

    def wait_and_load() -> None:
        with one_compiles(STRATEGY):
            together.append(loading.wait())

    with one_compiles(STRATEGY):
        waiting = [threading.Thread(target=wait_and_load) for _ in range(2)]
        for thread in waiting:
            thread.start()
        compiled.set()
    for thread in waiting:
        thread.join(WITHIN_S)
    assert sorted(together) == [0, 1]


def test_without_a_compiler_there_is_nothing_to_wait_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SWEEP_PLAIN_PYTHON", "1")
    with one_compiles(STRATEGY):
        assert _enter(STRATEGY).wait(WITHIN_S)
    assert not (tmp_path / "cache").exists()
