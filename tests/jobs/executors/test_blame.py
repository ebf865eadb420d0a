# SPDX-License-Identifier: MIT
"""Whose doing an exception is, by its traceback."""

from __future__ import annotations

import importlib
import os
import threading
import traceback
from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest

from sweep.jobs.executors.blame import raised_by_model
from sweep.jobs.store.failure import Failure


def division() -> None:
    _ = 1 // 0


def numpys() -> None:
    np.broadcast_to(np.zeros(3), (2, 2))


def missing_file() -> None:
    open("/nonexistent/file").close()


def missing_module() -> None:
    importlib.import_module("no_such_module")


def no_memory() -> None:
    raise MemoryError


def threads() -> None:
    thread = threading.Thread(target=print)
    thread.start()
    thread.join()
    thread.start()


def without_cache() -> None:
    """As LLVM's, of whatever it cannot do."""
    code = compile(
        "raise RuntimeError('cannot allocate memory')",
        "/x/site-packages/llvmlite/binding/orcjit.py",
        "exec",
    )
    exec(code)


@pytest.mark.parametrize(
    ("raises", "by_model"),
    [
        (division, True),
        (numpys, True),
        (missing_file, False),
        (missing_module, False),
        (no_memory, False),
        (threads, False),
        (without_cache, False),
    ],
)
def test_whose_doing(raises: Callable[[], None], by_model: bool) -> None:
    assert raised_by_model(_text(raises)) is by_model


def test_an_installed_model_is_still_the_model() -> None:
    place = os.path.join("/usr/lib/python3.11/site-packages/sweep/model", "prepare.py")
    text = f'Traceback (most recent call last):\n  File "{place}", line 3, in prepare\nValueError: no\n'
    assert raised_by_model(text)
    assert not raised_by_model(text.replace("/sweep/model/", "/llvmlite/binding/"))
    assert not raised_by_model("")


@pytest.mark.parametrize(
    ("ending", "error", "kept"),
    [
        ("exception", division, True),
        ("exception", without_cache, False),
        ("exception", missing_file, False),
        ("crash", None, False),
        ("memory", None, False),
        ("lost", None, False),
    ],
)
def test_what_an_earlier_version_recorded(ending: str, error: Callable[[], None] | None, kept: bool) -> None:
    """It did not tell a simulation that crashed from one whose worker was killed: those are tried again."""
    record = {
        "format": 1,
        "strategy": "page_pool",
        "ending": ending,
        "error": _text(error) if error else "WorkerCrashedError: it died",
        "ids": ["0" * 32],
        "document": "d",
        "node": "",
    }
    assert (Failure.of(record) is not None) is kept


def _text(raises: Callable[[], None]) -> str:
    try:
        raises()
    except Exception:
        return traceback.format_exc()
    raise AssertionError(SimpleNamespace(raises=raises))
