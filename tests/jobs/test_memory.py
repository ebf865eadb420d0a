# SPDX-License-Identifier: MIT
"""The cap on a worker's memory, and where the memory of a node is read."""

from __future__ import annotations

import os
import resource
from pathlib import Path

import numpy as np
import pytest

from sweep.jobs import memory

MIB = 1 << 20


def test_what_is_too_much_is_a_memory_error_and_the_cap_is_lifted_again() -> None:
    before = resource.getrlimit(resource.RLIMIT_DATA)
    with memory.capped(memory._status_bytes()["RssAnon"] + 64 * MIB):
        assert np.ones(16 * MIB, np.uint8).all()
        with pytest.raises(MemoryError):
            np.ones(256 * MIB, np.uint8)
    assert resource.getrlimit(resource.RLIMIT_DATA) == before
    assert np.ones(256 * MIB, np.uint8).all()


def test_what_is_mapped_and_not_touched_is_granted_on_top() -> None:
    """As an allocator's arena, or the stacks of threads."""
    untouched = np.zeros(512 * MIB, np.uint8)
    with memory.capped(memory._status_bytes()["RssAnon"] + 64 * MIB):
        assert np.ones(16 * MIB, np.uint8).all()
    assert untouched.nbytes == 512 * MIB


@pytest.mark.parametrize(
    ("own", "files", "limits"),
    [
        (
            "0::/user/run\n",
            {"user/run/memory.max": "max", "user/memory.max": "5000", "memory.max": "7000"},
            [5000, 7000],
        ),
        ("4:memory:/box\n3:cpu:/other\n", {"memory/box/memory.limit_in_bytes": "6000"}, [6000]),
        ("4:memory:/not/visible/here\n", {"memory/memory.limit_in_bytes": "8000"}, [8000]),
        ("0::/\n", {}, []),
    ],
)
def test_limits_of_control_groups(tmp_path: Path, own: str, files: dict[str, str], limits: list[int]) -> None:
    (tmp_path / "own").write_text(own)
    for name, text in files.items():
        path = tmp_path / "fs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    assert sorted(memory._limits(tmp_path / "own", tmp_path / "fs")) == limits


def test_share_of_a_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert 0 < memory.node_bytes() <= machine
    monkeypatch.setattr(memory, "node_bytes", lambda: 1000 * MIB)
    assert memory.share_bytes(1, 4) == 200 * MIB
    assert memory.share_bytes(4, 4) == 800 * MIB
    assert memory.share_bytes(1, 0) == 800 * MIB  # a node that does not say
