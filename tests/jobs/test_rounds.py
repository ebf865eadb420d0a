# SPDX-License-Identifier: MIT
"""Chosen simulations, round by round in one executor: ordinary parts that `sweep run` finds, nothing twice."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from sweep.jobs.executors.inline import Inline
from sweep.jobs.executors.work import AttemptOutcome, Ending, RunSlice, Work
from sweep.jobs.request import RunRequest
from sweep.jobs.rounds import RoundsResult, run_rounds
from sweep.jobs.run import run
from sweep.jobs.status import status
from sweep.jobs.store.failure import recorded
from sweep.jobs.store.parts import Store
from tests.tiny_sweep import SIMULATIONS, MakeRequest, read

POINTS, REPLICATES = 8, 2
Rounds = list[list[tuple[int, int]]]  # (point, replicate) of each round


class Scripted:
    """Wants what a script says, and notes what it is told."""

    metrics = ("ns_per_packet", "drop_ratio")
    histograms: tuple[str, ...] = ()

    def __init__(self, rounds: Rounds) -> None:
        self.rounds, self.told = list(rounds), list[Mapping[str, NDArray[np.float64]]]()

    def wanted(self) -> NDArray[np.bool_]:
        found = np.zeros((POINTS, REPLICATES), np.bool_)
        for cell in self.rounds.pop(0) if self.rounds else ():
            found[cell] = True
        return found

    def tell(self, values: Mapping[str, NDArray[np.float64]]) -> None:
        self.told.append({name: np.array(each) for name, each in values.items()})


ROUNDS: Rounds = [[(0, 0), (0, 1), (5, 0)], [(5, 1), (2, 0)], [(7, 1)]]
CHOSEN = [cell for each in ROUNDS for cell in each]


def ids(directory: str | Path) -> list[str]:
    return sorted(name for part in Store(directory).scan(set_aside=False) for name in part.ids.astype(str).tolist())


def expected(table: pa.Table, cells: list[tuple[int, int]]) -> list[str]:
    """The ids of these simulations in a whole table."""
    names = table.column("id").to_pylist()
    return sorted(names[point * REPLICATES + replicate] for point, replicate in cells)


def test_what_is_chosen_is_run_and_told(request_of: MakeRequest, undisturbed: pa.Table) -> None:
    search = Scripted(ROUNDS)
    ran = run_rounds(request_of(), search)
    assert (ran.exit_code, ran.simulated, int(ran.wanted.sum())) == (0, len(CHOSEN), len(CHOSEN))
    assert ids(ran.directory) == expected(undisturbed, CHOSEN)
    assert ran.packets == 300 * len(CHOSEN)
    cost = undisturbed.column("ns_per_packet").to_numpy().reshape(POINTS, REPLICATES)
    for number, told in enumerate(search.told):
        there = np.zeros((POINTS, REPLICATES), np.bool_)
        for cell in (cell for each in ROUNDS[: number + 1] for cell in each):
            there[cell] = True
        np.testing.assert_array_equal(told["ns_per_packet"], np.where(there, cost, np.nan))
    assert len(search.told) == len(ROUNDS)


def test_histograms_are_told_on_request(request_of: MakeRequest, undisturbed: pa.Table) -> None:
    search = Scripted(ROUNDS)
    search.histograms = ("latency_ns_histogram",)
    run_rounds(request_of(), search)
    lists = undisturbed.column("latency_ns_histogram").combine_chunks()
    counts = lists.flatten().to_numpy().reshape(POINTS, REPLICATES, -1)
    there = np.zeros((POINTS, REPLICATES), np.bool_)
    there[tuple(zip(*CHOSEN, strict=True))] = True
    np.testing.assert_array_equal(search.told[-1]["latency_ns_histogram"], np.where(there[..., None], counts, 0))


def test_a_run_afterwards_finds_it_there(request_of: MakeRequest, undisturbed: pa.Table) -> None:
    run_rounds(request_of(), Scripted(ROUNDS))
    assert not Store(request_of().directory).published()
    summary = run(request_of())
    assert (summary.inventory.done, summary.inventory.missing) == (len(CHOSEN), SIMULATIONS - len(CHOSEN))
    assert read(summary.directory).equals(undisturbed)


def test_what_is_there_is_not_run_again(request_of: MakeRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    run_rounds(request_of(), Scripted(ROUNDS))
    before = ids(request_of().directory)

    def open_executor(*arguments: object) -> None:
        raise AssertionError("there is nothing to run")

    monkeypatch.setattr("sweep.jobs.run.open_executor", open_executor)
    search = Scripted([CHOSEN])
    ran = run_rounds(request_of(), search)
    assert (ran.exit_code, ran.simulated) == (0, 0)
    assert np.isfinite(search.told[0]["ns_per_packet"]).sum() == len(CHOSEN)
    assert ids(request_of().directory) == before


def test_one_executor_runs_all_rounds(request_of: MakeRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Inline] = []
    submitted: list[Work] = []

    class Counted(Inline):
        def submit(self, work: Work) -> None:
            submitted.append(work)
            super().submit(work)

    def open_executor(name: str, plan: object, *rest: object) -> Inline:
        made.append(Counted(plan))  # type: ignore[arg-type]
        return made[0]

    monkeypatch.setattr("sweep.jobs.run.open_executor", open_executor)
    run_rounds(request_of(), Scripted(ROUNDS))
    assert len(made) == 1
    runs = [work for work in submitted if isinstance(work, RunSlice)]
    assert [(work.number, work.start, work.stop) for work in runs] == [
        (0, 0, 2), (5, 0, 1), (2, 0, 1), (5, 1, 2), (7, 1, 2),
    ]  # fmt: skip
    assert len({work.attempt for work in runs}) == len(runs)
    assert len(submitted) - len(runs) == 2  # a kernel is asked for once


def test_a_table_that_is_published_stays(request_of: MakeRequest, undisturbed: pa.Table) -> None:
    run(request_of())
    noted = Store(request_of().directory).noted("run")
    run_rounds(request_of("replicates=2"), Scripted(ROUNDS))
    assert read(request_of().directory).equals(undisturbed)
    assert Store(request_of().directory).noted("run") == noted


def test_the_directory_says_where_it_stands(request_of: MakeRequest) -> None:
    ran = run_rounds(request_of(), Scripted(ROUNDS))
    found = status(ran.directory)
    assert (found.inventory.done, found.missing) == (len(CHOSEN), SIMULATIONS - len(CHOSEN))
    assert found.last["exit_code"] == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_keeps_what_is_done_and_the_next_goes_on(
    request_of: MakeRequest, undisturbed: pa.Table, number: signal.Signals
) -> None:
    sent: list[int] = []

    def interrupt(progress: object) -> None:
        if progress.ended_chunks == 2 and not sent:  # type: ignore[attr-defined]
            sent.append(1)
            os.kill(os.getpid(), number)

    search = Scripted([[cell] for cell in CHOSEN])
    first = run_rounds(request_of(), search, interrupt)
    assert (first.interrupted, first.exit_code) == (True, 3)
    kept = ids(first.directory)
    assert 0 < len(kept) < len(CHOSEN)
    assert len(kept) == first.simulated == int(first.there.sum())
    second = run_rounds(request_of(), Scripted([[cell] for cell in CHOSEN]))
    assert (second.exit_code, second.simulated) == (0, len(CHOSEN) - len(kept))
    assert ids(second.directory) == expected(undisturbed, CHOSEN)


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Makes every attempt at point 5 raise."""

    class Failing(Inline):
        def wait(self, timeout_s: float) -> list[tuple[Work, AttemptOutcome]]:
            if self._queue and isinstance(self._queue[0], RunSlice) and self._queue[0].number == 5:
                return [(self._queue.popleft(), AttemptOutcome(Ending.RAISED, error="planted"))]
            return super().wait(timeout_s)

    def plant() -> None:
        monkeypatch.setattr("sweep.jobs.run.open_executor", lambda name, plan, *rest: Failing(plan))

    return plant


