# SPDX-License-Identifier: MIT
"""Simulations that fail: alone, recorded, not tried again unless asked for; and runs that stop at too many."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sweep.cli.ending import failed
from sweep.errors import SweepError
from sweep.jobs.inventory import take_inventory
from sweep.jobs.run import run
from sweep.jobs.status import status
from sweep.jobs.store.failure import Failure, recorded
from sweep.jobs.store.parts import Store
from sweep.model import batch
from sweep.model.scenario import Scenario
from tests.tiny_sweep import SIMULATIONS, MakeRequest, read

Poison = Callable[[Scenario], bool]


@pytest.fixture
def poison(monkeypatch: pytest.MonkeyPatch) -> Callable[[Poison, BaseException], list[int]]:
    """Make simulations raise; the sizes of the batches that are tried."""
    real, sizes = batch.simulate, []

    def plant(poisonous: Poison, error: BaseException) -> list[int]:
        def simulate(strategy: str, scenarios: Sequence[Scenario], tables: Any) -> batch.Result:
            sizes.append(len(scenarios))
            if any(map(poisonous, scenarios)):
                raise type(error)(*error.args)
            return real(strategy, scenarios, tables)

        monkeypatch.setattr(batch, "simulate", simulate)
        return sizes

    return plant


def one(scenario: Scenario) -> bool:
    return (scenario.strategy, scenario.ring, scenario.replicate) == ("page_pool", 128, 1) and bool(
        scenario.traffic.local_ppm
    )


def test_a_simulation_that_raises_fails_alone(
    request_of: MakeRequest, poison: Callable[..., list[int]], undisturbed: pa.Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = poison(one, ZeroDivisionError("planted"))
    request = request_of(chunk_s=10.0)
    first = run(request)
    assert (first.exit_code, first.failed, first.done) == (3, 1, SIMULATIONS - 1)
    assert sorted(sizes) == [1, 1, 2, 2, 4, 4, 8, 8]  # eight lanes each; one batch is halved down to the poison
    (failure,) = first.failures
    assert (failure.ending, failure.reason, len(failure.ids)) == ("exception", "ZeroDivisionError: planted", 1)
    assert "Traceback" in failure.error
    rows = undisturbed.to_pylist()
    (missing,) = [row["id"] for row in rows if row["id"] not in set(read(first.directory).column("id").to_pylist())]
    assert failure.ids == (missing,)
    assert read(first.directory).to_pylist() == [row for row in rows if row["id"] != missing]

    failed = pq.read_table(f"{first.directory}/failures.parquet").to_pylist()
    assert [(row["id"], row["strategy"], row["ring"], row["replicate"], row["ending"]) for row in failed] == [
        (missing, "page_pool", 128, 1, "exception")
    ]
    assert "ZeroDivisionError: planted" in failed[0]["error"]

    monkeypatch.undo()
    again = run(request_of(chunk_s=10.0))
    assert (again.exit_code, again.inventory.failed, again.inventory.missing) == (3, 1, 0)  # it would fail again
    retried = run(request_of(chunk_s=10.0, retry_failed=True))
    assert (retried.exit_code, retried.inventory.missing, retried.done, retried.failed) == (0, 1, SIMULATIONS, 0)
    assert read(first.directory).equals(undisturbed)
    assert run(request_of()).exit_code == 0
    assert pq.read_table(f"{first.directory}/failures.parquet").num_rows == 0


def test_out_of_memory_is_tried_with_fewer_lanes(
    request_of: MakeRequest, monkeypatch: pytest.MonkeyPatch, undisturbed: pa.Table
) -> None:
    real = batch.simulate

    def simulate(strategy: str, scenarios: Sequence[Scenario], tables: Any) -> batch.Result:
        if len(scenarios) > 2:
            raise MemoryError
        return real(strategy, scenarios, tables)

    monkeypatch.setattr(batch, "simulate", simulate)
    request = request_of(chunk_s=10.0)
    assert run(request).exit_code == 0
    assert read(request.directory).equals(undisturbed)


def test_a_simulation_that_fills_memory_by_itself(request_of: MakeRequest, poison: Callable[..., list[int]]) -> None:
    poison(one, MemoryError("planted"))
    summary = run(request_of())
    assert [(failure.ending, failure.reason) for failure in summary.failures] == [("memory", "ran out of memory")]


def test_fails_alike_are_one_record(request_of: MakeRequest, poison: Callable[..., list[int]]) -> None:
    poison(lambda scenario: scenario.strategy == "page_pool", ZeroDivisionError("planted"))
    summary = run(request_of(chunk_s=10.0))
    assert (summary.exit_code, summary.failed, summary.done) == (3, SIMULATIONS // 2, SIMULATIONS // 2)
    assert read(summary.directory).column("strategy").unique().to_pylist() == ["page_allocator"]
    assert [len(failure.ids) for failure in summary.failures] == [SIMULATIONS // 2]


@pytest.mark.parametrize(("limit", "ends"), [(0, True), (3, True), (7, False), (None, False)])
def test_a_run_stops_when_more_have_failed_than_may(
    request_of: MakeRequest, poison: Callable[..., list[int]], limit: int | None, ends: bool
) -> None:
    poison(lambda scenario: scenario.ring == 128, ZeroDivisionError("planted"))
    summary = run(request_of(chunk_s=1e-6, max_failures=limit if limit != 7 else SIMULATIONS // 2))
    assert summary.given_up is ends
    assert summary.exit_code == 3
    assert (summary.table is None) is ends
    assert ends == (summary.failed < SIMULATIONS // 2)
    if ends and limit is not None:
        assert summary.failed == limit + 1  # chunks of one simulation, one at a time


def test_status(request_of: MakeRequest, poison: Callable[..., list[int]], monkeypatch: pytest.MonkeyPatch) -> None:
    poison(one, ZeroDivisionError("planted"))
    directory = run(request_of("replicates=3")).directory
    monkeypatch.undo()
    run(request_of())
    found = status(directory)
    assert (found.name, found.inventory.reused, found.inventory.done, found.inventory.failed) == (
        "tiny",
        SIMULATIONS - 1,
        0,
        1,
    )
    assert (found.missing, found.stale, found.complete, found.set_aside) == (0, SIMULATIONS // 2, False, 0)
    assert found.endings() == {"exception": 1}
    assert (found.holder, found.last["exit_code"]) == (None, 3)
    with Store(directory).writing():
        assert "pid" in (status(directory).holder or "")
    part = next(
        directory / each.name
        for each in Store(directory).scan(set_aside=False)
        if found.inventory.survey.among(each.ids).any()
    )
    part.write_bytes(part.read_bytes()[:-1])
    assert (status(directory).missing > 0, status(directory).damaged) == (True, 1)
    run(request_of(retry_failed=True))
    found = status(directory)
    assert (found.complete, found.damaged, found.set_aside, found.failures) == (True, 0, 1, [])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("junk", 'run.json" is damaged'),
        ("[]", 'run.json" is damaged'),
        ('{"document": 3, "command": 4}', "is damaged, or of another version of sweep"),
        ('{"document": {}}', 'it has no "command"'),
        ("WITHOUT pid", 'it has no "pid"'),
        ("WITHOUT document", 'it has no "document"'),
    ],
)
def test_status_of_a_damaged_note(request_of: MakeRequest, text: str, why: str) -> None:
    """A message that says which file and what to type; the next run writes it anew."""
    request = request_of()
    run(request)
    note = Path(request.directory) / "run.json"
    left_out = text.removeprefix("WITHOUT ")
    known = {name: value for name, value in json.loads(note.read_text()).items() if name != left_out}
    note.write_text(json.dumps(known) if left_out != text else text)
    with pytest.raises(SweepError, match=re.escape(why)) as caught:
        status(request.directory)
    assert f"sweep run FILE --out {request.directory}" in str(caught.value)
    run(request)
    assert status(request.directory).complete


def test_a_record_that_cannot_be_read_is_passed_over(
    request_of: MakeRequest, poison: Callable[..., list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    poison(one, ZeroDivisionError("planted"))
    directory = run(request_of()).directory
    (record,) = (directory / "failed").glob("*.json")
    whole = json.loads(record.read_text())
    strange: list[dict[str, Any]] = [
        {"format": 99},
        {"ids": None},
        {"ids": "0123"},
        {"ids": [1]},
        {"ids": ["ä"]},
        {"ending": []},
        {"error": None},
        {"more": "x"},
    ]
    assert Failure.of(whole)
    for text in ("", "{", "[]", "{}", *(json.dumps({**whole, **each}) for each in strange)):
        record.write_text(text)
        assert (
            take_inventory(request_of(), Store(directory).scan(set_aside=False), recorded(Store(directory))).missing
            == 1
        )


def test_the_journal_has_every_attempt(request_of: MakeRequest) -> None:
    summary = run(request_of(chunk_s=1e-6))
    (journal,) = (summary.directory / "logs").glob("*.jsonl")
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    assert {line["warmed"] for line in lines if "warmed" in line} == {"page_allocator", "page_pool"}
    attempts = [line for line in lines if "attempt" in line]
    assert len(attempts) == len(summary.inventory.chunks)
    assert all(line["ending"] == "done" and line["took_s"] >= line["simulate_s"] > 0 for line in attempts)


def test_where_a_record_is(request_of: MakeRequest, poison: Callable[..., list[int]]) -> None:
    """An address that can be used as it is, also in a store whose location has options."""
    poison(one, ZeroDivisionError("planted"))
    summary = run(request_of())
    (failure,) = summary.failures
    assert failed(summary.failures, summary.directory) == [
        "  page_pool, 1 simulation: ZeroDivisionError: planted",
        f"    {summary.directory}/failed/{failure.name}.json",
    ]
    address = failed(summary.failures, "s3://bucket/x?endpoint_override=127.0.0.1:1&scheme=http")[1]
    assert address == f"    s3://bucket/x/failed/{failure.name}.json?endpoint_override=127.0.0.1:1&scheme=http"
