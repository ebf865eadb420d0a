# SPDX-License-Identifier: MIT
"""The driver on an executor that fails by a script: the same table, every simulation once, poison found.

The clock of deadlines goes only while that executor has nothing to do, so a busy machine makes nothing late.
"""

from __future__ import annotations

import pyarrow as pa
import pytest
from scripted import Go, Scripted, poisonous, through

from sweep.jobs.driver import policy
from sweep.jobs.executors.work import AttemptOutcome, Ending, RunSlice, WarmKernel, Work
from sweep.jobs.run import RunSummary, run
from tests.tiny_sweep import SIMULATIONS, MakeRequest, read


@pytest.mark.parametrize("ending", [Ending.CRASHED, Ending.MEMORY])
def test_poison_is_found_and_its_neighbours_survive(scripted: Go, undisturbed: pa.Table, ending: Ending) -> None:
    summary, executor = scripted(lambda work: poisonous(work, ending))
    assert (summary.exit_code, summary.done, summary.failed) == (3, SIMULATIONS - 1, 1)
    (failure,) = summary.failures
    chunk = summary.inventory.chunks[0]
    assert failure.ids == (summary.inventory.survey.ids[chunk.simulations[5]].decode(),)
    assert (failure.ending, failure.error) == (ending, "planted")
    rest = [row for row in undisturbed.to_pylist() if row["id"] not in failure.ids]
    assert read(summary.directory).to_pylist() == rest
    assert len(set(executor.tried)) == len(executor.tried) <= 2 + 3 * 4


def test_a_crash_of_a_neighbour_and_lost_nodes_cost_nothing_but_time(scripted: Go, undisturbed: pa.Table) -> None:
    accidents = [Ending.LOST] * 4 + [Ending.CRASHED]
    summary, executor = scripted(
        lambda work: AttemptOutcome(accidents.pop()) if accidents else through(work), chunk_s=1e-6
    )
    assert (summary.exit_code, summary.failed) == (0, 0)
    assert read(summary.directory).equals(undisturbed)
    assert len(executor.tried) == SIMULATIONS + 5


def test_what_is_late_gets_a_second_copy_and_the_first_to_end_counts(scripted: Go, undisturbed: pa.Table) -> None:
    stuck: list[RunSlice] = []

    def script(work: RunSlice) -> AttemptOutcome | None:
        if not stuck:
            stuck.append(work)
            return None
        return through(work)

    summary, executor = scripted(script, deadline_s=0.2, chunk_s=1e-6)
    assert (summary.exit_code, summary.failed) == (0, 0)
    assert read(summary.directory).equals(undisturbed)
    assert executor.cancelled == stuck
    copies = [work for work in executor.tried if work[:3] == stuck[0][:3]]
    assert len(copies) == 2
    assert summary.progress.lost_s > 0.1


def test_what_never_ends_is_found_and_its_neighbours_survive(
    scripted: Go,
) -> None:
    summary, executor = scripted(
        lambda work: None if poisonous(work, Ending.SLOW).ending is Ending.SLOW else through(work), deadline_s=0.05
    )
    assert (summary.exit_code, summary.done, summary.failed) == (3, SIMULATIONS - 1, 1)
    assert summary.failures[0].ending == "too_slow"
    assert "did not end within" in summary.failures[0].error
    assert len(executor.cancelled) == 2 * 4  # both copies of 8, 4, 2 and 1 simulations


def test_what_waits_behind_stuck_work_is_not_late(scripted: Go) -> None:
    """Both workers are stuck until their deadline; only the stuck ones are ended."""
    summary, _ = scripted(
        lambda work: None if work.number < 2 else through(work), deadline_s=0.1, chunk_s=1e-6, shuffle=None
    )
    stuck = {name for number in (0, 1) for name in _ids(summary, number)}
    assert {name for failure in summary.failures for name in failure.ids} == stuck
    assert summary.done == SIMULATIONS - 2


