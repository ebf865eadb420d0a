# SPDX-License-Identifier: MIT
"""The cap on a worker's memory, and where the memory of a node is read."""

from __future__ import annotations

import os
import resource

import numpy as np
import pytest

from sweep.jobs.executors import memory

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


def test_share_of_a_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert 0 < memory.node_bytes() <= machine
    monkeypatch.setattr(memory, "node_bytes", lambda: 1000 * MIB)
    assert memory.share_bytes(1, 4) == 200 * MIB
    assert memory.share_bytes(4, 4) == 800 * MIB
    assert memory.share_bytes(1, 0) == 800 * MIB  # a node that does not say
