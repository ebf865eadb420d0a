# SPDX-License-Identifier: MIT
"""Outcomes that arrive together are one file: all of them are there, or none, and none counts before."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pytest

from sweep.errors import RunError
from sweep.jobs.executors.inline import Inline
from sweep.jobs.executors.work import AttemptOutcome, Ending, RunSlice, Work
from sweep.jobs.progress import Progress
from sweep.jobs.run import run
from sweep.jobs.status import status
from sweep.jobs.store.part import Part
from sweep.jobs.store.parts import Store
from sweep.plan import Plan
from tests.tiny_sweep import SIMULATIONS, MakeRequest, read


class AllAtOnce(Inline):
    """Keeps what has ended until nothing is left to run, and gives it then."""

    workers = SIMULATIONS
    name = "all at once"

    def wait(self, timeout_s: float) -> list[tuple[Work, AttemptOutcome]]:
        ended: list[tuple[Work, AttemptOutcome]] = []
        while timeout_s and self._queue:
            ended += self.of_one(super().wait(timeout_s))
        return ended

    def of_one(self, ended: list[tuple[Work, AttemptOutcome]]) -> list[tuple[Work, AttemptOutcome]]:
        return ended


@pytest.fixture
def all_at_once(monkeypatch: pytest.MonkeyPatch) -> type[AllAtOnce]:
    class Fresh(AllAtOnce):
        pass

    def open_executor(name: str, plan: Plan, workers: int, join: object, log: Path) -> AllAtOnce:
        return Fresh(plan)

    monkeypatch.setattr("sweep.jobs.run.open_executor", open_executor)
    return Fresh


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in (directory / "parts").iterdir())


def test_what_arrives_together_is_one_part_and_the_same_table(
    request_of: MakeRequest, all_at_once: type[AllAtOnce], undisturbed: pa.Table
) -> None:
    request = request_of(chunk_s=1e-6)
    summary = run(request)
    assert (summary.exit_code, summary.done) == (0, SIMULATIONS)
    assert read(request.directory).equals(undisturbed)
    (part,) = Store(request.directory).scan(set_aside=False)
    assert len(names(request.directory)) == 1
    assert [about["rows"] for about in part.chunks] == [1] * SIMULATIONS
    assert {about["strategy"] for about in part.chunks} == {"page_allocator", "page_pool"}
    table = pa.ipc.open_file(pa.memory_map(str(request.directory / part.name))).read_all()
    assert sorted(table.column("id").to_pylist()) == sorted(undisturbed.column("id").to_pylist())
    again = run(request)
    assert (again.inventory.missing, again.inventory.done) == (0, SIMULATIONS)
    found = status(request.directory)
    assert (found.missing, found.damaged, found.inventory.done) == (0, 0, SIMULATIONS)


def test_rows_of_an_earlier_variant_are_told_apart_within_a_part(
    request_of: MakeRequest, all_at_once: type[AllAtOnce]
) -> None:
    run(request_of(chunk_s=1e-6))
    more = run(request_of("replicates=5", chunk_s=1e-6))
    assert (more.inventory.reused, more.inventory.done) == (SIMULATIONS, 0)


def test_a_damaged_part_of_several_chunks_runs_again_as_a_whole(
    request_of: MakeRequest, all_at_once: type[AllAtOnce], undisturbed: pa.Table
) -> None:
    request = request_of(chunk_s=1e-6)
    run(request)
    (name,) = names(request.directory)
    path = request.directory / "parts" / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    again = run(request)
    assert again.inventory.missing == SIMULATIONS
    assert path.with_suffix(".bad").exists()
    assert read(request.directory).equals(undisturbed)


def test_a_batch_that_is_not_written_counts_for_nothing(
    request_of: MakeRequest, all_at_once: type[AllAtOnce], monkeypatch: pytest.MonkeyPatch, undisturbed: pa.Table
) -> None:
    """It ends the run, no attempt is in the journal as done, and the next run does all of it."""
    seen: list[Progress] = []

    def full(self: Store, outcomes: Sequence[tuple[str, bytes]]) -> Part:
        raise RunError("no space left")

    request = request_of(chunk_s=1e-6)
    with monkeypatch.context() as patch:
        patch.setattr(Store, "commit_together", full)
        with pytest.raises(RunError, match="no space left"):
            run(request, seen.append)
    assert (seen[-1].ended_chunks, seen[-1].packets, seen[-1].simulate_s) == (0, 0, 0.0)
    assert not (request.directory / "parts").exists()
    journal = [
        json.loads(line) for log in request.directory.glob("logs/*.jsonl") for line in log.read_text().splitlines()
    ]
    assert [line for line in journal if line.get("ending") == "done" and "chunk" in line] == []
    again = run(request)
    assert again.inventory.missing == SIMULATIONS
    assert read(request.directory).equals(undisturbed)


def test_the_others_are_kept_when_one_is_no_part(
    request_of: MakeRequest, all_at_once: type[AllAtOnce], monkeypatch: pytest.MonkeyPatch, undisturbed: pa.Table
) -> None:
    """One worker's memory is damaged: what the others have done is not lost."""

    def of_one(self: AllAtOnce, ended: list[tuple[Work, AttemptOutcome]]) -> list[tuple[Work, AttemptOutcome]]:
        return [
            (work, outcome._replace(data=(outcome.data or b"")[:-9]))
            if isinstance(work, RunSlice) and work.number == 3
            else (work, outcome)
            for work, outcome in ended
        ]

    request = request_of(chunk_s=1e-6)
    with monkeypatch.context() as patch:
        patch.setattr(all_at_once, "of_one", of_one)
        with pytest.raises(RunError, match="is not one: the worker that made it"):
            run(request)
    again = run(request)
    assert again.inventory.missing == 1
    assert read(request.directory).equals(undisturbed)


def test_a_copy_that_ends_while_the_first_is_written_counts_once(
    request_of: MakeRequest, all_at_once: type[AllAtOnce], monkeypatch: pytest.MonkeyPatch, undisturbed: pa.Table
) -> None:
    """Every outcome comes twice, and the second time as a crash: nothing is tried again, no row is there twice."""

    def of_one(self: AllAtOnce, ended: list[tuple[Work, AttemptOutcome]]) -> list[tuple[Work, AttemptOutcome]]:
        return [*ended, *((work, AttemptOutcome(Ending.CRASHED)) for work, _ in ended if isinstance(work, RunSlice))]

    monkeypatch.setattr(all_at_once, "of_one", of_one)
    request = request_of(chunk_s=1e-6)
    summary = run(request)
    assert (summary.exit_code, summary.done, summary.failed) == (0, SIMULATIONS, 0)
    assert len(names(request.directory)) == 1
    assert read(request.directory).equals(undisturbed)