def test_what_waits_for_workers_that_compile_is_not_late(
    scripted: Go, monkeypatch: pytest.MonkeyPatch, undisturbed: pa.Table
) -> None:
    """One kernel is there and the other takes 500 s, as nine do on a busy machine that has none."""
    real, left = Scripted.wait, 50

    def wait(self: Scripted, timeout_s: float) -> list[tuple[Work, AttemptOutcome]]:
        nonlocal left
        if self._queue and self._queue[0] == WarmKernel("page_pool") and left:
            left -= 1
            self._clock.now += 10
            return []
        return real(self, timeout_s)

    monkeypatch.setattr(Scripted, "wait", wait)
    summary, executor = scripted(through, chunk_s=1e-6)
    assert left == 0
    assert (executor.cancelled, len(executor.tried), summary.progress.lost_s) == ([], SIMULATIONS, 0)
    assert read(summary.directory).equals(undisturbed)


def test_a_late_outcome_of_what_was_cancelled_is_dropped(
    scripted: Go, monkeypatch: pytest.MonkeyPatch, undisturbed: pa.Table
) -> None:
    """An executor may answer although it was told not to: the row is there once."""
    late: list[tuple[Work, AttemptOutcome]] = []
    real_cancel, real_wait = Scripted.cancel, Scripted.wait

    def cancel(self: Scripted, work: Work) -> None:
        real_cancel(self, work)
        late.append((work, AttemptOutcome(Ending.CRASHED, error="late")))

    def wait(self: Scripted, timeout_s: float) -> list[tuple[Work, AttemptOutcome]]:
        found, late[:] = list(late), []
        return found + real_wait(self, timeout_s)

    monkeypatch.setattr(Scripted, "cancel", cancel)
    monkeypatch.setattr(Scripted, "wait", wait)
    first: list[RunSlice] = []

    def script(work: RunSlice) -> AttemptOutcome | None:
        if not first:
            first.append(work)
            return None
        return through(work)

    summary, _ = scripted(script, deadline_s=0.1)
    assert (summary.exit_code, summary.failed) == (0, 0)
    assert read(summary.directory).equals(undisturbed)


def test_a_kernel_that_crashes_while_compiling_is_no_verdict(
    scripted: Go, monkeypatch: pytest.MonkeyPatch, undisturbed: pa.Table
) -> None:
    real = Scripted.wait

    def wait(self: Scripted, timeout_s: float) -> list[tuple[Work, AttemptOutcome]]:
        if self._queue and isinstance(self._queue[0], WarmKernel):
            return [(self._queue.popleft(), AttemptOutcome(Ending.CRASHED))]
        return real(self, timeout_s)

    monkeypatch.setattr(Scripted, "wait", wait)
    summary, _ = scripted(through)
    assert read(summary.directory).equals(undisturbed)


def test_a_crash_counts_although_a_copy_is_in_flight(
    scripted: Go,
) -> None:
    """The second copy of what is late crashes, each time: that is a crash, and not the first copy's affair."""
    stuck = 0

    def script(work: RunSlice) -> AttemptOutcome | None:
        nonlocal stuck
        if work.number > 0:
            return through(work)
        stuck += 1
        return None if stuck % 2 else AttemptOutcome(Ending.CRASHED, error="planted")

    summary, executor = scripted(script, deadline_s=0.4, chunk_s=1e-6)
    assert (summary.exit_code, summary.done, summary.failed) == (3, SIMULATIONS - 1, 1)
    assert (summary.failures[0].ending, summary.failures[0].error) == ("crash", "planted")
    assert len(executor.cancelled) == 1 + policy.CRASHES  # once in a worker, then watched


def test_accounts_of_one_worker_add_up(request_of: MakeRequest) -> None:
    progress = run(request_of(chunk_s=10.0)).progress
    parts_s = progress.simulate_s + progress.compile_s + progress.straggle_s + progress.lost_s + progress.dispatch_s
    assert progress.paid_s == pytest.approx(parts_s)
    assert progress.straggle_s == 0  # it had work all the time


def test_accounts_add_up(scripted: Go) -> None:
    summary, _ = scripted(through, chunk_s=1e-6)
    progress = summary.progress
    parts = progress.simulate_s + progress.compile_s + progress.straggle_s + progress.lost_s + progress.dispatch_s
    assert progress.paid_s == pytest.approx(parts)
    assert progress.paid_s == pytest.approx(2 * progress.elapsed_s, rel=0.05)
    assert 0 < progress.simulated_share < 1
    assert progress.advised_chunk_s is not None


def _ids(summary: RunSummary, number: int) -> list[str]:
    return [
        name.decode() for name in summary.inventory.survey.ids[summary.inventory.chunks[number].simulations].tolist()
    ]
