# SPDX-License-Identifier: MIT
"""Looks of which simulations fail, or are neither there nor held to have failed."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest
from looked import ASKED, LOOKS, counts

from sweep.jobs.executors.inline import Inline
from sweep.jobs.executors.work import AttemptOutcome, Ending, RunSlice, Work
from sweep.jobs.run import run
from sweep.jobs.status import status
from sweep.jobs.store.failure import recorded
from sweep.jobs.store.parts import Store
from tests.tiny_sweep import MakeRequest, read


def test_simulations_that_fail_end_their_comparison_and_no_other(
    request_of: MakeRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Failing(Inline):
        """Every simulation of points 4 and 6: page_pool at ring 64."""

        def wait(self, timeout_s: float) -> list[tuple[Work, AttemptOutcome]]:
            work = self._queue[0] if self._queue else None
            if isinstance(work, RunSlice) and set(self._plan.chunks[work.number].simulations // LOOKS[-1]) & {4, 6}:
                return [(self._queue.popleft(), AttemptOutcome(Ending.RAISED, error="planted"))]
            return super().wait(timeout_s)

    monkeypatch.setattr("sweep.jobs.run.open_executor", lambda name, plan, *rest: Failing(plan))
    summary = run(request_of(*ASKED))
    assert summary.exit_code == 3
    assert summary.failed == 2 * LOOKS[0]  # two mixes, the first look alone
    failed = {name for each in recorded(Store(summary.directory)) for name in each.ids}
    assert len(failed) == 2 * LOOKS[0]
    with pa.memory_map(str(Path(summary.directory) / "failures.arrow")) as source:
        assert set(pa.ipc.open_file(source).read_all().column("id").to_pylist()) == failed
    replicates = counts(read(summary.directory))
    assert {replicates["page_allocator", mix, 64] for mix in ("router", "host_slow_reader")} == {LOOKS[0]}
    assert max(replicates.values()) > LOOKS[0]
    named = json.loads(read(summary.directory).schema.metadata[b"sweep"])["precision"]["named"]
    assert sum("ring 64" in name for name in named) == 2


def test_a_look_that_is_not_complete_decides_nothing(request_of: MakeRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Simulations that are neither there nor held to have failed: nothing has ended well beside them."""

    class Lacking(Inline):
        def wait(self, timeout_s: float) -> list[tuple[Work, AttemptOutcome]]:
            work = self._queue[0] if self._queue else None
            if isinstance(work, RunSlice) and work.number == 0:
                return [(self._queue.popleft(), AttemptOutcome(Ending.LOST, error="no node"))]
            return super().wait(timeout_s)

    with monkeypatch.context() as patch:
        patch.setattr("sweep.jobs.run.open_executor", lambda name, plan, *rest: Lacking(plan))
        summary = run(request_of(*ASKED))
    assert summary.exit_code == 3
    assert summary.open
    assert not (Path(summary.directory) / "looks.json").exists()
    found = status(summary.directory)
    assert not found.complete
    assert found.missing
    assert run(request_of(*ASKED)).exit_code == 0
