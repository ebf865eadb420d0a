# SPDX-License-Identifier: MIT
"""What is held against simulations, and what is not: killers, full disks and broken strategies, by a script."""

from __future__ import annotations

import random

import pyarrow as pa
import pytest
from scripted import Go, Scripted, poisonous, through

from sweep.cli.ending import problems_text
from sweep.errors import RunError
from sweep.jobs.executors.work import AttemptOutcome, Ending, RunSlice, WarmKernel, Work
from sweep.jobs.status import status
from sweep.jobs.store.failure import recorded
from sweep.jobs.store.parts import Store
from tests.tiny_sweep import SIMULATIONS, MakeRequest, read


@pytest.mark.parametrize("chance", [0.3, 0.7])
@pytest.mark.parametrize("seed", range(10))
def test_a_killer_from_outside_makes_no_simulation_fail(
    scripted: Go, undisturbed: pa.Table, seed: int, chance: float
) -> None:
    """Whatever it hits, and however often: what has no row at the end is open, and the next run has it."""
    draw = random.Random(seed)

    def script(work: RunSlice) -> AttemptOutcome | None:
        if draw.random() < chance:
            return AttemptOutcome(Ending.KILLED if work.watched else Ending.CRASHED, error="planted")
        return through(work)

    summary, _ = scripted(script, chunk_s=1e-6)
    assert (summary.failed, summary.failures) == (0, [])
    assert recorded(Store(summary.directory)) == []
    again, _ = scripted(through)
    assert (again.exit_code, again.done) == (0, SIMULATIONS)
    assert read(again.directory).equals(undisturbed)


@pytest.mark.parametrize("kind", [Ending.KILLED, Ending.ENVIRONMENT, Ending.PRESSED])
def test_what_is_not_its_own_doing_stays_open(scripted: Go, undisturbed: pa.Table, kind: Ending) -> None:
    summary, _ = scripted(lambda work: poisonous(work, kind))
    assert (summary.exit_code, summary.failed, summary.done) == (3, 0, SIMULATIONS - 1)
    assert [len(failure.ids) for failure in summary.open] == [1]
    said = problems_text(summary, "sweep run tiny.yaml")
    assert "1 simulation not decided: nothing is recorded against it, and the next run tries it again" in said
    assert "--retry-failed" not in said
    assert status(summary.directory).missing == 1
    again, _ = scripted(through)  # without being asked
    assert (again.exit_code, again.inventory.missing) == (0, 1)
    assert read(again.directory).equals(undisturbed)


@pytest.mark.parametrize("ending", [Ending.RAISED, Ending.ENVIRONMENT, Ending.MEMORY])
def test_what_fails_everywhere_stops_the_run_and_is_held_against_none(
    scripted: Go, request_of: MakeRequest, undisturbed: pa.Table, ending: Ending
) -> None:
    tried: list[RunSlice] = []

    def script(work: RunSlice) -> AttemptOutcome:
        tried.append(work)
        return AttemptOutcome(ending, error="Traceback\nOSError: planted")

    with pytest.raises(RunError, match=r"nothing can be simulated here: 3 attempts of 3 .*OSError: planted") as caught:
        scripted(script, chunk_s=1e-6)
    assert caught.value.exit_code == 1
    assert "nothing is recorded against any simulation" in str(caught.value)
    assert len(tried) == 3
    directory = request_of().directory
    assert recorded(Store(directory)) == []
    summary, _ = scripted(through)
    assert (summary.exit_code, summary.done) == (0, SIMULATIONS)
    assert read(directory).equals(undisturbed)


def test_a_broken_strategy_does_not_stop_the_others(scripted: Go, monkeypatch: pytest.MonkeyPatch) -> None:
    """It cannot be compiled; nothing is held against its points, because what is mended in it makes others of them."""
    real = Scripted.wait

    def wait(self: Scripted, timeout_s: float) -> list[tuple[Work, AttemptOutcome]]:
        if self._queue and self._queue[0] == WarmKernel("page_pool"):
            return [(self._queue.popleft(), AttemptOutcome(Ending.ENVIRONMENT, error="RuntimeError: planted"))]
        return real(self, timeout_s)

    monkeypatch.setattr(Scripted, "wait", wait)
    summary, executor = scripted(through, chunk_s=1e-6)
    assert (summary.exit_code, summary.done, summary.failed) == (3, SIMULATIONS // 2, 0)
    assert len(executor.tried) == SIMULATIONS // 2
    assert sum(len(failure.ids) for failure in summary.open) == SIMULATIONS // 2
    assert f"  page_pool, {SIMULATIONS // 2} simulations: RuntimeError: planted" in problems_text(summary, "again")


class LastToFail:
    """Loses simulation 0 until all others have ended well, once more after that, and then has it raise."""

    def __init__(self, then: Ending) -> None:
        self._then, self._done, self._left = then, set[int](), 1  # how everything ends afterwards

    def __call__(self, work: RunSlice) -> AttemptOutcome | None:
        others_done = len(self._done) == SIMULATIONS - 1
        if work.number:
            self._done.add(work.number)
            return AttemptOutcome(self._then, error="planted") if others_done else through(work)
        if others_done and not self._left:
            return AttemptOutcome(Ending.RAISED, error="planted")
        self._left -= others_done
        return AttemptOutcome(Ending.LOST)


def test_the_last_to_fail_needs_a_witness(scripted: Go) -> None:
    """Nothing else is left to end well after it: one that has ended well is run again, and leaves no second row."""
    summary, executor = scripted(LastToFail(Ending.DONE), chunk_s=1e-6)
    assert [failure.ending for failure in summary.failures] == ["exception"]
    numbers = [work.number for work in executor.tried]
    assert sum(numbers.count(number) > 1 for number in range(1, SIMULATIONS)) == 1
    assert (summary.done, read(summary.directory).num_rows) == (SIMULATIONS - 1, SIMULATIONS - 1)


def test_a_witness_that_fails_too_speaks_for_the_accused(scripted: Go) -> None:
    """The disk fills, or all workers hang, while the last simulation is tried: it stays open."""
    summary, _ = scripted(LastToFail(Ending.ENVIRONMENT), chunk_s=1e-6)
    assert (summary.failures, summary.done) == ([], SIMULATIONS - 1)
    assert [len(failure.ids) for failure in summary.open] == [1]


def test_what_an_earlier_run_has_done_bears_witness(scripted: Go) -> None:
    """A run of nothing but poison can tell that it is poison, by a row that is there."""
    first, _ = scripted(lambda work: AttemptOutcome(Ending.RAISED) if work.number == 0 else through(work), chunk_s=1e-6)
    assert first.done == SIMULATIONS - 1
    poison = {name for failure in first.failures for name in failure.ids}
    second, executor = scripted(
        lambda work: AttemptOutcome(Ending.RAISED) if work.number == 0 else through(work), retry_failed=True
    )
    assert (second.exit_code, second.inventory.missing) == (3, len(poison))
    assert {name for failure in second.failures for name in failure.ids} == poison
    assert executor.tried[-1].number == len(second.inventory.chunks)
    assert read(second.directory).num_rows == SIMULATIONS - len(poison)
