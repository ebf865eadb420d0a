# SPDX-License-Identifier: MIT
"""Running what is missing: the same table whatever happens on the way, and no simulation twice."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from sweep.errors import IncompleteError
from sweep.jobs.executors.choice import kind
from sweep.jobs.executors.protocol import Join
from sweep.jobs.inventory import take_inventory
from sweep.jobs.request import RunRequest
from sweep.jobs.run import run
from sweep.jobs.store.parts import Store
from sweep.model import batch, identity
from sweep.plan.forecast import KERNEL_S
from tests.tiny_sweep import SIMULATIONS, MakeRequest, read


def missing(request: RunRequest) -> int:
    return take_inventory(request, Store(request.directory).scan(set_aside=False)).missing


@pytest.mark.parametrize("options", [{"chunk_s": 1e-6}, {"chunk_s": 10.0}, {"shuffle": 1}, {"shuffle": 2}])
def test_same_table_for_any_chunks_in_any_order(
    request_of: MakeRequest, undisturbed: pa.Table, options: dict[str, object]
) -> None:
    request = request_of(**options)
    assert run(request).exit_code == 0
    assert read(request.directory).equals(undisturbed)


def test_chunk_seconds_decides_how_many_chunks(request_of: MakeRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "predicted_ns", lambda scenario: 1e9)
    assert len(take_inventory(request_of(chunk_s=0.1), []).chunks) == SIMULATIONS
    assert len(take_inventory(request_of(chunk_s=4.0), []).chunks) == SIMULATIONS / 4
    assert {len(chunk.simulations) for chunk in take_inventory(request_of(chunk_s=4.0), []).chunks} == {4}


def test_nothing_is_run_twice(request_of: MakeRequest, monkeypatch: pytest.MonkeyPatch, undisturbed: pa.Table) -> None:
    run(request_of())
    monkeypatch.setattr(batch, "simulate", _raise)
    again = run(request_of())
    assert (again.exit_code, again.done, again.inventory.done, again.inventory.missing) == (0, SIMULATIONS, 16, 0)
    assert read(request_of().directory).equals(undisturbed)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_then_run_again(request_of: MakeRequest, undisturbed: pa.Table, number: signal.Signals) -> None:
    request = request_of(chunk_s=1e-6)
    before = signal.getsignal(number)

    def interrupt(progress: object) -> None:
        if progress.ended_chunks == 3:  # type: ignore[attr-defined]
            os.kill(os.getpid(), number)

    first = run(request, interrupt)
    assert first.interrupted
    assert first.exit_code == 3
    assert 0 < first.done < SIMULATIONS
    assert not (request.directory / "results.arrow").exists()
    assert signal.getsignal(number) is before
    second = run(request)
    assert (second.exit_code, second.inventory.done) == (0, first.done)
    assert second.inventory.missing == SIMULATIONS - first.done
    assert read(request.directory).equals(undisturbed)


def test_more_replicates_run_the_new_ones_only(request_of: MakeRequest, undisturbed: pa.Table) -> None:
    run(request_of())
    more = run(request_of("replicates=3"))
    assert (more.inventory.done, more.inventory.reused, more.inventory.missing) == (0, SIMULATIONS, SIMULATIONS // 2)
    table = read(more.directory)
    assert table.num_rows == SIMULATIONS * 3 // 2
    assert table.filter(pc.less(table.column("replicate"), 2)).combine_chunks().equals(undisturbed.combine_chunks())


def test_a_longer_axis_runs_the_new_points_only(request_of: MakeRequest) -> None:
    run(request_of())
    longer = run(request_of("axes.ring=[128, 256, 64]"))
    assert (longer.inventory.reused, longer.inventory.missing) == (SIMULATIONS, SIMULATIONS // 2)
    table = read(longer.directory)
    assert table.column("ring").to_pylist()[:6:2] == [128, 256, 64]  # in the order of this sweep


def test_a_shorter_axis_publishes_only_what_it_asks_for(request_of: MakeRequest, undisturbed: pa.Table) -> None:
    run(request_of())
    shorter = run(request_of("axes.ring=[128]"))
    assert shorter.inventory.missing == 0
    expected = undisturbed.filter(pc.equal(undisturbed.column("ring"), 128))
    assert read(shorter.directory).combine_chunks().equals(expected.combine_chunks())


def test_a_changed_strategy_reruns_that_strategy_only(request_of: MakeRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    run(request_of())
    real = identity.strategy_digest
    monkeypatch.setattr(identity, "strategy_digest", lambda name: "changed" if name == "page_pool" else real(name))
    inventory = take_inventory(request_of(), Store(request_of().directory).scan(set_aside=False))
    assert {chunk.strategy for chunk in inventory.chunks} == {"page_pool"}
    assert inventory.missing == SIMULATIONS // 2


def test_a_kernel_that_does_not_compile_is_tried_once_and_held_against_no_simulation(
    request_of: MakeRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []

    def warm(strategy: str) -> float:
        tried.append(strategy)
        return _raise() if strategy == "page_pool" else 0.0  # type: ignore[return-value]

    monkeypatch.setattr(batch, "warm", warm)
    summary = run(request_of(chunk_s=1e-6))
    assert tried.count("page_pool") == 1
    assert (summary.exit_code, summary.failed, summary.done) == (3, 0, SIMULATIONS // 2)


def test_a_row_that_breaks_a_law_is_kept_and_marked(request_of: MakeRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    real = batch.simulate

    def simulate(*arguments: object) -> batch.Result:
        result = real(*arguments)  # type: ignore[arg-type]
        return result._replace(violations=["packets in = packets out: 1 is not 2", *result.violations[1:]])

    monkeypatch.setattr(batch, "simulate", simulate)
    summary = run(request_of(chunk_s=10.0))
    table = read(summary.directory)
    broken = table.filter(pc.invert(table.column("valid"))).to_pylist()
    assert (summary.exit_code, summary.invalid, len(broken)) == (1, 2, 2)  # the first lane of either chunk
    for row in broken:
        assert row["violation"].startswith("packets in = packets out: 1 is not 2; see it again: sweep run tiny.yaml ")
        assert f"--only {row['id'][:16]}" in row["violation"]
    assert table.filter(table.column("valid")).column("violation").null_count == SIMULATIONS - 2


def test_only_runs_what_its_id_says(request_of: MakeRequest, undisturbed: pa.Table) -> None:
    name = undisturbed.column("id")[5].as_py()
    summary = run(request_of(only=name[:16]))
    assert (summary.exit_code, summary.done) == (0, 1)
    assert read(summary.directory).equals(undisturbed.slice(5, 1))


def test_only_leaves_a_published_table_as_it_is(request_of: MakeRequest, undisturbed: pa.Table) -> None:
    run(request_of("replicates=1"))
    published = read(request_of().directory)
    name = undisturbed.column("id")[5].as_py()  # replicate 1: not in that table
    summary = run(request_of(only=name))
    assert (summary.exit_code, summary.done, summary.inventory.missing, summary.published) == (0, 1, 1, False)
    assert summary.table is not None
    assert summary.table.equals(undisturbed.slice(5, 1))
    assert read(summary.directory).equals(published)
    rest = run(request_of())
    assert (rest.inventory.missing, rest.published) == (SIMULATIONS // 2 - 1, True)
    assert read(rest.directory).equals(undisturbed)


@pytest.mark.parametrize("survives", [True, False])
def test_interrupted_while_the_executor_starts(
    request_of: MakeRequest, monkeypatch: pytest.MonkeyPatch, undisturbed: pa.Table, survives: bool
) -> None:
    """No exception in the middle of starting; nothing handed out; closed if it came up."""
    closed: list[bool] = []

    class Starting:
        workers, name = 1, "starting"

        def __init__(self, *arguments: object) -> None:
            os.kill(os.getpid(), signal.SIGINT)
            if not survives:
                raise ConnectionError("its processes were interrupted too")

        def close(self) -> None:
            closed.append(True)

    with monkeypatch.context() as patch:
        patch.setattr("sweep.jobs.run.open_executor", Starting)
        summary = run(request_of())
    assert (summary.exit_code, summary.interrupted, summary.done, summary.table) == (3, True, 0, None)
    assert closed == [True] * survives
    assert run(request_of()).exit_code == 0
    assert read(summary.directory).equals(undisturbed)


def test_an_executor_that_does_not_start_is_an_error(request_of: MakeRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    def open_executor(*arguments: object) -> None:
        raise ConnectionError("planted")

    monkeypatch.setattr("sweep.jobs.run.open_executor", open_executor)
    with pytest.raises(ConnectionError, match="planted"):
        run(request_of())


def test_forecast_knows_ray_and_kernels(
    request_of: MakeRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def before(**options: object) -> tuple[float, float, list[str]]:
        inventory = take_inventory(request_of(**options), [])
        return inventory.forecast.cost.start_s, inventory.forecast.compile_s, inventory.cold

    start_s = kind("ray").cost.start_s
    assert start_s > 0
    run(request_of())  # both kernels are in the cache now
    assert before() == (0, 0, [])
    assert before(executor="ray") == (start_s, 0, [])
    assert before(executor="ray", join=Join("127.0.0.1:1")) == (0, 0, [])
    monkeypatch.setenv("SWEEP_CACHE_DIR", str(tmp_path / "empty"))
    assert before() == (0, 2 * KERNEL_S, ["page_allocator", "page_pool"])
    assert before(executor="ray", workers=2) == (start_s, KERNEL_S, ["page_allocator", "page_pool"])
    monkeypatch.setenv("SWEEP_PLAIN_PYTHON", "1")
    assert before() == (0, 0, [])


def test_a_second_driver_is_told_who_holds_the_directory(request_of: MakeRequest) -> None:
    request = request_of()
    with Store(request.directory).writing(), pytest.raises(IncompleteError, match=f"pid {os.getpid()} ") as caught:
        run(request)
    assert caught.value.exit_code == 3
    assert run(request).exit_code == 0  # once it is let go


def test_published_files_agree(request_of: MakeRequest, undisturbed: pa.Table) -> None:
    import duckdb
    import pyarrow.parquet as pq

    directory = run(request_of()).directory
    assert pq.read_table(directory / "results.parquet").equals(undisturbed)
    query = f"select strategy, count(*), sum(rx_packets) from '{directory}/results.parquet' group by 1 order by 1"
    rows = duckdb.sql(query).fetchall()
    assert [row[:2] for row in rows] == [("page_allocator", 8), ("page_pool", 8)]
    assert sum(row[2] for row in rows) == pc.sum(undisturbed.column("rx_packets")).as_py()
    assert not list(directory.glob("**/*.tmp"))


def test_published_metadata(request_of: MakeRequest) -> None:
    import json

    summary = run(request_of())
    about = json.loads(read(summary.directory).schema.metadata[b"sweep"])
    assert about["name"] == "tiny"
    assert about["baseline"] == {"strategy": "page_allocator"}
    assert (about["simulations"], about["rows"], about["seed"]) == (SIMULATIONS, SIMULATIONS, 1)
    assert about["strategy_digests"]["page_pool"] == identity.strategy_digest("page_pool")
    assert about["command"] == "sweep run tiny.yaml --out run"
    assert set(about["versions"]) == {"python", "sweep", "numpy", "llvmlite", "pyarrow", "ray"}


def test_python_interface(sweep_file: Path, tmp_path: Path, undisturbed: pa.Table) -> None:
    import sweep

    finished = sweep.run(sweep_file, out=tmp_path / "out", executor="inline")
    assert (finished.done, finished.failed, finished.invalid) == (SIMULATIONS, 0, 0)
    assert finished.table().equals(undisturbed)


def _raise() -> None:
    raise ZeroDivisionError("planted")


def _ids(names: np.ndarray) -> list[str]:
    return [name.decode() for name in names.tolist()]


def test_the_next_run_takes_the_length_of_chunks_that_the_last_one_advised(request_of: MakeRequest) -> None:
    request = request_of(chunk_s=None)
    survey = run(request).inventory.survey
    assert survey.simulations == SIMULATIONS
    last = {"name": "tiny", "advised_chunk_seconds": 7.5}
    assert take_inventory(request, [], last=last).lengthened_s == 7.5
    assert take_inventory(request, [], last={**last, "advised_chunk_seconds": 0.1}).lengthened_s is None
    assert take_inventory(request_of(chunk_s=2.0), [], last=last).lengthened_s is None
