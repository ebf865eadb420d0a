# SPDX-License-Identifier: MIT
"""Replicates until comparisons are decided: what is run, what is kept of it, and that nothing changes a decision."""

from __future__ import annotations

import json
import os
import shutil
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from looked import ASKED, LOOKS, POINTS, TARGET, counts, ids, looked

from sweep.jobs.driver.loop import Driver
from sweep.jobs.request import RunRequest
from sweep.jobs.run import RunSummary, run
from sweep.jobs.status import status
from sweep.jobs.store.decisions import Decision, Decisions
from sweep.jobs.store.parts import Store
from sweep.plan import survey
from tests.tiny_sweep import MakeRequest, read


@pytest.fixture(scope="module")
def whole(sweep_file: Path, tmp_path_factory: pytest.TempPathFactory) -> pa.Table:
    """All eight replicates of every point."""
    from sweep import config
    from sweep.jobs.origin import Origin

    directory = tmp_path_factory.mktemp("whole")
    origin = Origin.of("tiny.yaml", (), None)
    run(RunRequest(config.load(sweep_file, ["replicates=8"]), directory, origin, executor="inline"))
    return read(directory)


def test_open_comparisons_get_more_and_decided_ones_do_not(request_of: MakeRequest, whole: pa.Table) -> None:
    summary = run(request_of(*ASKED))
    table, decisions = read(summary.directory), looked(summary.directory)["decisions"]
    assert summary.exit_code == 0
    assert summary.done == len(table) < 8 * POINTS
    replicates = counts(table)
    assert set(replicates.values()) <= set(LOOKS), replicates
    assert len(set(replicates.values())) > 1, replicates
    for (strategy, *cell), count in replicates.items():  # both sides of a pair
        other = "page_pool" if strategy == "page_allocator" else "page_allocator"
        assert replicates[other, *cell] == count
    assert set(ids(table)) <= set(ids(whole))
    same = whole.filter(pa.compute.is_in(whole.column("id"), table.column("id")))
    assert same.replace_schema_metadata(None).equals(table.replace_schema_metadata(None))
    assert [each["replicates"] for each in decisions] == list(LOOKS[: len(decisions)])
    assert not decisions[-1]["following"]


def test_the_table_says_how_often_was_looked_and_what_stays_open(request_of: MakeRequest) -> None:
    told = json.loads(read(run(request_of(*ASKED)).directory).schema.metadata[b"sweep"])
    found = told["precision"]
    assert found["looks"] == list(LOOKS)
    assert found["comparisons"] == 4
    assert found["finished"]
    assert found["targets"] == [TARGET.removeprefix("precision.").replace("=", " ")]
    assert len(found["named"]) == found["open"]
    assert told["simulations"] == told["rows"]


def test_without_a_precision_nothing_is_looked_at(request_of: MakeRequest) -> None:
    summary = run(request_of())
    assert not (Path(summary.directory) / "looks.json").exists()
    assert "precision" not in json.loads(read(summary.directory).schema.metadata[b"sweep"])


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_order_in_which_simulations_end_changes_nothing(
    request_of: MakeRequest, looked_at: Path, seed: int
) -> None:
    other = run(request_of(*ASKED, shuffle=seed))
    assert read(looked_at).equals(read(Path(other.directory)), check_metadata=False)
    assert looked(looked_at) == looked(other.directory)