def test_what_fails_is_recorded_told_as_nothing_and_not_tried_again(
    request_of: MakeRequest, failing: Callable[[], None], undisturbed: pa.Table
) -> None:
    failing()
    search = Scripted(ROUNDS)
    ran = run_rounds(request_of(), search)
    assert (ran.exit_code, len(ran.failures)) == (3, 2)
    assert np.isnan(search.told[-1]["ns_per_packet"][5]).all()
    assert np.isfinite(search.told[-1]["ns_per_packet"][0]).all()
    lost = expected(undisturbed, [(5, 0), (5, 1)])
    assert sorted(name for each in recorded(Store(ran.directory)) for name in each.ids) == lost
    again = run_rounds(request_of(), Scripted(ROUNDS))
    assert (again.exit_code, again.simulated, again.failures) == (3, 0, [])


def test_exit_code_of_rows_that_break_a_law(request_of: MakeRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    from sweep.model import batch

    simulate = batch.simulate

    def broken(*arguments: object) -> object:
        result = simulate(*arguments)  # type: ignore[arg-type]
        return result._replace(violations=["planted"] * len(result.violations))

    monkeypatch.setattr(batch, "simulate", broken)
    search = Scripted(ROUNDS[:1])
    ran: RoundsResult = run_rounds(request_of(), search)
    assert (ran.exit_code, ran.invalid) == (1, 3)
    assert np.isnan(search.told[0]["ns_per_packet"]).all()


def test_two_searches_do_not_write_at_once(request_of: MakeRequest) -> None:
    from sweep.errors import IncompleteError

    request: RunRequest = request_of()
    with Store(request.directory).writing(), pytest.raises(IncompleteError):
        run_rounds(request, Scripted(ROUNDS))