@pytest.fixture(scope="module")
def looked_at(sweep_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run directory of what is asked for, to which nothing happened."""
    from sweep import config
    from sweep.jobs.origin import Origin

    directory = tmp_path_factory.mktemp("looked")
    asked = RunRequest(
        config.load(sweep_file, ASKED), directory, Origin.of("tiny.yaml", ASKED, None), executor="inline"
    )
    assert run(asked).exit_code == 0
    return directory


PARTS = 6  # two chunks of each look


@pytest.mark.parametrize("after", range(1, PARTS + 1))
def test_a_run_that_was_interrupted_goes_on_to_the_same_table(
    request_of: MakeRequest, monkeypatch: pytest.MonkeyPatch, looked_at: Path, after: int
) -> None:
    commit, left = Store.commit, [after]

    def interrupted(self: Store, chunk: str, data: bytes) -> object:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGINT)
        return commit(self, chunk, data)

    with monkeypatch.context() as patch:
        patch.setattr(Store, "commit", interrupted)
        first = run(request_of(*ASKED, chunk_s=10.0))
    assert first.interrupted
    assert first.exit_code == 3
    assert not (Path(first.directory) / "results.arrow").exists()
    assert not status(first.directory).complete
    again = run(request_of(*ASKED, chunk_s=10.0, shuffle=after))
    assert again.exit_code == 0
    assert read(Path(again.directory)).equals(read(looked_at), check_metadata=False)
    assert looked(again.directory) == looked(looked_at)
    assert status(again.directory).complete


def test_a_decision_is_there_before_anything_is_run_that_it_asks_for(
    request_of: MakeRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = request_of(*ASKED)
    simulations, replicates = survey(request.sweep), request.sweep.replicates
    commit = Store.commit

    def seen(self: Store, chunk: str, data: bytes) -> object:
        part = commit(self, chunk, data)
        rows = np.flatnonzero(simulations.among(part.ids)) % replicates
        decisions = looked(request.directory)["decisions"] if rows.max() >= LOOKS[0] else []
        assert rows.max() < LOOKS[len(decisions)]
        return part

    monkeypatch.setattr(Store, "commit", seen)
    assert run(request).exit_code == 0


def test_a_recorded_decision_is_obeyed_and_not_made_again(
    request_of: MakeRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the rows say: here the record says that nothing goes on but one comparison."""
    request = request_of(*ASKED)
    run(request_of("precision.ns_per_packet=50 %", "precision.most_replicates=8"))  # the first look alone
    decisions = Decisions(survey(request.sweep), request.sweep.precision)  # type: ignore[arg-type]
    store = Store(request.directory)
    with store.writing("tiny"):
        store.note("looks", decisions.after(Decision(2, {"stack_ns_per_packet": [7]}, [3, 7])).document())
    monkeypatch.setattr("sweep.jobs.looks.Looks._judge", _all_decided)
    run(request)
    assert sorted(counts(read(request.directory)).values()) == [2] * 6 + [4] * 2


def _all_decided(self: object, points: Any, others: Any, replicates: int) -> Any:
    none = np.zeros(len(points), np.bool_)
    return {"stack_ns_per_packet": none}, none


@pytest.mark.parametrize(
    "damage",
    [
        lambda found: found.update(decisions=[{"replicates": 2}]),
        lambda found: found.update(decisions=3),
        lambda found: found["decisions"][0].update(following=[99]),
        lambda found: found["decisions"][0].update(following=["1"]),
        lambda found: found["decisions"][0].update(replicates=3),
        lambda found: found["decisions"][0].update(open={"drop_ratio": []}),
        lambda found: found["decisions"][-1].update(following=[1]),
        lambda found: found["decisions"].append(found["decisions"][-1]),
        lambda found: found.update(request="another"),
        lambda found: found.clear(),
        lambda found: found.update(decisions=[{**found["decisions"][0], "open": 1}]),
    ],
)
def test_a_record_that_is_damaged_or_of_another_request_is_made_anew(
    request_of: MakeRequest, looked_at: Path, damage: Any
) -> None:
    request, found = request_of(*ASKED), looked(looked_at)
    shutil.copytree(looked_at, request.directory, symlinks=True)
    damage(found)
    (Path(request.directory) / "looks.json").write_text(json.dumps(found))
    assert run(request).exit_code == 0
    assert read(Path(request.directory)).equals(read(looked_at), check_metadata=False)
    assert looked(request.directory) == looked(looked_at)


def test_nothing_is_run_twice(request_of: MakeRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    first = run(request_of(*ASKED))
    table = read(first.directory)
    monkeypatch.setattr(Driver, "run", None)  # not to be called
    again = run(request_of(*ASKED))
    assert again.done == first.done
    assert read(again.directory).equals(table, check_metadata=False)


def test_a_higher_cap_uses_what_is_there(request_of: MakeRequest) -> None:
    first = run(request_of(*ASKED))
    more = run(request_of(TARGET, "precision.most_replicates=16"))
    fresh = run(request_of(TARGET, "precision.most_replicates=16", out="fresh"))
    assert read(more.directory).equals(read(fresh.directory), check_metadata=False)
    assert looked(more.directory) == looked(fresh.directory)
    assert more.inventory.reused > 0
    assert first.done < more.done


def test_a_wider_half_width_publishes_no_more_than_it_asks_for(request_of: MakeRequest) -> None:
    run(request_of(*ASKED))
    wide = run(request_of("precision.ns_per_packet=50 %", "precision.most_replicates=8"))
    assert set(counts(read(wide.directory)).values()) == {LOOKS[0]}
    assert wide.exit_code == 0
    assert wide.done == LOOKS[0] * POINTS


def test_only_runs_what_its_id_says(request_of: MakeRequest, whole: pa.Table) -> None:
    name = ids(whole)[7]  # the last replicate of the first point: a decision need not ask for it
    summary = run(request_of(*ASKED, only=name))
    assert ids(read(summary.directory)) == [name]
    assert not (Path(summary.directory) / "looks.json").exists()


def test_means_where_no_baseline_is_named(tmp_path: Path, sweep_file: Path) -> None:
    from sweep import config
    from sweep.jobs.origin import Origin

    path = tmp_path / "means.yaml"
    path.write_text(sweep_file.read_text().replace("baseline: {strategy: page_allocator}\n", ""))
    asked = ["precision.ns_per_packet=20 %", "precision.most_replicates=8"]
    summary: RunSummary = run(
        RunRequest(config.load(path, asked), tmp_path / "run", Origin.of(str(path), asked, None), executor="inline")
    )
    decisions = summary.inventory.decisions
    assert decisions is not None
    assert len(decisions.comparisons) == POINTS
    replicates = counts(read(Path(summary.directory)))
    assert len(set(replicates.values())) > 1  # each point by itself, not in pairs
